//! All sessions in a file.

use std::fs;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tempfile::TempDir;
use vestibule_proxy::store::{FileStore, FileStoreSettings};
use vestibule_session::seal::{KeyRing, SealingKey};
use vestibule_session::store::contract::block_on;
use vestibule_session::store::{Store as _, Whose};

use crate::people::{Draw, START, key, record};
use crate::report::{bytes, each, quantiles, resident, say};

/// The argument by which this program starts itself, to be killed.
pub(crate) const HOLD: &str = "--hold";

const WRITERS: usize = 128;
const COLD_LOOK_UPS: usize = 20_000;
const WARM_LOOK_UPS: usize = 1_000_000;

pub(crate) fn open(path: &Path) -> FileStore {
    let key = SealingKey::from_bytes(&std::array::from_fn(|at| at as u8)).unwrap();
    let keys = KeyRing::new(vec![key]).unwrap();
    FileStore::open(path, keys, FileStoreSettings::default()).unwrap()
}

/// Where there is room for it: beside what cargo builds.
pub(crate) fn folder() -> TempDir {
    let beside = std::env::current_exe().unwrap();
    TempDir::new_in(beside.parent().unwrap()).unwrap()
}

/// Does `work` with each number, as many people at a time as a busy server has.
pub(crate) fn by_many(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    work(number);
                }
            });
        }
    });
}

pub(crate) fn run(count: usize) {
    println!("\nIn a file, {count} sessions, 50,000 of them in memory too:");
    let folder = folder();
    let path = folder.path().join("sessions");
    let before = resident();
    let store = open(&path);
    let began = Instant::now();
    by_many(count, |number| {
        block_on(store.insert(&key(number), record(number, 0, START))).unwrap();
    });
    say(
        "time to insert each, 128 people at a time",
        each(began.elapsed(), count),
    );
    let length = || fs::metadata(&path).unwrap().len();
    say("bytes of the file for each", bytes(length() / count as u64));
    say("the file", bytes(length()));
    say("resident memory, all together", bytes(resident() - before));

    let mut draw = Draw(7);
    let mut cold = Vec::with_capacity(COLD_LOOK_UPS);
    for _ in 0..COLD_LOOK_UPS.min(count) {
        let key = key(draw.below(count));
        if store.peek(&key).is_none() {
            let began = Instant::now();
            black_box(block_on(store.load(&key)).unwrap().unwrap());
            cold.push(began.elapsed());
        }
    }
    if !cold.is_empty() {
        say("look-up in the file", quantiles(cold));
    }
    let warm: Vec<_> = (0..count)
        .rev()
        .map(key)
        .filter(|key| store.peek(key).is_some())
        .take(1000)
        .collect();
    let began = Instant::now();
    for at in 0..WARM_LOOK_UPS {
        black_box(store.peek(&warm[at % warm.len()]));
    }
    say("look-up in memory", each(began.elapsed(), WARM_LOOK_UPS));
    let of = record(count / 2, 0, START);
    let whose = Whose::subject(of.issuer(), of.subject());
    let began = Instant::now();
    assert_eq!(block_on(store.find(&whose, None, 10)).unwrap().len(), 1);
    say("the sessions of one person", each(began.elapsed(), 1));

    let began = Instant::now();
    drop(store);
    say("stop", each(began.elapsed(), 1));
    let began = Instant::now();
    drop(open(&path));
    say(
        "start after a stop, and stop again",
        each(began.elapsed(), 1),
    );
    kill_one_that_holds(&path);
    let began = Instant::now();
    let store = open(&path);
    say(
        "start after kill -9 while it was writing",
        each(began.elapsed(), 1),
    );
    assert!(store.figures().sessions >= count as u64);
}

/// Another process has the file, is writing to it, and is killed.
fn kill_one_that_holds(path: &Path) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([HOLD.as_ref(), path.as_os_str()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Writes until it is killed.
pub(crate) fn hold(path: &Path) {
    let store = open(path);
    for number in 0.. {
        let number = usize::MAX / 2 + number;
        block_on(store.insert(&key(number), record(number, 0, START))).unwrap();
        if number == usize::MAX / 2 + 20 {
            println!("writing");
        }
    }
}

//! A day of people who come, are refreshed every hour, are seen now and then, and leave.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use vestibule_session::lifetime::Lifetimes;
use vestibule_session::store::contract::block_on;
use vestibule_session::store::{Replacement, Store as _};

use crate::file::{by_many, folder, open};
use crate::people::{START, key, record};
use crate::report::{bytes, each, say};

const HOURS: usize = 24;

/// One in so many leaves within an hour, and somebody else comes: half by signing out, half by not coming back.
const LEAVE: usize = 8;

/// So often somebody is seen within an hour.
const SEEN: u64 = 6;

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn run(count: usize) {
    println!(
        "\nA day of {count} sessions: each refreshed every hour, one in {LEAVE} replaced every hour:"
    );
    let folder = folder();
    let path = folder.path().join("sessions");
    let store = open(&path);
    by_many(count, |number| {
        block_on(store.insert(&key(number), record(number, 0, START))).unwrap();
    });
    let length = || fs::metadata(&path).unwrap().len();
    let first = length();
    say("the file at the start", bytes(first));
    // Gone an hour after they were last seen.
    let lifetimes = Lifetimes::new(HOUR + HOUR / 2, 24 * HOUR).unwrap();
    let (mut from, mut swept) = (0, 0);
    let (began, writes) = (Instant::now(), AtomicUsize::new(0));
    for hour in 1..=HOURS {
        let now = START + HOUR * u32::try_from(hour).unwrap();
        let leave = count / LEAVE;
        // The oldest go; of those, every other one without a word.
        by_many(count, |at| {
            let (number, is_leaving) = (from + at, at < leave);
            let old = key(number);
            let mut done = 1;
            if is_leaving && at % 2 == 0 {
                block_on(store.remove(&old)).unwrap();
            } else if !is_leaving && let Some(stored) = block_on(store.load(&old)).unwrap() {
                let next = record(number, hour, stored.record().created_at());
                let kept = block_on(store.replace(&old, stored.version(), next));
                assert!(matches!(kept.unwrap(), Replacement::Replaced(_)));
                for seen in 0..SEEN {
                    store.touch(&old, now + Duration::from_secs(seen));
                }
            }
            if is_leaving {
                let newcomer = from + count + at;
                block_on(store.insert(&key(newcomer), record(newcomer, 0, now))).unwrap();
                done += 1;
            }
            writes.fetch_add(done, Ordering::Relaxed);
        });
        from += leave;
        swept += block_on(store.sweep(now + HOUR / 2, lifetimes)).unwrap();
        if [1, 2, 6, 12, HOURS].contains(&hour) {
            let sessions = store.figures().sessions;
            let file = length();
            let share = file as f64 / first as f64;
            let line = format!("{} ({share:.2} times), {sessions} sessions", bytes(file));
            say(&format!("the file after {hour} hours"), line);
        }
    }
    let writes = writes.into_inner();
    say("swept", swept);
    say(
        "time for each write, 128 people at a time",
        each(began.elapsed(), writes),
    );
    let began = Instant::now();
    drop(store);
    let store = open(&path);
    say("start after it", each(began.elapsed(), 1));
    say("the file then", bytes(length()));
    drop(store);
}

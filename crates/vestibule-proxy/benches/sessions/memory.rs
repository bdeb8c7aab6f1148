//! All sessions in memory.

use std::hint::black_box;
use std::time::{Duration, Instant};

use vestibule_proxy::store::{Bounds, MemoryStore};
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::store::Store as _;
use vestibule_session::store::contract::block_on;

use crate::people::{Draw, START, key, record};
use crate::report::{available, bytes, each, resident, say};

const LOOK_UPS: usize = 1_000_000;

/// What one takes, roughly, to know how many fit.
const EXPECTED_BYTES: u64 = 6 << 10;

pub(crate) fn run(wanted: usize) {
    let room = usize::try_from(available() * 2 / 3 / EXPECTED_BYTES).unwrap();
    let count = wanted.min(room);
    println!("\nIn memory, {count} sessions:");
    let before = resident();
    let store = MemoryStore::new(Bounds {
        sessions: u64::MAX,
        bytes: u64::MAX,
    });
    let began = Instant::now();
    for number in 0..count {
        block_on(store.insert(&key(number), record(number, 0, START))).unwrap();
    }
    say(
        "time to insert each, with making it",
        each(began.elapsed(), count),
    );
    let grown = resident() - before;
    say("resident bytes for each", bytes(grown / count as u64));
    let counted = store.figures().in_memory_bytes / count as u64;
    say(
        "bytes for each, as the store counts them for its bound",
        bytes(counted),
    );
    let mut draw = Draw(7);
    let keys: Vec<_> = (0..LOOK_UPS).map(|_| key(draw.below(count))).collect();
    let began = Instant::now();
    for key in &keys {
        black_box(store.peek(key).unwrap());
    }
    say("look-up", each(began.elapsed(), LOOK_UPS));
    let lifetimes = Lifetimes::new(Duration::from_secs(7200), Duration::from_secs(36_000)).unwrap();
    let began = Instant::now();
    let swept = block_on(store.sweep(START, lifetimes)).unwrap();
    assert_eq!(swept, 0);
    say("a sweep that finds nothing to do", each(began.elapsed(), 1));
}

//! Remembering what counts once.
#![allow(missing_docs, reason = "the names are the rules")]

use super::{NOW, block_on, lifetimes};
use crate::store::{OneTime, Store};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

fn name(jti: &str) -> OneTime {
    OneTime::logout_token("https://provider.example", jti)
}

pub fn a_name_is_remembered_once(store: &impl Store) {
    let until = NOW + Duration::from_secs(60);
    assert!(!block_on(store.remembers(&name("a"), NOW)).unwrap());
    assert!(block_on(store.remember_once(&name("a"), until, NOW)).unwrap());
    assert!(block_on(store.remembers(&name("a"), NOW)).unwrap());
    assert!(!block_on(store.remember_once(&name("a"), until, NOW)).unwrap());
    assert!(!block_on(store.remembers(&name("b"), NOW)).unwrap());
    assert!(block_on(store.remember_once(&name("b"), until, NOW)).unwrap());
    assert_eq!(store.figures().sessions, 0);
}

pub fn a_name_is_forgotten_after_its_time(store: &impl Store) {
    let at = |secs: u64| NOW + Duration::from_secs(secs);
    let remember = |until, now| block_on(store.remember_once(&name("a"), at(until), at(now)));
    assert!(remember(60, 0).unwrap());
    block_on(store.sweep(at(59), lifetimes(100, 1000))).unwrap();
    assert!(block_on(store.remembers(&name("a"), at(59))).unwrap());
    assert!(!remember(200, 59).unwrap());
    // Whether it was swept or not.
    assert!(!block_on(store.remembers(&name("a"), at(60))).unwrap());
    assert!(remember(100, 60).unwrap());
    block_on(store.sweep(at(100), lifetimes(100, 1000))).unwrap();
    assert!(!block_on(store.remembers(&name("a"), at(99))).unwrap());
}

pub fn of_many_who_remember_one_is_first(store: &impl Store) {
    let until = NOW + Duration::from_secs(60);
    for round in 0..20 {
        let first = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let name = name(&round.to_string());
                    let is_first = block_on(store.remember_once(&name, until, NOW)).unwrap();
                    first.fetch_add(u64::from(is_first), Ordering::Relaxed);
                });
            }
        });
        assert_eq!(first.into_inner(), 1);
    }
}

//! Finding sessions by whose they are.
#![allow(missing_docs, reason = "the names are the rules")]

use super::{NOW, block_on, key, lifetimes, record};
use crate::handle::StoreKey;
use crate::record::Record;
use crate::record::fixture::RecordFixture;
use crate::store::{MOST_LISTED, Replacement, Store, Version, Whose};
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

const ISSUER: &str = "https://provider.example";

fn with_sid(subject: &str, sid: &str) -> Record {
    RecordFixture {
        sid: Some(sid.to_owned()),
        ..RecordFixture::new(subject, NOW)
    }
    .build()
}

fn found(store: &dyn Store, whose: &Whose) -> BTreeSet<StoreKey> {
    let found = block_on(store.find(whose, None, MOST_LISTED)).unwrap();
    assert!(found.is_sorted());
    found.into_iter().collect()
}

fn keys(numbers: impl IntoIterator<Item = u64>) -> BTreeSet<StoreKey> {
    numbers.into_iter().map(key).collect()
}

fn of(subject: &str) -> Whose {
    Whose::subject(ISSUER, subject)
}

pub fn sessions_are_found_by_subject_and_by_sid(store: &impl Store) {
    assert_eq!(found(store, &of("ann")), keys([]));
    block_on(store.insert(&key(1), with_sid("ann", "s1"))).unwrap();
    block_on(store.insert(&key(2), with_sid("ann", "s2"))).unwrap();
    block_on(store.insert(&key(3), with_sid("bob", "s1"))).unwrap();
    block_on(store.insert(&key(4), record("ann"))).unwrap();
    assert_eq!(found(store, &of("ann")), keys([1, 2, 4]));
    assert_eq!(found(store, &of("bob")), keys([3]));
    assert_eq!(found(store, &Whose::sid(ISSUER, "s1")), keys([1, 3]));
    assert_eq!(found(store, &Whose::sid(ISSUER, "s2")), keys([2]));
    for nobody in [
        Whose::sid(ISSUER, "ann"),
        of("s1"),
        of("an"),
        of("Ann"),
        of(""),
        Whose::subject("https://provider.example/", "ann"),
    ] {
        assert_eq!(found(store, &nobody), keys([]));
    }
}

/// Every key of a list that comes in pages of `most`.
fn in_pages(
    most: usize,
    mut page: impl FnMut(Option<&StoreKey>) -> Vec<StoreKey>,
) -> BTreeSet<StoreKey> {
    let mut all: Vec<StoreKey> = Vec::new();
    loop {
        let next = page(all.last());
        assert!(next.len() <= most);
        all.extend(&next);
        if next.len() < most {
            break;
        }
    }
    assert!(all.is_sorted());
    let set: BTreeSet<StoreKey> = all.iter().copied().collect();
    assert_eq!(set.len(), all.len());
    set
}

pub fn what_is_found_comes_in_pages(store: &impl Store) {
    for number in 0..30 {
        let subject = if number % 3 == 0 { "bob" } else { "ann" };
        block_on(store.insert(&key(number), record(subject))).unwrap();
    }
    for most in [1, 3, 7, 20, 21] {
        let all = in_pages(most, |after| {
            block_on(store.find(&of("ann"), after, most)).unwrap()
        });
        assert_eq!(all, keys((0..30).filter(|number| number % 3 != 0)));
    }
    assert!(
        block_on(store.find(&of("ann"), None, 0))
            .unwrap()
            .is_empty()
    );
}

pub fn all_sessions_come_in_pages(store: &impl Store) {
    assert!(block_on(store.page(None, 10)).unwrap().is_empty());
    for number in 0..30 {
        block_on(store.insert(&key(number), record("ann"))).unwrap();
    }
    block_on(store.remove(&key(3))).unwrap();
    for most in [1, 4, 29, 30] {
        let all = in_pages(most, |after| block_on(store.page(after, most)).unwrap());
        assert_eq!(all, keys((0..30).filter(|number| *number != 3)));
    }
    // More than may be listed at once is not an error, and not more.
    let most = usize::MAX;
    assert_eq!(block_on(store.page(None, most)).unwrap().len(), 29);
}

pub fn of_a_removed_session_nothing_is_found(store: &impl Store) {
    block_on(store.insert(&key(1), with_sid("ann", "s1"))).unwrap();
    block_on(store.insert(&key(2), with_sid("ann", "s1"))).unwrap();
    block_on(store.remove(&key(1))).unwrap();
    for whose in [of("ann"), Whose::sid(ISSUER, "s1")] {
        assert_eq!(found(store, &whose), keys([2]));
    }
    assert!(!block_on(store.remove(&key(1))).unwrap());
    block_on(store.remove(&key(2))).unwrap();
    for whose in [of("ann"), Whose::sid(ISSUER, "s1")] {
        assert_eq!(found(store, &whose), keys([]));
    }
}

pub fn of_a_swept_session_nothing_is_found(store: &impl Store) {
    let later = RecordFixture::new("ann", NOW + Duration::from_secs(90)).build();
    block_on(store.insert(&key(1), with_sid("ann", "s1"))).unwrap();
    block_on(store.insert(&key(2), later)).unwrap();
    let at = NOW + Duration::from_secs(100);
    assert_eq!(block_on(store.sweep(at, lifetimes(100, 1000))).unwrap(), 1);
    assert_eq!(found(store, &of("ann")), keys([2]));
    assert_eq!(found(store, &Whose::sid(ISSUER, "s1")), keys([]));
}

pub fn a_replacement_is_found_by_its_own_names(store: &impl Store) {
    let first = block_on(store.insert(&key(1), with_sid("ann", "s1"))).unwrap();
    let second = block_on(store.replace(&key(1), first.version(), with_sid("ann", "s1"))).unwrap();
    let Replacement::Replaced(second) = second else {
        panic!("{second:?}")
    };
    assert_eq!(found(store, &Whose::sid(ISSUER, "s1")), keys([1]));
    block_on(store.replace(&key(1), second.version(), with_sid("ann", "s2"))).unwrap();
    assert_eq!(found(store, &of("ann")), keys([1]));
    assert_eq!(found(store, &Whose::sid(ISSUER, "s1")), keys([]));
    assert_eq!(found(store, &Whose::sid(ISSUER, "s2")), keys([1]));
    // What lost, or came too late, is found by nothing.
    block_on(store.replace(&key(1), Version::FIRST, record("bob"))).unwrap();
    block_on(store.replace(&key(9), Version::FIRST, record("bob"))).unwrap();
    assert!(block_on(store.insert(&key(1), record("bob"))).is_err());
    assert_eq!(found(store, &of("bob")), keys([]));
}

/// mod_auth_openidc, 2026-08-11: an index with one place for each person hid the others.
pub fn one_logout_hides_no_other_session(store: &impl Store) {
    for number in 1..=3 {
        block_on(store.insert(&key(number), record("ann"))).unwrap();
    }
    block_on(store.remove(&key(1))).unwrap();
    assert_eq!(found(store, &of("ann")), keys([2, 3]));
}

pub fn the_index_is_true_while_others_write(store: &impl Store) {
    thread::scope(|scope| {
        for writer in 0..4u64 {
            scope.spawn(move || {
                for round in 0..20 {
                    let key = key(writer * 100 + round);
                    let first = block_on(store.insert(&key, record("ann"))).unwrap();
                    if round % 2 == 0 {
                        block_on(store.replace(&key, first.version(), record("bob"))).unwrap();
                    }
                    if round % 3 == 0 {
                        block_on(store.remove(&key)).unwrap();
                    }
                }
            });
        }
    });
    let expected = |even: bool| {
        let numbers = (0..4u64).flat_map(|writer| (0..20).map(move |round| (writer, round)));
        let kept = numbers.filter(|(_, round)| (round % 2 == 0) == even && round % 3 != 0);
        keys(kept.map(|(writer, round)| writer * 100 + round))
    };
    assert_eq!(found(store, &of("bob")), expected(true));
    assert_eq!(found(store, &of("ann")), expected(false));
}

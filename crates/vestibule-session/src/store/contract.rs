//! The rules every store must keep, as tests that a store's crate runs against its own.
//!
//! [`store_contract!`](crate::store_contract) makes one `#[test]` of each, named after the rule.
//! They need no runtime: a store's futures must make progress wherever they are polled.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests, compiled as a library for the crates that hold stores"
)]

mod index;
mod once;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use vestibule_oidc::time::UnixTime;

use super::{Replacement, Store, StoreError, Version};
use crate::handle::{Handle, StoreKey};
use crate::lifetime::Lifetimes;
use crate::record::Record;
use crate::record::fixture::RecordFixture;

/// One `#[test]` for each rule, against stores that the given function makes. It returns the store
/// and whatever must live as long, for example a temporary directory.
#[macro_export]
macro_rules! store_contract {
    ($make:path) => {
        $crate::store_contract!($make =>
            a_key_that_was_never_used_has_no_session,
            what_was_inserted_is_found,
            a_key_in_use_is_not_taken_over,
            replacing_raises_the_version,
            replacing_an_older_version_is_a_conflict,
            replacing_what_is_gone_brings_nothing_back,
            removing_says_whether_there_was_one,
            a_touch_moves_last_use_forward_only,
            a_touch_survives_a_replacement,
            sweeping_removes_what_has_ended,
            a_touch_keeps_a_session_from_the_sweep,
            sessions_do_not_mix,
            a_large_session_is_kept_whole,
            of_two_writers_one_wins,
            a_removed_session_stays_removed_while_others_write,
            a_removed_session_stays_removed_while_others_read,
            figures_count_sessions,
            sessions_are_found_by_subject_and_by_sid,
            what_is_found_comes_in_pages,
            all_sessions_come_in_pages,
            of_a_removed_session_nothing_is_found,
            of_a_swept_session_nothing_is_found,
            a_replacement_is_found_by_its_own_names,
            one_logout_hides_no_other_session,
            the_index_is_true_while_others_write,
            a_name_is_remembered_once,
            a_name_is_forgotten_after_its_time,
            of_many_who_remember_one_is_first,
        );
    };
    ($make:path => $($rule:ident,)*) => {
        $(
            #[test]
            fn $rule() {
                let (store, _guard) = $make();
                $crate::store::contract::$rule(&store);
            }
        )*
    };
}

const NOW: UnixTime = UnixTime(1_700_000_000);

fn key(number: u64) -> StoreKey {
    let mut entropy = [0u8; 32];
    let (head, _) = entropy.split_at_mut(8);
    head.copy_from_slice(&number.to_be_bytes());
    Handle::from_entropy(entropy).store_key()
}

fn record(subject: &str) -> Record {
    RecordFixture::new(subject, NOW).build()
}

fn lifetimes(idle_secs: u64, absolute_secs: u64) -> Lifetimes {
    Lifetimes::new(
        Duration::from_secs(idle_secs),
        Duration::from_secs(absolute_secs),
    )
    .unwrap()
}

fn subject_at(store: &dyn Store, key: &StoreKey) -> Option<String> {
    let loaded = block_on(store.load(key)).unwrap();
    // What can be peeked at is what would be loaded.
    if let Some(peeked) = store.peek(key) {
        assert_eq!(
            Some(peeked.version()),
            loaded.as_ref().map(|stored| stored.version())
        );
    }
    loaded.map(|stored| stored.record().subject().to_owned())
}

/// Runs a future to its end on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

#[allow(missing_docs, reason = "the names are the rules")]
mod rules {
    use super::*;

    pub fn a_key_that_was_never_used_has_no_session(store: &impl Store) {
        assert!(block_on(store.load(&key(1))).unwrap().is_none());
        assert!(store.peek(&key(1)).is_none());
        store.touch(&key(1), NOW);
        assert!(block_on(store.load(&key(1))).unwrap().is_none());
    }

    pub fn what_was_inserted_is_found(store: &impl Store) {
        let inserted = block_on(store.insert(&key(1), record("alice"))).unwrap();
        assert_eq!(inserted.version(), Version::FIRST);
        let loaded = block_on(store.load(&key(1))).unwrap().unwrap();
        assert_eq!(loaded.version(), Version::FIRST);
        assert_eq!(loaded.last_seen(), NOW);
        assert_eq!(loaded.record().encode(), record("alice").encode());
    }

    pub fn a_key_in_use_is_not_taken_over(store: &impl Store) {
        block_on(store.insert(&key(1), record("alice"))).unwrap();
        let second = block_on(store.insert(&key(1), record("bob")));
        assert!(matches!(second, Err(StoreError::Taken)));
        assert_eq!(subject_at(store, &key(1)).as_deref(), Some("alice"));
    }

    pub fn replacing_raises_the_version(store: &impl Store) {
        let first = block_on(store.insert(&key(1), record("alice"))).unwrap();
        let replaced = block_on(store.replace(&key(1), first.version(), record("alice2"))).unwrap();
        let Replacement::Replaced(second) = replaced else {
            panic!("{replaced:?}")
        };
        assert!(second.version() > first.version());
        assert_eq!(subject_at(store, &key(1)).as_deref(), Some("alice2"));
        assert_eq!(
            block_on(store.load(&key(1))).unwrap().unwrap().version(),
            second.version()
        );
        // Whoever holds the first still sees what they loaded.
        assert_eq!(first.record().subject(), "alice");
    }

    pub fn replacing_an_older_version_is_a_conflict(store: &impl Store) {
        let first = block_on(store.insert(&key(1), record("alice"))).unwrap();
        block_on(store.replace(&key(1), first.version(), record("winner"))).unwrap();
        let late = block_on(store.replace(&key(1), first.version(), record("late"))).unwrap();
        let Replacement::Conflict(current) = late else {
            panic!("{late:?}")
        };
        assert_eq!(current.record().subject(), "winner");
        assert_eq!(subject_at(store, &key(1)).as_deref(), Some("winner"));
        // With the version from the conflict it goes through.
        let again = block_on(store.replace(&key(1), current.version(), record("again"))).unwrap();
        assert!(matches!(again, Replacement::Replaced(_)));
    }

    pub fn replacing_what_is_gone_brings_nothing_back(store: &impl Store) {
        let never = block_on(store.replace(&key(2), Version::FIRST, record("ghost"))).unwrap();
        assert!(matches!(never, Replacement::Gone));
        let first = block_on(store.insert(&key(1), record("alice"))).unwrap();
        block_on(store.remove(&key(1))).unwrap();
        let late = block_on(store.replace(&key(1), first.version(), record("ghost"))).unwrap();
        assert!(matches!(late, Replacement::Gone));
        assert_eq!(subject_at(store, &key(1)), None);
        assert_eq!(subject_at(store, &key(2)), None);
    }

    pub fn removing_says_whether_there_was_one(store: &impl Store) {
        block_on(store.insert(&key(1), record("alice"))).unwrap();
        assert!(block_on(store.remove(&key(1))).unwrap());
        assert!(!block_on(store.remove(&key(1))).unwrap());
        assert!(store.peek(&key(1)).is_none());
        assert_eq!(subject_at(store, &key(1)), None);
    }

    pub fn a_touch_moves_last_use_forward_only(store: &impl Store) {
        let first = block_on(store.insert(&key(1), record("alice"))).unwrap();
        let seen = || block_on(store.load(&key(1))).unwrap().unwrap().last_seen();
        let later = NOW + Duration::from_secs(60);
        store.touch(&key(1), later);
        block_on(store.flush()).unwrap();
        assert_eq!(seen(), later);
        store.touch(&key(1), NOW);
        block_on(store.flush()).unwrap();
        assert_eq!(seen(), later);
        assert_eq!(
            block_on(store.load(&key(1))).unwrap().unwrap().version(),
            first.version()
        );
    }

    pub fn a_touch_survives_a_replacement(store: &impl Store) {
        let first = block_on(store.insert(&key(1), record("alice"))).unwrap();
        let later = NOW + Duration::from_secs(60);
        store.touch(&key(1), later);
        block_on(store.replace(&key(1), first.version(), record("alice2"))).unwrap();
        block_on(store.flush()).unwrap();
        assert_eq!(
            block_on(store.load(&key(1))).unwrap().unwrap().last_seen(),
            later
        );
    }

    pub fn sweeping_removes_what_has_ended(store: &impl Store) {
        let made_at = |secs: u64| RecordFixture::new("x", NOW + Duration::from_secs(secs)).build();
        block_on(store.insert(&key(1), made_at(0))).unwrap();
        block_on(store.insert(&key(2), made_at(0))).unwrap();
        block_on(store.insert(&key(3), made_at(90))).unwrap();
        let swept = |secs: u64| {
            block_on(store.sweep(NOW + Duration::from_secs(secs), lifetimes(100, 1000))).unwrap()
        };
        assert_eq!(swept(99), 0);
        assert_eq!(swept(100), 2);
        assert_eq!(subject_at(store, &key(1)), None);
        assert_eq!(subject_at(store, &key(2)), None);
        assert_eq!(subject_at(store, &key(3)).as_deref(), Some("x"));
        assert_eq!(swept(100), 0);
    }

    pub fn a_touch_keeps_a_session_from_the_sweep(store: &impl Store) {
        block_on(store.insert(&key(1), record("alice"))).unwrap();
        let at = |secs: u64| NOW + Duration::from_secs(secs);
        store.touch(&key(1), at(90));
        assert_eq!(
            block_on(store.sweep(at(150), lifetimes(100, 1000))).unwrap(),
            0
        );
        store.touch(&key(1), at(999));
        assert_eq!(
            block_on(store.sweep(at(1000), lifetimes(100, 1000))).unwrap(),
            1
        );
        assert_eq!(subject_at(store, &key(1)), None);
    }

    pub fn sessions_do_not_mix(store: &impl Store) {
        for number in 0..100 {
            block_on(store.insert(&key(number), record(&format!("s{number}")))).unwrap();
        }
        for number in (0..100).step_by(3) {
            assert!(block_on(store.remove(&key(number))).unwrap());
        }
        for number in 0..100 {
            let expected = (number % 3 != 0).then(|| format!("s{number}"));
            assert_eq!(subject_at(store, &key(number)), expected);
        }
    }

    pub fn a_large_session_is_kept_whole(store: &impl Store) {
        let groups: Vec<String> = (0..2000)
            .map(|n| format!("group-{n:04}-{}", "x".repeat(24)))
            .collect();
        let fixture = RecordFixture::new("alice", NOW).claim("groups", groups);
        let large = RecordFixture {
            id_token: "t".repeat(60_000),
            ..fixture
        }
        .build();
        block_on(store.insert(&key(1), large.clone())).unwrap();
        let loaded = block_on(store.load(&key(1))).unwrap().unwrap();
        assert_eq!(loaded.record().encode(), large.encode());
    }

    pub fn of_two_writers_one_wins(store: &impl Store) {
        const WRITERS: u64 = 4;
        const WINS_EACH: u64 = 25;
        block_on(store.insert(&key(1), record("0"))).unwrap();
        let conflicts = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    for _ in 0..WINS_EACH {
                        increment(store, &conflicts);
                    }
                });
            }
        });
        // No increment was lost, so no two writers won with the same version.
        assert_eq!(
            subject_at(store, &key(1)),
            Some((WRITERS * WINS_EACH).to_string())
        );
    }

    fn increment(store: &impl Store, conflicts: &AtomicU64) {
        let mut current = block_on(store.load(&key(1))).unwrap().unwrap();
        loop {
            let next: u64 = current.record().subject().parse::<u64>().unwrap() + 1;
            let next = record(&next.to_string());
            match block_on(store.replace(&key(1), current.version(), next)).unwrap() {
                Replacement::Replaced(_) => return,
                Replacement::Conflict(newer) => {
                    assert!(newer.version() > current.version());
                    conflicts.fetch_add(1, Ordering::Relaxed);
                    current = newer;
                }
                Replacement::Gone => panic!("nobody removed it"),
            }
        }
    }

    pub fn a_removed_session_stays_removed_while_others_write(store: &impl Store) {
        for round in 0..20 {
            let first = block_on(store.insert(&key(round), record("alice"))).unwrap();
            thread::scope(|scope| {
                scope.spawn(|| {
                    let mut version = first.version();
                    while let Replacement::Replaced(stored) =
                        block_on(store.replace(&key(round), version, record("again"))).unwrap()
                    {
                        version = stored.version();
                        store.touch(&key(round), NOW + Duration::from_secs(1));
                    }
                });
                assert!(block_on(store.remove(&key(round))).unwrap());
                assert_eq!(subject_at(store, &key(round)), None);
            });
            block_on(store.flush()).unwrap();
            assert_eq!(subject_at(store, &key(round)), None);
        }
    }

    pub fn a_removed_session_stays_removed_while_others_read(store: &impl Store) {
        for round in 0..50 {
            block_on(store.insert(&key(round), record("alice"))).unwrap();
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| while subject_once(store, round).is_some() {});
                }
                block_on(store.remove(&key(round))).unwrap();
            });
            assert_eq!(subject_at(store, &key(round)), None);
            assert!(store.peek(&key(round)).is_none());
        }
    }

    fn subject_once(store: &impl Store, number: u64) -> Option<String> {
        let loaded = block_on(store.load(&key(number))).unwrap()?;
        Some(loaded.record().subject().to_owned())
    }

    pub fn figures_count_sessions(store: &impl Store) {
        assert_eq!(store.figures().sessions, 0);
        for number in 0..10 {
            block_on(store.insert(&key(number), record("alice"))).unwrap();
        }
        block_on(store.remove(&key(0))).unwrap();
        let figures = store.figures();
        assert_eq!(
            (figures.sessions, figures.evicted, figures.unreadable),
            (9, 0, 0)
        );
    }
}

pub use index::*;
pub use once::*;
pub use rules::*;

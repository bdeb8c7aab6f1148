use super::*;
use std::time::Duration;
use vestibule_session::handle::Handle;
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::store::contract::block_on;

const NOW: UnixTime = UnixTime(1_700_000_000);

fn make() -> (MemoryStore, ()) {
    (MemoryStore::new(Bounds::default()), ())
}

mod contract {
    vestibule_session::store_contract!(super::make);
}

fn key(number: u64) -> StoreKey {
    let mut entropy = [0; 32];
    entropy[..8].copy_from_slice(&number.to_be_bytes());
    Handle::from_entropy(entropy).store_key()
}

fn fill(store: &MemoryStore, count: u64) {
    for number in 0..count {
        let record = RecordFixture::new("x", NOW + Duration::from_secs(number)).build();
        block_on(store.insert(&key(number), record)).unwrap();
    }
}

#[test]
fn past_the_most_sessions_the_longest_idle_go() {
    let store = MemoryStore::new(Bounds {
        sessions: 1000,
        ..Bounds::default()
    });
    fill(&store, 3000);
    let figures = store.figures();
    assert_eq!((figures.sessions, figures.evicted), (1000, 2000));
    // Eviction looks at a few shards at a time, so "longest" is nearly, not exactly, true.
    let kept_of = |numbers: std::ops::Range<u64>| {
        numbers
            .filter(|number| store.peek(&key(*number)).is_some())
            .count()
    };
    assert!(kept_of(0..1000) < 20, "{}", kept_of(0..1000));
    assert!(kept_of(2000..3000) > 800, "{}", kept_of(2000..3000));
    assert!(store.peek(&key(2999)).is_some());
}

#[test]
fn past_the_most_bytes_sessions_go_as_well() {
    let bytes = 100 * 1024;
    let store = MemoryStore::new(Bounds {
        bytes,
        ..Bounds::default()
    });
    fill(&store, 2000);
    let figures = store.figures();
    assert!(figures.in_memory_bytes <= bytes, "{figures:?}");
    assert!(
        figures.sessions > 20 && figures.sessions < 2000,
        "{figures:?}"
    );
    assert!(store.peek(&key(1999)).is_some());
}

#[test]
fn a_session_larger_than_the_store_is_refused_and_evicts_nobody() {
    let store = MemoryStore::new(Bounds {
        bytes: 100 * 1024,
        ..Bounds::default()
    });
    fill(&store, 3);
    let id_token = "t".repeat(200_000);
    let large = || {
        RecordFixture {
            id_token: id_token.clone(),
            ..RecordFixture::new("x", NOW)
        }
        .build()
    };
    assert!(matches!(
        block_on(store.insert(&key(9), large())),
        Err(StoreError::Full(_))
    ));
    let replaced = block_on(store.replace(&key(1), Version::FIRST, large()));
    assert!(matches!(replaced, Err(StoreError::Full(_))));
    assert_eq!((store.figures().sessions, store.figures().evicted), (3, 0));
}

#[test]
fn one_session_is_always_kept() {
    let store = MemoryStore::new(Bounds {
        sessions: 0,
        ..Bounds::default()
    });
    fill(&store, 5);
    assert_eq!(store.figures().sessions, 1);
    assert!(store.peek(&key(4)).is_some());
}

#[test]
fn counts_are_zero_again_when_everything_is_gone() {
    let store = make().0;
    fill(&store, 100);
    for number in 0..50 {
        let record = RecordFixture::new("a longer subject", NOW).build();
        block_on(store.replace(&key(number), Version::FIRST, record)).unwrap();
    }
    for number in 0..30 {
        block_on(store.remove(&key(number))).unwrap();
    }
    let lifetimes = Lifetimes::new(Duration::from_secs(1), Duration::from_secs(1)).unwrap();
    let later = NOW + Duration::from_secs(1000);
    assert_eq!(block_on(store.sweep(later, lifetimes)).unwrap(), 70);
    assert_eq!(store.figures(), Figures::default());
}

#[test]
fn of_an_evicted_session_nothing_is_found() {
    let store = MemoryStore::new(Bounds {
        sessions: 100,
        ..Bounds::default()
    });
    fill(&store, 300);
    let whose = Whose::subject("https://provider.example", "x");
    let found = block_on(store.find(&whose, None, 1000)).unwrap();
    assert_eq!(found.len(), 100);
    assert!(found.iter().all(|key| store.peek(key).is_some()));
    assert_eq!(block_on(store.page(None, 1000)).unwrap(), found);
}

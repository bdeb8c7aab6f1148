use std::time::Duration;

use vestibule_session::carried::{CookieLimit, Load};
use vestibule_session::handle::Handle;
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::seal::{NONCE_BYTES, SealingKey};
use vestibule_session::store::contract::block_on;

use super::*;

const NOW: UnixTime = UnixTime(1_700_000_000);

fn make() -> (CookieStore, ()) {
    (CookieStore::new(Bounds::default()), ())
}

mod contract {
    vestibule_session::store_contract!(super::make);
}

fn site() -> Site {
    Site::loopback_http("localhost", 8080).unwrap()
}

fn keys() -> KeyRing {
    KeyRing::new(vec![
        SealingKey::from_bytes(&std::array::from_fn(|at| at as u8)).unwrap(),
    ])
    .unwrap()
}

fn key() -> StoreKey {
    Handle::from_entropy([1; 32]).store_key()
}

fn state(version: u64, seen: u64) -> State {
    State {
        version: Version::from_number(version),
        last_seen: NOW + Duration::from_secs(seen),
    }
}

/// The `Cookie` header of a session of `subject` in this state.
fn written(subject: &str, state: State, nonce: u8) -> (String, Written) {
    let record = RecordFixture::new(subject, NOW).build();
    let load = Load {
        version: state.version,
        last_seen: state.last_seen,
        record: &record,
        id_token_may_go: false,
        max_age_secs: None,
    };
    let limit = CookieLimit::DEFAULT;
    let written =
        carried::write(&load, &site(), &key(), &keys(), limit, [nonce; NONCE_BYTES]).unwrap();
    let pairs: Vec<_> = written
        .lines
        .iter()
        .map(|line| line.split(';').next().unwrap())
        .collect();
    (pairs.join("; "), written)
}

fn take_in(store: &CookieStore, header: &str) -> Option<State> {
    let site = site();
    let brought = Brought::find([header.as_bytes()], site.cookies());
    store.take_in(&key(), &brought, &site, &keys())
}

fn subject(store: &CookieStore) -> Option<String> {
    let stored = store.peek(&key())?;
    Some(stored.record().subject().to_owned())
}

#[test]
fn the_newer_of_cookie_and_memory_wins() {
    let store = make().0;
    for (name, brings, has) in [
        ("first", state(3, 5), "first"),
        ("newer", state(4, 0), "newer"),
        ("older", state(2, 9), "newer"),
        ("as new", state(4, 1), "newer"),
    ] {
        assert_eq!(
            take_in(&store, &written(name, brings, 1).0),
            Some(brings),
            "{name}"
        );
        assert_eq!(subject(&store).as_deref(), Some(has), "{name}");
    }
    // The latest use counts, whichever brought it.
    assert_eq!(
        store.peek(&key()).unwrap().last_seen(),
        NOW + Duration::from_secs(9)
    );
}

#[test]
fn an_unchanged_cookie_is_opened_once_and_again_when_memory_let_it_go() {
    let store = make().0;
    let (header, _) = written("ann", state(1, 0), 1);
    assert!(take_in(&store, &header).is_some());
    let site = site();
    let brought = Brought::find([header.as_bytes()], site.cookies());
    let known = || {
        let digest = brought.digest().unwrap();
        store.held.confirm(&key(), &digest, &keys())
    };
    assert_eq!(known(), Some(state(1, 0)));
    let lifetimes = Lifetimes::new(Duration::from_secs(60), Duration::from_secs(60)).unwrap();
    block_on(store.sweep(NOW + Duration::from_secs(3600), lifetimes)).unwrap();
    assert_eq!(subject(&store), None);
    assert!(take_in(&store, &header).is_some());
    assert_eq!(subject(&store).as_deref(), Some("ann"));
}

#[test]
fn what_was_sealed_with_a_key_that_is_gone_counts_for_nothing_though_it_is_in_memory() {
    let store = make().0;
    let (header, written) = written("ann", state(1, 0), 1);
    assert!(take_in(&store, &header).is_some());
    let enough = |found: State| found == state(1, 0);
    store.note_written(&key(), state(1, 0), written, |_| false);
    let site = site();
    let other = SealingKey::from_bytes(&std::array::from_fn(|at| at as u8 ^ 0x55)).unwrap();
    let others = KeyRing::new(vec![other]).unwrap();
    let brought = Brought::find([header.as_bytes()], site.cookies());
    assert_eq!(store.take_in(&key(), &brought, &site, &others), None);
    assert!(store.written(&key(), &others, enough).is_none());
    // And once that is known for good, it is not in memory either.
    assert_eq!(store.use_keys(&keys()), 0);
    assert_eq!(subject(&store).as_deref(), Some("ann"));
    assert_eq!(store.use_keys(&others), 1);
    assert_eq!(subject(&store), None);
    assert!(store.written(&key(), &keys(), enough).is_none());
}

#[test]
fn an_ended_session_does_not_come_back_by_any_of_its_cookies() {
    let store = make().0;
    let (first, second) = (
        written("ann", state(1, 0), 1).0,
        written("ann", state(9, 0), 2).0,
    );
    assert!(take_in(&store, &first).is_some());
    assert!(block_on(store.remove(&key())).unwrap());
    for header in [&first, &second] {
        assert_eq!(take_in(&store, header), None);
        assert_eq!(subject(&store), None);
    }
    assert!(store.has_ended(&key()));
}

/// Whoever makes up handles and signs them out must not have the ended ones forgotten.
#[test]
fn sign_outs_of_sessions_that_never_were_are_not_remembered() {
    let store = make().0;
    let unknown = Handle::from_entropy([2; 32]).store_key();
    assert!(!block_on(store.remove(&unknown)).unwrap());
    assert!(!store.has_ended(&unknown));
}

#[test]
fn answers_in_parallel_carry_the_same_bytes() {
    let store = make().0;
    let (header, one) = written("ann", state(2, 0), 1);
    let (_, other) = written("ann", state(2, 0), 2);
    assert_ne!(one.digest, other.digest);
    let enough = |found: State| found == state(2, 0);
    let digest = one.digest;
    assert_eq!(
        store.note_written(&key(), state(2, 0), one, enough).digest,
        digest
    );
    assert_eq!(
        store
            .note_written(&key(), state(2, 0), other, enough)
            .digest,
        digest
    );
    assert_eq!(
        store.written(&key(), &keys(), enough).unwrap().digest,
        digest
    );
    // A straggler with an older cookie changes nothing of that, nor does the browser's taking it.
    assert!(take_in(&store, &written("ann", state(1, 0), 3).0).is_some());
    assert!(take_in(&store, &header).is_some());
    assert_eq!(
        store.written(&key(), &keys(), enough).unwrap().digest,
        digest
    );
    assert!(
        store
            .written(&key(), &keys(), |found| found == state(3, 0))
            .is_none()
    );
}

#[test]
fn a_version_that_can_not_be_written_is_news_once() {
    let store = make().0;
    let version = Version::from_number(4);
    assert!(!store.is_unwritable(&key(), version));
    assert!(store.note_unwritable(&key(), version));
    assert!(!store.note_unwritable(&key(), version));
    assert!(store.is_unwritable(&key(), version));
    assert!(!store.is_unwritable(&key(), version.next()));
    // And does not keep the cookies from being known.
    assert!(take_in(&store, &written("ann", state(3, 0), 1).0).is_some());
    assert!(store.is_unwritable(&key(), version));
}

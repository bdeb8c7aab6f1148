//! The index in the file: after a restart, after a kill, after an older program.

use redb::{ReadableTable as _, TableDefinition};
use vestibule_session::store::Whose;

use super::*;

const OWNERS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("owners-1");
const ISSUER: &str = "https://provider.example";

fn found(store: &FileStore, whose: Whose) -> Vec<StoreKey> {
    block_on(store.find(&whose, None, 100)).unwrap()
}

fn of(subject: &str) -> Whose {
    Whose::subject(ISSUER, subject)
}

fn sorted(numbers: impl IntoIterator<Item = u64>) -> Vec<StoreKey> {
    let mut keys: Vec<StoreKey> = numbers.into_iter().map(key).collect();
    keys.sort();
    keys
}

#[test]
fn the_index_and_the_names_survive_a_restart() {
    let (store, directory) = make();
    for number in 0..5 {
        block_on(store.insert(&key(number), record("ann"))).unwrap();
    }
    block_on(store.remove(&key(2))).unwrap();
    let (name, until) = (
        OneTime::logout_token(ISSUER, "a"),
        NOW + Duration::from_secs(60),
    );
    assert!(block_on(store.remember_once(&name, until, NOW)).unwrap());
    drop(store);
    let store = open_at(&directory.path().join("sessions"));
    assert_eq!(found(&store, of("ann")), sorted([0, 1, 3, 4]));
    assert!(!block_on(store.remember_once(&name, until, NOW)).unwrap());
}

/// A copy of the file is what a kill -9 leaves: nothing was closed.
#[test]
fn the_index_is_true_after_a_kill() {
    let (store, directory) = make();
    let copy = directory.path().join("copy");
    for number in 0..12 {
        block_on(store.insert(&key(number), record("ann"))).unwrap();
        if number % 2 == 0 {
            block_on(store.remove(&key(number))).unwrap();
        }
        std::fs::copy(directory.path().join("sessions"), &copy).unwrap();
        let revived = open_at(&copy);
        let kept = (0..=number).filter(|number| number % 2 == 1);
        assert_eq!(found(&revived, of("ann")), sorted(kept));
    }
}

/// What a program does that knows no index: it writes sessions and removes them.
fn as_an_older_program(path: &Path, work: impl FnOnce(&redb::WriteTransaction)) {
    let opened = open::database(path, 1 << 20, disk::Opening::First).unwrap();
    let transaction = opened.database.begin_write().unwrap();
    work(&transaction);
    transaction.commit().unwrap();
}

#[test]
fn a_file_without_an_index_gets_one() {
    let (store, directory) = make();
    let path = directory.path().join("sessions");
    for number in 0..1200 {
        let subject = if number % 2 == 0 { "ann" } else { "bob" };
        block_on(store.insert(&key(number), record(subject))).unwrap();
    }
    drop(store);
    as_an_older_program(&path, |transaction| {
        transaction.delete_table(OWNERS).unwrap();
        let index: TableDefinition<'_, &[u8; 64], ()> = TableDefinition::new("index-1");
        transaction.delete_table(index).unwrap();
    });
    let store = open_at(&path);
    let ann = sorted((0..1200).step_by(2));
    let mut listed: Vec<StoreKey> = Vec::new();
    while let Ok(page) = block_on(store.find(&of("ann"), listed.last(), 100))
        && !page.is_empty()
    {
        listed.extend(page);
    }
    assert_eq!(listed, ann);
}

#[test]
fn what_an_older_program_changed_is_found_at_the_next_opening() {
    let (store, directory) = make();
    let path = directory.path().join("sessions");
    for number in 0..4 {
        block_on(store.insert(&key(number), record("ann"))).unwrap();
    }
    drop(store);
    let key_of = |number| *key(number).as_bytes();
    as_an_older_program(&path, |transaction| {
        let sessions: TableDefinition<'_, &[u8; 32], (u64, &[u8])> =
            TableDefinition::new("sessions-1");
        let times: TableDefinition<'_, &[u8; 32], (i64, i64)> = TableDefinition::new("times-1");
        transaction
            .open_table(sessions)
            .unwrap()
            .remove(&key_of(1))
            .unwrap();
        transaction
            .open_table(times)
            .unwrap()
            .remove(&key_of(1))
            .unwrap();
        // As if it had been added without an owner: as many of both as before.
        let mut owners = transaction.open_table(OWNERS).unwrap();
        assert!(owners.get(&key_of(2)).unwrap().is_some());
        owners.remove(&key_of(2)).unwrap();
    });
    let store = open_at(&path);
    assert_eq!(found(&store, of("ann")), sorted([0, 2, 3]));
    assert_eq!(block_on(store.page(None, 10)).unwrap(), sorted([0, 2, 3]));
}

#[test]
fn a_session_that_cannot_be_read_keeps_nobody_from_opening_the_file() {
    let (store, directory) = make();
    let path = directory.path().join("sessions");
    block_on(store.insert(&key(1), record("ann"))).unwrap();
    drop(store);
    let other_keys = || FileStore::open(&path, ring(2), FileStoreSettings::default()).unwrap();
    // Found all the same, and so it can be ended.
    let store = other_keys();
    assert_eq!(found(&store, of("ann")), sorted([1]));
    drop(store);
    as_an_older_program(&path, |transaction| {
        transaction.delete_table(OWNERS).unwrap();
    });
    drop(other_keys());
    assert_eq!(found(&open_at(&path), of("ann")), sorted([1]));
}

#[test]
fn what_was_signed_out_and_is_still_in_the_file_is_not_found() {
    let (store, _directory) = make();
    for number in 0..6 {
        block_on(store.insert(&key(number), record("ann"))).unwrap();
    }
    for number in [0, 3] {
        // What a failed removal leaves.
        store.shared.bury(&key(number), false);
    }
    // A page is full as long as there is more.
    let left = sorted([1, 2, 4, 5]);
    let first = block_on(store.find(&of("ann"), None, 2)).unwrap();
    assert_eq!(first, left[..2]);
    let rest = block_on(store.find(&of("ann"), first.last(), 5)).unwrap();
    assert_eq!(rest, left[2..]);
    assert_eq!(block_on(store.page(None, 10)).unwrap(), left);
}

#[test]
fn the_file_says_nothing_of_whose_the_sessions_are() {
    let (store, directory) = make();
    let fixture = RecordFixture {
        sid: Some("the-sid-of-ann".to_owned()),
        ..RecordFixture::new("the-subject-ann", NOW)
    };
    block_on(store.insert(&key(1), fixture.build())).unwrap();
    drop(store);
    let bytes = std::fs::read(directory.path().join("sessions")).unwrap();
    for name in ["the-sid-of-ann", "the-subject-ann"] {
        assert!(!bytes.windows(name.len()).any(|at| at == name.as_bytes()));
    }
}

//! Which sessions are whose, in the file.
//!
//! | table | key | value |
//! |---|---|---|
//! | `owners-1` | store key | the names it is found by, one after the other |
//! | `index-1` | name, store key | nothing |
//!
//! Both are written in the transaction that writes the session. A program that knows neither table may
//! have had the file open in between; what it left is found when the file is opened: [`gaps`].

use std::ops::Bound;

use redb::{
    Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, Table, TableDefinition,
    WriteTransaction,
};
use vestibule_session::handle::StoreKey;
use vestibule_session::store::{NAME_BYTES, Whose};

use super::disk::{Key, TIMES};

const OWNERS: TableDefinition<'_, Key, &'static [u8]> = TableDefinition::new("owners-1");
const INDEX: TableDefinition<'_, &'static Entry, ()> = TableDefinition::new("index-1");

const KEY_BYTES: usize = 32;

type Entry = [u8; NAME_BYTES + KEY_BYTES];

/// The index within one write transaction.
pub(super) struct IndexTables<'txn> {
    owners: Table<'txn, Key, &'static [u8]>,
    index: Table<'txn, &'static Entry, ()>,
}

/// Where the index does not say what the sessions say.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Sessions it does not know.
    pub(super) missing: Vec<StoreKey>,
    /// Sessions it knows, and which are gone.
    pub(super) stale: Vec<StoreKey>,
}

impl<'txn> IndexTables<'txn> {
    /// Opens the tables, and makes them where there are none.
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            owners: transaction.open_table(OWNERS)?,
            index: transaction.open_table(INDEX)?,
        })
    }

    /// Has the session found by these names and no others.
    pub(super) fn put(
        &mut self,
        key: &StoreKey,
        names: impl Iterator<Item = Whose>,
    ) -> Result<(), redb::Error> {
        let names: Vec<u8> = names.flat_map(|name| *name.as_bytes()).collect();
        let before = self.owners.get(key.as_bytes())?;
        if before.is_some_and(|before| before.value() == names) {
            return Ok(());
        }
        self.remove(key)?;
        for name in each(&names) {
            self.index.insert(&entry(&name, key), ())?;
        }
        self.owners.insert(key.as_bytes(), names.as_slice())?;
        Ok(())
    }

    /// Has the session found by nothing.
    pub(super) fn remove(&mut self, key: &StoreKey) -> Result<(), redb::Error> {
        let names = self.owners.remove(key.as_bytes())?;
        let Some(names) = names.map(|names| names.value().to_vec()) else {
            return Ok(());
        };
        for name in each(&names) {
            self.index.remove(&entry(&name, key))?;
        }
        Ok(())
    }
}

/// The keys of the sessions of `whose`, or of all, after `after`, in order.
pub(super) fn list(
    database: &Database,
    whose: Option<&Whose>,
    after: Option<&StoreKey>,
    most: usize,
) -> Result<Vec<StoreKey>, redb::Error> {
    let transaction = database.begin_read()?;
    match whose {
        Some(whose) => find(&transaction, whose, after, most),
        None => page(&transaction, after, most),
    }
}

fn find(
    transaction: &ReadTransaction,
    whose: &Whose,
    after: Option<&StoreKey>,
    most: usize,
) -> Result<Vec<StoreKey>, redb::Error> {
    let lowest = entry(whose, &StoreKey::from_bytes([0; KEY_BYTES]));
    let highest = entry(whose, &StoreKey::from_bytes([0xFF; KEY_BYTES]));
    let after = after.map(|after| entry(whose, after));
    let from = after
        .as_ref()
        .map_or(Bound::Included(&lowest), Bound::Excluded);
    let index = transaction.open_table(INDEX)?;
    let entries = index.range::<&Entry>((from, Bound::Included(&highest)))?;
    let mut found = Vec::new();
    for entry in entries.take(most) {
        let (entry, ()) = entry.map(|(entry, _)| (entry, ()))?;
        if let Some(key) = entry.value().last_chunk() {
            found.push(StoreKey::from_bytes(*key));
        }
    }
    Ok(found)
}

fn page(
    transaction: &ReadTransaction,
    after: Option<&StoreKey>,
    most: usize,
) -> Result<Vec<StoreKey>, redb::Error> {
    let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.as_bytes()));
    let times = transaction.open_table(TIMES)?;
    let mut page = Vec::new();
    for session in times
        .range::<&[u8; KEY_BYTES]>((from, Bound::Unbounded))?
        .take(most)
    {
        page.push(StoreKey::from_bytes(*session?.0.value()));
    }
    Ok(page)
}

/// Compares the index with the sessions, both in the order of their keys.
pub(super) fn gaps(database: &Database) -> Result<Gaps, redb::Error> {
    let transaction = database.begin_read()?;
    let owners = transaction.open_table(OWNERS)?;
    let mut owners = owners
        .iter()?
        .map(|owner| Ok::<_, redb::Error>(StoreKey::from_bytes(*owner?.0.value())));
    let mut known = owners.next().transpose()?;
    let mut gaps = Gaps::default();
    for session in transaction.open_table(TIMES)?.iter()? {
        let key = StoreKey::from_bytes(*session?.0.value());
        while let Some(stale) = known.filter(|known| *known < key) {
            gaps.stale.push(stale);
            known = owners.next().transpose()?;
        }
        if known == Some(key) {
            known = owners.next().transpose()?;
        } else {
            gaps.missing.push(key);
        }
    }
    while let Some(stale) = known {
        gaps.stale.push(stale);
        known = owners.next().transpose()?;
    }
    Ok(gaps)
}

fn each(names: &[u8]) -> impl Iterator<Item = Whose> {
    let (names, _) = names.as_chunks::<NAME_BYTES>();
    names.iter().map(|name| Whose::from_bytes(*name))
}

fn entry(whose: &Whose, key: &StoreKey) -> Entry {
    let mut entry = [0; NAME_BYTES + KEY_BYTES];
    let (name, rest) = entry.split_at_mut(NAME_BYTES);
    name.copy_from_slice(whose.as_bytes());
    rest.copy_from_slice(key.as_bytes());
    entry
}

//! What counts once, in the file: the table `once-1` of names and the times until which they count.

use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, Table,
    TableDefinition, WriteTransaction,
};
use vestibule_oidc::time::UnixTime;
use vestibule_session::store::{MOST_REMEMBERED, OneTime};

use super::disk::Key;

const ONCE: TableDefinition<'_, Key, i64> = TableDefinition::new("once-1");

/// The names within one write transaction.
pub(super) struct NameTable<'txn>(Table<'txn, Key, i64>);

/// What came of remembering a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    First,
    Already,
    NoRoom,
}

impl<'txn> NameTable<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self(transaction.open_table(ONCE)?))
    }

    pub(super) fn remember_once(
        &mut self,
        name: &OneTime,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<Remembered, redb::Error> {
        let before = self.0.get(name.as_bytes())?.map(|until| until.value());
        if before.is_some_and(|until| until > now.as_secs()) {
            return Ok(Remembered::Already);
        }
        if self.0.len()? >= MOST_REMEMBERED as u64 {
            self.forget(now)?;
            if self.0.len()? >= MOST_REMEMBERED as u64 {
                return Ok(Remembered::NoRoom);
            }
        }
        self.0.insert(name.as_bytes(), until.as_secs())?;
        Ok(Remembered::First)
    }

    pub(super) fn forget(&mut self, now: UnixTime) -> Result<(), redb::Error> {
        self.0.retain(|_, until| until > now.as_secs())?;
        Ok(())
    }
}

/// Until when this name counts, if it is there.
pub(super) fn until(database: &Database, name: &OneTime) -> Result<Option<UnixTime>, redb::Error> {
    let names = database.begin_read()?.open_table(ONCE)?;
    let until = names.get(name.as_bytes())?;
    Ok(until.map(|until| UnixTime::from_secs(until.value())))
}

/// Whether any name is there.
pub(super) fn any(database: &Database) -> Result<bool, redb::Error> {
    let names = database.begin_read()?.open_table(ONCE)?;
    Ok(!names.is_empty()?)
}

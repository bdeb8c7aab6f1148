//! The redb file: its tables, its transactions, and opening it again after it failed.
//!
//! | table | key | value |
//! |---|---|---|
//! | `sessions-1` | store key | version, sealed record |
//! | `times-1` | store key | made at, seen at |
//!
//! The times are apart so that a note of last use rewrites sixteen bytes and not the tokens, and so
//! that a sweep reads no record. The index of whose they are is in [`index`], what counts once in
//! [`names`].

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use redb::{Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};
use redb::{Table, TableDefinition};
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::{Lifetimes, Liveness};
use vestibule_session::store::{Cause, OneTime, StoreError, Version, Whose};

use super::index::{self, Gaps, IndexTables};
use super::names::{self, NameTable};
use super::{OpenError, Trouble, unavailable};

pub(super) type Key = &'static [u8; 32];

const SESSIONS: TableDefinition<'_, Key, (u64, &'static [u8])> = TableDefinition::new("sessions-1");
pub(super) const TIMES: TableDefinition<'_, Key, (i64, i64)> = TableDefinition::new("times-1");

/// A file is compacted when it is opened if it is larger than this …
const COMPACT_ABOVE_BYTES: u64 = 64 << 20;

/// … and could hold this much for each of its sessions.
const ROOMY_BYTES_PER_SESSION: u64 = 64 << 10;

/// Opens the database; called again after a failure.
pub(super) type Opener = Box<dyn Fn(Opening) -> Result<Opened, OpenError> + Send + Sync>;

/// Which opening of the file this is, and so whether it may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// At the start: a file that is not there is made.
    First,
    /// After a failure: a file that is not there went with its disk. An empty one in its place would
    /// say "no such session" of everybody.
    Again,
}

/// A database, and how large its file was before.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) file_bytes: u64,
}

pub(super) struct Disk {
    opener: Opener,
    // `None` after a failure, until opening it again succeeds.
    database: RwLock<Option<Database>>,
}

/// One session as it stands in the file.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) version: Version,
    pub(super) sealed: Vec<u8>,
    pub(super) seen_at: UnixTime,
}

/// The tables within one write transaction.
pub(super) struct Tables<'txn> {
    sessions: Table<'txn, Key, (u64, &'static [u8])>,
    times: Table<'txn, Key, (i64, i64)>,
    pub(super) index: IndexTables<'txn>,
    pub(super) names: NameTable<'txn>,
}

/// When a session was made and last seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) created_at: UnixTime,
    pub(super) seen_at: UnixTime,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").finish_non_exhaustive()
    }
}

impl Disk {
    /// Opens the file and makes its tables. Says how many sessions are in it.
    pub(super) fn open(opener: Opener) -> Result<(Self, u64), OpenError> {
        let Opened {
            mut database,
            file_bytes,
        } = opener(Opening::First)?;
        let sessions = make_tables(&database).map_err(OpenError::Tables)?;
        if file_bytes > COMPACT_ABOVE_BYTES.max(sessions.saturating_mul(ROOMY_BYTES_PER_SESSION)) {
            // Best effort: a large file works as well as a small one.
            if let Err(error) = database.compact() {
                tracing::warn!(%error, "the session file cannot be compacted");
            }
        }
        Ok((
            Self {
                opener,
                database: RwLock::new(Some(database)),
            },
            sessions,
        ))
    }

    /// Whether there is no failure to recover from.
    pub(super) fn is_open(&self) -> bool {
        self.database().is_some()
    }

    pub(super) fn read(&self, key: &StoreKey) -> Result<Option<Row>, StoreError> {
        self.ask(|database| read(database, key))
    }

    /// The keys of the sessions of `whose`, or of all, after `after`, in order.
    pub(super) fn list(
        &self,
        whose: Option<&Whose>,
        after: Option<&StoreKey>,
        most: usize,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.ask(|database| index::list(database, whose, after, most))
    }

    /// Where the index does not say what the sessions say.
    pub(super) fn gaps(&self) -> Result<Gaps, StoreError> {
        self.ask(index::gaps)
    }

    /// Until when this name counts, if it is there.
    pub(super) fn name_until(&self, name: &OneTime) -> Result<Option<UnixTime>, StoreError> {
        self.ask(|database| names::until(database, name))
    }

    /// Whether there is anything that counts once.
    pub(super) fn has_names(&self) -> Result<bool, StoreError> {
        self.ask(names::any)
    }

    /// The keys of the sessions that have ended by what the file says; memory may know better.
    pub(super) fn ended(
        &self,
        now: UnixTime,
        lifetimes: Lifetimes,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.ask(|database| ended(database, now, lifetimes))
    }

    fn ask<T>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let database = self.database();
        let database = database
            .as_ref()
            .ok_or_else(|| unavailable(Trouble::Closed))?;
        read(database).map_err(failure)
    }

    /// Runs `work` in one transaction that is on the disk when this returns `Ok`. When it fails,
    /// nothing of it happened, and the database is opened again.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        if !self.is_open() {
            self.reopen()?;
        }
        let written = match self.database().as_ref() {
            Some(database) => write(database, work),
            None => return Err(unavailable(Trouble::Closed)),
        };
        written.map_err(|error| {
            // After a failed write redb refuses everything, reads too, until it is opened again.
            if let Err(error) = self.reopen() {
                tracing::error!(%error, "the session file cannot be opened again");
            }
            failure(error)
        })
    }

    fn database(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn reopen(&self) -> Result<(), StoreError> {
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // Closed first: the lock on the file is the old one's until then.
        *database = None;
        match (self.opener)(Opening::Again) {
            Ok(opened) => {
                *database = Some(opened.database);
                Ok(())
            }
            Err(error) => {
                let cause: Cause = Arc::new(error);
                Err(StoreError::Unavailable(cause))
            }
        }
    }
}

fn make_tables(database: &Database) -> Result<u64, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    let sessions = transaction.open_table(SESSIONS)?.len()?;
    transaction.open_table(TIMES)?;
    IndexTables::open(&transaction)?;
    NameTable::open(&transaction)?;
    transaction.commit()?;
    Ok(sessions)
}

fn read(database: &Database, key: &StoreKey) -> Result<Option<Row>, redb::Error> {
    let transaction = database.begin_read()?;
    let Some(session) = transaction.open_table(SESSIONS)?.get(key.as_bytes())? else {
        return Ok(None);
    };
    let times = transaction.open_table(TIMES)?.get(key.as_bytes())?;
    Ok(Some(row(session.value(), times.map(|times| times.value()))))
}

fn ended(
    database: &Database,
    now: UnixTime,
    lifetimes: Lifetimes,
) -> Result<Vec<StoreKey>, redb::Error> {
    let mut ended = Vec::new();
    for entry in database.begin_read()?.open_table(TIMES)?.iter()? {
        let (key, times) = entry?;
        if Times::of(times.value()).have_ended(now, lifetimes) {
            ended.push(StoreKey::from_bytes(*key.value()));
        }
    }
    Ok(ended)
}

fn write<T>(
    database: &Database,
    work: impl FnOnce(&mut Tables<'_>) -> Result<T, redb::Error>,
) -> Result<T, redb::Error> {
    let mut transaction = database.begin_write()?;
    // Opening again after a kill then takes no time, whatever the size of the file.
    transaction.set_quick_repair(true);
    let mut tables = Tables {
        sessions: transaction.open_table(SESSIONS)?,
        times: transaction.open_table(TIMES)?,
        index: IndexTables::open(&transaction)?,
        names: NameTable::open(&transaction)?,
    };
    let done = work(&mut tables)?;
    drop(tables);
    transaction.commit()?;
    Ok(done)
}

fn row((version, sealed): (u64, &[u8]), times: Option<(i64, i64)>) -> Row {
    // Both tables are written in one transaction; without times a session has ended.
    let seen_at = times.map_or(UnixTime::from_secs(0), |times| Times::of(times).seen_at);
    Row {
        version: Version::from_number(version),
        sealed: sealed.to_vec(),
        seen_at,
    }
}

/// What a database failure means to whoever asks for a session.
fn failure(error: redb::Error) -> StoreError {
    let is_full = match &error {
        redb::Error::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        ),
        _ => false,
    };
    let is_corrupt = matches!(error, redb::Error::Corrupted(_));
    let cause: Cause = Arc::new(error);
    if is_full {
        StoreError::Full(cause)
    } else if is_corrupt {
        StoreError::Corrupt(cause)
    } else {
        StoreError::Unavailable(cause)
    }
}

impl Times {
    fn of((created_at, seen_at): (i64, i64)) -> Self {
        Self {
            created_at: UnixTime::from_secs(created_at),
            seen_at: UnixTime::from_secs(seen_at),
        }
    }

    pub(super) fn have_ended(self, now: UnixTime, lifetimes: Lifetimes) -> bool {
        lifetimes.judge_times(self.created_at, self.seen_at, now) != Liveness::Live
    }
}

impl Tables<'_> {
    pub(super) fn row(&self, key: &StoreKey) -> Result<Option<Row>, redb::Error> {
        let times = self.times.get(key.as_bytes())?.map(|times| times.value());
        Ok(self
            .sessions
            .get(key.as_bytes())?
            .map(|session| row(session.value(), times)))
    }

    pub(super) fn version(&self, key: &StoreKey) -> Result<Option<Version>, redb::Error> {
        let session = self.sessions.get(key.as_bytes())?;
        Ok(session.map(|session| Version::from_number(session.value().0)))
    }

    pub(super) fn times(&self, key: &StoreKey) -> Result<Option<Times>, redb::Error> {
        Ok(self
            .times
            .get(key.as_bytes())?
            .map(|times| Times::of(times.value())))
    }

    pub(super) fn put_record(
        &mut self,
        key: &StoreKey,
        version: Version,
        sealed: &[u8],
    ) -> Result<(), redb::Error> {
        self.sessions
            .insert(key.as_bytes(), (version.number(), sealed))?;
        Ok(())
    }

    pub(super) fn put_times(&mut self, key: &StoreKey, times: Times) -> Result<(), redb::Error> {
        let times = (times.created_at.as_secs(), times.seen_at.as_secs());
        self.times.insert(key.as_bytes(), times)?;
        Ok(())
    }

    pub(super) fn remove(&mut self, key: &StoreKey) -> Result<bool, redb::Error> {
        self.times.remove(key.as_bytes())?;
        self.index.remove(key)?;
        Ok(self.sessions.remove(key.as_bytes())?.is_some())
    }
}

//! What every session store must do. The stores themselves live where there is I/O.
//!
//! A store keeps records by [`StoreKey`], each with a version that grows by one at every
//! [`Store::replace`]. Three answers must never be confused:
//!
//! - `Ok(None)`: there is no such session; the person is signed out.
//! - `Err(_)`: the store cannot be asked; that is a 503 which leaves the cookie alone.
//! - [`Replacement::Gone`]: the session was ended while its tokens were being refreshed; it stays
//!   ended.
//!
//! A store does not judge lifetimes: it may hand out a session that has ended and was not swept
//! yet. Whoever asks applies [`Lifetimes::judge`].

#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod whose;

pub use whose::{NAME_BYTES, OneTime, Whose};

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use vestibule_oidc::fault::Fault;
use vestibule_oidc::time::UnixTime;

use crate::handle::StoreKey;
use crate::lifetime::Lifetimes;
use crate::record::Record;

/// The most sessions that [`Store::find`] and [`Store::page`] name at once, however many are asked
/// for.
pub const MOST_LISTED: usize = 1000;

/// The most [`OneTime`]s that a store remembers at a time. They are remembered for minutes, and
/// only providers make them.
pub const MOST_REMEMBERED: usize = 100_000;

/// What a store's operations return.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A place where sessions are kept.
///
/// Once a future is done, every later call on this store, from any thread, sees what it did.
/// Dropping a future does not undo its operation, which may still happen.
pub trait Store: Send + Sync + fmt::Debug {
    /// The session, if it is at hand without waiting. `None` says nothing: ask [`Store::load`].
    fn peek(&self, _key: &StoreKey) -> Option<Arc<Stored>> {
        None
    }

    /// The session, or `None` when there is none.
    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Arc<Stored>>>;

    /// Keeps a new session, last seen when it was made.
    ///
    /// Fails with [`StoreError::Taken`] when the key is in use.
    fn insert<'a>(&'a self, key: &'a StoreKey, record: Record) -> StoreFuture<'a, Arc<Stored>>;

    /// Puts a record in place of the one with the version `expected`. When it was last seen stays.
    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        expected: Version,
        record: Record,
    ) -> StoreFuture<'a, Replacement>;

    /// Notes that the session was in use. Never waits and never fails: the note may be written
    /// later, together with others, and a crash may lose it. Times only move forward; the version
    /// stays.
    fn touch(&self, key: &StoreKey, seen_at: UnixTime);

    /// Ends a session. Says whether there was one.
    ///
    /// When this fails, the store cannot promise that the session is gone for good, but this
    /// process no longer hands it out where it can tell, and the store tries again by itself.
    fn remove<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, bool>;

    /// The sessions of `whose` that come after the key `after`, in the order of their keys: at most
    /// `most`, and never more than [`MOST_LISTED`]. Fewer than asked for are the last. Ended ones that
    /// were not swept yet are among them, and such as cannot be read.
    fn find<'a>(
        &'a self,
        whose: &'a Whose,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>>;

    /// All sessions, otherwise as [`Store::find`].
    fn page<'a>(
        &'a self,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>>;

    /// Remembers this name until `until`, at least. Says whether it is the first to do so: `false`
    /// when the name is remembered already. Of many who try at once, one is first.
    ///
    /// Fails with [`StoreError::Full`] when it remembers [`MOST_REMEMBERED`] already; nothing is
    /// forgotten before its time.
    fn remember_once<'a>(
        &'a self,
        name: &'a OneTime,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'a, bool>;

    /// Whether this name is remembered.
    fn remembers<'a>(&'a self, name: &'a OneTime, now: UnixTime) -> StoreFuture<'a, bool>;

    /// Removes the sessions that have ended, and says how many there were; forgets the names whose
    /// time is over.
    fn sweep(&self, now: UnixTime, lifetimes: Lifetimes) -> StoreFuture<'_, usize>;

    /// Writes down everything that was only noted. For a graceful stop.
    fn flush(&self) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What there is to measure.
    fn figures(&self) -> Figures;
}

/// A session as a store hands it out.
pub struct Stored {
    version: Version,
    record: Record,
    last_seen: AtomicI64,
}

/// Which of a session's successive records this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

/// What [`Store::replace`] did.
///
/// Matched exhaustively: each answer means something else to a refresh.
#[derive(Clone, Debug)]
pub enum Replacement {
    /// The record is in place.
    Replaced(Arc<Stored>),
    /// Somebody else was faster; this is what they left. Nothing was changed.
    Conflict(Arc<Stored>),
    /// There is no such session (any more). Nothing was changed.
    Gone,
}

/// What a store measures about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Sessions it keeps, ended ones that were not swept yet included.
    pub sessions: u64,
    /// Sessions it has in memory.
    pub in_memory: u64,
    /// What those take, roughly.
    pub in_memory_bytes: u64,
    /// Live sessions it dropped to stay within its bounds. People were signed out by that.
    pub evicted: u64,
    /// Sessions it found and could not read: sealed with a key that is gone, altered, or written
    /// by a newer version.
    pub unreadable: u64,
}

/// The reason underneath a [`StoreError`].
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Why a store could not do what it was asked. Cheap to clone, because one failed write can fail
/// many who waited for it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or does not answer.
    #[error("ask the session store")]
    Unavailable(#[source] Cause),
    /// There is no room: the disk is full, or the one session is larger than the store's bound.
    #[error("find room in the session store")]
    Full(#[source] Cause),
    /// What it holds is damaged.
    #[error("read a damaged session store")]
    Corrupt(#[source] Cause),
    /// The key of a new session is already in use. Handles are 256 random bits: the randomness is
    /// broken.
    #[error("keep a session under a new key: the key is in use")]
    Taken,
}

impl StoreError {
    /// A stable name for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "store_unavailable",
            Self::Full(_) => "store_full",
            Self::Corrupt(_) => "store_corrupt",
            Self::Taken => "store_key_taken",
        }
    }

    /// Who must act.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unavailable(_) | Self::Full(_) | Self::Corrupt(_) => Fault::Operator,
            Self::Taken => Fault::Internal,
        }
    }

    /// What a stranger may read.
    #[must_use]
    pub fn public_message(&self) -> &'static str {
        "Sign-in is unavailable for the moment. You are not signed out; try again shortly."
    }
}

impl Stored {
    /// What a store hands out.
    #[must_use]
    pub fn new(version: Version, record: Record, last_seen: UnixTime) -> Self {
        Self {
            version,
            record: record.fitted(),
            last_seen: AtomicI64::new(last_seen.as_secs()),
        }
    }

    /// The version to name in [`Store::replace`].
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// When the session was last in use, as far as this store noted it.
    #[must_use]
    pub fn last_seen(&self) -> UnixTime {
        UnixTime::from_secs(self.last_seen.load(Ordering::Relaxed))
    }

    /// For stores: moves the time of last use forward, and says whether it moved.
    pub fn note_seen(&self, at: UnixTime) -> bool {
        self.last_seen.fetch_max(at.as_secs(), Ordering::Relaxed) < at.as_secs()
    }

    /// Roughly what this session takes in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.record.memory_bytes() + size_of::<Self>() as u64
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("version", &self.version)
            .field("last_seen", &self.last_seen())
            .field("record", &self.record)
            .finish()
    }
}

impl Version {
    /// The version of a new session.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number a store writes down.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// For stores: the version with this number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }
}

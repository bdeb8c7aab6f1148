//! What the file store, its threads and its sweeps share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::Record;
use vestibule_session::seal::{KeyRing, NONCE_BYTES, Purpose, sealed_with};
use vestibule_session::store::{StoreError, Stored};

use super::disk::{Disk, Row};
use super::tombstones::{MOST_UNKNOWN, Tombstones};
use super::{Trouble, unavailable};
use crate::store::shelf::{Bounds, Shelf};

/// What the store, its threads and its sweeps share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) shelf: Shelf,
    pub(super) disk: Disk,
    pub(super) keys: RwLock<KeyRing>,
    /// Idle times not yet written.
    pub(super) notes: Mutex<HashMap<StoreKey, UnixTime>>,
    /// Sessions that were removed and could not be taken out of the file yet.
    tombstones: Mutex<Tombstones>,
    pub(super) sessions: AtomicU64,
    pub(super) unreadable: AtomicU64,
    /// Why some could not be read, as the log was told.
    told: Mutex<Vec<String>>,
}

/// So many reasons are told: keys that were taken away, mostly one.
const MOST_REASONS: usize = 16;

impl Shared {
    pub(super) fn new(disk: Disk, sessions: u64, keys: KeyRing, in_memory: Bounds) -> Self {
        Self {
            shelf: Shelf::new(in_memory),
            disk,
            keys: RwLock::new(keys),
            notes: Mutex::default(),
            tombstones: Mutex::default(),
            sessions: AtomicU64::new(sessions),
            unreadable: AtomicU64::new(0),
            told: Mutex::default(),
        }
    }

    pub(super) fn seal(&self, key: &StoreKey, record: &Record) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| unavailable(Trouble::Seal))?;
        let keys = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        keys.seal(Purpose::Record, &[key.as_bytes()], &record.encode(), nonce)
            .map_err(|_| unavailable(Trouble::Seal))
    }

    /// The session in a row of the file. `None`, and counted, when it cannot be read: that is a
    /// signed-out person, and the row stays for whoever can read it.
    pub(super) fn unseal(&self, key: &StoreKey, row: &Row) -> Option<Stored> {
        match self.open(key, row) {
            Ok(record) => {
                let seen = row.seen_at.max(self.noted(key).unwrap_or(row.seen_at));
                Some(Stored::new(row.version, record, seen))
            }
            Err(reason) => {
                self.unreadable.fetch_add(1, Ordering::Relaxed);
                if self.is_news(&reason) {
                    let change = "If its key was taken out of `session.keys` too early, put it back behind the first.";
                    tracing::warn!(
                        session = ?key,
                        reason,
                        change,
                        "a session in the file can't be read; the person is signed out. Others for the same reason have no line"
                    );
                }
                None
            }
        }
    }

    /// Whether the log was not told yet of a session that can't be read for this reason: a key that is taken away leaves
    /// thousands behind.
    pub(super) fn is_news(&self, reason: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = told.len() < MOST_REASONS && !told.iter().any(|known| known == reason);
        if is_news {
            told.push(reason.to_owned());
        }
        is_news
    }

    /// The record in a row of the file, or why it cannot be read.
    pub(super) fn open(&self, key: &StoreKey, row: &Row) -> Result<Record, String> {
        let keys = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let plaintext = keys
            .open(Purpose::Record, &[key.as_bytes()], &row.sealed)
            .map_err(|error| error.to_string())?;
        Record::decode(&plaintext).map_err(|error| error.to_string())
    }

    /// Hands the session out no more, whatever the file says. `in_file`: it is known to be there.
    pub(super) fn bury(&self, key: &StoreKey, in_file: bool) {
        let is_known = in_file || self.shelf.get(key).is_some();
        if !self.tombstones().bury(*key, is_known) {
            tracing::error!(
                session = ?key,
                "more than {MOST_UNKNOWN} removals of sessions that nobody knows of wait for the session file; this one is dropped"
            );
        }
        self.shelf.take(key);
    }

    /// Shows a session in memory that is on the disk now. `false`, and not shown, if it was removed
    /// while it was being written, or the key it was `sealed` with was taken away.
    pub(super) fn show(&self, key: &StoreKey, stored: &Arc<Stored>, sealed: &[u8]) -> bool {
        self.shelf.put_unless(key, stored, || {
            self.tombstones().contains(key) || !self.has_key_of(sealed)
        })
    }

    /// Whether the key that this was sealed with is in use.
    pub(super) fn has_key_of(&self, sealed: &[u8]) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        sealed_with(sealed).is_some_and(|id| keys.has(id))
    }

    pub(super) fn tombstones(&self) -> MutexGuard<'_, Tombstones> {
        self.tombstones
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, HashMap<StoreKey, UnixTime>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn noted(&self, key: &StoreKey) -> Option<UnixTime> {
        self.notes().get(key).copied()
    }
}

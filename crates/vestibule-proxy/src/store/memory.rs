//! The memory store: sessions end with the process.
//!
//! Bounded: past its bounds, whoever was idle for longest is signed out, which the figures count.

use std::sync::Arc;

use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::{Lifetimes, Liveness};
use vestibule_session::record::Record;
use vestibule_session::store::{
    Figures, MOST_LISTED, OneTime, Replacement, Store, StoreError, StoreFuture, Stored, Version,
    Whose,
};

use super::once::Names;
use super::shelf::{Bounds, Shelf};

/// Sessions in this process's memory, and nowhere else.
#[derive(Debug)]
pub struct MemoryStore {
    shelf: Shelf,
    names: Names,
}

/// One session is larger than the whole store may be.
#[derive(Debug, thiserror::Error)]
#[error("keep a session of {bytes} bytes in a store of {most_bytes}")]
pub(super) struct TooLarge {
    pub(super) bytes: u64,
    pub(super) most_bytes: u64,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            shelf: Shelf::with_index(bounds),
            names: Names::default(),
        }
    }

    fn room_for(&self, stored: Stored) -> Result<Arc<Stored>, StoreError> {
        if self.shelf.has_room_for(&stored) {
            return Ok(Arc::new(stored));
        }
        let most_bytes = self.shelf.bounds().bytes;
        Err(StoreError::Full(Arc::new(TooLarge {
            bytes: self.shelf.bytes_of(&stored),
            most_bytes,
        })))
    }

    /// Puts a session that somebody else kept, unless this store has it as new or newer, or `is_over` says
    /// that it is over; while that is asked, nobody else can put or take it. Says whether the store has the
    /// session now.
    pub(super) fn seed(
        &self,
        key: &StoreKey,
        stored: Stored,
        is_over: impl FnOnce() -> bool,
    ) -> bool {
        let Ok(stored) = self.room_for(stored) else {
            return false;
        };
        let mut is_there = false;
        self.shelf.update(key, |current| {
            if is_over() {
                return None;
            }
            is_there = true;
            match current {
                Some(current) if current.version() >= stored.version() => {
                    current.note_seen(stored.last_seen());
                    None
                }
                current => {
                    if let Some(current) = current {
                        stored.note_seen(current.last_seen());
                    }
                    Some(stored)
                }
            }
        });
        is_there
    }

    /// Forgets the sessions that `keep` does not want, and says how many.
    pub(super) fn retain(&self, keep: impl Fn(&StoreKey) -> bool) -> usize {
        self.shelf.sweep(|key, _| !keep(key))
    }

    fn insert_now(&self, key: &StoreKey, record: Record) -> Result<Arc<Stored>, StoreError> {
        let created_at = record.created_at();
        let stored = self.room_for(Stored::new(Version::FIRST, record, created_at))?;
        let mut taken = false;
        self.shelf.update(key, |current| {
            taken = current.is_some();
            (!taken).then(|| Arc::clone(&stored))
        });
        if taken {
            Err(StoreError::Taken)
        } else {
            Ok(stored)
        }
    }

    fn replace_now(
        &self,
        key: &StoreKey,
        expected: Version,
        record: Record,
    ) -> Result<Replacement, StoreError> {
        let seen = self
            .shelf
            .get(key)
            .map_or(record.created_at(), |current| current.last_seen());
        let next = self.room_for(Stored::new(expected.next(), record, seen))?;
        let mut outcome = Replacement::Gone;
        self.shelf.update(key, |current| {
            let current = current?;
            if current.version() != expected {
                outcome = Replacement::Conflict(Arc::clone(current));
                return None;
            }
            next.note_seen(current.last_seen());
            outcome = Replacement::Replaced(Arc::clone(&next));
            Some(next)
        });
        Ok(outcome)
    }
}

impl Store for MemoryStore {
    fn peek(&self, key: &StoreKey) -> Option<Arc<Stored>> {
        self.shelf.get(key)
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Arc<Stored>>> {
        at_once(Ok(self.shelf.get(key)))
    }

    fn insert<'a>(&'a self, key: &'a StoreKey, record: Record) -> StoreFuture<'a, Arc<Stored>> {
        at_once(self.insert_now(key, record))
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        expected: Version,
        record: Record,
    ) -> StoreFuture<'a, Replacement> {
        at_once(self.replace_now(key, expected, record))
    }

    fn touch(&self, key: &StoreKey, seen_at: UnixTime) {
        if let Some(stored) = self.shelf.get(key) {
            stored.note_seen(seen_at);
        }
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, bool> {
        at_once(Ok(self.shelf.take(key).is_some()))
    }

    fn find<'a>(
        &'a self,
        whose: &'a Whose,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        at_once(Ok(self.shelf.find(whose, after, most.min(MOST_LISTED))))
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        at_once(Ok(self.shelf.page(after, most.min(MOST_LISTED))))
    }

    fn remember_once<'a>(
        &'a self,
        name: &'a OneTime,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'a, bool> {
        at_once(self.names.remember_once(name, until, now))
    }

    fn remembers<'a>(&'a self, name: &'a OneTime, now: UnixTime) -> StoreFuture<'a, bool> {
        at_once(Ok(self.names.remembers(name, now)))
    }

    fn sweep(&self, now: UnixTime, lifetimes: Lifetimes) -> StoreFuture<'_, usize> {
        self.names.forget(now);
        at_once(Ok(self.shelf.sweep(|_, stored| {
            lifetimes.judge(stored, now) != Liveness::Live
        })))
    }

    fn figures(&self) -> Figures {
        Figures {
            sessions: self.shelf.sessions(),
            in_memory: self.shelf.sessions(),
            in_memory_bytes: self.shelf.bytes(),
            evicted: self.shelf.evicted(),
            unreadable: 0,
        }
    }
}

fn at_once<'a, T: Send + 'a>(result: Result<T, StoreError>) -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(result))
}

#[cfg(test)]
mod tests;

//! The cookie store: browsers carry their sessions, and this replica has those in memory that it saw.
//!
//! | what | where it comes from |
//! |---|---|
//! | a session on the shelf | a sign-in here, or the cookies of a request |
//! | the newer of the two | the shelf's, unless the cookies have a higher version: another replica refreshed them |
//! | a session that was ended here | remembered by its key: its cookies open nothing on this replica any more |
//!
//! A session in memory is nobody's without its cookies: each request proves with them, under a key that is still
//! in use, that it may have it. So whoever takes the keys away ends what was sealed with them, here as well.
//!
//! What a browser holds is remembered by a hash of its very bytes, so that cookies that did not change
//! are opened once. Everything behind that works on the [`Store`] trait, as with the memory store.
//!
//! Replicas share nothing but the sealing keys. What one of them ended or refreshed, another does not
//! know until the browser brings it.

mod ended;
mod held;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use vestibule_oidc::time::UnixTime;
use vestibule_session::carried::chunks::Brought;
use vestibule_session::carried::{self, Written};
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::Record;
use vestibule_session::seal::KeyRing;
use vestibule_session::site::Site;
use vestibule_session::store::{
    Figures, OneTime, Replacement, Store, StoreFuture, Stored, Version, Whose,
};

use super::memory::MemoryStore;
use super::shelf::Bounds;
use ended::Ended;
use held::Held;

/// Sessions that browsers carry.
#[derive(Debug)]
pub struct CookieStore {
    memory: MemoryStore,
    ended: Ended,
    held: Held,
}

/// What a browser's cookies have of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    /// The version of the record.
    pub(crate) version: Version,
    /// When it was last in use.
    pub(crate) last_seen: UnixTime,
}

impl State {
    /// What is to be written of a session.
    pub(crate) fn of(stored: &Stored) -> Self {
        Self {
            version: stored.version(),
            last_seen: stored.last_seen(),
        }
    }
}

impl CookieStore {
    /// A store that has seen no session. The bounds are of what it has in memory; who is dropped from there
    /// is not signed out.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            memory: MemoryStore::new(bounds),
            ended: Ended::default(),
            held: Held::default(),
        }
    }

    /// Takes in what a browser brought beside the handle of `key`, and says what that is. `None`: nothing
    /// that opens, or a session that was ended here.
    pub(crate) fn take_in(
        &self,
        key: &StoreKey,
        brought: &Brought<'_>,
        site: &Site,
        keys: &KeyRing,
    ) -> Option<State> {
        let digest = brought.digest()?;
        if let Some(state) = self.held.confirm(key, &digest, keys)
            && self.memory.peek(key).is_some()
        {
            return Some(state);
        }
        if self.ended.contains(key) {
            return None;
        }
        let carried = carried::read(brought, site, key, keys)?;
        let state = State {
            version: carried.version,
            last_seen: carried.last_seen,
        };
        let stored = Stored::new(carried.version, carried.record, carried.last_seen);
        // It may be ended while it is put there: that stands.
        if !self.memory.seed(key, stored, || self.ended.contains(key)) {
            return None;
        }
        self.held.note(key, digest, state, carried.sealed_with);
        Some(state)
    }

    /// Forgets what was sealed with other keys than these, so that whoever watches such a session hears of its
    /// end. That its cookies open nothing any more, each request sees by itself. Says how many sessions went.
    pub fn use_keys(&self, keys: &KeyRing) -> usize {
        let gone = self
            .memory
            .retain(|key| self.held.is_sealed_with_one_of(key, keys));
        self.held.keep_only(keys);
        gone
    }

    /// Whether the session of this key was ended here.
    pub(crate) fn has_ended(&self, key: &StoreKey) -> bool {
        self.ended.contains(key)
    }

    /// What was written lately of a state that is enough: several answers in parallel carry the same bytes,
    /// so that a browser can't mix two writes.
    pub(crate) fn written(
        &self,
        key: &StoreKey,
        keys: &KeyRing,
        enough: impl Fn(State) -> bool,
    ) -> Option<Arc<Written>> {
        self.held.written(key, keys, enough)
    }

    /// Notes what was written. Gives back what somebody else wrote in the meantime, if that is enough.
    pub(crate) fn note_written(
        &self,
        key: &StoreKey,
        state: State,
        written: Written,
        enough: impl Fn(State) -> bool,
    ) -> Arc<Written> {
        self.held
            .note_written(key, state, Arc::new(written), enough)
    }

    /// Notes that this version can't be written, and says whether that is news.
    pub(crate) fn note_unwritable(&self, key: &StoreKey, version: Version) -> bool {
        self.held.note_unwritable(key, version)
    }

    /// Whether this version is known not to be writable.
    pub(crate) fn is_unwritable(&self, key: &StoreKey, version: Version) -> bool {
        self.held.is_unwritable(key, version)
    }
}

impl Store for CookieStore {
    fn peek(&self, key: &StoreKey) -> Option<Arc<Stored>> {
        self.memory.peek(key)
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Arc<Stored>>> {
        self.memory.load(key)
    }

    fn insert<'a>(&'a self, key: &'a StoreKey, record: Record) -> StoreFuture<'a, Arc<Stored>> {
        self.memory.insert(key, record)
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        expected: Version,
        record: Record,
    ) -> StoreFuture<'a, Replacement> {
        self.memory.replace(key, expected, record)
    }

    fn touch(&self, key: &StoreKey, seen_at: UnixTime) {
        self.memory.touch(key, seen_at);
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, bool> {
        // First: whoever takes the cookies in asks while nobody else can put or take. A session whose cookies are good is
        // in memory by now; what is not, is made up by somebody who may want others to be forgotten.
        if let Some(stored) = self.memory.peek(key) {
            self.ended.insert(*key, stored.record().created_at());
        }
        self.held.forget(key);
        self.memory.remove(key)
    }

    fn find<'a>(
        &'a self,
        whose: &'a Whose,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        self.memory.find(whose, after, most)
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        self.memory.page(after, most)
    }

    fn remember_once<'a>(
        &'a self,
        name: &'a OneTime,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'a, bool> {
        self.memory.remember_once(name, until, now)
    }

    fn remembers<'a>(&'a self, name: &'a OneTime, now: UnixTime) -> StoreFuture<'a, bool> {
        self.memory.remembers(name, now)
    }

    fn sweep(&self, now: UnixTime, lifetimes: Lifetimes) -> StoreFuture<'_, usize> {
        self.ended.sweep(now, lifetimes);
        self.held.sweep();
        self.memory.sweep(now, lifetimes)
    }

    fn figures(&self) -> Figures {
        Figures {
            // Who was dropped from memory is still signed in.
            evicted: 0,
            ..self.memory.figures()
        }
    }
}

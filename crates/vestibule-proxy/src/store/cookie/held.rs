//! What browsers hold, as far as this replica knows: by the hash of the bytes, and what was written for
//! them lately.
//!
//! Forgetting any of it costs opening or sealing cookies once more, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use vestibule_oidc::time::UnixTime;
use vestibule_session::carried::{Digest, Written};
use vestibule_session::handle::StoreKey;
use vestibule_session::seal::{KeyId, KeyRing};
use vestibule_session::store::Version;

use super::super::hashing::KeyHashing;
use super::State;

/// A power of two, so that two cores rarely meet at one lock.
const PARTS: usize = 64;

/// The most sessions in one part.
const MOST_IN_PART: usize = 4096;

/// For so long what was written is given again to answers that overtook each other.
const GIVEN_AGAIN: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Held(Box<[Mutex<Part>]>);

type Part = HashMap<StoreKey, Entry, KeyHashing>;

#[derive(Debug)]
struct Entry {
    digest: Digest,
    state: State,
    /// The sealing key of those bytes; none where they are not known.
    sealed_with: Option<KeyId>,
    written: Option<(Instant, Arc<Written>)>,
    /// A version that does not fit into cookies.
    unwritable: Option<Version>,
}

impl Entry {
    const fn new(digest: Digest, state: State, sealed_with: Option<KeyId>) -> Self {
        Self {
            digest,
            state,
            sealed_with,
            written: None,
            unwritable: None,
        }
    }

    fn is_sealed_with_one_of(&self, keys: &KeyRing) -> bool {
        self.sealed_with.is_some_and(|id| keys.has(id))
    }

    fn written_lately(&self, enough: impl Fn(State) -> bool) -> Option<Arc<Written>> {
        let (at, written) = self.written.as_ref()?;
        (at.elapsed() < GIVEN_AGAIN && enough(self.state)).then(|| Arc::clone(written))
    }
}

impl Default for Held {
    fn default() -> Self {
        Self((0..PARTS).map(|_| Mutex::default()).collect())
    }
}

impl Held {
    /// What these bytes hold, if they are what is known last and their key is one of `keys`.
    pub(super) fn confirm(&self, key: &StoreKey, digest: &Digest, keys: &KeyRing) -> Option<State> {
        let part = self.part(key)?;
        let entry = part.get(key)?;
        (entry.digest == *digest && entry.is_sealed_with_one_of(keys)).then_some(entry.state)
    }

    /// Whether the bytes known last of this session were sealed with one of `keys`.
    pub(super) fn is_sealed_with_one_of(&self, key: &StoreKey, keys: &KeyRing) -> bool {
        let known = || Some(self.part(key)?.get(key)?.is_sealed_with_one_of(keys));
        known().unwrap_or(false)
    }

    /// Forgets what was sealed with other keys than these.
    pub(super) fn keep_only(&self, keys: &KeyRing) {
        for part in &self.0 {
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            part.retain(|_, entry| entry.is_sealed_with_one_of(keys));
        }
    }

    /// What was written lately, with one of `keys`, of a state that is `enough`.
    pub(super) fn written(
        &self,
        key: &StoreKey,
        keys: &KeyRing,
        enough: impl Fn(State) -> bool,
    ) -> Option<Arc<Written>> {
        let part = self.part(key)?;
        let entry = part.get(key)?;
        entry
            .is_sealed_with_one_of(keys)
            .then(|| entry.written_lately(enough))?
    }

    /// Notes what a browser brought, unless something newer is known.
    pub(super) fn note(&self, key: &StoreKey, digest: Digest, state: State, sealed_with: KeyId) {
        let Some(mut part) = self.part(key) else {
            return;
        };
        match part.get_mut(key) {
            Some(known) if known.state > state => {}
            // Until it is taken, what was written is what comes next.
            Some(known) if known.written_lately(|_| true).is_some() && known.state == state => {}
            Some(known) => {
                *known = Entry {
                    unwritable: known.unwritable,
                    ..Entry::new(digest, state, Some(sealed_with))
                }
            }
            None => put(&mut part, key, Entry::new(digest, state, Some(sealed_with))),
        }
    }

    /// Notes what was written for a browser. What was written of a state that is `enough` stays, and is
    /// given back.
    pub(super) fn note_written(
        &self,
        key: &StoreKey,
        state: State,
        written: Arc<Written>,
        enough: impl Fn(State) -> bool,
    ) -> Arc<Written> {
        let Some(mut part) = self.part(key) else {
            return written;
        };
        let before = part.get(key);
        // Of the same key: what another reload sealed may open nowhere any more.
        let before = before.filter(|known| known.sealed_with == Some(written.sealed_with));
        if let Some(before) = before.and_then(|known| known.written_lately(enough)) {
            return before;
        }
        let entry = Entry {
            written: Some((Instant::now(), Arc::clone(&written))),
            ..Entry::new(written.digest, state, Some(written.sealed_with))
        };
        put(&mut part, key, entry);
        written
    }

    pub(super) fn note_unwritable(&self, key: &StoreKey, version: Version) -> bool {
        let Some(mut part) = self.part(key) else {
            return false;
        };
        if let Some(known) = part.get_mut(key) {
            return known.unwritable.replace(version) != Some(version);
        }
        // Its cookies are not known; nothing is older than this.
        let nothing = State {
            version: Version::from_number(0),
            last_seen: UnixTime::from_secs(0),
        };
        let entry = Entry {
            unwritable: Some(version),
            ..Entry::new([0; 32], nothing, None)
        };
        put(&mut part, key, entry);
        true
    }

    pub(super) fn is_unwritable(&self, key: &StoreKey, version: Version) -> bool {
        let known = || self.part(key)?.get(key)?.unwritable;
        known() == Some(version)
    }

    pub(super) fn forget(&self, key: &StoreKey) {
        if let Some(mut part) = self.part(key) {
            part.remove(key);
        }
    }

    /// Lets go of what was written and taken long ago.
    pub(super) fn sweep(&self) {
        for part in &self.0 {
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            for entry in part.values_mut() {
                entry.written.take_if(|(at, _)| at.elapsed() >= GIVEN_AGAIN);
            }
        }
    }

    fn part(&self, key: &StoreKey) -> Option<MutexGuard<'_, Part>> {
        let [first, ..] = *key.as_bytes();
        let part = self.0.get(usize::from(first) % PARTS)?;
        // What a panicking thread left behind is whole: each change is one call on the map.
        Some(part.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Puts an entry; where there are too many, another goes.
fn put(part: &mut Part, key: &StoreKey, entry: Entry) {
    if part.len() >= MOST_IN_PART && !part.contains_key(key) {
        let any = part.keys().next().copied();
        any.and_then(|any| part.remove(&any));
    }
    part.insert(*key, entry);
}

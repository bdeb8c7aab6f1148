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
    written: Option<(Instant, Arc<Written>)>,
    /// A version that does not fit into cookies.
    unwritable: Option<Version>,
}

impl Entry {
    const fn new(digest: Digest, state: State) -> Self {
        Self {
            digest,
            state,
            written: None,
            unwritable: None,
        }
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
    /// What these bytes hold, if they are what is known last.
    pub(super) fn confirm(&self, key: &StoreKey, digest: &Digest) -> Option<State> {
        let part = self.part(key)?;
        let entry = part.get(key)?;
        (entry.digest == *digest).then_some(entry.state)
    }

    /// What was written lately of a state that is `enough`.
    pub(super) fn written(
        &self,
        key: &StoreKey,
        enough: impl Fn(State) -> bool,
    ) -> Option<Arc<Written>> {
        self.part(key)?.get(key)?.written_lately(enough)
    }

    /// Notes what a browser brought, unless something newer is known.
    pub(super) fn note(&self, key: &StoreKey, digest: Digest, state: State) {
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
                    ..Entry::new(digest, state)
                }
            }
            None => put(&mut part, key, Entry::new(digest, state)),
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
        if let Some(before) = part.get(key).and_then(|known| known.written_lately(enough)) {
            return before;
        }
        let entry = Entry {
            written: Some((Instant::now(), Arc::clone(&written))),
            ..Entry::new(written.digest, state)
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
            ..Entry::new([0; 32], nothing)
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

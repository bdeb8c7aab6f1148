//! Which sessions are whose, in memory: for the memory store, whose shelf is all there is.
//!
//! It is changed while the shard of the session is held, so that a session that is there is found.
//! Whoever holds a part of the index asks for nothing else.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_session::handle::StoreKey;
use vestibule_session::record::Record;
use vestibule_session::store::Whose;

const PARTS: usize = 64;

/// What one session takes here, roughly: two entries and their share of the trees.
pub(super) const BYTES_EACH: u64 = 192;

#[derive(Debug)]
pub(super) struct Index {
    parts: Box<[Mutex<Part>]>,
}

type Part = BTreeSet<(Whose, StoreKey)>;

impl Index {
    pub(super) fn new() -> Self {
        Self {
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Notes that the record in place for `key` is `after` now, and was `before`.
    pub(super) fn change(&self, key: &StoreKey, before: Option<&Record>, after: Option<&Record>) {
        if let (Some(before), Some(after)) = (before, after)
            && Whose::same(before, after)
        {
            return;
        }
        for whose in before.into_iter().flat_map(Whose::all_of) {
            self.with(&whose, |mut part| part.remove(&(whose, *key)));
        }
        for whose in after.into_iter().flat_map(Whose::all_of) {
            self.with(&whose, |mut part| part.insert((whose, *key)));
        }
    }

    pub(super) fn find(
        &self,
        whose: &Whose,
        after: Option<&StoreKey>,
        most: usize,
    ) -> Vec<StoreKey> {
        let lowest = StoreKey::from_bytes([0; 32]);
        let from = after.map_or(Bound::Included((*whose, lowest)), |after| {
            Bound::Excluded((*whose, *after))
        });
        let found = self.with(whose, |part| {
            part.range((from, Bound::Unbounded))
                .take_while(|(owner, _)| owner == whose)
                .take(most)
                .map(|(_, key)| *key)
                .collect()
        });
        found.unwrap_or_default()
    }

    fn with<T>(&self, whose: &Whose, work: impl FnOnce(MutexGuard<'_, Part>) -> T) -> Option<T> {
        let [first, ..] = *whose.as_bytes();
        let part = self.parts.get(usize::from(first) % PARTS)?;
        // What a panicking thread left behind is whole: each change is one call on the set.
        Some(work(part.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

//! Sessions in memory: sharded, bounded, read without waiting for other cores.
//!
//! The memory store is one of these; the file store has one in front of its file. When a bound is
//! reached, the sessions that nobody used for longest go.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::store::{Stored, Whose};

use super::hashing::KeyHashing;
use super::index::{self, Index};

/// A power of two, well above the number of cores, so that two of them rarely meet at one lock.
const SHARDS: usize = 256;

/// How many shards are looked at for one session to evict.
const SHARDS_COMPARED: usize = 4;

/// How much may be held in memory. Both bounds hold; zero is not allowed for either and counts as
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most sessions.
    pub sessions: u64,
    /// The most bytes, roughly: tokens and claims dominate.
    pub bytes: u64,
}

/// A hundred thousand sessions in half a gibibyte.
impl Default for Bounds {
    fn default() -> Self {
        Self {
            sessions: 100_000,
            bytes: 512 << 20,
        }
    }
}

#[derive(Debug)]
pub(super) struct Shelf {
    shards: Box<[RwLock<Shard>]>,
    bounds: Bounds,
    /// Only where this is all there is: the file has an index of its own.
    index: Option<Index>,
    sessions: AtomicU64,
    bytes: AtomicU64,
    evicted: AtomicU64,
}

#[derive(Debug, Default)]
struct Shard {
    sessions: HashMap<StoreKey, Arc<Stored>, KeyHashing>,
    /// Grows whenever something here was put or taken, so that whoever read the file meanwhile
    /// knows that what they have may be old.
    epoch: u64,
}

/// The state of a shard when a read of the file began. See [`Shelf::fill`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch(u64);

impl Shelf {
    pub(super) fn new(bounds: Bounds) -> Self {
        let bounds = Bounds {
            sessions: bounds.sessions.max(1),
            bytes: bounds.bytes.max(1),
        };
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            bounds,
            index: None,
            sessions: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
        }
    }

    /// One that knows whose its sessions are.
    pub(super) fn with_index(bounds: Bounds) -> Self {
        Self {
            index: Some(Index::new()),
            ..Self::new(bounds)
        }
    }

    pub(super) fn get(&self, key: &StoreKey) -> Option<Arc<Stored>> {
        read(self.shard(key)?).sessions.get(key).map(Arc::clone)
    }

    /// Whether a session can be held at all.
    pub(super) fn has_room_for(&self, stored: &Stored) -> bool {
        self.bytes_of(stored) <= self.bounds.bytes
    }

    /// Roughly what a session takes here.
    pub(super) fn bytes_of(&self, stored: &Stored) -> u64 {
        let indexed = self.index.as_ref().map_or(0, |_| index::BYTES_EACH);
        stored.memory_bytes() + indexed
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Puts what `decide` makes of what is there, if it makes anything, while nobody else can.
    pub(super) fn update(
        &self,
        key: &StoreKey,
        decide: impl FnOnce(Option<&Arc<Stored>>) -> Option<Arc<Stored>>,
    ) {
        let Some(shard) = self.shard(key) else { return };
        let mut shard = write(shard);
        if let Some(next) = decide(shard.sessions.get(key)) {
            self.place(&mut shard, *key, next);
            drop(shard);
            self.make_room(key);
        }
    }

    /// Puts a session, whatever was there, unless `is_over` says that it is over; while that is asked,
    /// nobody else can put or take it. Says whether it is not over.
    pub(super) fn put_unless(
        &self,
        key: &StoreKey,
        stored: &Arc<Stored>,
        is_over: impl FnOnce() -> bool,
    ) -> bool {
        let fits = self.has_room_for(stored);
        let mut over = false;
        self.update(key, |_| {
            over = is_over();
            (fits && !over).then(|| Arc::clone(stored))
        });
        if over || !fits {
            self.take(key);
        }
        !over
    }

    pub(super) fn take(&self, key: &StoreKey) -> Option<Arc<Stored>> {
        let mut shard = write(self.shard(key)?);
        shard.epoch += 1;
        let taken = shard.sessions.remove(key);
        if let Some(taken) = &taken {
            self.count_out(key, taken);
        }
        taken
    }

    /// The keys of the sessions of `whose` after `after`, in order. Empty without an index.
    pub(super) fn find(
        &self,
        whose: &Whose,
        after: Option<&StoreKey>,
        most: usize,
    ) -> Vec<StoreKey> {
        let index = self.index.as_ref();
        index.map_or_else(Vec::new, |index| index.find(whose, after, most))
    }

    /// The keys of all sessions after `after`, in order: shards are numbered by how their keys begin.
    pub(super) fn page(&self, after: Option<&StoreKey>, most: usize) -> Vec<StoreKey> {
        let mut page = Vec::new();
        for shard in self.shards.iter().skip(after.map_or(0, shard_number)) {
            if page.len() >= most {
                break;
            }
            let shard = read(shard);
            let keys = shard.sessions.keys().copied();
            let mut keys: Vec<StoreKey> = keys
                .filter(|key| after.is_none_or(|after| key > after))
                .collect();
            drop(shard);
            keys.sort_unstable();
            page.extend(keys.into_iter().take(most - page.len()));
        }
        page
    }

    /// To be called before the file is read for `key`.
    pub(super) fn epoch(&self, key: &StoreKey) -> Epoch {
        Epoch(self.shard(key).map_or(0, |shard| read(shard).epoch))
    }

    /// Puts what was read from the file, unless something changed since `epoch`: a session that was
    /// removed while it was read must not come back.
    pub(super) fn fill(&self, key: &StoreKey, stored: &Arc<Stored>, epoch: Epoch) {
        let Some(shard) = self.shard(key) else { return };
        let mut shard = write(shard);
        if shard.epoch == epoch.0 && self.has_room_for(stored) {
            self.place(&mut shard, *key, Arc::clone(stored));
            drop(shard);
            self.make_room(key);
        }
    }

    /// Takes every session that `ended` says has ended, and counts them.
    pub(super) fn sweep(&self, ended: impl Fn(&StoreKey, &Stored) -> bool) -> usize {
        let mut count = 0;
        for shard in &self.shards {
            let mut shard = write(shard);
            let before = shard.sessions.len();
            shard.sessions.retain(|key, stored| {
                let keep = !ended(key, stored);
                if !keep {
                    self.count_out(key, stored);
                }
                keep
            });
            count += before - shard.sessions.len();
            shard.epoch += 1;
        }
        count
    }

    pub(super) fn sessions(&self) -> u64 {
        self.sessions.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    fn place(&self, shard: &mut Shard, key: StoreKey, stored: Arc<Stored>) {
        shard.epoch += 1;
        self.sessions.fetch_add(1, Ordering::Relaxed);
        self.bytes
            .fetch_add(self.bytes_of(&stored), Ordering::Relaxed);
        let before = shard.sessions.insert(key, Arc::clone(&stored));
        if let Some(before) = &before {
            self.sessions.fetch_sub(1, Ordering::Relaxed);
            self.bytes
                .fetch_sub(self.bytes_of(before), Ordering::Relaxed);
        }
        if let Some(index) = &self.index {
            let before = before.as_ref().map(|before| before.record());
            index.change(&key, before, Some(stored.record()));
        }
    }

    /// To be called while the shard is held that the session was taken from.
    fn count_out(&self, key: &StoreKey, stored: &Stored) {
        self.sessions.fetch_sub(1, Ordering::Relaxed);
        self.bytes
            .fetch_sub(self.bytes_of(stored), Ordering::Relaxed);
        if let Some(index) = &self.index {
            index.change(key, Some(stored.record()), None);
        }
    }

    /// Evicts until the bounds hold, but never `newest`.
    fn make_room(&self, newest: &StoreKey) {
        let mut at = shard_number(newest);
        let mut tried_in_vain = 0;
        while self.is_over() && tried_in_vain < SHARDS {
            // Of a few shards, whichever holds the longest unused: near enough to looking at all.
            let candidates = (at..at + SHARDS_COMPARED).filter_map(|number| {
                let shard = self.shards.get(number % SHARDS)?;
                longest_unused(shard, newest).map(|(seen, key)| (seen, key, shard))
            });
            let oldest = candidates.min_by_key(|(seen, ..)| *seen);
            let evicted = oldest.and_then(|(_, key, shard)| {
                let mut shard = write(shard);
                shard.epoch += 1;
                let evicted = shard.sessions.remove(&key)?;
                self.count_out(&key, &evicted);
                Some(evicted)
            });
            if evicted.is_some() {
                self.evicted.fetch_add(1, Ordering::Relaxed);
                tried_in_vain = 0;
            } else {
                tried_in_vain += SHARDS_COMPARED;
            }
            at += SHARDS_COMPARED;
        }
    }

    fn is_over(&self) -> bool {
        self.sessions() > self.bounds.sessions || self.bytes() > self.bounds.bytes
    }

    fn shard(&self, key: &StoreKey) -> Option<&RwLock<Shard>> {
        self.shards.get(shard_number(key))
    }
}

fn shard_number(key: &StoreKey) -> usize {
    let [first, ..] = *key.as_bytes();
    usize::from(first)
}

fn longest_unused(shard: &RwLock<Shard>, but: &StoreKey) -> Option<(UnixTime, StoreKey)> {
    let shard = read(shard);
    let others = shard.sessions.iter().filter(|(key, _)| *key != but);
    others.map(|(key, stored)| (stored.last_seen(), *key)).min()
}

// What a panicking thread left behind is whole: each change is one call on the map.
fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

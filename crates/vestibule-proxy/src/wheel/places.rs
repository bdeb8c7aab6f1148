//! Holds the places of a wheel: which deadline comes up at which tick.
//!
//! A place is one of [`SLOTS`] lists; a deadline further away than the wheel is round gets the last place and is put back
//! when it comes up. The lists are linked by index, so that adding, moving and leaving cost the same however many there are.

use std::task::Waker;

/// Ticks that the wheel is round: as many as there are lists.
const SLOTS: u64 = 1024;
const WORDS: usize = SLOTS as usize / 64;
/// The index that stands for none.
const NONE: u32 = u32::MAX;
/// When a deadline that is not set is due.
const NEVER: u64 = u64::MAX;

/// Which deadline.
pub(super) type Key = u32;

/// What [`Places::wait`] found.
pub(super) struct Waited {
    pub(super) past: bool,
    /// The wheel must turn earlier than it is about to.
    pub(super) earlier: bool,
    pub(super) replaced: Option<Waker>,
}

struct Entry {
    /// The tick of the deadline.
    due: u64,
    /// The tick of its place, if it has one.
    at: Option<u64>,
    past: bool,
    before: u32,
    after: u32,
    waker: Option<Waker>,
}

pub(super) struct Places {
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// The first of each list.
    first: Vec<u32>,
    /// Which lists are not empty.
    taken: [u64; WORDS],
    placed: usize,
    /// All places are after this tick, and at most [`SLOTS`] after it.
    turned: u64,
    /// The last tick anybody spoke of.
    latest: u64,
    /// The tick for which the wheel sleeps.
    next: u64,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            first: Vec::new(),
            taken: [0; WORDS],
            placed: 0,
            turned: 0,
            latest: 0,
            next: NEVER,
        }
    }
}

impl Places {
    pub(super) fn add(&mut self) -> Key {
        let entry = Entry {
            due: NEVER,
            at: None,
            past: false,
            before: NONE,
            after: NONE,
            waker: None,
        };
        if let Some(key) = self.free.pop()
            && let Some(free) = self.entry(key)
        {
            *free = entry;
            return key;
        }
        self.entries.push(entry);
        u32::try_from(self.entries.len() - 1).unwrap_or(NONE)
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        self.unlink(key);
        let waker = self.entry(key)?.waker.take();
        self.free.push(key);
        waker
    }

    pub(super) fn set(&mut self, key: Key, due: u64, now: u64) {
        self.latest = self.latest.max(now);
        if let Some(entry) = self.entry(key) {
            entry.due = due.min(NEVER - 1);
            entry.past = false;
        }
    }

    pub(super) fn clear(&mut self, key: Key) {
        if let Some(entry) = self.entry(key) {
            entry.due = NEVER;
            entry.past = false;
        }
    }

    pub(super) fn is_set(&self, key: Key) -> bool {
        self.entries
            .get(key as usize)
            .is_some_and(|entry| entry.due != NEVER)
    }

    pub(super) fn wait(&mut self, key: Key, waker: &Waker) -> Waited {
        let mut waited = Waited {
            past: false,
            earlier: false,
            replaced: None,
        };
        let Some(entry) = self.entry(key) else {
            return waited;
        };
        if entry.past {
            waited.past = true;
            return waited;
        }
        if !entry
            .waker
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            waited.replaced = entry.waker.replace(waker.clone());
        }
        let (due, at) = (entry.due, entry.at);
        if due != NEVER && at.is_none_or(|at| at > due) {
            self.unlink(key);
            let at = self.link(key, due);
            waited.earlier = at < self.next;
        }
        waited
    }

    /// The wheel turned to `now`. Whom to wake.
    pub(super) fn advance(&mut self, now: u64) -> Vec<Waker> {
        let mut due = Vec::new();
        while let Some(tick) = self.first_taken().filter(|&tick| tick <= now) {
            while let Some(key) = self.first_at(tick) {
                self.unlink(key);
                due.push(key);
            }
        }
        self.turned = self.turned.max(now);
        self.latest = self.latest.max(now);
        let mut woken = Vec::new();
        for key in due {
            let Some(entry) = self.entry(key) else {
                continue;
            };
            match entry.due {
                NEVER => {}
                tick if tick <= now => {
                    entry.past = true;
                    woken.extend(entry.waker.take());
                }
                later => {
                    self.link(key, later);
                }
            }
        }
        woken
    }

    /// The tick to sleep to.
    pub(super) fn sleep_to_next(&mut self) -> Option<u64> {
        let next = self.first_taken();
        self.next = next.unwrap_or(NEVER);
        next
    }

    pub(super) fn take_wakers(&mut self) -> Vec<Waker> {
        self.entries
            .iter_mut()
            .filter_map(|entry| entry.waker.take())
            .collect()
    }

    #[cfg(test)]
    pub(super) fn placed(&self) -> usize {
        self.placed
    }

    fn entry(&mut self, key: Key) -> Option<&mut Entry> {
        self.entries.get_mut(key as usize)
    }

    fn first_at(&self, tick: u64) -> Option<Key> {
        let first = self.first.get(slot(tick)).copied()?;
        (first != NONE).then_some(first)
    }

    /// Gives it a place at its tick, or the nearest the wheel has.
    fn link(&mut self, key: Key, due: u64) -> u64 {
        if self.placed == 0 {
            // Nothing turned the wheel while it was empty.
            self.turned = self.turned.max(self.latest);
        }
        let at = due.clamp(self.turned + 1, self.turned + SLOTS - 1);
        if self.first.is_empty() {
            self.first.resize(SLOTS as usize, NONE);
        }
        let old = match self.first.get_mut(slot(at)) {
            Some(first) => std::mem::replace(first, key),
            None => NONE,
        };
        if let Some(old) = self.entry(old) {
            old.before = key;
        }
        if let Some(entry) = self.entry(key) {
            entry.at = Some(at);
            entry.before = NONE;
            entry.after = old;
        }
        if let Some(word) = self.taken.get_mut(slot(at) / 64) {
            *word |= 1 << (slot(at) % 64);
        }
        self.placed += 1;
        at
    }

    /// Takes its place away, if it has one.
    fn unlink(&mut self, key: Key) {
        let Some(entry) = self.entry(key) else { return };
        let Some(at) = entry.at.take() else { return };
        let (before, after) = (entry.before, entry.after);
        (entry.before, entry.after) = (NONE, NONE);
        if let Some(after) = self.entry(after) {
            after.before = before;
        }
        if let Some(before) = self.entry(before) {
            before.after = after;
        } else if let Some(first) = self.first.get_mut(slot(at)) {
            *first = after;
        }
        self.placed -= 1;
        if self.first_at(at).is_none()
            && let Some(word) = self.taken.get_mut(slot(at) / 64)
        {
            *word &= !(1 << (slot(at) % 64));
        }
    }

    /// The first tick whose list is not empty.
    fn first_taken(&self) -> Option<u64> {
        if self.placed == 0 {
            return None;
        }
        let begin = self.turned + 1;
        let (word, bit) = (slot(begin) / 64, slot(begin) % 64);
        // The word in which the search begins is looked at twice: from that bit on, and at the end up to it.
        for step in 0..=WORDS {
            let at = (word + step) % WORDS;
            let mask = match step {
                0 => u64::MAX << bit,
                WORDS => !(u64::MAX << bit),
                _ => u64::MAX,
            };
            let found = self.taken.get(at).copied().unwrap_or(0) & mask;
            if found != 0 {
                let slot = at as u64 * 64 + u64::from(found.trailing_zeros());
                let ahead = (slot + SLOTS - begin % SLOTS) % SLOTS;
                return Some(begin + ahead);
            }
        }
        None
    }
}

fn slot(tick: u64) -> usize {
    // Below `SLOTS`, so it fits.
    (tick % SLOTS) as usize
}

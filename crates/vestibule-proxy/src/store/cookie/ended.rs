//! The sessions that were ended on this replica: their cookies may still be about.
//!
//! A key is remembered until its session would be over anyway. When there are too many, the oldest go:
//! that takes a hundred thousand sign-outs within one absolute lifetime.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Lifetimes;

use super::super::hashing::KeyHashing;

/// The most keys remembered.
const MOST: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Ended(Mutex<Keys>);

#[derive(Debug, Default)]
struct Keys {
    made_at: HashMap<StoreKey, UnixTime, KeyHashing>,
    by_age: VecDeque<StoreKey>,
}

impl Ended {
    pub(super) fn contains(&self, key: &StoreKey) -> bool {
        self.keys().made_at.contains_key(key)
    }

    pub(super) fn insert(&self, key: StoreKey, made_at: UnixTime) {
        let mut keys = self.keys();
        if keys.made_at.insert(key, made_at).is_none() {
            keys.by_age.push_back(key);
        }
        while keys.by_age.len() > MOST {
            if let Some(oldest) = keys.by_age.pop_front() {
                keys.made_at.remove(&oldest);
            }
        }
    }

    /// Forgets those whose sessions would be over by now.
    pub(super) fn sweep(&self, now: UnixTime, lifetimes: Lifetimes) {
        let mut keys = self.keys();
        let Keys { made_at, by_age } = &mut *keys;
        made_at.retain(|_, made_at| now < *made_at + lifetimes.absolute());
        by_age.retain(|key| made_at.contains_key(key));
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vestibule_session::handle::Handle;

    use super::*;

    fn key(number: usize) -> StoreKey {
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Handle::from_entropy(entropy).store_key()
    }

    #[test]
    fn a_key_is_remembered_until_its_session_would_be_over() {
        let (ended, now) = (Ended::default(), UnixTime(1_700_000_000));
        let lifetimes = Lifetimes::new(Duration::from_secs(60), Duration::from_secs(600)).unwrap();
        ended.insert(key(1), now);
        ended.insert(key(2), now + Duration::from_secs(1));
        ended.sweep(now + Duration::from_secs(599), lifetimes);
        assert!(ended.contains(&key(1)) && ended.contains(&key(2)));
        ended.sweep(now + Duration::from_secs(600), lifetimes);
        assert!(!ended.contains(&key(1)) && ended.contains(&key(2)));
        ended.sweep(now + Duration::from_secs(601), lifetimes);
        assert!(!ended.contains(&key(2)));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_go() {
        let ended = Ended::default();
        for number in 0..MOST + 3 {
            ended.insert(key(number), UnixTime(1));
        }
        assert!(!ended.contains(&key(2)) && ended.contains(&key(3)));
        assert_eq!(ended.keys().made_at.len(), MOST);
    }
}

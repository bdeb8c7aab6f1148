//! The removals that could not be written to the file yet: what is in here is handed out no more.
//!
//! What was in memory or in the file is always taken: there are no more of those than sessions. A key of
//! which nobody knows whether there is a session may be anybody's invention, so of these there is a bound.

use std::collections::HashMap;

use vestibule_session::handle::StoreKey;

use crate::store::KeyHashing;

/// The most keys of which nobody knows whether there is a session. Past that, whoever kept the cookie of
/// such a session can use it once the file can be read again.
pub(super) const MOST_UNKNOWN: usize = 16_384;

/// The removals that wait.
#[derive(Debug, Default)]
pub(super) struct Tombstones {
    /// With whether there is a session under it, as far as anybody could tell.
    keys: HashMap<StoreKey, bool, KeyHashing>,
    unknown: usize,
}

impl Tombstones {
    pub(super) fn contains(&self, key: &StoreKey) -> bool {
        self.keys.contains_key(key)
    }

    /// Says whether it is in here from now on.
    pub(super) fn bury(&mut self, key: StoreKey, is_known: bool) -> bool {
        match self.keys.get_mut(&key) {
            Some(was_known) => {
                self.unknown -= usize::from(is_known && !*was_known);
                *was_known |= is_known;
                true
            }
            None if is_known || self.unknown < MOST_UNKNOWN => {
                self.unknown += usize::from(!is_known);
                self.keys.insert(key, is_known);
                true
            }
            None => false,
        }
    }

    /// All there are, with those first that are known to be sessions.
    pub(super) fn keys(&self) -> Vec<StoreKey> {
        let of = |wanted: bool| self.keys.iter().filter(move |(_, known)| **known == wanted);
        of(true).chain(of(false)).map(|(key, _)| *key).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// These are out of the file.
    pub(super) fn release(&mut self, keys: &[StoreKey]) {
        for key in keys {
            if self.keys.remove(key) == Some(false) {
                self.unknown -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> StoreKey {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        StoreKey::from_bytes(bytes)
    }

    #[test]
    fn invented_keys_are_bounded_and_push_out_no_session() {
        let mut tombstones = Tombstones::default();
        for number in 0..MOST_UNKNOWN {
            assert!(tombstones.bury(key(number), false));
        }
        let one_more = key(MOST_UNKNOWN);
        assert!(!tombstones.bury(one_more, false) && !tombstones.contains(&one_more));
        assert!(tombstones.bury(one_more, true) && tombstones.contains(&one_more));
        assert!(tombstones.bury(key(0), false), "it is in there already");
        assert_eq!(tombstones.keys().len(), MOST_UNKNOWN + 1);
        // It turned out to be one.
        assert!(tombstones.bury(key(1), true));
        assert!(tombstones.bury(key(MOST_UNKNOWN + 1), false));
        tombstones.release(&tombstones.keys());
        assert!(!tombstones.contains(&one_more));
        assert!(tombstones.bury(key(7), false));
        assert_eq!(tombstones.unknown, 1);
    }
}

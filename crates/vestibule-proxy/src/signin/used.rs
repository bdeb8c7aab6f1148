//! The `state` values that were used: a second use is refused here, before the provider is asked.
//!
//! The browser is told to delete the cookie of a flow that was used, but whoever kept a copy of the
//! cookie and the callback's address could bring both again.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use vestibule_oidc::time::UnixTime;
use vestibule_session::pending;

/// Most states remembered; the oldest go first. A state is of use for ten minutes only.
const MOST: usize = 100_000;

/// The states used lately. Outlives plans.
#[derive(Debug, Default)]
pub struct UsedStates(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    known: HashSet<[u8; 16]>,
    by_age: VecDeque<(UnixTime, [u8; 16])>,
}

impl UsedStates {
    /// Notes that this state is used. False if it was used before.
    #[must_use]
    pub(super) fn claim(&self, state: &str, now: UnixTime) -> bool {
        let hash = digest::digest(&digest::SHA256, state.as_bytes());
        let mut tag = [0; 16];
        tag.copy_from_slice(hash.as_ref().get(..16).unwrap_or(&[0; 16]));
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((at, oldest)) = used.by_age.front().copied()
            && (used.by_age.len() >= MOST || now.since(at) > pending::LASTS * 2)
        {
            used.by_age.pop_front();
            used.known.remove(&oldest);
        }
        let first = used.known.insert(tag);
        if first {
            used.by_age.push_back((now, tag));
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_used_once() {
        let used = UsedStates::default();
        assert!(used.claim("a", UnixTime(1000)));
        assert!(!used.claim("a", UnixTime(1500)));
        assert!(used.claim("b", UnixTime(1500)));
    }

    #[test]
    fn memory_is_bounded() {
        let used = UsedStates::default();
        for at in 0..MOST + 10 {
            assert!(used.claim(&at.to_string(), UnixTime(1000)));
        }
        assert_eq!(used.0.lock().unwrap().known.len(), MOST);
        assert!(used.claim("late", UnixTime(1000 + 2000)));
        assert_eq!(used.0.lock().unwrap().known.len(), 1);
    }
}

//! Holds the tokens that a provider granted and that could not be stored, or not be verified, yet.
//!
//! By then the old refresh token is used up, and sending it again looks like theft to a provider
//! that rotates (RFC 9700 §4.14.2). So what was granted stays here until the store takes it or the
//! session is over, and no grant of that session is asked for before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::TokenResponse;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::ResourceKey;
use vestibule_session::store::StoreError;

/// So many sessions' tokens are held. Above that no new ones are asked for, which loses nothing:
/// dropping some would.
const MOST: usize = 1024;

/// So many, where all that would be lost is an access token: the rest is for what would be.
const MOST_WITHOUT_NEED: usize = MOST / 2;

/// What the token endpoint granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) tokens: TokenResponse,
    pub(super) wanted: ResourceKey,
    /// What its times count from, however late it is stored.
    pub(super) received_at: UnixTime,
    /// The refresh token that the question for groups brought afterwards, if it did.
    renewed: Mutex<Option<Secret>>,
}

impl Granted {
    pub(super) fn new(tokens: TokenResponse, wanted: ResourceKey, received_at: UnixTime) -> Self {
        Self {
            tokens,
            wanted,
            received_at,
            renewed: Mutex::new(None),
        }
    }

    /// The refresh token to use from now on, if a new one came.
    pub(crate) fn newest_refresh_token(&self) -> Option<Secret> {
        let renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        renewed.as_ref().or(self.tokens.refresh_token()).cloned()
    }

    /// A newer one came.
    pub(super) fn renew(&self, refresh_token: &Secret) {
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        *renewed = Some(refresh_token.clone());
    }
}

/// There are too many already.
#[derive(Debug, thiserror::Error)]
#[error("hold the tokens of one more session until the store takes them")]
struct NoRoom;

/// The grants that wait for the store, at most one per session. Those already in the air when the
/// bound is reached come on top.
#[derive(Debug, Default)]
pub(super) struct Unstored(Mutex<HashMap<StoreKey, Arc<Granted>>>);

impl Unstored {
    /// What waits for this session's record.
    pub(super) fn of(&self, key: &StoreKey) -> Option<Arc<Granted>> {
        self.lock().get(key).cloned()
    }

    /// Holds a grant. Says whether none was held for this session.
    pub(super) fn hold(&self, key: StoreKey, granted: &Arc<Granted>) -> bool {
        self.lock().insert(key, Arc::clone(granted)).is_none()
    }

    /// The store has it, or the session is over.
    pub(super) fn forget(&self, key: &StoreKey) {
        self.lock().remove(key);
    }

    /// Whether a grant may be asked for, which may have to be held.
    pub(super) fn room(&self) -> Result<(), StoreError> {
        match self.lock().len() < MOST {
            true => Ok(()),
            false => Err(StoreError::Full(Arc::new(NoRoom))),
        }
    }

    /// Whether a grant may be held whose refresh token is in the store already.
    pub(super) fn has_room_to_spare(&self) -> bool {
        self.lock().len() < MOST_WITHOUT_NEED
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreKey, Arc<Granted>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted() -> Arc<Granted> {
        let answer = br#"{"access_token":"a","token_type":"Bearer"}"#;
        let tokens = TokenResponse::parse(200, Some("application/json"), answer).unwrap();
        let wanted = ResourceKey::new(None, "openid");
        Arc::new(Granted::new(tokens, wanted, UnixTime(1)))
    }

    #[test]
    fn memory_is_bounded_by_asking_for_no_more_and_never_by_forgetting() {
        let unstored = Unstored::default();
        let key = |at: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&at.to_be_bytes());
            StoreKey::from_bytes(bytes)
        };
        for at in 0..MOST {
            assert!(unstored.room().is_ok());
            assert_eq!(unstored.has_room_to_spare(), at < MOST_WITHOUT_NEED);
            assert!(unstored.hold(key(at), &granted()));
        }
        assert_eq!(unstored.room().unwrap_err().code(), "store_full");
        assert!(!unstored.hold(key(0), &granted()), "one per session");
        assert!((0..MOST).all(|at| unstored.of(&key(at)).is_some()));
        unstored.forget(&key(7));
        assert!(unstored.room().is_ok());
    }
}

//! What an operator calls a session: the beginning of its store key, in hexadecimal.
//!
//! A store key is the SHA-256 of the handle that the browser holds: nobody gets from an id to a cookie,
//! and an id sent as a cookie is nobody's. Half of the key's bits would be found by no other session;
//! a quarter is enough, and is what a person can copy. Stores list their sessions in the order of
//! their keys, so that one is found by its id without looking at the others.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vestibule_session::handle::StoreKey;

const BYTES: usize = 8;

/// Digits of an id as it is written.
const DIGITS: usize = 2 * BYTES;

/// The name of a session to those who look after it. Says nothing about its cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId([u8; BYTES]);

/// A text is not the id of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "read the id of a session: it is {DIGITS} hexadecimal digits, as `vestibule sessions list` shows them"
)]
pub struct SessionIdError;

impl SessionId {
    /// The one of the session with this key.
    #[must_use]
    pub fn of(key: &StoreKey) -> Self {
        let first = key.as_bytes().first_chunk().copied();
        Self(first.unwrap_or_default())
    }

    /// The key right before the first with this id; `None`: that is the first of all.
    pub(crate) fn before(self) -> Option<StoreKey> {
        let number = u64::from_be_bytes(self.0).checked_sub(1)?;
        Some(last_of(number.to_be_bytes()))
    }

    /// The last key with this id.
    pub(crate) fn last(self) -> StoreKey {
        last_of(self.0)
    }
}

fn last_of(first: [u8; BYTES]) -> StoreKey {
    let mut bytes = [0xFF; 32];
    for (byte, value) in bytes.iter_mut().zip(first) {
        *byte = value;
    }
    StoreKey::from_bytes(bytes)
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.len() != DIGITS || !is_hex {
            return Err(SessionIdError);
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| SessionIdError)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl TryFrom<String> for SessionId {
    type Error = SessionIdError;

    fn try_from(text: String) -> Result<Self, SessionIdError> {
        text.parse()
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use vestibule_session::handle::Handle;

    use super::*;

    #[test]
    fn an_id_reads_back_as_itself_and_nothing_else_is_one() {
        let id = SessionId::of(&StoreKey::from_bytes([0xA5; 32]));
        assert_eq!(id.to_string(), "a5a5a5a5a5a5a5a5");
        assert_eq!("A5a5a5a5a5a5a5a5".parse(), Ok(id));
        for bad in [
            "",
            "a5",
            "a5a5a5a5a5a5a5a5a",
            "+5a5a5a5a5a5a5a5",
            "a5a5a5a5a5a5a5ag",
            "ä5a5a5a5a5a5a5a",
        ] {
            assert_eq!(bad.parse::<SessionId>(), Err(SessionIdError), "{bad}");
        }
    }

    #[test]
    fn the_keys_of_an_id_are_those_between() {
        let key = |first: u8, rest: u8| {
            let mut bytes = [rest; 32];
            bytes[..8].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, first]);
            StoreKey::from_bytes(bytes)
        };
        let id = SessionId::of(&key(7, 1));
        let before = id.before().unwrap();
        assert_eq!(before, key(6, 0xFF));
        assert!(before < key(7, 0) && key(7, 0xFF) <= id.last() && id.last() < key(8, 0));
        assert_eq!(SessionId::of(&key(0, 3)).before(), None);
    }

    #[test]
    fn an_id_opens_nothing() {
        let handle = Handle::from_entropy([7; 32]);
        let id = SessionId::of(&handle.store_key()).to_string();
        assert!(Handle::parse(id.as_bytes()).is_err());
        assert!(!handle.encoded().contains(&id));
    }
}

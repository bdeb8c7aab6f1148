//! Sealing: authenticated encryption of what leaves the process or outlives it.
//!
//! A sealed value is
//!
//! ```text
//! version (1)  key id (4)  nonce (24)  ciphertext  tag (16)
//! ```
//!
//! encrypted with XAES-256-GCM under a key derived from the sealing key for one [`Purpose`]. What
//! it belongs to (the host, the cookie's name, the store key) is authenticated with it, each part
//! preceded by its length, so that no value can stand in for another.
//!
//! The first key of a [`KeyRing`] seals and every key opens: to change keys, put the new one in
//! front and take the old one away once everything sealed with it has ended.

mod key;
mod xaes;

pub use key::{KeyError, KeyId, SealingKey};

use std::sync::Arc;

use zeroize::Zeroizing;

/// Bytes of randomness each sealing needs.
pub const NONCE_BYTES: usize = xaes::NONCE_BYTES;

/// How many bytes a sealed value is longer than what it holds.
pub const OVERHEAD_BYTES: usize = 1 + key::ID_BYTES + NONCE_BYTES + xaes::TAG_BYTES;

const VERSION: u8 = 1;

/// The most keys a ring holds: opening tries each that has the value's key id.
const MOST_KEYS: usize = 16;

/// What a sealed value is for. A value sealed for one purpose opens for no other.
///
/// Not `#[non_exhaustive]`: only this crate matches on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A sign-in on its way, in a cookie.
    Pending,
    /// A session record, in a store.
    Record,
    /// A session that the browser carries, in cookies.
    Carried,
    /// A form kept over a sign-in, in memory.
    KeptPost,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Pending => b"pending sign-in",
            Self::Record => b"session record",
            Self::Carried => b"carried session",
            Self::KeptPost => b"kept post",
        }
    }
}

/// The sealing keys: the first seals, all open. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeyRing(Arc<[SealingKey]>);

/// Why keys do not make a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// There is no key.
    #[error("make a key ring of no keys")]
    Empty,
    /// There are more keys than a rotation needs.
    #[error("make a key ring of {found} keys, which is more than {MOST_KEYS}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

/// Why something could not be sealed. It takes a failure of the cryptographic library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("encrypt")]
pub struct SealError;

/// Why a sealed value does not open. To a stranger all three are the same: it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is too short, or of a version this program does not know.
    #[error("read the form of a sealed value")]
    Form,
    /// No key of the ring has its key id: it was sealed with a key that has been taken away.
    #[error("find the key {0:?} of a sealed value")]
    UnknownKey(KeyId),
    /// It was altered, or sealed for something else.
    #[error("decrypt a sealed value")]
    Refused,
}

impl KeyRing {
    /// A ring of these keys, the first of which seals.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::Empty`], [`KeyRingError::TooMany`].
    pub fn new(keys: Vec<SealingKey>) -> Result<Self, KeyRingError> {
        match keys.len() {
            0 => Err(KeyRingError::Empty),
            1..=MOST_KEYS => Ok(Self(keys.into())),
            found => Err(KeyRingError::TooMany { found }),
        }
    }

    /// Whether a key of this id is in the ring: what it sealed may open.
    #[must_use]
    pub fn has(&self, id: KeyId) -> bool {
        self.0.iter().any(|key| key.id() == id)
    }

    /// Whether each key of `before` is in this ring, too.
    #[must_use]
    pub fn has_all_of(&self, before: &Self) -> bool {
        before.0.iter().all(|key| self.has(key.id()))
    }

    /// Seals with the first key. `belongs_to` says what the value is part of, and the same parts
    /// are needed to open it. `nonce` is fresh randomness, used once.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(
        &self,
        purpose: Purpose,
        belongs_to: &[&[u8]],
        plaintext: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Vec<u8>, SealError> {
        let key = self.0.first().ok_or(SealError)?;
        let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD_BYTES);
        sealed.push(VERSION);
        sealed.extend_from_slice(key.id().as_bytes());
        sealed.extend_from_slice(&nonce);
        let mut in_out = Vec::with_capacity(plaintext.len() + xaes::TAG_BYTES);
        in_out.extend_from_slice(plaintext);
        let aad = authenticated(purpose, belongs_to);
        xaes::seal(key.derived(purpose), &nonce, &aad, &mut in_out).map_err(|_| SealError)?;
        sealed.append(&mut in_out);
        Ok(sealed)
    }

    /// Opens what any key of the ring sealed for this purpose and these parts.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; treat each as "not there".
    pub fn open(
        &self,
        purpose: Purpose,
        belongs_to: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&[VERSION], rest) = sealed.split_first_chunk().ok_or(OpenError::Form)? else {
            return Err(OpenError::Form);
        };
        let (id, rest) = rest.split_first_chunk().ok_or(OpenError::Form)?;
        let (nonce, ciphertext) = rest.split_first_chunk().ok_or(OpenError::Form)?;
        if ciphertext.len() < xaes::TAG_BYTES {
            return Err(OpenError::Form);
        }
        let id = KeyId::from_bytes(*id);
        let aad = authenticated(purpose, belongs_to);
        let mut outcome = OpenError::UnknownKey(id);
        for key in self.0.iter().filter(|key| key.id() == id) {
            let mut in_out = Zeroizing::new(ciphertext.to_vec());
            match xaes::open(key.derived(purpose), nonce, &aad, &mut in_out) {
                Ok(length) => {
                    in_out.truncate(length);
                    return Ok(in_out);
                }
                Err(_) => outcome = OpenError::Refused,
            }
        }
        Err(outcome)
    }
}

/// Which key sealed a value, as the value says itself: nothing proves it until it is opened. `None` if it is
/// none.
#[must_use]
pub fn sealed_with(sealed: &[u8]) -> Option<KeyId> {
    let (&[VERSION], rest) = sealed.split_first_chunk()? else {
        return None;
    };
    let (id, _) = rest.split_first_chunk()?;
    Some(KeyId::from_bytes(*id))
}

/// The authenticated text: version, purpose, and each part, all but the first with their lengths.
fn authenticated(purpose: Purpose, belongs_to: &[&[u8]]) -> Vec<u8> {
    let mut text = vec![VERSION];
    for part in [purpose.label()].iter().chain(belongs_to) {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    text
}

#[cfg(test)]
mod tests;

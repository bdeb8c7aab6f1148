//! One sealing key, read from the text an operator keeps it as.

use std::fmt;

use aws_lc_rs::{cmac, hkdf};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::Purpose;

/// Bytes of a key id.
pub(super) const ID_BYTES: usize = 4;

/// Bytes of a sealing key.
const KEY_BYTES: usize = 32;

/// Longer text is no key, whatever it is.
const LONGEST_TEXT: usize = 256;

/// A sealing key: 256 bits, from which a key for each [`Purpose`] is derived.
pub struct SealingKey {
    id: KeyId,
    pending: cmac::Key,
    record: cmac::Key,
    carried: cmac::Key,
    kept_post: cmac::Key,
}

/// Names a sealing key beside what it sealed. Derived from the key, and tells nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; ID_BYTES]);

/// Why a text is no sealing key. It never shows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not 32 bytes in base64, base64url or hexadecimal. A password is not a key.
    #[error("read a sealing key: it must be 32 random bytes in base64 or hexadecimal")]
    Form,
    /// All bytes are the same: a placeholder was left in.
    #[error("use a sealing key whose bytes are all the same")]
    Placeholder,
    /// The cryptographic library refused it.
    #[error("derive keys from a sealing key")]
    Derivation,
}

impl SealingKey {
    /// A key from 32 bytes of the system's randomness.
    ///
    /// # Errors
    ///
    /// [`KeyError::Placeholder`], [`KeyError::Derivation`].
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, KeyError> {
        if bytes.iter().all(|b| Some(b) == bytes.first()) {
            return Err(KeyError::Placeholder);
        }
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"vestibule sealing 1");
        let root = salt.extract(bytes);
        let mut id = [0u8; ID_BYTES];
        expand(&root, &[b"key id"], &mut id)?;
        Ok(Self {
            id: KeyId(id),
            pending: key_for(&root, Purpose::Pending)?,
            record: key_for(&root, Purpose::Record)?,
            carried: key_for(&root, Purpose::Carried)?,
            kept_post: key_for(&root, Purpose::KeptPost)?,
        })
    }

    /// Reads the text of a key file or variable: 32 bytes in base64, base64url (padded or not) or
    /// hexadecimal. White space around it is ignored.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn parse(text: &[u8]) -> Result<Self, KeyError> {
        let text = text.trim_ascii();
        if text.len() > LONGEST_TEXT {
            return Err(KeyError::Form);
        }
        let bytes = if text.len() == 2 * KEY_BYTES {
            hexadecimal(text)
        } else {
            [STANDARD, URL_SAFE, STANDARD_NO_PAD, URL_SAFE_NO_PAD]
                .iter()
                .find_map(|engine| engine.decode(text).ok())
                .map(Zeroizing::new)
        };
        let bytes = bytes.ok_or(KeyError::Form)?;
        Self::from_bytes(bytes.as_slice().try_into().map_err(|_| KeyError::Form)?)
    }

    /// The text of a new key file, ending with a line feed. [`SealingKey::parse`] reads it back.
    #[must_use]
    pub fn text_of(entropy: &[u8; KEY_BYTES]) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(48));
        URL_SAFE_NO_PAD.encode_string(entropy, &mut text);
        text.push('\n');
        text
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn derived(&self, purpose: Purpose) -> &cmac::Key {
        match purpose {
            Purpose::Pending => &self.pending,
            Purpose::Record => &self.record,
            Purpose::Carried => &self.carried,
            Purpose::KeptPost => &self.kept_post,
        }
    }
}

fn hexadecimal(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES));
    for pair in text.chunks(2) {
        match *pair {
            [high, low] => bytes.push(digit(high)? << 4 | digit(low)?),
            _ => return None,
        }
    }
    Some(bytes)
}

fn key_for(root: &hkdf::Prk, purpose: Purpose) -> Result<cmac::Key, KeyError> {
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    expand(root, &[b"key for ", purpose.label()], key.as_mut_slice())?;
    cmac::Key::new(cmac::AES_256, key.as_slice()).map_err(|_| KeyError::Derivation)
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(root: &hkdf::Prk, info: &[&[u8]], out: &mut [u8]) -> Result<(), KeyError> {
    root.expand(info, Length(out.len()))
        .and_then(|okm| okm.fill(out))
        .map_err(|_| KeyError::Derivation)
}

impl KeyId {
    pub(super) fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// The four bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({:08x})", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SealingKey").field(&self.id).finish()
    }
}

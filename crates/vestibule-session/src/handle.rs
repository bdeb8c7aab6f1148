//! The handle: 256 random bits the browser keeps, and the store key made from them.
//!
//! The handle is a bearer secret. A store sees only its SHA-256, so that neither a copy of the
//! store nor a log line of it lets anybody take over a session.

use std::fmt;

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// Bytes of entropy in a handle.
pub const HANDLE_BYTES: usize = 32;

/// Characters of a handle as it stands in the cookie.
pub const HANDLE_CHARS: usize = 43;

/// The secret that names a session to the browser that holds it.
///
/// It has no `Display`; [`Handle::encoded`] is the one way out, for the `Set-Cookie` line.
#[derive(Clone)]
pub struct Handle(Zeroizing<[u8; HANDLE_BYTES]>);

/// Why a cookie value is not a handle.
///
/// Both mean the same to the caller, which is why the enum is not `#[non_exhaustive]`: there is no
/// session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// The value does not have exactly [`HANDLE_CHARS`] characters.
    #[error("read a session handle of {found} characters instead of {HANDLE_CHARS}")]
    Length {
        /// How long the value was.
        found: usize,
    },
    /// The value is not canonical base64url (RFC 4648 §5) without padding.
    #[error("read a session handle that is not canonical base64url")]
    Encoding,
}

impl Handle {
    /// A new handle from 32 bytes of the system's randomness.
    #[must_use]
    pub fn from_entropy(entropy: [u8; HANDLE_BYTES]) -> Self {
        Self(Zeroizing::new(entropy))
    }

    /// Reads a cookie value. One spelling per handle: padding, white space and stray low bits are
    /// refused.
    ///
    /// # Errors
    ///
    /// [`HandleError::Length`] and [`HandleError::Encoding`].
    pub fn parse(value: &[u8]) -> Result<Self, HandleError> {
        if value.len() != HANDLE_CHARS {
            return Err(HandleError::Length { found: value.len() });
        }
        // One byte longer than a handle, because the engine asks for the estimate.
        let mut buffer = Zeroizing::new([0u8; HANDLE_BYTES + 1]);
        // The engine refuses non-zero trailing bits, so each handle has exactly one spelling.
        let decoded = URL_SAFE_NO_PAD.decode_slice(value, buffer.as_mut_slice());
        match (decoded, buffer.first_chunk::<HANDLE_BYTES>()) {
            (Ok(HANDLE_BYTES), Some(bytes)) => Ok(Self(Zeroizing::new(*bytes))),
            _ => Err(HandleError::Encoding),
        }
    }

    /// The handle as it stands in the cookie.
    #[must_use]
    pub fn encoded(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// The key under which a store keeps the session.
    #[must_use]
    pub fn store_key(&self) -> StoreKey {
        let digest = digest::digest(&digest::SHA256, self.0.as_slice());
        let mut key = [0u8; 32];
        key.copy_from_slice(digest.as_ref());
        StoreKey(key)
    }
}

/// Compared in constant time.
impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(self.0.as_slice(), other.0.as_slice()).is_ok()
    }
}

impl Eq for Handle {}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(…)")
    }
}

/// The SHA-256 of a [`Handle`]: what a store knows a session by.
///
/// Not a secret: it lets nobody in. `Debug` still shows only its first four bytes, enough to follow
/// one session through a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreKey([u8; 32]);

impl StoreKey {
    /// A key read back from where a store wrote it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "StoreKey({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_as_itself() {
        let handle = Handle::from_entropy([7; 32]);
        let encoded = handle.encoded();
        assert_eq!(encoded.len(), HANDLE_CHARS);
        assert_eq!(Handle::parse(encoded.as_bytes()).unwrap(), handle);
    }

    /// CVE-2026-27840: a shortened, lengthened or altered token was still taken.
    #[test]
    fn cve_2026_27840_an_altered_handle_is_another_one_or_none() {
        let handle = Handle::from_entropy([0xA5; 32]);
        let encoded = handle.encoded();
        let bytes = encoded.as_bytes();
        assert!(Handle::parse(&bytes[..42]).is_err());
        assert!(Handle::parse(&[bytes, b"A"].concat()).is_err());
        assert!(Handle::parse(&[bytes, b"="].concat()).is_err());
        for at in 0..bytes.len() {
            for replacement in b"AZaz09-_".iter().copied().filter(|b| *b != bytes[at]) {
                let mut altered = bytes.to_vec();
                altered[at] = replacement;
                if let Ok(other) = Handle::parse(&altered) {
                    assert_ne!(other, handle, "position {at}");
                }
            }
        }
    }

    #[test]
    fn only_canonical_base64url_is_a_handle() {
        let good = "A".repeat(43);
        assert!(Handle::parse(good.as_bytes()).is_ok());
        for bad in ["", "A", "+", "/", "=", " ", "\u{e4}"] {
            let mut value = "A".repeat(43 - bad.len());
            value.push_str(bad);
            if bad != "A" && !bad.is_empty() {
                assert_eq!(
                    Handle::parse(value.as_bytes()),
                    Err(HandleError::Encoding),
                    "{value}"
                );
            }
        }
        // The last character carries four bits of the handle; its two low bits must be zero.
        let stray = format!("{}B", "A".repeat(42));
        assert_eq!(Handle::parse(stray.as_bytes()), Err(HandleError::Encoding));
    }

    #[test]
    fn the_store_key_does_not_contain_the_handle() {
        let handle = Handle::from_entropy([1; 32]);
        assert_ne!(handle.store_key().as_bytes(), &[1; 32]);
        assert_eq!(
            handle.store_key(),
            Handle::from_entropy([1; 32]).store_key()
        );
        assert_eq!(format!("{handle:?}"), "Handle(…)");
    }
}

//! Holds a provider's keys (RFC 7517 §5) and decides whether one of them signed a token.
//!
//! In goes the document of `jwks_uri`; a key that cannot be used is left out and the reason kept.
//! Fetching and caching are not done here: [`SignatureError::UnknownKey`] tells the caller that one
//! more fetch may help, because the provider may have rolled its keys over.

use serde_json::Value;

use super::jwk::JwkError;
use super::{Algorithm, CompactJws, Jwk};
use crate::fault::Fault;
use crate::json::{self, JsonError};
use crate::text::or_none;

/// The longest key set that is read.
pub const MAX_BYTES: usize = 1 << 20;
/// The most keys of a set.
pub const MAX_KEYS: usize = 256;
/// The most keys tried for one token. Only a token without `kid`, or several keys of one `kid`,
/// need more than one.
const MAX_TRIED: usize = 16;

/// Why a document is not a key set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Not a JSON object we read.
    #[error("read the provider's key set")]
    Json(#[from] JsonError),
    /// There is no array `keys`, or it holds something that is no object.
    #[error("find the keys in the provider's key set")]
    NoKeys,
    /// More than [`MAX_KEYS`].
    #[error("read a key set of {found} keys where at most {MAX_KEYS} are allowed")]
    TooMany {
        /// The keys there are.
        found: usize,
    },
}

impl KeySetError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "key_set_json",
            Self::NoKeys => "key_set_no_keys",
            Self::TooMany { .. } => "key_set_too_many",
        }
    }

    /// The provider publishes its keys.
    pub const fn fault(&self) -> Fault {
        Fault::Provider
    }

    /// What a stranger may read.
    pub const fn public_message(&self) -> &'static str {
        "The sign-in provider's signing keys could not be read."
    }
}

/// Why no key of the set vouches for a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The algorithm is not one that was allowed.
    #[error("accept a token signed with {found}")]
    AlgorithmNotAllowed {
        /// The token's.
        found: Algorithm,
        /// The allowed ones.
        allowed: Vec<Algorithm>,
    },
    /// The set has no key of this `kid`; or the token has no `kid` and none of the set verifies it.
    /// A newer set may have one.
    #[error("find the key that signed the token in the provider's key set")]
    UnknownKey {
        /// The token's `kid`.
        kid: Option<String>,
    },
    /// There is a key of this `kid`, but it is not one for this algorithm.
    #[error(
        "verify a signature of {algorithm} with key {}, which is for another algorithm",
        or_none(kid)
    )]
    WrongKindOfKey {
        /// The token's `kid`.
        kid: Option<String>,
        /// The token's algorithm.
        algorithm: Algorithm,
    },
    /// The key is there and did not make this signature over these bytes.
    #[error("verify the signature with key {}", or_none(kid))]
    BadSignature {
        /// The token's `kid`.
        kid: Option<String>,
    },
}

impl SignatureError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlgorithmNotAllowed { .. } => "algorithm_not_allowed",
            Self::UnknownKey { .. } => "unknown_key",
            Self::WrongKindOfKey { .. } => "wrong_kind_of_key",
            Self::BadSignature { .. } => "bad_signature",
        }
    }

    /// Whether a newer key set might change the outcome.
    pub const fn newer_keys_may_help(&self) -> bool {
        matches!(self, Self::UnknownKey { .. })
    }
}

/// A key that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in the document, from 0.
    pub index: usize,
    /// Its `kid`, if that could be read; shortened.
    pub kid: Option<String>,
    /// Why.
    pub reason: JwkError,
}

/// A provider's keys.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<Jwk>,
    skipped: Vec<SkippedKey>,
}

impl KeySet {
    /// Reads the document of `jwks_uri`. A set without a usable key is a set: it verifies nothing.
    ///
    /// # Errors
    /// Any [`KeySetError`]. A single bad key is none: see [`KeySet::skipped`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeySetError> {
        let document = json::parse_object(bytes, MAX_BYTES)?;
        let Some(Value::Array(members)) = document.get("keys") else {
            return Err(KeySetError::NoKeys);
        };
        if members.len() > MAX_KEYS {
            return Err(KeySetError::TooMany {
                found: members.len(),
            });
        }
        let mut set = Self::default();
        for (index, member) in members.iter().enumerate() {
            let member = member.as_object().ok_or(KeySetError::NoKeys)?;
            match Jwk::parse(member) {
                Ok(key) => set.keys.push(key),
                Err(reason) => {
                    let kid = member.get("kid").and_then(Value::as_str);
                    let kid = kid.map(|kid| kid.chars().take(64).collect());
                    set.skipped.push(SkippedKey { index, kid, reason });
                }
            }
        }
        Ok(set)
    }

    /// The usable keys, in the document's order, which means nothing.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The keys that were left out, and why.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Finds the key that signed the token. The allow-list and the key's kind are judged before any
    /// cryptography; `kid` only chooses among our keys.
    ///
    /// # Errors
    /// Any [`SignatureError`].
    pub fn verify(
        &self,
        token: &CompactJws<'_>,
        allowed: &[Algorithm],
    ) -> Result<&Jwk, SignatureError> {
        let algorithm = token.algorithm();
        if !allowed.contains(&algorithm) {
            return Err(SignatureError::AlgorithmNotAllowed {
                found: algorithm,
                allowed: allowed.to_vec(),
            });
        }
        let kid = || token.kid().map(str::to_owned);
        let named = || {
            let matches = |key: &&Jwk| token.kid().is_none_or(|kid| key.kid() == Some(kid));
            self.keys.iter().filter(matches)
        };
        if named().next().is_none() {
            return Err(SignatureError::UnknownKey { kid: kid() });
        }
        let mut candidates = named()
            .filter(|key| key.fits(algorithm))
            .take(MAX_TRIED)
            .peekable();
        if candidates.peek().is_none() && token.kid().is_some() {
            return Err(SignatureError::WrongKindOfKey {
                kid: kid(),
                algorithm,
            });
        }
        let (message, signature) = (token.signing_input().as_bytes(), token.signature());
        candidates
            .find(|key| key.verifies(algorithm, message, signature))
            .ok_or_else(|| match token.kid() {
                Some(_) => SignatureError::BadSignature { kid: kid() },
                None => SignatureError::UnknownKey { kid: None },
            })
    }
}

#[cfg(test)]
mod tests;

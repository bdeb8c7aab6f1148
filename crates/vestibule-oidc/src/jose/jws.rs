//! Reads the compact form of a signed token (RFC 7515 §3.1) and decides whether it may be looked
//! at.
//!
//! In goes text from outside; out comes a [`CompactJws`] whose parts are decoded and *unverified*.
//! Only [`KeySet::verify`](super::KeySet::verify) says that somebody signed it. `jwk`, `jku`, `x5u`
//! and `x5c` in the header are ignored: a token does not get to bring its own key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Algorithm;
use crate::fault::Fault;
use crate::json::{self, JsonError};

/// The longest `kid` that is looked up.
pub const MAX_KID_BYTES: usize = 256;

/// Which part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Segment {
    /// The first part.
    Header,
    /// The second part.
    Payload,
    /// The third part.
    Signature,
}

impl Segment {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        }
    }
}

/// Why a text is not a signed token we look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Longer than this kind of token may be.
    #[error("read a token of {found} bytes where at most {limit} are allowed")]
    TooLong {
        /// The most bytes allowed.
        limit: usize,
        /// The bytes there are.
        found: usize,
    },
    /// Not three parts. Five would be an encrypted token, and we never ask for one.
    #[error("read a token of {found} parts where a signed one has three")]
    Parts {
        /// How many parts there are; counting stops at 6.
        found: usize,
    },
    /// A part is not base64url without padding (RFC 7515 §2).
    #[error("decode the token's {}", .segment.as_str())]
    Encoding {
        /// Which one.
        segment: Segment,
    },
    /// The header or the payload is not a JSON object we read.
    #[error("read the token's {}", .segment.as_str())]
    Json {
        /// Which one.
        segment: Segment,
        /// What is wrong with it.
        #[source]
        source: JsonError,
    },
    /// A header parameter is missing or is no string.
    #[error("read the token's `{name}`, which should be a string")]
    HeaderParameter {
        /// Its name.
        name: &'static str,
    },
    /// `alg` is `none` in some spelling: nobody signed this (RFC 8725 §3.2).
    #[error("accept a token that nobody signed (`alg` is `none`)")]
    Unsigned,
    /// `alg` is a MAC; we share no key with the provider that could be checked safely
    /// (RFC 8725 §2.1).
    #[error("accept a token with the symmetric algorithm {name}")]
    Symmetric {
        /// The `alg` value.
        name: String,
    },
    /// `alg` is not one we know.
    #[error("accept a token with the unknown algorithm {name}")]
    UnknownAlgorithm {
        /// The `alg` value, shortened.
        name: String,
    },
    /// `crit` demands an extension (RFC 7515 §4.1.11); we have none.
    #[error("accept a token with critical extensions")]
    CriticalExtension,
    /// `kid` is longer than [`MAX_KID_BYTES`].
    #[error("accept a key id of {found} bytes where at most {MAX_KID_BYTES} are allowed")]
    KeyIdTooLong {
        /// The bytes there are.
        found: usize,
    },
}

impl JwsError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "token_too_long",
            Self::Parts { .. } => "token_parts",
            Self::Encoding { .. } => "token_encoding",
            Self::Json { .. } => "token_json",
            Self::HeaderParameter { .. } => "token_header",
            Self::Unsigned => "token_unsigned",
            Self::Symmetric { .. } => "token_symmetric_algorithm",
            Self::UnknownAlgorithm { .. } => "token_unknown_algorithm",
            Self::CriticalExtension => "token_critical_extension",
            Self::KeyIdTooLong { .. } => "token_key_id_too_long",
        }
    }

    /// Whoever sent the token must change it; for an ID token that is the provider.
    pub const fn fault(&self) -> Fault {
        Fault::Provider
    }
}

/// A signed token, taken apart, unverified.
#[derive(Debug, Clone)]
pub struct CompactJws<'t> {
    algorithm: Algorithm,
    kid: Option<String>,
    header: Map<String, Value>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signing_input: &'t str,
}

impl<'t> CompactJws<'t> {
    /// Takes a token of at most `max_bytes` apart.
    ///
    /// # Errors
    /// Any [`JwsError`]. Size and number of parts are judged before anything is decoded.
    pub fn parse(token: &'t str, max_bytes: usize) -> Result<Self, JwsError> {
        if token.len() > max_bytes {
            return Err(JwsError::TooLong {
                limit: max_bytes,
                found: token.len(),
            });
        }
        let (header, payload, signature) = three_parts(token)?;
        let header = decode(header, Segment::Header)
            .and_then(|bytes| object(&bytes, Segment::Header, max_bytes))?;
        let algorithm = algorithm(&header)?;
        if header.contains_key("crit") {
            return Err(JwsError::CriticalExtension);
        }
        let kid = key_id(&header)?;
        if header.get("typ").is_some_and(|typ| !typ.is_string()) {
            return Err(JwsError::HeaderParameter { name: "typ" });
        }
        let payload = decode(payload, Segment::Payload)?;
        let signing_input = token.rsplit_once('.').map_or(token, |(input, _)| input);
        let signature = decode(signature, Segment::Signature)?;
        Ok(Self {
            algorithm,
            kid,
            header,
            payload,
            signature,
            signing_input,
        })
    }

    /// What the header says it is signed with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The header's `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The header's `typ` in lower case and without `application/` (RFC 7515 §4.1.9).
    pub fn typ(&self) -> Option<String> {
        let typ = self.header.get("typ")?.as_str()?.to_ascii_lowercase();
        Some(
            typ.strip_prefix("application/")
                .map_or(typ.clone(), str::to_owned),
        )
    }

    /// Every member of the header, unverified.
    pub const fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The payload's bytes, unverified.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as claims (RFC 7519 §7.2), unverified.
    ///
    /// # Errors
    /// [`JwsError::Json`].
    pub fn claims(&self) -> Result<Map<String, Value>, JwsError> {
        object(&self.payload, Segment::Payload, usize::MAX)
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What was signed (RFC 7515 §5.2 step 8).
    pub(super) const fn signing_input(&self) -> &'t str {
        self.signing_input
    }
}

fn three_parts(token: &str) -> Result<(&str, &str, &str), JwsError> {
    // A token of ten thousand dots must not make ten thousand slices.
    let mut parts = token.splitn(6, '.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(signature), None) => Ok((header, payload, signature)),
        _ => Err(JwsError::Parts {
            found: token.splitn(6, '.').count(),
        }),
    }
}

fn decode(text: &str, segment: Segment) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| JwsError::Encoding { segment })
}

fn object(bytes: &[u8], segment: Segment, max: usize) -> Result<Map<String, Value>, JwsError> {
    json::parse_object(bytes, max).map_err(|source| JwsError::Json { segment, source })
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, JwsError> {
    let name = header
        .get("alg")
        .and_then(Value::as_str)
        .ok_or(JwsError::HeaderParameter { name: "alg" })?;
    if let Some(algorithm) = Algorithm::from_name(name) {
        return Ok(algorithm);
    }
    let shown = || name.chars().take(32).collect();
    if name.trim().eq_ignore_ascii_case("none") {
        Err(JwsError::Unsigned)
    } else if name
        .get(..2)
        .is_some_and(|start| start.eq_ignore_ascii_case("HS"))
    {
        Err(JwsError::Symmetric { name: shown() })
    } else {
        Err(JwsError::UnknownAlgorithm { name: shown() })
    }
}

fn key_id(header: &Map<String, Value>) -> Result<Option<String>, JwsError> {
    match header.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if kid.len() > MAX_KID_BYTES => {
            Err(JwsError::KeyIdTooLong { found: kid.len() })
        }
        Some(Value::String(kid)) => Ok(Some(kid.clone())),
        Some(_) => Err(JwsError::HeaderParameter { name: "kid" }),
    }
}

#[cfg(test)]
mod tests;

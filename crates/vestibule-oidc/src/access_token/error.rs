//! Says why an access token does not open the API's door.

use crate::claims::ClaimError;
use crate::fault::Fault;
use crate::issuer::IssuerMismatch;
use crate::jose::{JwsError, SignatureError};
use crate::time::UnixTime;

/// Why an access token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// It is not a signed token we look at; [`classify`](super::classify) says what it is instead.
    #[error("take the access token apart")]
    Token(#[from] JwsError),
    /// `typ` or its claims say that it is an ID token, a logout token, or something else.
    #[error("accept {kind} as access token")]
    AnotherKind {
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A claim is missing or has the wrong type.
    #[error("read the access token's claims")]
    Claim(#[from] ClaimError),
    /// Another issuer, or the key of another issuer.
    #[error("accept the access token's issuer")]
    Issuer(#[from] IssuerMismatch),
    /// For somebody else. No expected audience at all refuses every token.
    #[error("accept an access token for {found:?} where one of {expected:?} is expected")]
    Audience {
        /// The accepted audiences.
        expected: Vec<String>,
        /// `aud`.
        found: Vec<String>,
    },
    /// No key of the provider vouches for it.
    #[error("verify the access token's signature")]
    Signature(#[from] SignatureError),
    /// Expired.
    #[error("accept an access token that expired at {expires_at}; it is {now}")]
    Expired {
        /// `exp`.
        expires_at: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// Issued, or valid only, in the future.
    #[error("accept an access token whose `{name}` is {from}; it is {now}")]
    NotYetValid {
        /// `iat` or `nbf`.
        name: &'static str,
        /// Its value.
        from: UnixTime,
        /// Our time.
        now: UnixTime,
    },
}

impl AccessTokenError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::AnotherKind { .. } => "access_token_another_kind",
            Self::Claim(error) => error.code(),
            Self::Issuer(error) => error.code(),
            Self::Audience { .. } => "access_token_audience",
            Self::Signature(error) => error.code(),
            Self::Expired { .. } => "access_token_expired",
            Self::NotYetValid { .. } => "access_token_not_yet_valid",
        }
    }

    /// Whoever called brought the wrong token.
    pub const fn fault(&self) -> Fault {
        Fault::Client
    }

    /// What a stranger may read, as in `WWW-Authenticate` (RFC 6750 §3).
    pub const fn public_message(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "The access token expired.",
            Self::NotYetValid { .. } => "The access token is not valid yet.",
            Self::Audience { .. } => "The access token is for another audience.",
            Self::Issuer(_) => "The access token is from another issuer.",
            Self::Token(_) | Self::Claim(_) | Self::AnotherKind { .. } => {
                "This is not an access token for this API."
            }
            Self::Signature(_) => "The access token's signature could not be verified.",
        }
    }

    /// Whether a newer key set might change the outcome; then the caller fetches once and tries
    /// again.
    pub const fn newer_keys_may_help(&self) -> bool {
        matches!(self, Self::Signature(error) if error.newer_keys_may_help())
    }
}

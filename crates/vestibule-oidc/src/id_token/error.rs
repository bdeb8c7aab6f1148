//! Says which step of OIDC Core §3.1.3.7 an ID token failed, and on what value.

use std::time::Duration;

use crate::claims::ClaimError;
use crate::fault::Fault;
use crate::issuer::IssuerMismatch;
use crate::jose::{JwsError, SignatureError};
use crate::text::or_none;
use crate::time::UnixTime;

/// Why an ID token proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// Step 1: it is encrypted.
    #[error("accept an encrypted id token")]
    Encrypted,
    /// It is not a signed token we look at. Steps 6 and 8 where `alg` is the reason.
    #[error("take the id token apart")]
    Token(#[from] JwsError),
    /// `typ` says that it is something else.
    #[error("accept a token of type {typ:?} as id token")]
    AnotherKind {
        /// The header's `typ`.
        typ: String,
    },
    /// A claim is missing or has the wrong type.
    #[error("read the id token's claims")]
    Claim(#[from] ClaimError),
    /// Step 2: another issuer; or, in step 6, the key of another issuer.
    #[error("accept the id token's issuer")]
    Issuer(#[from] IssuerMismatch),
    /// Step 3: not for us.
    #[error("accept an id token for {found:?} where {expected:?} is expected")]
    Audience {
        /// Our client id.
        expected: String,
        /// `aud`.
        found: Vec<String>,
    },
    /// Step 5: for us too, but issued to somebody else.
    #[error("accept an id token issued to {found:?} where {expected:?} is expected")]
    AuthorizedParty {
        /// Our client id.
        expected: String,
        /// `azp`.
        found: String,
    },
    /// Steps 6 and 7: no key of the provider vouches for it.
    #[error("verify the id token's signature")]
    Signature(#[from] SignatureError),
    /// Step 9: expired.
    #[error("accept an id token that expired at {expires_at}; it is {now}")]
    Expired {
        /// `exp`.
        expires_at: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// Step 10: issued, or valid only, in the future.
    #[error("accept an id token whose `{name}` is {from}; it is {now}")]
    NotYetValid {
        /// `iat` or `nbf`.
        name: &'static str,
        /// Its value.
        from: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// Step 11: no nonce.
    #[error("find the id token's nonce")]
    NonceMissing,
    /// Step 11: another sign-in's nonce.
    #[error("match the id token's nonce with this sign-in")]
    NonceMismatch,
    /// Step 12: not authenticated in the way that was asked for.
    #[error("accept the authentication context {}", or_none(found))]
    Acr {
        /// `acr`.
        found: Option<String>,
    },
    /// Step 13: authenticated too long ago.
    #[error("accept an authentication of {auth_time}; it is {now} and {max_age:?} are allowed")]
    AuthenticationTooOld {
        /// `auth_time`.
        auth_time: UnixTime,
        /// What was asked for.
        max_age: Duration,
        /// Our time.
        now: UnixTime,
    },
    /// `at_hash` or `c_hash` is of another access token or code (OIDC Core §3.1.3.8, §3.3.2.10).
    #[error("match the id token's `{name}` with what came along")]
    HashMismatch {
        /// The claim.
        name: &'static str,
    },
    /// At a refresh: a claim that has to stay changed (OIDC Core §12.2).
    #[error("accept a refreshed id token whose `{name}` changed")]
    Changed {
        /// The claim.
        name: &'static str,
    },
}

impl IdTokenError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Encrypted => "id_token_encrypted",
            Self::Token(error) => error.code(),
            Self::AnotherKind { .. } => "id_token_another_kind",
            Self::Claim(error) => error.code(),
            Self::Issuer(error) => error.code(),
            Self::Audience { .. } => "id_token_audience",
            Self::AuthorizedParty { .. } => "id_token_authorized_party",
            Self::Signature(error) => error.code(),
            Self::Expired { .. } => "id_token_expired",
            Self::NotYetValid { .. } => "id_token_not_yet_valid",
            Self::NonceMissing => "id_token_nonce_missing",
            Self::NonceMismatch => "id_token_nonce_mismatch",
            Self::Acr { .. } => "id_token_acr",
            Self::AuthenticationTooOld { .. } => "id_token_authentication_too_old",
            Self::HashMismatch { .. } => "id_token_hash_mismatch",
            Self::Changed { .. } => "id_token_changed",
        }
    }

    /// The step of OIDC Core §3.1.3.7 that failed, where it has a number.
    pub fn step(&self) -> Option<u8> {
        Some(match self {
            Self::Encrypted => 1,
            Self::Issuer(
                IssuerMismatch::KeyOfAnotherIssuer { .. }
                | IssuerMismatch::KeyOfAnotherCloud { .. },
            ) => 6,
            Self::Issuer(_) => 2,
            Self::Audience { .. } => 3,
            Self::AuthorizedParty { .. } => 5,
            Self::Signature(SignatureError::AlgorithmNotAllowed { .. })
            | Self::Token(JwsError::Unsigned | JwsError::UnknownAlgorithm { .. }) => 7,
            Self::Token(JwsError::Symmetric { .. }) => 8,
            Self::Signature(_) => 6,
            Self::Expired { .. } => 9,
            Self::NotYetValid { .. } => 10,
            Self::NonceMissing | Self::NonceMismatch => 11,
            Self::Acr { .. } => 12,
            Self::AuthenticationTooOld { .. } => 13,
            Self::Claim(error) => match error.name() {
                "iss" => 2,
                "aud" => 3,
                "azp" => 4,
                "exp" => 9,
                "iat" => 10,
                "nonce" => 11,
                "acr" => 12,
                "auth_time" => 13,
                _ => return None,
            },
            Self::Token(_)
            | Self::AnotherKind { .. }
            | Self::HashMismatch { .. }
            | Self::Changed { .. } => return None,
        })
    }

    /// Whether a newer key set might change the outcome; then the caller fetches once and tries
    /// again.
    pub const fn newer_keys_may_help(&self) -> bool {
        matches!(self, Self::Signature(error) if error.newer_keys_may_help())
    }

    /// The token comes from the provider; only who the person is, and when they signed in, is
    /// theirs.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Issuer(error) => error.fault(),
            Self::NonceMissing
            | Self::NonceMismatch
            | Self::Acr { .. }
            | Self::AuthenticationTooOld { .. } => Fault::Client,
            _ => Fault::Provider,
        }
    }

    /// What a stranger may read.
    pub const fn public_message(&self) -> &'static str {
        match self {
            Self::Issuer(IssuerMismatch::TenantNotAllowed { .. }) => {
                "Your organisation is not one that may sign in here."
            }
            Self::NonceMissing | Self::NonceMismatch => {
                "The sign-in provider's answer belongs to another sign-in. Start again."
            }
            Self::Acr { .. } | Self::AuthenticationTooOld { .. } => {
                "This site asks for a fresher or stronger sign-in. Start again."
            }
            Self::Expired { .. } | Self::NotYetValid { .. } => {
                "The sign-in provider's answer is not valid at this time. Start again."
            }
            _ => "The sign-in provider's answer could not be verified.",
        }
    }
}

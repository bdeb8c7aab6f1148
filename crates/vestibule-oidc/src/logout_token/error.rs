//! Says which step of OIDC Back-Channel Logout §2.6 a logout token failed, and on what value.

use crate::claims::ClaimError;
use crate::fault::Fault;
use crate::issuer::IssuerMismatch;
use crate::jose::{JwsError, SignatureError};
use crate::time::UnixTime;

/// Why a logout token ends nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoutTokenError {
    /// Step 1: it is encrypted.
    #[error("accept an encrypted logout token")]
    Encrypted,
    /// It is not a signed token we look at. Step 3 where `alg` is the reason.
    #[error("take the logout token apart")]
    Token(#[from] JwsError),
    /// `typ` says that it is something else (OIDC Back-Channel Logout §4).
    #[error("accept a token of type {typ:?} as logout token")]
    AnotherKind {
        /// The header's `typ`.
        typ: String,
    },
    /// Steps 2 and 3: no key of the provider vouches for it.
    #[error("verify the logout token's signature")]
    Signature(#[from] SignatureError),
    /// A claim is missing or has the wrong type.
    #[error("read the logout token's claims")]
    Claim(#[from] ClaimError),
    /// Step 4: another issuer, or the key of another issuer.
    #[error("accept the logout token's issuer")]
    Issuer(#[from] IssuerMismatch),
    /// Step 4: not for us.
    #[error("accept a logout token for {found:?} where {expected:?} is expected")]
    Audience {
        /// Our client id.
        expected: String,
        /// `aud`.
        found: Vec<String>,
    },
    /// Step 4: for us too, but issued to somebody else.
    #[error("accept a logout token issued to {found:?} where {expected:?} is expected")]
    AuthorizedParty {
        /// Our client id.
        expected: String,
        /// `azp`.
        found: String,
    },
    /// Step 4: expired.
    #[error("accept a logout token that expired at {expires_at}; it is {now}")]
    Expired {
        /// `exp`.
        expires_at: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// Step 4: issued, or valid only, in the future.
    #[error("accept a logout token whose `{name}` is {from}; it is {now}")]
    NotYetValid {
        /// `iat` or `nbf`.
        name: &'static str,
        /// Its value.
        from: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// Step 4: issued so long ago that nobody remembers whether it came before.
    #[error("accept a logout token issued at {issued_at}; it is {now}")]
    TooOld {
        /// `iat`.
        issued_at: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// Step 5: neither `sub` nor `sid`.
    #[error("find `sub` or `sid` in the logout token")]
    NobodyNamed,
    /// Step 6: `events` does not say that this is a logout.
    #[error("find the back-channel logout in the logout token's `events`")]
    NoLogoutEvent,
    /// Step 7: a nonce, as ID tokens have.
    #[error("accept a logout token with a `nonce`")]
    NoncePresent,
}

impl LogoutTokenError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Encrypted => "logout_token_encrypted",
            Self::Token(error) => error.code(),
            Self::AnotherKind { .. } => "logout_token_another_kind",
            Self::Signature(error) => error.code(),
            Self::Claim(error) => error.code(),
            Self::Issuer(error) => error.code(),
            Self::Audience { .. } => "logout_token_audience",
            Self::AuthorizedParty { .. } => "logout_token_authorized_party",
            Self::Expired { .. } => "logout_token_expired",
            Self::NotYetValid { .. } => "logout_token_not_yet_valid",
            Self::TooOld { .. } => "logout_token_too_old",
            Self::NobodyNamed => "logout_token_names_nobody",
            Self::NoLogoutEvent => "logout_token_no_event",
            Self::NoncePresent => "logout_token_nonce",
        }
    }

    /// The step of OIDC Back-Channel Logout §2.6 that failed, where it has a number.
    pub fn step(&self) -> Option<u8> {
        Some(match self {
            Self::Encrypted => 1,
            Self::Signature(SignatureError::AlgorithmNotAllowed { .. })
            | Self::Token(
                JwsError::Unsigned | JwsError::UnknownAlgorithm { .. } | JwsError::Symmetric { .. },
            ) => 3,
            Self::Signature(_) => 2,
            Self::Issuer(_)
            | Self::Audience { .. }
            | Self::AuthorizedParty { .. }
            | Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::TooOld { .. } => 4,
            Self::NobodyNamed => 5,
            Self::NoLogoutEvent => 6,
            Self::NoncePresent => 7,
            Self::Claim(error) => match error.name() {
                "iss" | "aud" | "azp" | "iat" | "exp" | "nbf" => 4,
                "sub" | "sid" => 5,
                "events" => 6,
                "jti" => 8,
                _ => return None,
            },
            Self::Token(_) | Self::AnotherKind { .. } => return None,
        })
    }

    /// Whether a newer key set might change the outcome; then the caller fetches once and tries
    /// again.
    pub const fn newer_keys_may_help(&self) -> bool {
        matches!(self, Self::Signature(error) if error.newer_keys_may_help())
    }

    /// Whether the provider signed it: what is wrong with it then is the provider's doing, or our
    /// settings', and no stranger's.
    pub const fn is_signed(&self) -> bool {
        // In the order of the checks, those that come before the signature.
        !matches!(
            self,
            Self::Encrypted | Self::Token(_) | Self::AnotherKind { .. } | Self::Signature(_)
        )
    }

    /// Until its signature is verified a token is a stranger's; we can't know whose.
    pub const fn fault(&self) -> Fault {
        Fault::Client
    }

    /// What a stranger may read.
    pub const fn public_message(&self) -> &'static str {
        match self {
            Self::Expired { .. } | Self::NotYetValid { .. } | Self::TooOld { .. } => {
                "The logout token is not valid at this time."
            }
            Self::Audience { .. } | Self::AuthorizedParty { .. } | Self::Issuer(_) => {
                "The logout token is not for this site."
            }
            _ => "The logout token could not be verified.",
        }
    }
}

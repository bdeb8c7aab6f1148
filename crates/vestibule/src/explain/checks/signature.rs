//! The check of the signature: verified alone, whatever else is wrong with the token.

use vestibule_diagnosis::evidence::{Failure, Token};
use vestibule_oidc::access_token::{AccessTokenError, TokenShape};
use vestibule_oidc::jose::{Algorithm, CompactJws};

use super::{Check, passes};
use crate::explain::keys::Keys;
use crate::explain::value::shown;

/// What became of the signature.
#[derive(Debug, Clone)]
pub(in crate::explain) enum Signature {
    /// Nobody gave keys.
    NotChecked,
    /// Keys were asked for, and none came.
    NoKeys,
    /// A key of the set made it.
    Good {
        issuer: Option<String>,
        cloud: Option<String>,
    },
    /// No key of the set made it.
    Bad(Failure, String),
}

impl Signature {
    /// Whether a key vouches for it, if that was looked into.
    pub(in crate::explain) const fn outcome(&self) -> Option<bool> {
        match self {
            Self::NotChecked | Self::NoKeys => None,
            Self::Good { .. } => Some(true),
            Self::Bad(..) => Some(false),
        }
    }
}

/// Verifies the signature alone.
pub(in crate::explain) fn signature(raw: &str, token: &Token, keys: Option<&Keys>) -> Signature {
    let is_jwt = matches!(token.shape, TokenShape::Jwt { .. });
    let Some(keys) = keys.filter(|_| is_jwt) else {
        return Signature::NotChecked;
    };
    let Some(set) = &keys.set else {
        return Signature::NoKeys;
    };
    let bad = |error: &AccessTokenError| {
        let source = std::error::Error::source(error).map(ToString::to_string);
        Signature::Bad(
            Failure::from(error),
            source.unwrap_or_else(|| error.to_string()),
        )
    };
    let jws = match CompactJws::parse(raw, vestibule_oidc::access_token::MAX_BYTES) {
        Ok(jws) => jws,
        Err(error) => return bad(&error.into()),
    };
    match set.verify(&jws, &Algorithm::ALL) {
        Ok(key) => Signature::Good {
            issuer: key.origin().issuer.map(str::to_owned),
            cloud: key.origin().cloud.map(str::to_owned),
        },
        Err(error) => bad(&error.into()),
    }
}

pub(super) fn of_signature(token: &Token, signature: &Signature) -> Check {
    let check = passes("signature").expected("made by a key of the issuer");
    // With a `nonce` in the header, the signature is over something else than the token shows.
    let is_graphs = token.is_entra()
        && token
            .header()
            .is_some_and(|header| header.contains_key("nonce"));
    match signature {
        Signature::NotChecked | Signature::NoKeys if is_graphs => check
            .found("a form that only Microsoft's own APIs verify")
            .fails(
                Failure::BadSignature,
                "the scope that is asked for: with one of the API's own, the token is for the API",
            ),
        Signature::NotChecked => {
            check.not_checked("add --online, or --jwks with a file or an address")
        }
        Signature::NoKeys => {
            check.not_checked("ask again when there is an answer, or add --jwks with a file")
        }
        Signature::Good { .. } => check.found("made by one of the keys"),
        Signature::Bad(failure, why) => check.found(format!("could not {}", shown(why))).fails(
            *failure,
            "the keys: those of the issuer's metadata, fetched again when a key is missing",
        ),
    }
}

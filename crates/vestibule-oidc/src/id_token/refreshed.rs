//! Verifies the ID token that may come with a refresh (OIDC Core §12.2): the same person, the same
//! sign-in.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::IdTokenError;
use super::verify::{Base, VerifiedIdToken};
use crate::claims;
use crate::issuer::TokenIssuer;
use crate::jose::{Algorithm, KeySet};
use crate::secret::Secret;
use crate::time::UnixTime;

/// What the session remembers of its sign-in.
#[derive(Debug, Clone, Copy)]
pub struct Previous<'a> {
    /// `iss` of the ID token of the sign-in.
    pub issuer: &'a str,
    /// Its `sub`.
    pub subject: &'a str,
    /// Its `auth_time`, if it had one.
    pub auth_time: Option<UnixTime>,
}

/// What a refresh expects of its ID token.
#[derive(Debug, Clone, Copy)]
pub struct RefreshExpected<'a> {
    /// Our client id: `aud` still holds it.
    pub client_id: &'a str,
    /// The issuers accepted.
    pub issuer: &'a TokenIssuer,
    /// The algorithms accepted.
    pub algorithms: &'a [Algorithm],
    /// The access token of the same answer, for `at_hash`.
    pub access_token: Option<&'a Secret>,
    /// How far clocks may differ.
    pub skew: Duration,
    /// What must stay as it was.
    pub previous: Previous<'a>,
}

/// Verifies the ID token of a refresh. Its `nonce` is not looked at: there is no sign-in it could
/// belong to.
///
/// # Errors
/// Steps 1 to 10 of OIDC Core §3.1.3.7 as at sign-in, then [`IdTokenError::Changed`].
pub fn verify_refreshed(
    token: &Secret,
    keys: &KeySet,
    expected: &RefreshExpected<'_>,
    now: UnixTime,
) -> Result<VerifiedIdToken, IdTokenError> {
    let base = Base {
        client_id: expected.client_id,
        issuer: expected.issuer,
        algorithms: expected.algorithms,
        skew: expected.skew,
    };
    // `aud` and `azp` still are us: steps 3 to 5.
    let verified = base.verify(token, keys, now)?;
    let previous = &expected.previous;
    if verified.issuer() != previous.issuer {
        return Err(IdTokenError::Changed { name: "iss" });
    }
    if verified.subject() != previous.subject {
        return Err(IdTokenError::Changed { name: "sub" });
    }
    // OIDC Core §12.2: if there is one, it is the time of the original authentication.
    if let (Some(before), Some(after)) = (previous.auth_time, verified.auth_time())
        && before != after
    {
        return Err(IdTokenError::Changed { name: "auth_time" });
    }
    if let (Some(hash), Some(token)) = (
        claims::string(verified.claims(), "at_hash")?,
        expected.access_token,
    ) && URL_SAFE_NO_PAD.encode(verified.algorithm().half_hash(token.expose())) != hash
    {
        return Err(IdTokenError::HashMismatch { name: "at_hash" });
    }
    Ok(verified)
}

#[cfg(test)]
mod tests;

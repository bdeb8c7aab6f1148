//! Verifies a logout token, with the numbers of OIDC Back-Channel Logout §2.6.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::LogoutTokenError;
use crate::claims::{self, ClaimError};
use crate::issuer::TokenIssuer;
use crate::jose::{Algorithm, CompactJws, KeySet};
use crate::secret::Secret;
use crate::time::UnixTime;

/// The longest logout token that is read. Strangers send these, and the token has no room for more
/// than a few names.
pub const MAX_BYTES: usize = 16 << 10;

/// How long after `iat` a logout token counts, whatever its `exp`: the specification prefers two
/// minutes, and what came before has to be remembered for so long.
pub const MAX_AGE: Duration = Duration::from_secs(600);

/// The member of `events` that makes a token a logout token (OIDC Back-Channel Logout §2.4).
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The longest `sid` and `jti`.
const MAX_NAME_BYTES: usize = 512;

/// What we expect of a provider's logout tokens.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Our client id.
    pub client_id: &'a str,
    /// The issuers accepted:
    /// [`ProviderMetadata::token_issuer`](crate::metadata::ProviderMetadata::token_issuer).
    pub issuer: &'a TokenIssuer,
    /// The algorithms accepted: those of ID tokens.
    pub algorithms: &'a [Algorithm],
    /// How far clocks may differ.
    pub skew: Duration,
}

/// A logout token whose every check passed. Only [`verify`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedLogoutToken {
    issuer: String,
    whom: Whom,
    jti: String,
    counts_until: UnixTime,
}

/// Whose sessions end.
///
/// Not `#[non_exhaustive]`: a token names a session, or else a person.
#[derive(Clone, PartialEq, Eq)]
pub enum Whom {
    /// Those that came of the session at the provider which it calls `sid`.
    Session(String),
    /// All of the person whom it calls `sub`; there is no `sid`.
    Subject(String),
}

impl VerifiedLogoutToken {
    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whose sessions end.
    pub const fn whom(&self) -> &Whom {
        &self.whom
    }

    /// `jti`: no two tokens of an issuer have the same.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// When this token would be refused for its age; until then it must be remembered.
    pub const fn counts_until(&self) -> UnixTime {
        self.counts_until
    }
}

impl fmt::Debug for VerifiedLogoutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedLogoutToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "Session(…)",
            Self::Subject(_) => "Subject(…)",
        })
    }
}

/// Verifies a logout token.
///
/// # Errors
/// The first [`LogoutTokenError`]. [`LogoutTokenError::newer_keys_may_help`] tells when one more fetch
/// of the keys is worth it.
pub fn verify(
    token: &Secret,
    keys: &KeySet,
    expected: &Expected<'_>,
    now: UnixTime,
) -> Result<VerifiedLogoutToken, LogoutTokenError> {
    // Step 1: we register no key to encrypt to, so an encrypted token is not for us.
    if token.expose().split('.').take(6).count() == 5 {
        return Err(LogoutTokenError::Encrypted);
    }
    // Step 3: MACs and `none` end here.
    let jws = CompactJws::parse(token.expose(), MAX_BYTES)?;

    // OIDC Back-Channel Logout §4: a token that says what it is says that it is this. Providers may
    // leave it out.
    if let Some(typ) = jws.typ()
        && !matches!(typ.as_str(), "logout+jwt" | "jwt")
    {
        let typ = typ.chars().take(64).collect();
        return Err(LogoutTokenError::AnotherKind { typ });
    }

    // Steps 2 and 3: the signature, by a key of the provider, with an algorithm that was agreed on.
    // First, because anybody can post a token, and what is said about one has to rest on something.
    let key = keys.verify(&jws, expected.algorithms)?;
    let claims = jws.claims()?;

    // Step 4: `iss`, `aud`, `iat` and `exp`, as in an ID token.
    let issuer = claims::required(claims::string(&claims, "iss")?, "iss")?;
    expected.issuer.judge(issuer, &claims)?;
    expected.issuer.judge_key(issuer, &claims, key.origin())?;
    let audiences = claims::audiences(&claims)?;
    if !audiences.contains(&expected.client_id) {
        return Err(LogoutTokenError::Audience {
            expected: expected.client_id.to_owned(),
            found: audiences.into_iter().map(str::to_owned).collect(),
        });
    }
    if let Some(azp) = claims::string(&claims, "azp")?
        && azp != expected.client_id
    {
        return Err(LogoutTokenError::AuthorizedParty {
            expected: expected.client_id.to_owned(),
            found: azp.to_owned(),
        });
    }
    let issued_at = claims::required(claims::time(&claims, "iat")?, "iat")?;
    let expires_at = claims::required(claims::time(&claims, "exp")?, "exp")?;
    let not_before = claims::time(&claims, "nbf")?;
    for (name, from) in [("iat", Some(issued_at)), ("nbf", not_before)] {
        if let Some(from) = from.filter(|from| *from > now + expected.skew) {
            return Err(LogoutTokenError::NotYetValid { name, from, now });
        }
    }
    if now >= expires_at + expected.skew {
        return Err(LogoutTokenError::Expired { expires_at, now });
    }
    if now >= issued_at + MAX_AGE + expected.skew {
        return Err(LogoutTokenError::TooOld { issued_at, now });
    }

    // Step 5: somebody is named.
    let subject = claims::subject(&claims)?.map(str::to_owned);
    let sid = claims::string(&claims, "sid")?
        .map(|sid| name(sid, "sid"))
        .transpose()?;
    let whom = match (sid, subject) {
        (Some(sid), _) => Whom::Session(sid),
        (None, Some(subject)) => Whom::Subject(subject),
        (None, None) => return Err(LogoutTokenError::NobodyNamed),
    };

    // Step 6: it is about a logout. What the member holds is an object (OIDC Back-Channel Logout §2.4).
    let events = claims::required(claims.get("events"), "events")?;
    if !events.get(EVENT).is_some_and(Value::is_object) {
        return Err(LogoutTokenError::NoLogoutEvent);
    }

    // Step 7: no nonce, so that nobody takes the token for an ID token, nor an ID token for it.
    if claims.contains_key("nonce") {
        return Err(LogoutTokenError::NoncePresent);
    }

    // Step 8 is the caller's, and needs the name (OIDC Back-Channel Logout §2.4).
    let jti = claims::required(claims::string(&claims, "jti")?, "jti")?;
    Ok(VerifiedLogoutToken {
        issuer: issuer.to_owned(),
        whom,
        jti: name(jti, "jti")?,
        counts_until: expires_at.min(issued_at + MAX_AGE) + expected.skew,
    })
}

fn name(value: &str, name: &'static str) -> Result<String, ClaimError> {
    match value.len() {
        1..=MAX_NAME_BYTES => Ok(value.to_owned()),
        found => Err(ClaimError::Length { name, found }),
    }
}

#[cfg(test)]
mod tests;

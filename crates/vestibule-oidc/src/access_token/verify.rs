//! Verifies an access token as the API it is for (RFC 9068 §4, RFC 8725 §3).

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::AccessTokenError;
use crate::claims;
use crate::issuer::TokenIssuer;
use crate::jose::{Algorithm, CompactJws, KeySet};
use crate::time::UnixTime;

/// The longest access token that is verified. Strangers send these, in a header that is bounded
/// anyway.
pub const MAX_BYTES: usize = 16 << 10;

/// What an API expects of its access tokens.
#[derive(Debug, Clone, Copy)]
pub struct AccessTokenExpected<'a> {
    /// The issuers accepted. For Entra, an API often receives v1.0 tokens beside v2.0 ID tokens:
    /// see [`TokenIssuer::or`].
    pub issuer: &'a TokenIssuer,
    /// The API's own names, one of which `aud` must hold. None refuses every token: a token that is
    /// checked for its signature alone was issued for anybody.
    pub audiences: &'a [String],
    /// The algorithms accepted.
    pub algorithms: &'a [Algorithm],
    /// How far clocks may differ.
    pub skew: Duration,
}

/// An access token whose every check passed. Only [`verify`] makes one.
#[derive(Clone)]
pub struct VerifiedAccessToken {
    claims: Map<String, Value>,
    issuer: String,
    audiences: Vec<String>,
    expires_at: UnixTime,
}

impl VerifiedAccessToken {
    /// Every claim, in the token's order.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `aud`.
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// `exp`.
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// `sub`, which Entra makes different for each API.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// Entra's `ver`: `1.0` or `2.0`.
    pub fn version(&self) -> Option<&str> {
        self.text("ver")
    }

    /// The client it was issued to: `azp`, `appid` in Entra's v1.0 tokens, or `client_id`
    /// (RFC 9068 §2.2).
    pub fn client_id(&self) -> Option<&str> {
        ["azp", "appid", "client_id"]
            .into_iter()
            .find_map(|name| self.text(name))
    }

    /// The granted scopes: `scp` as Entra writes it, or `scope` (RFC 9068 §2.2.3).
    pub fn scopes(&self) -> Vec<&str> {
        let list = ["scp", "scope"]
            .into_iter()
            .find_map(|name| self.claims.get(name));
        words(list)
    }

    /// The roles: `roles`.
    pub fn roles(&self) -> Vec<&str> {
        words(self.claims.get("roles"))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }
}

/// A list as a string of words or as an array of strings.
fn words(list: Option<&Value>) -> Vec<&str> {
    match list {
        Some(Value::String(words)) => words.split_ascii_whitespace().collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

impl fmt::Debug for VerifiedAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedAccessToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Verifies an access token.
///
/// # Errors
/// The first [`AccessTokenError`]. [`AccessTokenError::newer_keys_may_help`] tells when one more fetch of the
/// keys is worth it.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &AccessTokenExpected<'_>,
    now: UnixTime,
) -> Result<VerifiedAccessToken, AccessTokenError> {
    let jws = CompactJws::parse(token, MAX_BYTES)?;
    let claims = jws.claims()?;

    // The signature comes first here: what an API tells a stranger about a token must rest on the
    // provider's word, and strangers choose the rest.
    let key = keys.verify(&jws, expected.algorithms)?;

    let issuer = claims::required(claims::string(&claims, "iss")?, "iss")?;
    expected.issuer.judge(issuer, &claims)?;
    expected.issuer.judge_key(issuer, &claims, key.origin())?;

    let audiences: Vec<String> = claims::audiences(&claims)?
        .into_iter()
        .map(str::to_owned)
        .collect();
    if !audiences
        .iter()
        .any(|audience| expected.audiences.contains(audience))
    {
        let expected = expected.audiences.to_vec();
        return Err(AccessTokenError::Audience {
            expected,
            found: audiences,
        });
    }

    if let Some(kind) = another_kind(jws.typ().as_deref(), &claims) {
        return Err(AccessTokenError::AnotherKind { kind });
    }

    let expires_at = claims::required(claims::time(&claims, "exp")?, "exp")?;
    if now >= expires_at + expected.skew {
        return Err(AccessTokenError::Expired { expires_at, now });
    }
    for name in ["nbf", "iat"] {
        let from = claims::time(&claims, name)?;
        if let Some(from) = from.filter(|from| *from > now + expected.skew) {
            return Err(AccessTokenError::NotYetValid { name, from, now });
        }
    }
    claims::subject(&claims)?;
    Ok(VerifiedAccessToken {
        issuer: issuer.to_owned(),
        claims,
        audiences,
        expires_at,
    })
}

/// RFC 8725 §3.11 and §3.12: an API that is registered together with its client has the client's id
/// as audience too, so an ID token of the same person would pass every other check.
fn another_kind(typ: Option<&str>, claims: &Map<String, Value>) -> Option<&'static str> {
    match typ {
        Some("at+jwt") => return None,
        Some("logout+jwt") => return Some("a logout token"),
        Some("dpop+jwt") => return Some("a proof of possession"),
        Some("id_token+jwt") => return Some("an id token"),
        Some(other) if other.ends_with("+jwt") => return Some("a token of another type"),
        _ => {}
    }
    let has = |names: &[&str]| names.iter().any(|name| claims.contains_key(*name));
    let says = |name, value| claims.get(name).and_then(Value::as_str) == Some(value);
    // `token_use` is Cognito's, a `typ` among the claims Keycloak's.
    let id_token = says("token_use", "id")
        || says("typ", "ID")
        || (has(&["nonce", "at_hash", "c_hash"]) && !has(&["scp", "scope", "roles"]));
    if id_token {
        return Some("an id token");
    }
    // OIDC Back-Channel Logout §2.4.
    has(&["events"]).then_some("a logout or security event token")
}

#[cfg(test)]
mod tests;

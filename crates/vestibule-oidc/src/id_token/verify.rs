//! Verifies an ID token, in the order and with the numbers of OIDC Core §3.1.3.7.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::IdTokenError;
use crate::authorization::Nonce;
use crate::claims::{self, ClaimError};
use crate::issuer::TokenIssuer;
use crate::jose::{Algorithm, CompactJws, KeySet};
use crate::secret::Secret;
use crate::time::UnixTime;

/// The longest ID token that is read. Entra lists up to 200 groups by GUID, which alone is 11 KiB
/// of token; group names and custom claims multiply that. It comes over TLS from the token
/// endpoint, not from strangers.
pub const MAX_BYTES: usize = 64 << 10;

/// What this sign-in expects of its ID token.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Our client id.
    pub client_id: &'a str,
    /// The issuers accepted:
    /// [`ProviderMetadata::token_issuer`](crate::metadata::ProviderMetadata::token_issuer).
    pub issuer: &'a TokenIssuer,
    /// This sign-in's `nonce`, always sent and always required.
    pub nonce: &'a Nonce,
    /// The algorithms accepted; [`Algorithm::DEFAULT`] if nothing is configured.
    pub algorithms: &'a [Algorithm],
    /// The `max_age` of the authorization request, if it had one; then `auth_time` is required.
    pub max_age: Option<Duration>,
    /// The values of `acr` that suffice; empty if none was asked for.
    pub acr_values: &'a [String],
    /// The access token of the same answer, for `at_hash`.
    pub access_token: Option<&'a Secret>,
    /// The code that was redeemed, for `c_hash`.
    pub code: Option<&'a Secret>,
    /// How far clocks may differ; [`DEFAULT_SKEW`](super::DEFAULT_SKEW) if nothing is configured.
    pub skew: Duration,
}

/// An ID token whose every check passed. Only [`verify`] and
/// [`verify_refreshed`](super::verify_refreshed) make one.
#[derive(Clone)]
pub struct VerifiedIdToken {
    raw: Secret,
    claims: Map<String, Value>,
    issuer: String,
    subject: String,
    audiences: Vec<String>,
    issued_at: UnixTime,
    expires_at: UnixTime,
    auth_time: Option<UnixTime>,
    algorithm: Algorithm,
}

impl VerifiedIdToken {
    /// Every claim, in the token's order.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`: the person, as this issuer and client know them.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `aud`; our client id is among them.
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// `sid`: the session at the provider, for sign-out from there.
    pub fn sid(&self) -> Option<&str> {
        self.text("sid")
    }

    /// Entra's `tid`: the tenant.
    pub fn tenant(&self) -> Option<&str> {
        self.text("tid")
    }

    /// Entra's `login_hint`: the best `logout_hint`.
    pub fn login_hint(&self) -> Option<&str> {
        self.text("login_hint")
    }

    /// `iat`.
    pub const fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// `exp`.
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// `auth_time`: when the person last proved who they are.
    pub const fn auth_time(&self) -> Option<UnixTime> {
        self.auth_time
    }

    /// What it was signed with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The token's text, for `id_token_hint` and for upstreams that are due it.
    pub const fn raw(&self) -> &Secret {
        &self.raw
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }
}

impl fmt::Debug for VerifiedIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedIdToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Verifies the ID token of a sign-in.
///
/// # Errors
/// The first [`IdTokenError`] in the order of OIDC Core §3.1.3.7.
/// [`IdTokenError::newer_keys_may_help`] tells when one more fetch of the keys is worth it.
pub fn verify(
    token: &Secret,
    keys: &KeySet,
    expected: &Expected<'_>,
    now: UnixTime,
) -> Result<VerifiedIdToken, IdTokenError> {
    let base = Base {
        client_id: expected.client_id,
        issuer: expected.issuer,
        algorithms: expected.algorithms,
        skew: expected.skew,
    };
    let verified = base.verify(token, keys, now)?;

    // Step 11: the nonce is the one this sign-in sent.
    match claims::string(&verified.claims, "nonce")? {
        None => return Err(IdTokenError::NonceMissing),
        Some(nonce) if !expected.nonce.matches(nonce) => return Err(IdTokenError::NonceMismatch),
        Some(_) => {}
    }

    // Step 12: the authentication context is one that was asked for.
    if !expected.acr_values.is_empty() {
        let found = claims::string(&verified.claims, "acr")?;
        if !found.is_some_and(|acr| expected.acr_values.iter().any(|value| value == acr)) {
            return Err(IdTokenError::Acr {
                found: found.map(str::to_owned),
            });
        }
    }

    // Step 13: the person proved who they are recently enough.
    if let Some(max_age) = expected.max_age {
        let auth_time = claims::required(verified.auth_time, "auth_time")?;
        if now > auth_time + max_age + expected.skew {
            return Err(IdTokenError::AuthenticationTooOld {
                auth_time,
                max_age,
                now,
            });
        }
    }

    // OIDC Core §3.1.3.8 and §3.3.2.10: the hashes, where there are any, are of what came along.
    for (name, value) in [
        ("at_hash", expected.access_token),
        ("c_hash", expected.code),
    ] {
        if let (Some(hash), Some(value)) = (claims::string(&verified.claims, name)?, value) {
            let half = verified.algorithm.half_hash(value.expose());
            if URL_SAFE_NO_PAD.encode(half) != hash {
                return Err(IdTokenError::HashMismatch { name });
            }
        }
    }
    Ok(verified)
}

/// What every ID token must fulfil, at sign-in and at refresh: steps 1 to 10.
#[derive(Clone, Copy)]
pub(super) struct Base<'a> {
    pub(super) client_id: &'a str,
    pub(super) issuer: &'a TokenIssuer,
    pub(super) algorithms: &'a [Algorithm],
    pub(super) skew: Duration,
}

impl Base<'_> {
    pub(super) fn verify(
        &self,
        token: &Secret,
        keys: &KeySet,
        now: UnixTime,
    ) -> Result<VerifiedIdToken, IdTokenError> {
        // Step 1: we register no key to encrypt to, so an encrypted token is not for us.
        if token.expose().split('.').take(6).count() == 5 {
            return Err(IdTokenError::Encrypted);
        }
        // RFC 7519 §7.2: taken apart before anything in it is judged. Step 8: MACs and `none` end
        // here.
        let jws = CompactJws::parse(token.expose(), MAX_BYTES)?;
        is_not_another_kind(&jws)?;
        let claims = jws.claims()?;

        // Step 2: the issuer is the one that was discovered.
        let issuer = claims::required(claims::string(&claims, "iss")?, "iss")?;
        self.issuer.judge(issuer, &claims)?;

        // Step 3: we are an audience. One beside us is trusted only if the issuer names us in `azp`
        // as the party the token is for: the specification leaves open whom to trust, and Zitadel
        // and Keycloak list a project or an API beside the client.
        let audiences = claims::audiences(&claims)?;
        let azp = claims::string(&claims, "azp")?;
        if !audiences.contains(&self.client_id) {
            return Err(IdTokenError::Audience {
                expected: self.client_id.to_owned(),
                found: audiences.into_iter().map(str::to_owned).collect(),
            });
        }

        // Step 4: with several audiences there is an authorized party.
        if audiences.len() > 1 && azp.is_none() {
            return Err(ClaimError::Missing { name: "azp" }.into());
        }

        // Step 5: an authorized party, where there is one, is us.
        if let Some(azp) = azp
            && azp != self.client_id
        {
            return Err(IdTokenError::AuthorizedParty {
                expected: self.client_id.to_owned(),
                found: azp.to_owned(),
            });
        }

        // Steps 6 and 7: the signature, by a key the issuer provides, with an algorithm that was
        // agreed on. A key that says whom it signs for signs for nobody else.
        let key = keys.verify(&jws, self.algorithms)?;
        self.issuer.judge_key(issuer, &claims, key.origin())?;

        // Step 9: not expired.
        let expires_at = claims::required(claims::time(&claims, "exp")?, "exp")?;
        if now >= expires_at + self.skew {
            return Err(IdTokenError::Expired { expires_at, now });
        }
        let not_before = claims::time(&claims, "nbf")?;
        if let Some(not_before) = not_before.filter(|time| *time > now + self.skew) {
            return Err(IdTokenError::NotYetValid {
                name: "nbf",
                from: not_before,
                now,
            });
        }

        // Step 10: not issued in the future. How long ago is left open: Entra's `iat` is the time
        // of sign-in.
        let issued_at = claims::required(claims::time(&claims, "iat")?, "iat")?;
        if issued_at > now + self.skew {
            return Err(IdTokenError::NotYetValid {
                name: "iat",
                from: issued_at,
                now,
            });
        }

        // OIDC Core §2: the remaining claims of an ID token have their types.
        let subject = claims::required(claims::subject(&claims)?, "sub")?;
        for name in ["sid", "acr", "nonce", "at_hash", "c_hash"] {
            claims::string(&claims, name)?;
        }
        Ok(VerifiedIdToken {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            audiences: audiences.into_iter().map(str::to_owned).collect(),
            issued_at,
            expires_at,
            auth_time: claims::time(&claims, "auth_time")?,
            algorithm: jws.algorithm(),
            raw: token.clone(),
            claims,
        })
    }
}

/// RFC 8725 §3.11: a token that says it is an access token, a logout token or a proof is no ID
/// token.
fn is_not_another_kind(jws: &CompactJws<'_>) -> Result<(), IdTokenError> {
    match jws.typ() {
        Some(typ) if typ.ends_with("+jwt") && typ != "id_token+jwt" => {
            Err(IdTokenError::AnotherKind {
                typ: typ.chars().take(64).collect(),
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! Reads the answer of the token endpoint (RFC 6749 §5.1, §5.2; OIDC Core §3.1.3.3, §3.1.3.4).

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Refusal, TokenError};
use crate::json;
use crate::secret::Secret;
use crate::text::{is_json, readable};

/// The longest answer that is read: three tokens of 64 KiB and some.
pub const MAX_BYTES: usize = 256 << 10;
/// A lifetime beyond this is taken for this: ten years.
const MAX_EXPIRES_IN_SECS: u64 = 10 * 365 * 24 * 3600;

/// Tokens as the provider gave them. The ID token is not verified yet.
#[derive(Debug, Clone)]
pub struct TokenResponse {
    access_token: Option<Secret>,
    refresh_token: Option<Secret>,
    id_token: Option<Secret>,
    expires_in: Option<Duration>,
    scope: Option<String>,
}

impl TokenResponse {
    /// Reads an answer of the token endpoint.
    ///
    /// # Errors
    /// Any [`TokenError`].
    pub fn parse(status: u16, content_type: Option<&str>, body: &[u8]) -> Result<Self, TokenError> {
        // A gateway in front of the provider answers errors in HTML: its status says more than its
        // body.
        let readable_error = is_json(content_type);
        if status != 200 && !readable_error {
            return Err(TokenError::Status { status });
        }
        if !readable_error {
            let content_type = content_type.map(|found| readable(found, 128));
            return Err(TokenError::NotJson { content_type });
        }
        let members = match json::parse_object(body, MAX_BYTES) {
            Ok(members) => members,
            Err(_) if status != 200 => return Err(TokenError::Status { status }),
            Err(error) => return Err(error.into()),
        };
        if let Some(error) = members.get("error").and_then(Value::as_str) {
            return Err(TokenError::Refused(Box::new(refusal(
                status, error, &members,
            ))));
        }
        if status != 200 {
            return Err(TokenError::Status { status });
        }
        tokens(&members)
    }

    /// The access token. Azure AD B2C gives none when no scope of an API was asked for.
    pub const fn access_token(&self) -> Option<&Secret> {
        self.access_token.as_ref()
    }

    /// The refresh token; after a refresh, the one to use from now on, if it changed.
    pub const fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// The ID token, unverified.
    pub const fn id_token(&self) -> Option<&Secret> {
        self.id_token.as_ref()
    }

    /// How long the access token lasts from the answer on, if the provider says.
    pub const fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// The scopes granted, if the provider says; if not, those asked for (RFC 6749 §5.1).
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// `token_type`: always `Bearer`, other types are refused.
    pub const fn token_type(&self) -> &'static str {
        "Bearer"
    }
}

fn tokens(members: &Map<String, Value>) -> Result<TokenResponse, TokenError> {
    let access_token = token(members, "access_token")?;
    let id_token = token(members, "id_token")?;
    if access_token.is_none() && id_token.is_none() {
        return Err(TokenError::Missing {
            name: "access_token",
        });
    }
    match string(members, "token_type")? {
        // RFC 6749 §5.1: letter case does not matter.
        Some(found) if found.eq_ignore_ascii_case("Bearer") => {}
        Some(found) => {
            return Err(TokenError::TokenType {
                found: readable(found, 32),
            });
        }
        None if access_token.is_some() => return Err(TokenError::Missing { name: "token_type" }),
        None => {}
    }
    Ok(TokenResponse {
        access_token,
        id_token,
        refresh_token: token(members, "refresh_token")?,
        expires_in: expires_in(members)?,
        scope: string(members, "scope")?.map(str::to_owned),
    })
}

fn refusal(status: u16, error: &str, members: &Map<String, Value>) -> Refusal {
    let text = |name: &str, max_chars| {
        let text = members
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        text.map(|text| readable(text, max_chars))
    };
    let first_code = || members.get("error_codes")?.as_array()?.first()?.as_u64();
    let mut refusal = Refusal::new(status, readable(error, 128));
    refusal.aadsts = first_code().and_then(|code| u32::try_from(code).ok());
    refusal.suberror = text("suberror", 128);
    refusal.claims = text("claims", 4096);
    refusal.trace_id = text("trace_id", 64);
    refusal.correlation_id = text("correlation_id", 64);
    refusal.with_description(text("error_description", 2048))
}

fn string<'m>(
    members: &'m Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'m str>, TokenError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Member { name }),
    }
}

/// A token that travels in headers: not empty, and of visible ASCII (RFC 6749 appendix A.12).
fn token(members: &Map<String, Value>, name: &'static str) -> Result<Option<Secret>, TokenError> {
    match string(members, name)? {
        None => Ok(None),
        Some(text) if !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) => {
            Ok(Some(Secret::from(text)))
        }
        Some(_) => Err(TokenError::Member { name }),
    }
}

/// A number, or a number in a string as Entra's v1.0 endpoint and B2C write it.
fn expires_in(members: &Map<String, Value>) -> Result<Option<Duration>, TokenError> {
    let wrong = TokenError::Member { name: "expires_in" };
    let secs = match members.get("expires_in") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse::<f64>().ok()
        }
        Some(_) => None,
    };
    let secs = secs.filter(|secs| *secs >= 0.0).ok_or(wrong)?;
    // Saturating by definition: a float beyond the range of `u64` becomes its greatest value.
    let secs = (secs as u64).min(MAX_EXPIRES_IN_SECS);
    Ok(Some(Duration::from_secs(secs)))
}

#[cfg(test)]
mod tests;

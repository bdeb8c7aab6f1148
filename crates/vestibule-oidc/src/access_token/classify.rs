//! Decides from the outside what kind of token a text is. Nothing is verified and nothing is
//! believed.
//!
//! Counting dots is not enough: Entra's codes and refresh tokens have two of them and are no JWTs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::json;

/// The longest text that is looked into.
pub(super) const MAX_BYTES: usize = 64 << 10;

/// How every JSON object begins in base64url: `{"`.
pub(super) const JWT_START: &str = "eyJ";

/// What a text looks like.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TokenShape {
    /// Nothing.
    Empty,
    /// Three parts, the first and second JSON objects, `alg` in the header.
    Jwt {
        /// The header.
        header: Map<String, Value>,
        /// The payload.
        claims: Map<String, Value>,
    },
    /// As [`TokenShape::Jwt`], but `alg` is `none`: anybody can write one.
    UnsignedJwt {
        /// The header.
        header: Map<String, Value>,
        /// The payload.
        claims: Map<String, Value>,
    },
    /// A header and a payload without, or with an empty, signature, or only the beginning of that:
    /// cut off on the way.
    TruncatedJwt {
        /// The header; empty if it is cut itself.
        header: Map<String, Value>,
    },
    /// Five parts with `enc` in the header: encrypted for somebody.
    Jwe {
        /// The header.
        header: Map<String, Value>,
    },
    /// Parts that are no JSON, the first `0` or `1`: an authorization code or refresh token of
    /// Entra's.
    EntraCodeOrRefreshToken,
    /// Begins with `M.C` or `M.R` and a number, as `M.C507_BAY.`: an authorization code or refresh token of a personal
    /// Microsoft account.
    PersonalCodeOrRefreshToken,
    /// A digit and `Q~` behind three characters, and some forty in all, as secrets of Entra's registrations are made since 2021:
    /// no token at all.
    EntraClientSecret,
    /// Begins with `EwA` or `EwB`: the encrypted token Microsoft issues for personal accounts; only
    /// Microsoft Graph can read it.
    PersonalAccountTicket,
    /// Begins with `AQAB` or `PAQAB`: what Entra's v1.0 endpoint issues when no `resource` is
    /// named; good only for its own user-info endpoint. Old codes and refresh tokens look the same.
    EntraV1Opaque,
    /// Begins as Google's opaque access tokens do.
    GoogleOpaque,
    /// Begins as GitHub's tokens do.
    GitHubOpaque,
    /// Begins as GitLab's tokens do.
    GitLabOpaque,
    /// Begins as Salesforce's session ids do: the organization's id, then `!`.
    SalesforceOpaque,
    /// Parts with dots between them, of which some are those of a JWT and some can't be read: it was
    /// changed, or its beginning is missing.
    DamagedJwt {
        /// The header, if it can be read.
        header: Option<Map<String, Value>>,
        /// The payload, if it can be read.
        claims: Option<Map<String, Value>>,
    },
    /// What begins as a JWT does, in small letters alone: something took its capitals.
    LowerCaseJwt,
    /// A SAML assertion or response, in base64 or as XML.
    Saml,
    /// Longer than anything that is looked into.
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The whole JSON answer of a token endpoint.
    TokenResponse,
    /// Anything else.
    Opaque {
        /// Its length in bytes.
        length: usize,
    },
}

impl TokenShape {
    /// The word for the API's verdict, the log and the demo: `jwt`, `jwe`, `opaque`, …
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "none",
            Self::Jwt { .. } => "jwt",
            Self::UnsignedJwt { .. } => "unsigned-jwt",
            Self::TruncatedJwt { .. } => "truncated-jwt",
            Self::DamagedJwt { .. } | Self::LowerCaseJwt => "damaged-jwt",
            Self::Saml => "saml",
            Self::TooLong { .. } => "too-long",
            Self::Jwe { .. } => "jwe",
            Self::TokenResponse => "token-response",
            Self::EntraCodeOrRefreshToken | Self::PersonalCodeOrRefreshToken => {
                "code-or-refresh-token"
            }
            Self::EntraClientSecret => "client-secret",
            Self::PersonalAccountTicket
            | Self::EntraV1Opaque
            | Self::GoogleOpaque
            | Self::GitHubOpaque
            | Self::GitLabOpaque
            | Self::SalesforceOpaque
            | Self::Opaque { .. } => "opaque",
        }
    }
}

/// Says what a text looks like. White space around it is not counted; see [`clean`](super::clean()) for more.
pub fn classify(text: &str) -> TokenShape {
    let text = text.trim();
    if text.is_empty() {
        return TokenShape::Empty;
    }
    if text.len() > MAX_BYTES {
        return TokenShape::TooLong { length: text.len() };
    }
    if text.starts_with('{') && json::parse_object(text.as_bytes(), MAX_BYTES).is_ok() {
        return TokenShape::TokenResponse;
    }
    if text.starts_with("ya29.") {
        return TokenShape::GoogleOpaque;
    }
    if is_salesforce(text) {
        return TokenShape::SalesforceOpaque;
    }
    if is_client_secret(text) {
        return TokenShape::EntraClientSecret;
    }
    if is_personal_code(text) {
        return TokenShape::PersonalCodeOrRefreshToken;
    }
    if is_saml(text) {
        return TokenShape::Saml;
    }
    let parts: Vec<&str> = text.splitn(6, '.').collect();
    let opaque = || damaged(&parts).unwrap_or(TokenShape::Opaque { length: text.len() });
    match parts.as_slice() {
        [whole] => without_dots(whole),
        [header, _, _, _, _] => match object(header) {
            Some(header) if header.contains_key("enc") => TokenShape::Jwe { header },
            _ => opaque(),
        },
        [header, payload, signature] => match (signed_header(header), object(payload)) {
            (Some(header), Some(claims)) if is_unsigned(&header) => {
                TokenShape::UnsignedJwt { header, claims }
            }
            (Some(header), Some(_)) if signature.is_empty() => TokenShape::TruncatedJwt { header },
            (Some(header), Some(claims)) => TokenShape::Jwt { header, claims },
            (None, None) if matches!(*header, "0" | "1") => TokenShape::EntraCodeOrRefreshToken,
            _ => opaque(),
        },
        [first, _] => match signed_header(first) {
            Some(header) => TokenShape::TruncatedJwt { header },
            None if matches!(*first, "0" | "1") => TokenShape::EntraCodeOrRefreshToken,
            None => opaque(),
        },
        _ => opaque(),
    }
}

fn without_dots(text: &str) -> TokenShape {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    if begins(&["EwA", "EwB"]) {
        TokenShape::PersonalAccountTicket
    } else if begins(&["AQAB", "PAQAB"]) {
        TokenShape::EntraV1Opaque
    } else if begins(&["gho_", "ghu_", "ghp_", "ghs_", "ghr_", "github_pat_"]) {
        TokenShape::GitHubOpaque
    } else if begins(&["glpat-", "gloas-", "gldt-", "glptt-", "glcbt-"]) {
        TokenShape::GitLabOpaque
    } else if let Some(header) = signed_header(text) {
        TokenShape::TruncatedJwt { header }
    } else if text.starts_with(JWT_START)
        && text.bytes().all(is_base64url)
        // Other JSON in base64url is whole, and no header.
        && object(text).is_none()
    {
        TokenShape::TruncatedJwt { header: Map::new() }
    } else {
        TokenShape::Opaque { length: text.len() }
    }
}

/// `00D`, the rest of the organization's id of 15 or 18 characters, and `!`.
fn is_salesforce(text: &str) -> bool {
    text.split_once('!').is_some_and(|(id, rest)| {
        id.starts_with("00D")
            && matches!(id.len(), 15 | 18)
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !rest.is_empty()
    })
}

/// Three characters, a digit, `Q~`, and 31 more at least; 34 are usual.
fn is_client_secret(text: &str) -> bool {
    let is_own = |byte: u8| is_base64url(byte) || matches!(byte, b'.' | b'~');
    let [_, _, _, digit, b'Q', b'~', rest @ ..] = text.as_bytes() else {
        return false;
    };
    digit.is_ascii_digit() && (31..=40).contains(&rest.len()) && text.bytes().all(is_own)
}

/// `M.`, `C` or `R` and a number, `_` and the name of a data centre, a dot, and the rest.
fn is_personal_code(text: &str) -> bool {
    let behind = |text: &'_ str| -> Option<usize> {
        let rest = text.strip_prefix("M.C").or(text.strip_prefix("M.R"))?;
        let (series, rest) = rest.split_once('_')?;
        let (place, rest) = rest.split_once('.')?;
        let is_series = !series.is_empty() && series.bytes().all(|byte| byte.is_ascii_digit());
        let is_place = (2..=4).contains(&place.len())
            && place
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        (is_series && is_place).then_some(rest.len())
    };
    behind(text).is_some_and(|length| length >= 5)
}

pub(super) const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Parts of a JWT of which one at least can be read, or begins as a header does.
fn damaged(parts: &[&str]) -> Option<TokenShape> {
    let (first, rest) = parts.split_first().filter(|(_, rest)| !rest.is_empty())?;
    if parts.len() > 4 {
        return None;
    }
    // The shortest header and payload anybody makes; a host's name can begin so as well.
    let is_lower = rest.len() == 2
        && parts.iter().map(|part| part.len()).sum::<usize>() >= 64
        && first.starts_with("eyj")
        && !parts
            .iter()
            .any(|part| part.bytes().any(|byte| byte.is_ascii_uppercase()));
    if is_lower {
        return Some(TokenShape::LowerCaseJwt);
    }
    let header = signed_header(first);
    let claims = parts.iter().filter_map(|part| object(part));
    let claims = claims.into_iter().find(|found| !found.contains_key("alg"));
    let is_header = first.starts_with(JWT_START) && rest.len() == 2;
    (header.is_some() || claims.is_some() || is_header)
        .then_some(TokenShape::DamagedJwt { header, claims })
}

/// XML of SAML, as it is or in base64.
fn is_saml(text: &str) -> bool {
    let is_xml = |text: &str| {
        let lower = text.to_ascii_lowercase();
        lower.starts_with('<')
            && ["saml", "assertion", "<response"]
                .iter()
                .any(|word| lower.contains(word))
    };
    if text.starts_with('<') {
        return is_xml(text);
    }
    // How `<` begins in base64.
    if !text.starts_with('P') {
        return false;
    }
    // Four characters are three bytes, so any such beginning can be decoded.
    let start = text.get(..text.len().min(256) / 4 * 4).unwrap_or_default();
    let start = start.trim_end_matches('=');
    let bytes = STANDARD_NO_PAD.decode(start).unwrap_or_default();
    is_xml(&String::from_utf8_lossy(&bytes))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    json::parse_object(&bytes, MAX_BYTES).ok()
}

fn signed_header(part: &str) -> Option<Map<String, Value>> {
    object(part).filter(|header| header.get("alg").is_some_and(Value::is_string))
}

fn is_unsigned(header: &Map<String, Value>) -> bool {
    header
        .get("alg")
        .and_then(Value::as_str)
        .is_some_and(|name| name.trim().eq_ignore_ascii_case("none"))
}

#[cfg(test)]
mod tests;

//! Decides from the outside what kind of token a text is. Nothing is verified and nothing is
//! believed.
//!
//! Counting dots is not enough: Entra's codes and refresh tokens have two of them and are no JWTs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::json;

/// The longest text that is looked into.
const MAX_BYTES: usize = 64 << 10;

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
    /// A header and a payload without, or with an empty, signature: cut off on the way.
    TruncatedJwt {
        /// The header.
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
            Self::Jwe { .. } => "jwe",
            Self::TokenResponse => "token-response",
            Self::EntraCodeOrRefreshToken => "code-or-refresh-token",
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

/// What had to be taken off a text to find the token in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cleaning {
    /// White space or line breaks.
    WhiteSpace,
    /// The word `Bearer`, once or more often.
    Bearer,
    /// Quotation marks.
    Quotes,
    /// A name and `=`, or a header's name and `:`.
    Name,
}

/// A token as people paste or templates build it, and what was around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The token.
    pub text: String,
    /// What was taken off, each kind once.
    pub removed: Vec<Cleaning>,
}

/// Takes off what surrounds a token: white space, quotes, `Authorization:`, `access_token=`,
/// `Bearer`.
pub fn clean(text: &str) -> Cleaned {
    let mut removed = Vec::new();
    let mut note = |what| {
        if !removed.contains(&what) {
            removed.push(what);
        }
    };
    let mut text: &str = text;
    loop {
        let before = text;
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            note(Cleaning::WhiteSpace);
            text = trimmed;
        }
        let unquoted = text.trim_matches(['"', '\'', '`']);
        if unquoted.len() != text.len() && !text.starts_with('{') {
            note(Cleaning::Quotes);
            text = unquoted;
        }
        for (word, what) in [
            ("Authorization:", Cleaning::Name),
            ("access_token=", Cleaning::Name),
            ("Bearer ", Cleaning::Bearer),
        ] {
            if text
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
            {
                note(what);
                text = text.get(word.len()..).unwrap_or_default();
            }
        }
        if text == before {
            break;
        }
    }
    if text.starts_with('{') || !text.contains(char::is_whitespace) {
        return Cleaned {
            text: text.to_owned(),
            removed,
        };
    }
    note(Cleaning::WhiteSpace);
    Cleaned {
        text: text.split_whitespace().collect(),
        removed,
    }
}

/// Says what a text looks like. White space around it is not counted; see [`clean`] for more.
pub fn classify(text: &str) -> TokenShape {
    let text = text.trim();
    if text.is_empty() {
        return TokenShape::Empty;
    }
    if text.len() > MAX_BYTES {
        return TokenShape::Opaque { length: text.len() };
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
    let parts: Vec<&str> = text.splitn(6, '.').collect();
    let opaque = || TokenShape::Opaque { length: text.len() };
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
            (None, _) if matches!(*header, "0" | "1") => TokenShape::EntraCodeOrRefreshToken,
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

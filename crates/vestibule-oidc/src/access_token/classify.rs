//! Decides from the outside what kind of token a text is. Nothing is verified and nothing is
//! believed.
//!
//! Counting dots is not enough: Entra's codes and refresh tokens have two of them and are no JWTs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
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
            Self::DamagedJwt { .. } => "damaged-jwt",
            Self::Saml => "saml",
            Self::TooLong { .. } => "too-long",
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
    /// The word `Bearer`.
    Bearer,
    /// The word `Bearer` more than once.
    BearerAgain,
    /// Quotation marks.
    Quotes,
    /// A name and `=`, or a header's name and `:`.
    Name,
    /// Percent-encoding.
    Percent,
    /// `=` at the end of parts, or the alphabet of base64 that is not for addresses.
    Padding,
    /// Characters nobody sees: a byte order mark, a space without width.
    Invisible,
    /// A comma, semicolon or dot behind it, or the backslashes of a shell.
    Punctuation,
    /// Dots in the place of what was left out.
    Ellipsis,
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
/// `Bearer`; and undoes what copying does to it.
///
/// Only to explain a token: who verifies one takes it as it came.
pub fn clean(text: &str) -> Cleaned {
    let mut removed = Vec::new();
    let mut text = text.to_owned();
    if is_clean(&text) {
        return Cleaned { text, removed };
    }
    if text.contains(is_invisible) {
        removed.push(Cleaning::Invisible);
        text.retain(|char| !is_invisible(char));
    }
    if let Some(decoded) = without_percent(&text) {
        removed.push(Cleaning::Percent);
        text = decoded;
    }
    let mut note = |what| {
        if !removed.contains(&what) {
            removed.push(what);
        } else if what == Cleaning::Bearer && !removed.contains(&Cleaning::BearerAgain) {
            removed.push(Cleaning::BearerAgain);
        }
    };
    let text = without_surroundings(&text, &mut note);
    if text.starts_with('{') {
        return Cleaned {
            text: text.to_owned(),
            removed,
        };
    }
    let mut text = match text.contains(char::is_whitespace) {
        false => text.to_owned(),
        true => {
            note(Cleaning::WhiteSpace);
            text.split_whitespace().collect()
        }
    };
    if text.starts_with(JWT_START) {
        repair(&mut text, &mut note);
    }
    Cleaned { text, removed }
}

/// Whether nothing can be taken off: nearly every token comes like this, and one look is enough.
fn is_clean(text: &str) -> bool {
    // Three dots could stand for what was left out, or one of them end a sentence.
    text.split('.').nth(3).is_none() && text.bytes().all(|byte| is_base64url(byte) || byte == b'.')
}

/// How every JSON object begins in base64url: `{"`.
const JWT_START: &str = "eyJ";

/// The longest name in front of a token.
const MAX_NAME_BYTES: usize = 40;

const fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{ad}' | '\0'
    )
}

/// Undoes percent-encoding, also where it was done twice. `None` if there is none, or if the text is
/// an address.
fn without_percent(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES || text.contains("://") || text.contains(['?', '&']) {
        return None;
    }
    let once = |text: &str| -> Option<String> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        let mut found = false;
        while let [first, more @ ..] = rest {
            let value = match (first, more) {
                (b'%', [high, low, ..]) => {
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    let value = digit(*high)? * 16 + digit(*low)?;
                    Some(u8::try_from(value).ok().filter(u8::is_ascii)?)
                }
                _ => None,
            };
            bytes.push(value.unwrap_or(*first));
            found |= value.is_some();
            rest = more.get(if value.is_some() { 2 } else { 0 }..)?;
        }
        String::from_utf8(bytes).ok().filter(|_| found)
    };
    let first = once(text)?;
    Some(once(&first).unwrap_or(first))
}

/// Takes off names, marks and words around a token, as often as there are any.
fn without_surroundings<'t>(text: &'t str, note: &mut impl FnMut(Cleaning)) -> &'t str {
    let mut text = text;
    loop {
        let before = text;
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            note(Cleaning::WhiteSpace);
            text = trimmed;
        }
        if text.starts_with('{') {
            return text;
        }
        let unquoted = text.trim_matches(is_mark);
        if unquoted.len() != text.len() {
            note(Cleaning::Quotes);
            text = unquoted;
        }
        let plain = text.trim_end_matches([',', ';', '\\']);
        if plain.len() != text.len() {
            note(Cleaning::Punctuation);
            text = plain;
        }
        if let Some(rest) = behind_bearer(text) {
            note(Cleaning::Bearer);
            text = rest;
        } else if let Some(rest) = behind_name(text) {
            note(Cleaning::Name);
            text = rest;
        }
        if text.len() == before.len() {
            return text;
        }
    }
}

const fn is_mark(char: char) -> bool {
    matches!(
        char,
        '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '<' | '>' | '(' | ')'
    )
}

fn behind_bearer(text: &str) -> Option<&str> {
    let (word, rest) = text.split_at_checked("Bearer".len())?;
    let ends = rest.starts_with([' ', '\t', '\n', '\r', '\u{a0}', ':', '+']);
    let rest = rest.trim_start_matches([':', '+']);
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    (ends && word.eq_ignore_ascii_case("Bearer")).then_some(rest)
}

/// What stands behind a name that is one of a token or of the field it goes in, as in
/// `OIDC_access_token: x`, `"access_token":"x"`, `token: >-`.
fn behind_name(text: &str) -> Option<&str> {
    let end = text
        .bytes()
        .take(MAX_NAME_BYTES + 1)
        .position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b' '))?;
    let (name, rest) = text.split_at_checked(end)?;
    let name = name.to_ascii_lowercase();
    let known = ["token", "authorization", "jwt", "bearer"]
        .iter()
        .any(|word| name.contains(word));
    let rest = rest.trim_start_matches(is_mark).trim_start();
    let rest = rest.strip_prefix([':', '='])?.trim_start();
    // How YAML announces a text of several lines.
    let rest = ["|-", "|", ">-", ">"]
        .iter()
        .find_map(|sign| rest.strip_prefix(sign))
        .unwrap_or(rest);
    (known && !rest.is_empty()).then_some(rest)
}

/// Undoes what copying and other encodings do to a JWT.
fn repair(text: &mut String, note: &mut impl FnMut(Cleaning)) {
    if text.contains('\\') {
        note(Cleaning::Punctuation);
        *text = text.replace("\\r", "").replace("\\n", "").replace('\\', "");
    }
    if let Some(place) = ["...", "…"].iter().filter_map(|dots| text.find(dots)).min() {
        note(Cleaning::Ellipsis);
        text.truncate(place);
        return;
    }
    let dots = text.bytes().filter(|byte| *byte == b'.').count();
    if dots == 3 && text.ends_with('.') {
        note(Cleaning::Punctuation);
        text.pop();
    }
    if text.contains(['=', '+', '/']) {
        note(Cleaning::Padding);
        text.retain(|char| char != '=');
        *text = text.replace('+', "-").replace('/', "_");
    }
}

/// Says what a text looks like. White space around it is not counted; see [`clean`] for more.
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

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Parts of a JWT of which one at least can be read, or begins as a header does.
fn damaged(parts: &[&str]) -> Option<TokenShape> {
    let (first, rest) = parts.split_first().filter(|(_, rest)| !rest.is_empty())?;
    if parts.len() > 4 {
        return None;
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

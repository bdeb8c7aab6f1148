//! Finds JSON objects in a text: errors and answers of a token endpoint.

use serde_json::{Map, Value};
use vestibule_oidc::json::parse_object;

use super::Found;
use super::steps::looked_at;
use crate::evidence::{ProviderError, Role, Token, TokenResponse};

/// How many beginnings of an object are tried; logs are full of braces.
const MAX_TRIES: usize = 64;
/// The longest object.
const MAX_BYTES: usize = 64 << 10;

/// Returns the text without the answers of a token endpoint, whose every value can be a secret.
pub(super) fn read(text: &str, found: &mut Found) -> String {
    if let Some(token) = decoded(text) {
        found.tokens.push(token);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    for _ in 0..MAX_TRIES {
        let Some(start) = rest.find('{') else { break };
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        let parsed = end_of_object(from).and_then(|end| {
            let (object, after) = from.split_at(end);
            looked_at(object.len());
            let members = parse_object(object.as_bytes(), MAX_BYTES).ok()?;
            Some((object, after, members))
        });
        let (object, after) = match parsed {
            Some((_, after, members)) if take(&members, found) => ("{}", after),
            Some((object, after, _)) => (object, after),
            None => from.split_at(1),
        };
        kept.push_str(object);
        rest = after;
    }
    kept + rest
}

/// A text without the escapes of a JSON string (RFC 8259 §7), as far as objects in it need that.
pub(super) fn unescaped(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        match char {
            '\\' => match rest.next() {
                Some('n' | 'r' | 't') => clean.push(' '),
                Some(escaped) => clean.push(escaped),
                None => clean.push(char),
            },
            _ => clean.push(char),
        }
    }
    clean
}

/// Where the object that begins here ends. Braces in strings do not count.
fn end_of_object(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (place, byte) in text.bytes().enumerate().take(MAX_BYTES) {
        looked_at(1);
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether it was an answer.
fn take(members: &Map<String, Value>, found: &mut Found) -> bool {
    let has = |name: &str| members.contains_key(name);
    if has("error") && found.error.is_none() {
        // Microsoft Graph and Google's APIs put an object there.
        let inner = members.get("error").and_then(Value::as_object);
        let text = |name| inner.and_then(|inner| inner.get(name)?.as_str());
        found.error = Some(match text("code").or_else(|| text("status")) {
            Some(code) => ProviderError::new(code, text("message")),
            None => ProviderError::read(members),
        });
    }
    // Okta's.
    let named = members.get("errorCode").and_then(Value::as_str);
    if let (Some(code), None) = (named, &found.error) {
        let summary = members.get("errorSummary").and_then(Value::as_str);
        found.error = Some(ProviderError::new(code, summary));
    }
    let is_answer =
        has("access_token") || has("id_token") || (has("token_type") && has("expires_in"));
    if is_answer && found.token_response.is_none() {
        found.token_response = Some(TokenResponse::read(members));
        for (name, role) in [("access_token", Role::Access), ("id_token", Role::Id)] {
            if let Some(token) = members.get(name).and_then(Value::as_str) {
                found.tokens.push(Token::of(token).role(role));
            }
        }
    }
    is_answer
}

/// A token as pages like jwt.ms show it decoded, where the text is nothing else: its claims, perhaps behind its header
/// and a dot.
fn decoded(text: &str) -> Option<Token> {
    let object = |text: &str| {
        let end = end_of_object(text)?;
        let members = parse_object(text.get(..end)?.as_bytes(), MAX_BYTES).ok()?;
        Some((members, text.get(end..)?.trim().to_owned()))
    };
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    let (first, rest) = object(text)?;
    let (header, claims, rest) = match rest.strip_prefix('.').unwrap_or(&rest).trim() {
        behind if behind.starts_with('{') && first.contains_key("alg") => {
            let (claims, rest) = object(behind)?;
            (first, claims, rest)
        }
        _ => (Map::new(), first, rest),
    };
    let nothing_else = rest.is_empty() || rest.starts_with(".[");
    (nothing_else && is_payload(&claims)).then(|| {
        let mut token = Token::jwt(header, claims);
        token.is_partial = true;
        token
    })
}

/// Whether these can be the claims of a token.
fn is_payload(members: &Map<String, Value>) -> bool {
    let text = |name: &str| members.get(name).is_some_and(Value::is_string);
    let number = |name: &str| members.get(name).is_some_and(Value::is_number);
    let has_audience = text("aud") || members.get("aud").is_some_and(Value::is_array);
    // The part of a token that says that groups are told elsewhere.
    let sources = ["_claim_names", "_claim_sources"];
    let overage = sources
        .iter()
        .all(|name| members.get(*name).is_some_and(Value::is_object));
    overage || text("iss") && has_audience && (number("exp") || number("iat"))
}

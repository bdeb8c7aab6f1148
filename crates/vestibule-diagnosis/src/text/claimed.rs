//! Finds in a log what a verifier compared: issuers, audiences and times, the token's and the expected.

use serde_json::{Map, Value};

use super::run::is_run_char;
use super::{MAX_VALUE_BYTES, bounded};
use crate::evidence::{Role, Token};
use crate::shown::is_secret;

/// The most values of one list.
const MAX_VALUES: usize = 16;

/// How much of a token that a log shows is read.
const MAX_TOKEN_BYTES: usize = 16 << 10;

/// What a log says that was compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claimed {
    /// The token's issuer, or the one in the metadata.
    pub issuer: Option<String>,
    /// The accepted issuers.
    pub expected_issuers: Vec<String>,
    /// The token's audiences.
    pub audiences: Vec<String>,
    /// The accepted audiences.
    pub expected_audiences: Vec<String>,
    /// Whether the token is an ID token.
    pub is_id_token: bool,
    /// Whether the check that speaks is one of ID tokens, which expects the client id as audience.
    pub is_id_check: bool,
    /// Whether the issuer is the one in the metadata, and no token's.
    pub is_of_metadata: bool,
    /// Whether the header of the token that the log shows has a `nonce`.
    pub has_header_nonce: bool,
    /// How long before it was checked the token had ended, or how long after that it begins.
    pub gap_secs: Option<i64>,
}

impl Claimed {
    /// The token as far as the log names it.
    pub(crate) fn token(&self) -> Option<Token> {
        if self.is_of_metadata || self.issuer.is_none() && self.audiences.is_empty() {
            return None;
        }
        let mut claims = Map::new();
        if let Some(issuer) = &self.issuer {
            claims.insert("iss".to_owned(), Value::from(issuer.as_str()));
            if let Some(tenant) = crate::family::tenant_in(issuer) {
                claims.insert("tid".to_owned(), Value::from(tenant.as_str()));
            }
        }
        if !self.audiences.is_empty() {
            claims.insert("aud".to_owned(), Value::from(self.audiences.clone()));
        }
        let role = match self.is_id_token {
            true => Role::Id,
            false => Role::Access,
        };
        let mut header = Map::new();
        if self.has_header_nonce {
            header.insert("nonce".to_owned(), Value::from("(there)"));
        }
        let mut token = Token::jwt(header, claims).role(role);
        token.is_partial = true;
        Some(token)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.issuer.is_none() && self.audiences.is_empty()
    }
}

/// How a value stands behind its words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In quotation marks or brackets.
    Marked,
    /// So, or as the next word.
    Any,
}
use Form::{Any, Marked};

/// What stands before the token's issuer.
const ISSUER: &[(&str, Form)] = &[
    ("received \"iss\" value in id_token ", Any),
    ("the \"iss\" value in the id_token ", Any),
    ("provided issuer in id_token/JWT ", Any),
    ("Issuer validation failed. Issuer: ", Marked),
    ("IDX40001: Issuer: ", Marked),
    ("IDW10303: Issuer: ", Marked),
    ("The issuer ", Marked),
    ("Issuer (iss) claim value ", Marked),
    ("contains invalid claims: {iss=", Any),
    ("The Issuer ", Marked),
];
/// What stands before an accepted issuer.
const EXPECTED_ISSUER: &[(&str, Form)] = &[
    ("requested issuer ", Any),
    ("the configured issuer ", Any),
    ("Invalid issuer. Expected ", Any),
    ("ValidIssuer: ", Marked),
    ("ValidIssuers: ", Marked),
    ("CurrentConfiguration.Issuer: ", Marked),
    ("doesn't match expected value of ", Any),
    ("jwt issuer invalid. expected: ", Any),
    ("did not match the requested issuer ", Marked),
];
/// What stands before the token's audiences.
const AUDIENCE: &[(&str, Form)] = &[
    ("Audience validation failed. Audiences: ", Marked),
    ("The audience ", Marked),
    ("Audience (aud) claim ", Marked),
    ("audience from claim aud with value ", Marked),
    ("The audience in the assertion was ", Marked),
    ("JWT audience rejected: ", Marked),
    ("does not match the \"aud\" value ", Any),
    ("did not match the \"aud\" claim value ", Marked),
    ("did not match the \"aud\" claim ", Marked),
    ("contains invalid claims: {aud=", Marked),
];
/// What stands before an accepted audience.
const EXPECTED_AUDIENCE: &[(&str, Form)] = &[
    ("ValidAudience: ", Marked),
    ("the expected audience is ", Marked),
    ("ValidAudiences: ", Marked),
    ("acceptable identifier. Expected ", Any),
    ("jwt audience invalid. expected: ", Any),
    ("any of allowed audiences map", Marked),
    ("our configured client_id ", Marked),
    ("the configured client_id ", Marked),
];

/// Reads what was compared.
pub(super) fn read(text: &str) -> Claimed {
    let text = text.replace("\\\"", "\"");
    let mut found = Claimed {
        issuer: values(&text, ISSUER).into_iter().next(),
        expected_issuers: values(&text, EXPECTED_ISSUER),
        audiences: values(&text, AUDIENCE),
        expected_audiences: values(&text, EXPECTED_AUDIENCE),
        gap_secs: gap(&text),
        ..Claimed::default()
    };
    let lower = text.to_ascii_lowercase();
    found.is_id_token = [
        "id_token",
        "id token",
        "our configured client_id",
        "oauthproxy.go",
        "next-auth",
        "idtoken::",
    ]
    .iter()
    .any(|words| lower.contains(words));
    found.is_id_check = [
        "our configured client_id",
        "the configured client_id",
        "oidc: expected audience",
        "verify id_token: audience",
        "id token contains invalid claims",
        "aud mismatch, expected",
        "idtoken::invalid",
        "the client_id / audience is invalid",
    ]
    .iter()
    .any(|words| lower.contains(words));
    found.is_of_metadata = lower.contains("provided in the configuration metadata");
    shown_token(&text, &mut found);
    pairs(&text, &mut found);
    // go-oidc: `expected "a" got "b"`, of issuers and of audiences.
    if let Some((expected, got)) = expected_and_got(&text) {
        let about = |words: &str| lower.contains(words);
        if about("expected audience") {
            found.expected_audiences = expected;
            found.audiences = got;
        } else if about("issuer") || about("different provider") {
            found.is_of_metadata = about("returned by provider");
            found.expected_issuers = expected;
            found.issuer = got.into_iter().next();
        }
    }
    found
}

/// What stands before the expected value and between that and the token's, where both are words; and whether they are
/// audiences.
const PAIRS: &[(&str, &str, bool)] = &[
    // openid-client of Node.
    ("unexpected iss value, expected ", ", got: ", false),
    ("aud mismatch, expected ", ", got: ", true),
    // jwt of Ruby.
    ("Invalid issuer. Expected ", ", received ", false),
    ("Invalid audience. Expected ", ", received ", true),
];

/// Reads what was compared as two words of one sentence.
fn pairs(text: &str, found: &mut Claimed) {
    for (before, between, is_audience) in PAIRS {
        let Some((_, rest)) = text.split_once(before) else {
            continue;
        };
        let line = rest.lines().next().unwrap_or_default();
        let Some((expected, got)) = line.split_once(between) else {
            continue;
        };
        let values = |text: &str| -> Vec<String> {
            let text = text.trim_start_matches(['[', '(']);
            let words = match text.contains(", ") {
                true => text.split(", ").collect(),
                false => vec![text.split(char::is_whitespace).next().unwrap_or_default()],
            };
            words
                .into_iter()
                .filter_map(word_of)
                .take(MAX_VALUES)
                .collect()
        };
        let (expected, got) = (
            values(expected),
            values(got.split(' ').next().unwrap_or_default()),
        );
        match is_audience {
            true => (found.expected_audiences, found.audiences) = (expected, got),
            false => (found.expected_issuers, found.issuer) = (expected, got.into_iter().next()),
        }
    }
}

/// The token as IdentityModel shows it: header and payload as JSON, `token: '{…}.{…}'`.
fn shown_token(text: &str, found: &mut Claimed) {
    let Some((_, rest)) = text.split_once("token: '{") else {
        return;
    };
    let rest = format!("{{{}", bounded(rest, MAX_TOKEN_BYTES));
    let Some((header, rest)) = object_at(&rest) else {
        return;
    };
    let payload = rest
        .strip_prefix('.')
        .and_then(object_at)
        .map(|(payload, _)| payload);
    found.has_header_nonce = header.contains_key("nonce");
    let payload = payload.unwrap_or_default();
    let texts = |name: &str| -> Vec<String> {
        let values = match payload.get(name) {
            Some(Value::Array(values)) => values.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        };
        let texts = values.into_iter().filter_map(Value::as_str);
        texts.filter_map(word_of).take(MAX_VALUES).collect()
    };
    if found.audiences.is_empty() {
        found.audiences = texts("aud");
    }
    found.issuer = found.issuer.take().or_else(|| texts("iss").pop());
}

/// The object that begins here, and what is behind it.
fn object_at(text: &str) -> Option<(Map<String, Value>, &str)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>();
    let object = stream.next()?.ok()?;
    Some((object, text.get(stream.byte_offset()..)?))
}

fn expected_and_got(text: &str) -> Option<(Vec<String>, Vec<String>)> {
    let (before, after) = text.split_once(" got ")?;
    let got = list(after, Marked);
    let (_, expected) = before.rsplit_once("expected ")?;
    let expected = expected.strip_prefix("audience ").unwrap_or(expected);
    let expected = list(expected, Marked);
    (!expected.is_empty() && !got.is_empty()).then_some((expected, got))
}

/// The values behind any of these words, each once.
fn values(text: &str, words: &[(&str, Form)]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (words, form) in words {
        // The words can stand without a value first: `The audience is invalid. … The audience 'a' is invalid`.
        let places = text.match_indices(words).take(MAX_VALUES);
        let mut lists = places.filter_map(|(at, words)| {
            Some(list(text.get(at + words.len()..)?, *form)).filter(|list| !list.is_empty())
        });
        for value in lists.next().unwrap_or_default() {
            if !all.contains(&value) && all.len() < MAX_VALUES {
                all.push(value);
            }
        }
    }
    all
}

/// The list that begins here: `'a, b'`, `(a)`, `["a"]`, `[a:{} b:{}]`.
fn list(rest: &str, form: Form) -> Vec<String> {
    let rest = rest.trim_start();
    let end = match rest.chars().next() {
        Some('\'') => '\'',
        Some('"') => '"',
        Some('(') => ')',
        Some('[') => ']',
        Some('`') => '`',
        Some(_) if form == Any => {
            let word = rest.split(char::is_whitespace).next().unwrap_or_default();
            return word_of(word).into_iter().collect();
        }
        _ => return Vec::new(),
    };
    let inner = rest.get(1..).unwrap_or_default();
    let Some((inner, _)) = inner.split_once(end) else {
        return Vec::new();
    };
    if inner.starts_with("[PII") || inner.len() > 4 * MAX_VALUE_BYTES {
        return Vec::new();
    }
    let words = inner.split([',', ' ']);
    words.filter_map(word_of).take(MAX_VALUES).collect()
}

/// A value without what is around it; nothing for what stands for none, and for what is secret.
fn word_of(word: &str) -> Option<String> {
    let word =
        word.trim_matches(|char| matches!(char, '"' | '\'' | '(' | ')' | '[' | ']' | ';' | ','));
    // Spring's `{iss=…}`.
    let word = match word.contains('{') {
        true => word,
        false => word.trim_end_matches('}'),
    };
    let word = word.strip_suffix(":{}").unwrap_or(word);
    let word = word.strip_suffix('.').unwrap_or(word);
    let none = ["", "null", "Null", "(null)", "none", "None"].contains(&word);
    let secret = word.split(|char| !is_run_char(char)).any(is_secret);
    (!none && !secret && word.len() <= MAX_VALUE_BYTES).then(|| word.to_owned())
}

/// The time between the end or the beginning of a token and its check, as IdentityModel writes both.
fn gap(text: &str) -> Option<i64> {
    let at = |words: &str| {
        let (_, rest) = text.split_once(words)?;
        let value = rest.trim_start().strip_prefix('\'')?;
        seconds(value.split('\'').next()?)
    };
    let checked = at("Current time (UTC):")?;
    let gap = match (at("ValidTo (UTC):"), at("ValidFrom (UTC):")) {
        (Some(end), _) => checked - end,
        (None, Some(start)) => start - checked,
        (None, None) => return None,
    };
    (gap > 0).then_some(gap)
}

/// A date and time as programs write them: `11/20/2026 7:11:12 AM`, `20.11.2026 07:11:12`,
/// `2026-11-20T07:11:12Z`.
fn seconds(text: &str) -> Option<i64> {
    let mut numbers = text
        .split(|char: char| !char.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse::<i64>().ok());
    let mut next = || numbers.next().flatten().filter(|number| *number < 10_000);
    let (first, second, third) = (next()?, next()?, next()?);
    let (hour, minute, second_of) = (next()?, next()?, next()?);
    let (year, month, day) = match (first, second) {
        (32.., _) => (first, second, third),
        (13..=31, _) => (third, second, first),
        _ => (third, first, second),
    };
    let upper = text.to_ascii_uppercase();
    let hour = match (upper.contains("PM"), upper.contains("AM"), hour) {
        (true, _, 12) | (false, false, _) => hour,
        (true, ..) => hour + 12,
        (_, true, 12) => 0,
        _ => hour,
    };
    // Days since 1970 in the proleptic Gregorian calendar, with the year beginning in March.
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second_of)
}

#[cfg(test)]
mod tests;

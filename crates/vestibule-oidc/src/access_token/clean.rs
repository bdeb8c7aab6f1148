//! Takes off what surrounds a token where people paste it or templates build it, and undoes what copying does to it.
//!
//! Only to explain a token: who verifies one takes it as it came.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::classify::{JWT_START, MAX_BYTES, is_base64url};

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
    /// Another base64 around the whole of it.
    Base64,
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
    if let Some(inner) = in_base64(&text) {
        note(Cleaning::Base64);
        // What was inside is shorter by a quarter, so this ends.
        let inner = clean(&inner);
        inner.removed.into_iter().for_each(note);
        text = inner.text;
    }
    Cleaned { text, removed }
}

/// How a JWT and the word `Bearer` begin in base64.
const IN_BASE64: [&str; 2] = ["ZXlK", "QmVhcmVy"];

/// What is inside a base64 around the whole of a JWT, as a Kubernetes secret or a template puts it there.
fn in_base64(text: &str) -> Option<String> {
    let is_one = IN_BASE64.iter().any(|start| text.starts_with(start));
    if !is_one || text.len() > 2 * MAX_BYTES {
        return None;
    }
    let whole = text.trim_end_matches('=');
    let standard = STANDARD_NO_PAD.decode(whole);
    let bytes = standard.or_else(|_| URL_SAFE_NO_PAD.decode(whole)).ok()?;
    let inner = String::from_utf8(bytes).ok()?;
    let is_token = inner.starts_with(JWT_START) && inner.contains('.');
    (is_token || inner.contains(' ')).then_some(inner)
}

/// Whether nothing can be taken off: nearly every token comes like this, and one look is enough.
fn is_clean(text: &str) -> bool {
    if IN_BASE64.iter().any(|start| text.starts_with(start)) {
        return false;
    }
    // Three dots could stand for what was left out, or one of them end a sentence.
    text.split('.').nth(3).is_none() && text.bytes().all(|byte| is_base64url(byte) || byte == b'.')
}

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

#[cfg(test)]
mod tests;

//! Decides what of a text from outside may be shown: never a token, never much.

use std::borrow::Cow;

use vestibule_oidc::access_token::{TokenShape, classify};

/// The most characters of one value.
const MAX_CHARS: usize = 160;
/// The most values of one list.
const MAX_ITEMS: usize = 12;

/// What is shorter is no token and no secret.
const SHORTEST_SECRET_BYTES: usize = 16;

/// A value from outside as a finding quotes it: in backticks, bounded, without control characters,
/// and not at all if it looks like a token.
pub(crate) fn shown(text: &str) -> String {
    let text = &without_user(text);
    if text.split(|char: char| !is_token_char(char)).any(is_secret) {
        return "(not shown: it looks like a token or a secret)".to_owned();
    }
    let text = &without_secrets(text);
    let cut: String = text
        .chars()
        .filter(|char| !char.is_control() && *char != '`')
        .take(MAX_CHARS)
        .collect();
    let more = if text.chars().count() > MAX_CHARS {
        "…"
    } else {
        ""
    };
    format!("`{cut}{more}`")
}

/// Several values: `a`, `b` or `c`. Empty: "nothing".
pub(crate) fn shown_list<'a>(items: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let mut items: Vec<String> = items.into_iter().take(MAX_ITEMS + 1).map(shown).collect();
    if items.len() > MAX_ITEMS {
        items.truncate(MAX_ITEMS);
        items.push("more".to_owned());
    }
    match items.pop() {
        None => "nothing".to_owned(),
        Some(only) if items.is_empty() => only,
        Some(end) => format!("{} {last} {end}", items.join(", ")),
    }
}

/// A finished text of a finding, with whatever looks like a token or a secret taken out: the last
/// door, behind what each row takes care of itself. Doors that show more than findings use it too.
pub fn redacted(text: String) -> String {
    let text = match text.contains("://") {
        true => without_user(&text).into_owned(),
        false => text,
    };
    let text = match without_secrets(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(clean) => clean,
    };
    if !text.split(|char| !is_token_char(char)).any(is_secret) {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_token_char) {
        let (before, from) = rest.split_at(start);
        let (run, after) =
            from.split_at(from.find(|char| !is_token_char(char)).unwrap_or(from.len()));
        clean.push_str(before);
        rest = after;
        match is_secret(run) {
            true => {
                clean.push_str("(not shown)");
                rest = behind_tail(rest);
            }
            false => clean.push_str(run),
        }
    }
    clean.push_str(rest);
    clean
}

/// What stands behind the rest of a secret, whose characters need not all be those of a token: tickets are base64, and
/// codes of personal accounts have `!`, `*` and `$` in them.
pub(crate) fn behind_tail(rest: &str) -> &str {
    let goes_on =
        |char: char| is_token_char(char) || matches!(char, '+' | '/' | '=' | '!' | '*' | '$');
    match rest.starts_with(['+', '/', '=', '!', '*', '$']) {
        true => rest.trim_start_matches(goes_on),
        false => rest,
    }
}

/// What stands in the place of user and password; without white space, so that it stays one word.
const HIDDEN_USER: &str = "(not-shown)@";

/// A text whose addresses name no user and no password (RFC 3986 §3.2.1).
pub(crate) fn without_user(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, from) = rest.split_at(start + 3);
        let ends = |char: char| {
            char.is_whitespace() || matches!(char, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>')
        };
        let end = from.find(ends).unwrap_or(from.len());
        let (authority, after) = from.split_at(end);
        clean.push_str(before);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                clean.push_str(HIDDEN_USER);
                clean.push_str(host);
            }
            None => clean.push_str(authority),
        }
        rest = after;
    }
    match clean.is_empty() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(clean + rest),
    }
}

/// What stands in the place of a secret behind its name.
const HIDDEN: &str = "(not-shown)";

/// What secrets are called, in lower case and without what separates words.
const SECRET_NAMES: [&str; 16] = [
    "password",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "secret",
    "clientsecret",
    "apikey",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "token",
    "assertion",
    "clientassertion",
    "codeverifier",
    "privatekey",
];

/// A text whose pairs of a secret's name and its value have no value: `password=…`, `"client_secret": "…"`. In a
/// provider's free text even a short word may be one.
fn without_secrets(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut rest = text;
    let mut is_changed = false;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, from) = rest.split_at(at);
        clean.push_str(before);
        let (kept, hidden) =
            from.split_at(secret_after(before, from).map_or(1, |(start, _)| start));
        clean.push_str(kept);
        let length = secret_after(before, from).map_or(0, |(_, length)| length);
        if length > 0 {
            clean.push_str(HIDDEN);
            is_changed = true;
        }
        rest = hidden.split_at(length).1;
    }
    match is_changed {
        true => Cow::Owned(clean + rest),
        false => Cow::Borrowed(text),
    }
}

/// Where a secret's value begins and how long it is, in what follows its name, separator first. `None` if `before` ends
/// in no secret's name.
fn secret_after(before: &str, separated: &str) -> Option<(usize, usize)> {
    let is_quoted = before.ends_with(['"', '\'']);
    let name = before.trim_end_matches(['"', '\'']);
    let breaks = |char: char| !char.is_ascii_alphanumeric() && !matches!(char, '_' | '-');
    let name = name.rsplit(breaks).next()?;
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|char| char.to_ascii_lowercase())
        .collect();
    if !SECRET_NAMES.contains(&name.as_str()) {
        return None;
    }
    // `password: choose another` is a sentence, and `client_secret = "…"` a line of a file; neither is what one program
    // wrote for another.
    let value = match separated.strip_prefix('=') {
        Some(value) => value,
        None if is_quoted => separated.strip_prefix(':')?.trim_start_matches(' '),
        None => return None,
    };
    let bare = value.trim_start_matches(['"', '\'']);
    let ends = |char: char| {
        char.is_whitespace()
            || matches!(
                char,
                '&' | ';' | ',' | '"' | '\'' | '`' | '<' | '>' | ')' | '}'
            )
    };
    let length = bare.find(ends).unwrap_or(bare.len());
    let is_value = length > 0 && !bare.starts_with(['(', '{', '[']);
    is_value.then_some((separated.len() - bare.len(), length))
}

const fn is_token_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | '~')
}

/// Whether one run of token characters is a token or could be a secret: of a known maker, or long
/// and mixed as only machines write.
pub(crate) fn is_secret(run: &str) -> bool {
    // Known shapes have short prefixes; a word is no token.
    run.len() >= SHORTEST_SECRET_BYTES
        && match classify(run) {
            TokenShape::Empty => false,
            TokenShape::Opaque { .. } => looks_random(run),
            _ => true,
        }
}

/// Long, with capitals, small letters and digits mixed and no word breaks; GUIDs, host names and
/// scopes are not.
fn looks_random(run: &str) -> bool {
    run.split('.').any(|part| {
        let has = |test: fn(&u8) -> bool| part.bytes().any(|byte| test(&byte));
        part.len() >= 32
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_values_are_quoted() {
        for text in [
            "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/access_as_user",
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "00000003-0000-0000-c000-000000000000",
            "https://portal.example.com/.vestibule/callback",
        ] {
            assert_eq!(shown(text), format!("`{text}`"));
        }
    }

    #[test]
    fn tokens_and_secrets_are_not_shown() {
        for text in [
            "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.AAAA",
            "https://x.example/?token=eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.AAAA",
            "EwBwA8l6BAAUO9chh8cJscQLmU",
            "Kx8Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678",
            "gho_16C7e42F292c6912E7710c838347Ae178B4a",
            "ABC8Q~abcdefghijklmnopqrstuvwxyz01234.x",
            "M.C507_BAY.2.U.12345678-1234-1234-1234-1234567890ab",
        ] {
            assert!(shown(text).starts_with("(not shown"), "{text}");
        }
    }

    #[test]
    fn an_address_is_shown_without_user_and_password() {
        for (text, clean) in [
            ("https://bob:pw@host/x", "https://(not-shown)@host/x"),
            (
                "a http://b@c b://d:e@f:1",
                "a http://(not-shown)@c b://(not-shown)@f:1",
            ),
            ("https://bob:p@w@host", "https://(not-shown)@host"),
            (
                "https://host/a@b ada@example.com",
                "https://host/a@b ada@example.com",
            ),
            ("https://(not-shown)@host/x", "https://(not-shown)@host/x"),
        ] {
            assert_eq!(without_user(text), clean);
            assert_eq!(redacted(text.to_owned()), clean);
            assert_eq!(shown(text), format!("`{clean}`"));
        }
    }

    #[test]
    fn the_rest_of_a_secret_is_not_shown_either() {
        for text in [
            "refused M.C555_BL2.0.U.-CsAbCdEf!canary*more$$ there",
            "refused EwBwA8l6BAAUO9chh8cJscQLmU+canary/x== there",
        ] {
            assert_eq!(redacted(text.to_owned()), "refused (not shown) there");
            assert_eq!(
                redacted(redacted(text.to_owned())),
                "refused (not shown) there"
            );
        }
        assert_eq!(redacted("a+b/c=d!".to_owned()), "a+b/c=d!");
    }

    #[test]
    fn a_secret_behind_its_name_is_not_shown_however_short() {
        for (text, clean) in [
            ("password=pw1 is wrong", "password=(not-shown) is wrong"),
            (
                "a=1&client_secret=x&b=2",
                "a=1&client_secret=(not-shown)&b=2",
            ),
            (
                r#"{"password":"pw", "user": "a"}"#,
                r#"{"password":"(not-shown)", "user": "a"}"#,
            ),
            (r#""Api-Key": "k""#, r#""Api-Key": "(not-shown)""#),
            ("pwd='a b'", "pwd='(not-shown) b'"),
            ("token=abc", "token=(not-shown)"),
            (
                "the password: choose another",
                "the password: choose another",
            ),
            ("error=invalid_token scope=a", "error=invalid_token scope=a"),
            ("bypass=1 token_type=Bearer", "bypass=1 token_type=Bearer"),
            (
                "client_secret = \"env:NAME\"",
                "client_secret = \"env:NAME\"",
            ),
            ("password=", "password="),
            ("secret=(not-shown)", "secret=(not-shown)"),
            ("é=ü: pass=ö", "é=ü: pass=(not-shown)"),
        ] {
            assert_eq!(without_secrets(text), clean);
            assert_eq!(redacted(text.to_owned()), clean);
            assert_eq!(redacted(clean.to_owned()), clean);
        }
    }

    #[test]
    fn what_is_shown_is_bounded_and_printable() {
        let text = format!("evil\u{1b}[2J\n`{}", "x".repeat(4000));
        let shown = shown(&text);
        assert!(shown.chars().count() < 200 && !shown.contains(char::is_control));
        assert_eq!(shown.matches('`').count(), 2);
        assert_eq!(shown_list(["a", "b", "c"], "or"), "`a`, `b` or `c`");
        assert_eq!(shown_list([], "or"), "nothing");
    }
}

//! Decides where the text comes from, and whether it is a token or a text with who knows what in it.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};

use vestibule_diagnosis::text;
use vestibule_oidc::access_token::{TokenShape, classify, clean};
use vestibule_oidc::microsoft::TenantId;

use super::Failure;
use crate::cli::ExplainArgs;

/// Where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// The command line.
    Argument,
    /// Standard input or a file.
    Elsewhere,
}

/// What is to be explained.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) from: From,
    /// Whether there was more than is looked at.
    pub(super) is_cut: bool,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// One token, with at most what people paste around it.
    Token,
    /// Anything else.
    Text,
}

const HOW: &str = "name it: vestibule explain TOKEN, or --file FILE, or a pipe";

/// Reads what is to be explained.
pub(super) fn given(arguments: &ExplainArgs) -> Result<Given, Failure> {
    let elsewhere = |(text, is_cut)| Given {
        text,
        from: From::Elsewhere,
        is_cut,
    };
    let given = match (arguments.what.as_slice(), &arguments.file) {
        (_, Some(path)) => {
            let file = File::open(path).and_then(bounded);
            let named = |error| format!("{}: {error}", path.display());
            elsewhere(file.map_err(|error| Failure::new("read the file", named(error)))?)
        }
        ([], None) if io::stdin().is_terminal() => {
            return Err(Failure::new("explain", "there is nothing to explain").help(HOW));
        }
        ([], None) => elsewhere(piped()?),
        ([one], None) if one == "-" => elsewhere(piped()?),
        (words, None) => Given {
            text: words.join(" "),
            from: From::Argument,
            is_cut: false,
        },
    };
    match given.text.trim().is_empty() {
        true => {
            Err(Failure::new("explain", "there is nothing to explain: the text is empty").help(HOW))
        }
        false => Ok(given),
    }
}

/// Reads standard input.
pub(super) fn standard_input() -> Result<String, Failure> {
    piped().map(|(text, _)| text)
}

fn piped() -> Result<(String, bool), Failure> {
    bounded(io::stdin().lock()).map_err(|error| Failure::new("read standard input", error))
}

/// What is beyond the most that is looked at is not read; whether there is such.
fn bounded(from: impl Read) -> io::Result<(String, bool)> {
    let mut bytes = Vec::new();
    from.take(text::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    let is_cut = bytes.len() > text::MAX_BYTES;
    bytes.truncate(text::MAX_BYTES);
    Ok((decoded(&bytes), is_cut))
}

/// The text of a file: UTF-8, or UTF-16 where a byte order mark says so, as Windows' shells write.
fn decoded(bytes: &[u8]) -> String {
    let units = |read: fn([u8; 2]) -> u16| {
        let pairs = bytes.get(2..).unwrap_or_default().chunks_exact(2);
        let units = pairs.filter_map(|pair| Some(read(pair.try_into().ok()?)));
        String::from_utf16_lossy(&units.collect::<Vec<_>>())
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The shortest that is taken for a token of a kind nobody knows.
const LEAST: usize = 20;
/// The shortest line a terminal breaks a token into.
const LEAST_LINE: usize = 32;

/// Decides by the content alone.
pub(super) fn kind(text: &str) -> Input {
    if !is_whole(text) {
        return Input::Text;
    }
    let cleaned = clean(text).text;
    match classify(&cleaned) {
        TokenShape::Empty | TokenShape::TokenResponse => Input::Text,
        TokenShape::Opaque { length } => {
            // A name and a value are more than a value.
            let plain =
                cleaned.chars().all(is_token_char) && !cleaned.trim_end_matches('=').contains('=');
            let is_id = TenantId::parse(&cleaned).is_some();
            let word = !cleaned.bytes().any(|byte| byte.is_ascii_digit());
            match plain && !is_id && !word && length >= LEAST && text::read(text).is_empty() {
                true => Input::Token,
                false => Input::Text,
            }
        }
        _ => Input::Token,
    }
}

/// Whether it is one token, maybe folded into lines or words, with at most a name before it.
fn is_whole(text: &str) -> bool {
    // A JSON object is looked into as it is, a broken one too.
    let start = text.trim_start().trim_start_matches(['"', '\'', '`']);
    if start.starts_with('{') {
        return false;
    }
    let mut pieces = text.split_whitespace().skip_while(|piece| is_name(piece));
    let Some(first) = pieces.next().filter(|first| !first.contains("://")) else {
        return false;
    };
    let rest: Vec<_> = pieces.collect();
    let Some((last, folded)) = rest.split_last() else {
        return true;
    };
    // A word about the token, not the end of one.
    if last.len() < LEAST_LINE && last.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return false;
    }
    let long = |piece: &&str| piece.len() >= LEAST_LINE;
    let others = rest
        .iter()
        .any(|piece| matches!(classify(piece), TokenShape::Jwt { .. }));
    let behind_dot = first.ends_with('.') || rest.first().is_some_and(|next| next.starts_with('.'));
    !others
        && (long(&first) || behind_dot)
        && folded.iter().all(long)
        && std::iter::once(&first)
            .chain(&rest)
            .all(|piece| piece.trim_end_matches('\\').chars().all(is_token_char))
}

/// What stands before a token: `Authorization:`, `Bearer`, `token:`, and how YAML and shells go on.
fn is_name(piece: &str) -> bool {
    let piece = piece
        .trim_matches(['"', '\'', '`', '“', '‘'])
        .to_ascii_lowercase();
    let named = piece.ends_with([':', '='])
        && ["token", "authorization", "jwt", "bearer"]
            .iter()
            .any(|word| piece.contains(word));
    named
        || matches!(
            piece.as_str(),
            "bearer" | ":" | "=" | "|" | "|-" | ">" | ">-"
        )
}

const fn is_token_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | '~' | '+' | '/' | '=' | '!')
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str =
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4IiwiaXNzIjoiaHR0cHM6Ly9pZC5leGFtcGxlIn0.AAAA";

    #[test]
    fn a_token_is_known_by_its_content() {
        let (first, second) = JWT.split_at(40);
        for text in [
            JWT.to_owned(),
            format!("  {JWT}\n"),
            format!("Bearer {JWT}"),
            format!("Authorization: Bearer {JWT}"),
            format!("\"{JWT}\""),
            format!("{first}\n{second}"),
            format!("{first} {second}"),
            format!("Bearer Bearer {JWT}"),
            format!("Bearer%20{JWT}"),
            format!("OIDC_access_token: {JWT}"),
            format!("token: >-\n  {first}\n  {second}"),
            format!("\u{feff}{JWT}"),
            "OIDC_access_token: eyJ0eXAiOiJKV1QiLCJhbGci....".to_owned(),
            JWT.replacen('.', ". ", 1),
            JWT[9..].to_owned(),
            "EwB4A8l6BAAUO9chh8cJscQLmU".to_owned(),
            "0.AXoAabc.AgABAAEAAADnfolhJ".to_owned(),
            "gho_16C7e42F292c6912E7710c838347Ae178B4a".to_owned(),
            "5f3b8a4c9d2e1f60718293a4b5c6d7e8f90a1b2c".to_owned(),
        ] {
            assert_eq!(kind(&text), Input::Token, "{text}");
        }
    }

    #[test]
    fn a_file_of_windows_is_read() {
        let units = |order: fn(u16) -> [u8; 2]| {
            let text = "\u{feff}abc".encode_utf16().flat_map(order);
            decoded(&text.collect::<Vec<_>>())
        };
        assert_eq!(units(u16::to_le_bytes), "abc");
        assert_eq!(units(u16::to_be_bytes), "abc");
        assert_eq!(decoded("ä".as_bytes()), "ä");
    }

    #[test]
    fn what_is_beyond_the_limit_is_said_to_be_there() {
        let long = "a".repeat(text::MAX_BYTES + 1);
        let (text, is_cut) = bounded(long.as_bytes()).unwrap();
        assert!(is_cut && text.len() == text::MAX_BYTES);
        assert!(!bounded(&long.as_bytes()[1..]).unwrap().1);
    }

    #[test]
    fn everything_else_is_text() {
        for text in [
            "AADSTS50011: The redirect URI does not match".to_owned(),
            "AADSTS50011".to_owned(),
            "invalid_grant".to_owned(),
            "IDX10214".to_owned(),
            "9e59d98b-d747-4a9a-96fd-178f04d08b02".to_owned(),
            format!("{JWT} expired"),
            format!("level=error msg=\"bad token {JWT}\""),
            format!("{JWT}\nHost: portal.example.com"),
            format!("{JWT} {JWT}"),
            format!("{{\"access_token\":\"{JWT}\""),
            format!("https://portal.example.com/cb#access_token={JWT}&token_type=Bearer"),
            "mod_auth_openidc_session=2f2504e0-4f89-41d3-9a0c-0305e82c3301".to_owned(),
            "token: the one of the last sign-in".to_owned(),
            "https://portal.example.com/cb?code=0.ASgABCDEFGHIJ.AgABBAIAAAD&state=xyz".to_owned(),
            format!("{{\"access_token\": \"{JWT}\", \"token_type\": \"Bearer\"}}"),
            "https://portal.example.com/.vestibule/callback?error=access_denied&state=x".to_owned(),
            "unable_to_get_local_issuer_certificate".to_owned(),
        ] {
            assert_eq!(kind(&text), Input::Text, "{text}");
        }
    }
}

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
    let elsewhere = |text| Given {
        text,
        from: From::Elsewhere,
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
        ([], None) => elsewhere(standard_input()?),
        ([one], None) if one == "-" => elsewhere(standard_input()?),
        (words, None) => Given {
            text: words.join(" "),
            from: From::Argument,
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
    bounded(io::stdin().lock()).map_err(|error| Failure::new("read standard input", error))
}

/// What is beyond the most that is looked at is not read.
fn bounded(from: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(text::MAX_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The shortest that is taken for a token of a kind nobody knows.
const LEAST: usize = 20;
/// The shortest line a terminal breaks a token into.
const LEAST_LINE: usize = 32;

/// Decides by the content alone.
pub(super) fn kind(text: &str) -> Input {
    let mut pieces = Vec::new();
    let cleaned = clean(text).text;
    let unwrapped = without_name(text.trim());
    pieces.extend(unwrapped.split_whitespace());
    // A token that was wrapped has line breaks in it, and nothing else than its own characters.
    let is_whole = match pieces.split_last() {
        None | Some((_, [])) => true,
        Some((_, before)) => {
            unwrapped.contains('\n')
                && before.iter().all(|piece| piece.len() >= LEAST_LINE)
                && pieces.iter().all(|piece| piece.chars().all(is_token_char))
        }
    };
    if !is_whole {
        return Input::Text;
    }
    match classify(&cleaned) {
        TokenShape::Empty | TokenShape::TokenResponse => Input::Text,
        TokenShape::Opaque { length } => {
            let plain = cleaned.chars().all(is_token_char);
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

/// `Authorization: Bearer x` and `Bearer x` are one token, not three words.
fn without_name(text: &str) -> &str {
    let mut rest = text.trim_matches(['"', '\'', '`']);
    for word in ["authorization:", "access_token=", "bearer "] {
        let starts = rest
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word));
        if starts {
            rest = rest.get(word.len()..).unwrap_or_default().trim_start();
        }
    }
    rest
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
            "EwB4A8l6BAAUO9chh8cJscQLmU".to_owned(),
            "0.AXoAabc.AgABAAEAAADnfolhJ".to_owned(),
            "gho_16C7e42F292c6912E7710c838347Ae178B4a".to_owned(),
            "5f3b8a4c9d2e1f60718293a4b5c6d7e8f90a1b2c".to_owned(),
        ] {
            assert_eq!(kind(&text), Input::Token, "{text}");
        }
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
            format!("{{\"access_token\": \"{JWT}\", \"token_type\": \"Bearer\"}}"),
            "https://portal.example.com/.vestibule/callback?error=access_denied&state=x".to_owned(),
            "unable_to_get_local_issuer_certificate".to_owned(),
        ] {
            assert_eq!(kind(&text), Input::Text, "{text}");
        }
    }
}

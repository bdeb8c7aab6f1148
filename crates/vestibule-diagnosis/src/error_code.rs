//! Holds the codes of our own error answers: what each means and what to do, for the documentation and for whoever has one
//! in a log line, a page or a JSON answer.
//!
//! A code says at which check a request ended. Where a finding says more, that comes beside it. The codes are those that
//! the `code()` functions of the other crates give; a test reads their source and finds none missing.

mod provider;
mod request;
mod session;
mod sign_in;
mod token;
mod upstream;

use serde::Serialize;

/// Codes that have one meaning and one cure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorCode {
    /// The codes, the usual one first.
    #[serde(skip)]
    pub codes: &'static [&'static str],
    /// What happened.
    pub meaning: &'static str,
    /// What to do.
    pub cure: &'static str,
}

/// Codes of one kind, with a title.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// The title.
    pub title: &'static str,
    /// The codes.
    pub codes: &'static [ErrorCode],
}

const KINDS: &[Kind] = &[
    Kind {
        title: request::TITLE,
        codes: request::CODES,
    },
    Kind {
        title: session::TITLE,
        codes: session::CODES,
    },
    Kind {
        title: sign_in::TITLE,
        codes: sign_in::CODES,
    },
    Kind {
        title: provider::TITLE,
        codes: provider::CODES,
    },
    Kind {
        title: token::TITLE,
        codes: token::CODES,
    },
    Kind {
        title: upstream::TITLE,
        codes: upstream::CODES,
    },
];

/// Where a code stands in what we write: `error=host_unknown` and `code="…"` of a log line, `"error":"…"` of JSON.
const BEFORE: [&str; 4] = ["error=", "code=", "\"error\":", "\"code\":"];

/// How many codes of a text are told of.
const MOST: usize = 4;

/// How many words of a text are looked up.
const MOST_WORDS: usize = 500;

/// All of them.
#[must_use]
pub const fn kinds() -> &'static [Kind] {
    KINDS
}

/// The code as it is kept, and what it means.
#[must_use]
pub fn find(code: &str) -> Option<(&'static str, &'static ErrorCode)> {
    let all = KINDS.iter().flat_map(|kind| kind.codes);
    all.flat_map(|row| row.codes.iter().map(move |known| (*known, row)))
        .find(|(known, _)| *known == code)
}

/// The codes in a text, each once: where a log line or a JSON answer has one; alone; or in a page of ours, which has an
/// incident beside it. There an ordinary word is none.
pub(crate) fn in_text(text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut add = |word: &str| {
        if let Some((code, _)) = find(word).filter(|(code, _)| !found.contains(code))
            && found.len() < MOST
        {
            found.push(code);
        }
    };
    for before in BEFORE {
        for (at, _) in text.match_indices(before).take(MOST_WORDS) {
            // `"sub_error":` and `suberror=` are others'.
            let is_word = !text
                .get(..at)
                .is_some_and(|text| text.ends_with(is_of_code));
            let after = text.get(at + before.len()..).unwrap_or_default();
            let after = after.trim_start_matches([' ', '"']);
            if is_word {
                add(after
                    .split(|char| !is_of_code(char))
                    .next()
                    .unwrap_or_default());
            }
        }
    }
    add(text.trim());
    if text.contains("ncident") {
        let words = text.split(|char| !is_of_code(char));
        let codes = words.filter(|word| word.contains('_'));
        codes.take(MOST_WORDS).for_each(&mut add);
    }
    found
}

fn is_of_code(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_what_we_write_and_not_in_what_others_do() {
        for (text, found) in [
            ("host_unknown", vec!["host_unknown"]),
            (
                "2026-11-23T04:00:00Z host=127.0.0.1:8489 status=421 error=host_unknown trace=read:ok",
                vec!["host_unknown"],
            ),
            (
                r#"{"error":"no_session","message":"Nobody is signed in."}"#,
                vec!["no_session"],
            ),
            (r#"{ "error": "no_session" }"#, vec!["no_session"]),
            (
                "WARN code=\"token_refused\" finding=\"VST-X\"",
                vec!["token_refused"],
            ),
            (
                "Not allowed\nAsk whoever runs this.\nclaim_missing · Incident 0a1b2c",
                vec!["claim_missing"],
            ),
            ("Incident 1: an upgrade of the panic button", vec![]),
            ("the upgrade was forwarded, panic", vec![]),
            (r#"{"error":"invalid_grant","suberror":"panic"}"#, vec![]),
            ("my_error=panic", vec![]),
            ("a claim_missing of another program", vec![]),
        ] {
            assert_eq!(in_text(text), found, "{text}");
        }
    }

    #[test]
    fn a_code_has_one_meaning() {
        let mut seen = Vec::new();
        for row in KINDS.iter().flat_map(|kind| kind.codes) {
            assert!(!row.codes.is_empty() && row.meaning.ends_with('.') && row.cure.ends_with('.'));
            for code in row.codes {
                assert!(!seen.contains(code), "{code}");
                seen.push(code);
            }
        }
    }
}

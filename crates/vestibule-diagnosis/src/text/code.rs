//! Finds the codes providers and libraries write into their messages, and our own.

use crate::catalogue;

/// How many codes are kept.
const MAX_CODES: usize = 32;
/// The most digits of a code.
const MAX_DIGITS: usize = 9;

/// The least digits of a number that stands apart from its prefix.
const LEAST_APART: usize = 5;
/// The most characters between the two.
const MAX_APART: usize = 2;

/// The beginnings of codes, and how many digits each has at least.
const PREFIXES: [(&str, usize); 5] = [
    ("AADSTS", 4),
    ("AADB2C", 4),
    ("IDX", 5),
    ("IDW", 5),
    ("MSIS", 3),
];

/// Codes, each once, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Codes {
    /// The numbers of `AADSTS` codes.
    pub aadsts: Vec<u32>,
    /// Codes of others, whole and in capitals.
    pub other: Vec<String>,
}

/// Every code of a text.
pub(crate) fn codes(text: &str) -> Codes {
    let mut found = Codes::default();
    // A prefix that stood by itself, and how many characters ago.
    let mut bare: Option<(&str, usize, usize)> = None;
    // In words of letters and digits, so that `XAADSTS1` is none.
    for word in text.split(|char: char| !char.is_ascii_alphanumeric()) {
        if let Some((prefix, least, apart)) = bare.take() {
            let digits = word.bytes().all(|byte| byte.is_ascii_digit());
            // People write `aadsts 50011` and `AADSTS-50105`.
            if digits && (least.max(LEAST_APART)..=MAX_DIGITS).contains(&word.len()) {
                note(&mut found, prefix, word);
                continue;
            }
            bare = (word.is_empty() && apart < MAX_APART).then_some((prefix, least, apart + 1));
        }
        let alone = |(prefix, _): &&(&str, usize)| word.eq_ignore_ascii_case(prefix);
        if let Some((prefix, least)) = PREFIXES.iter().find(alone) {
            bare = Some((*prefix, *least, 1));
        }
        for (prefix, least) in PREFIXES {
            let Some((start, digits)) = word.split_at_checked(prefix.len()) else {
                continue;
            };
            let number = digits
                .find(|char: char| !char.is_ascii_digit())
                .map_or(digits, |end| digits.get(..end).unwrap_or_default());
            if start.eq_ignore_ascii_case(prefix) && (least..=MAX_DIGITS).contains(&number.len()) {
                note(&mut found, prefix, number);
            }
        }
    }
    found
}

fn note(found: &mut Codes, prefix: &str, digits: &str) {
    if prefix == "AADSTS" {
        let Ok(number) = digits.parse() else { return };
        if !found.aadsts.contains(&number) && found.aadsts.len() < MAX_CODES {
            found.aadsts.push(number);
        }
    } else {
        let code = format!("{prefix}{digits}");
        if !found.other.contains(&code) && found.other.len() < MAX_CODES {
            found.other.push(code);
        }
    }
}

/// What stands before a number in Entra's sign-in log, in the portal and in its export.
const OF_SIGN_IN_LOG: [&str; 3] = ["sign-in error code", "\"errorcode\"", "errorcode="];

/// The numbers of Entra's sign-in log, where they are known: it writes them without `AADSTS`. And one that stands alone.
pub(crate) fn of_sign_in_log(text: &str) -> Vec<u32> {
    let lower = text.to_ascii_lowercase();
    let is_known = |number: &u32| catalogue::row(&format!("VST-AADSTS-{number}")).is_some();
    let mut found = Vec::new();
    // Somebody asks for a number and writes nothing else.
    let alone = text.trim();
    if alone.len() >= LEAST_APART && alone.bytes().all(|byte| byte.is_ascii_digit()) {
        found.extend(alone.parse::<u32>().ok().filter(is_known));
    }
    for words in OF_SIGN_IN_LOG {
        for (_, rest) in lower
            .match_indices(words)
            .take(MAX_CODES)
            .filter_map(|(at, words)| Some((at, lower.get(at + words.len()..)?)))
        {
            let rest = rest.trim_start_matches([' ', ':', '=', '\t', '"', '\n', '\r']);
            let end = rest
                .find(|char: char| !char.is_ascii_digit())
                .unwrap_or(rest.len());
            let number = rest
                .get(..end)
                .and_then(|digits| digits.parse::<u32>().ok());
            found.extend(number.filter(is_known));
        }
    }
    found
}

/// How many of our own codes are looked up.
const MAX_OWN: usize = 16;

/// The codes of the catalogue that a text names, each once.
pub(crate) fn own(text: &str) -> Vec<&'static str> {
    let is_code = |char: char| char.is_ascii_alphanumeric() || char == '-';
    let mut found: Vec<&'static str> = Vec::new();
    let words = text.split(|char: char| !is_code(char));
    let named = words
        .map(|word| word.trim_end_matches('-'))
        .filter(|word| word.starts_with("VST-"));
    for word in named.take(MAX_OWN) {
        if let Some(row) = catalogue::row(word)
            && !found.contains(&row.code)
        {
            found.push(row.code);
        }
    }
    found
}

/// What stands behind `name` on its line: an id, or a time; nothing else is expected there.
pub(crate) fn value_after(text: &str, name: &str) -> Option<String> {
    let start = find_ignoring_case(text, name)?;
    let rest = text.get(start + name.len()..)?;
    let value: String = rest
        .trim_start_matches([' ', '\t'])
        .chars()
        .take_while(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | ':' | ' ' | '.'))
        .take(64)
        .collect();
    // Logs write the whole description on one line: the next name ends the value.
    let end = ["Trace ID", "Correlation ID", "Timestamp"]
        .into_iter()
        .filter_map(|next| value.find(next))
        .min()
        .unwrap_or(value.len());
    let value = value.get(..end)?.trim().trim_end_matches('.');
    (!value.is_empty()).then(|| value.to_owned())
}

fn find_ignoring_case(text: &str, name: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(&name.to_ascii_lowercase())
}

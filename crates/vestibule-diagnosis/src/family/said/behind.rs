//! Finds the value that stands behind given words, in an error's description and in a pasted text.

use super::filled::{MAX_VALUE_BYTES, is_plain};
use crate::Evidence;

/// The first value that fits, behind one of these words.
pub(super) fn after(
    evidence: &Evidence,
    words: &[&str],
    fits: impl Fn(&str) -> bool,
) -> Option<String> {
    let described = evidence
        .provider_error
        .as_ref()
        .and_then(|error| error.description.as_deref());
    let lower = described.map(str::to_ascii_lowercase);
    let of_description = |words: &str| {
        let (described, lower) = (described?, lower.as_deref()?);
        let start = lower.find(words)? + words.len();
        value_at(described.get(start..)?).map(str::to_owned)
    };
    let of_text = |words: &str| -> Vec<String> {
        let text = evidence.text.iter();
        text.flat_map(|text| text.words_after(words).map(move |word| (text, word)))
            .map(|(text, word)| {
                // `'…'(Portal)`, `…, got` and a line end that a log escaped end the value, too.
                let word = word.split(['(', ',', '\\']).next().unwrap_or(word);
                let word = word
                    .trim_matches(|char| matches!(char, '.' | '?' | '\'' | '"' | '`' | ')' | ','));
                let known = [&text.quoted, &text.urls, &text.api_uris, &text.guids];
                let written = known
                    .into_iter()
                    .flatten()
                    .find(|value| value.eq_ignore_ascii_case(word));
                written.map_or(word, String::as_str).to_owned()
            })
            .collect()
    };
    words
        .iter()
        .flat_map(|words| of_description(words).into_iter().chain(of_text(words)))
        .find(|value| value.len() <= MAX_VALUE_BYTES && is_plain(value) && fits(value))
}

/// A value in quotation marks, or the next word.
fn value_at(rest: &str) -> Option<&str> {
    let rest = rest.trim_start_matches([' ', ':', '\t']);
    for mark in ['\'', '"', '`'] {
        if let Some(quoted) = rest.strip_prefix(mark) {
            return quoted.split(mark).next();
        }
    }
    let word = rest.split(char::is_whitespace).next()?;
    let word = word.split('(').next()?;
    let word = word.trim_end_matches(['.', ',', ';', ')', '?']);
    (!word.is_empty()).then_some(word)
}

/// What stands between these words, where they stand last.
pub(super) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (text, _) = text.rsplit_once(after)?;
    text.rsplit_once(before).map(|(_, found)| found)
}

//! Finds in pasted text what a diagnosis can use: codes, ids, addresses, errors, answers, tokens, and
//! phrases that programs are known to write.
//!
//! The text can be anything: an error page, a log, a callback's address, an answer of the token
//! endpoint. At most [`MAX_BYTES`] of it are read, each part of it a bounded number of times. What is
//! kept holds no token and no code.
//!
//! | found | module |
//! |---|---|
//! | what a page or a log escaped, written out | `plain` |
//! | codes of providers, libraries and our own | `code` |
//! | JSON objects: errors, answers, decoded tokens | `json` |
//! | a callback's address, an error in plain words | `query` |
//! | addresses, ids, values in quotation marks | `value` |
//! | tokens, which are taken out | `run` |
//! | what an API's 401 asks for | `challenge` |
//! | what a verifier says it compared | `claimed` |
//! | codes that are only talked about | `mention` |
//! | what programs' own words mean | `saying`, `phrase` |

mod challenge;
mod claimed;
mod code;
mod found;
mod json;
mod mention;
mod phrase;
mod plain;
mod query;
mod run;
mod saying;
mod steps;
mod value;

pub use claimed::Claimed;
pub use code::Codes;
pub(crate) use code::{codes, value_after};
pub use found::Found;
pub use saying::Saying;

use crate::error_code;

/// How much of a text is read.
pub const MAX_BYTES: usize = 256 << 10;
/// How many of each kind are kept.
const MAX_KEPT: usize = 32;
/// How many tokens are looked into.
const MAX_TOKENS: usize = 8;
/// How many strings an object may be in.
const MAX_STRINGS: usize = 3;
/// The longest address, quoted value or id kept.
const MAX_VALUE_BYTES: usize = 512;

/// Finds what there is in a text.
pub fn read(text: &str) -> Found {
    let mut found = Found {
        is_cut: text.len() > MAX_BYTES,
        ..Found::default()
    };
    let text = plain::unescape(bounded(text, MAX_BYTES));
    found.claimed = claimed::read(&text);

    let codes = code::codes(&text);
    found.aadsts = codes.aadsts;
    found.codes = codes.other;
    found.own = code::own(&text);
    found.error_codes = error_code::in_text(&text);
    found.correlation_id = code::value_after(&text, "Correlation ID:");
    // Entra's page calls it the request's.
    let trace_id = || code::value_after(&text, "Request Id:");
    found.trace_id = code::value_after(&text, "Trace ID:").or_else(trace_id);
    found.timestamp = code::value_after(&text, "Timestamp:");

    for number in code::of_sign_in_log(&text) {
        if !found.aadsts.contains(&number) {
            found.aadsts.push(number);
        }
    }
    let mut text = json::read(&text, &mut found);
    // An object within a string, as logs and shells write one, and that once more.
    for _ in 0..MAX_STRINGS {
        if found.error.is_some() || found.token_response.is_some() || !text.contains("{\\\"") {
            break;
        }
        text = json::read(&json::unescaped(&text), &mut found);
    }
    // An answer of the token endpoint is more than the tokens in it.
    let in_json = !found.tokens.is_empty();
    let mut rest = text.as_str();
    loop {
        let end = rest.find(value::is_boundary).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        steps::looked_at(word.len());
        query::read(word, behind, &mut found);
        value::keep_address(word, &mut found);
        if let Some(number) = value::number_of_page(word)
            && !found.aadsts.contains(&number)
        {
            found.aadsts.push(number);
        }
        let Some(boundary) = behind.chars().next() else {
            break;
        };
        rest = behind.get(boundary.len_utf8()..).unwrap_or_default();
    }
    challenge::read(&text, &mut found);
    if found.error.is_none() {
        found.error = query::plain(&text);
    }
    found.quoted = value::quoted(&text);
    found.lower = found::Lower(run::runs(&text, !in_json, &mut found));

    // A description in an address or an object is encoded; its codes are found only there.
    if let Some(error) = &found.error {
        for number in &error.aadsts {
            if !found.aadsts.contains(number) {
                found.aadsts.push(*number);
            }
        }
        for code in &error.codes {
            value::keep(&mut found.codes, code);
        }
        found.correlation_id = found
            .correlation_id
            .or_else(|| error.correlation_id.clone());
        found.trace_id = found.trace_id.or_else(|| error.trace_id.clone());
        found.timestamp = found.timestamp.or_else(|| error.timestamp.clone());
        if let Some(description) = &error.description {
            for value in value::quoted(description) {
                value::keep(&mut found.quoted, &value);
            }
            for run in description.split(|char| !run::is_run_char(char)) {
                value::keep_guid(run, &mut found.guids);
            }
            found.lower.0.push('\n');
            found.lower.0.push_str(&description.to_ascii_lowercase());
        }
    }
    found.sayings = saying::sayings(&found.lower.0);
    // An error that was read is one that happened.
    if found.error.is_none() && found.correlation_id.is_none() {
        found.mentioned = mention::in_passing(&text);
        let mentioned = |code: &String| found.mentioned.contains(code);
        found
            .aadsts
            .retain(|number| !mentioned(&format!("AADSTS{number}")));
        found.codes.retain(|code| !mentioned(code));
    }
    found
}

fn bounded(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes {
        return text;
    }
    let mut end = max_bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! Tells codes that somebody only talks about from codes that happened: "fixed AADSTS50011 last week", "see the docs on
//! AADSTS65001".
//!
//! Logs, pages and answers are what people paste, and in those a code happened. So it did here, too, unless the sentence
//! is plainly one of a person and plainly says otherwise; what is in doubt happened.

use super::code::codes;
use super::saying::is_change;
use super::steps::looked_at;

/// What stands in what programs write, and hardly in a sentence.
const OF_PROGRAMS: [&str; 15] = [
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "=",
    "\t",
    "trace id",
    "correlation id",
    "timestamp",
    "exception",
    "error_description",
    "error:",
    "failed:",
];
/// Words before a code that say that it is over, is kept away, or is being read about.
const BEFORE: [&str; 27] = [
    "fixed",
    "fixes",
    "solved",
    "solves",
    "resolved",
    "resolves",
    "avoid",
    "avoids",
    "avoided",
    "prevent",
    "prevents",
    "prevented",
    "docs",
    "documentation",
    "mentions",
    "mentioned",
    "unlike",
    "meaning of",
    "read about",
    "more about",
    "learn about",
    "what is",
    "what does",
    "such as",
    "instead of",
    "list of",
    "see also",
];
/// Words before a code that say that it no longer happens, whatever stands between.
const NO_LONGER: [&str; 3] = ["no longer", "don't get", "do not get"];
/// Words between those and the code that say that it happened after all.
const AFTER_ALL: [&str; 19] = [
    "but", "now", "get", "gets", "getting", "got", "still", "again", "sees", "shows", "says",
    "receive", "received", "returns", "returned", "fails", "failed", "gives", "not",
];
/// Words behind a code that say the same as those before it.
const BEHIND: [&str; 13] = [
    "mean",
    "means",
    "stands for",
    "was fixed",
    "is fixed",
    "was solved",
    "is solved",
    "was resolved",
    "is resolved",
    "went away",
    "is gone",
    "no longer",
    "any more",
];
/// Words behind a code that say that it is there.
const STILL: [&str; 4] = ["still", "again", "back", "but"];

/// The codes of which every mention is one in passing, as `AADSTS50011` or `IDX10214`.
pub(super) fn in_passing(text: &str) -> Vec<String> {
    let mut passing: Vec<String> = Vec::new();
    let mut happened: Vec<String> = Vec::new();
    for line in text.lines() {
        let is_prose = is_prose(line);
        let changes = is_change(&line.to_ascii_lowercase());
        looked_at(line.len());
        for sentence in line
            .split_inclusive(". ")
            .flat_map(|part| part.split_inclusive("; "))
        {
            for code in all(sentence) {
                looked_at(sentence.len());
                let is_passing =
                    changes || is_prose && is_in_passing(&sentence.to_ascii_lowercase(), &code);
                match is_passing {
                    true => passing.push(code),
                    false => happened.push(code),
                }
            }
        }
    }
    passing.retain(|code| !happened.contains(code));
    passing.dedup();
    passing
}

fn all(text: &str) -> Vec<String> {
    let found = codes(text);
    let numbers = found.aadsts.iter().map(|number| format!("AADSTS{number}"));
    numbers.chain(found.other).collect()
}

/// Whether a person wrote the line: nothing of what programs write is in it, and no time of day.
fn is_prose(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let is_time = |word: &str| {
        let mut parts = word.split(':');
        let digits = |part: Option<&str>| {
            part.is_some_and(|part| {
                part.len() >= 2
                    && part
                        .get(..2)
                        .is_some_and(|two| two.bytes().all(|byte| byte.is_ascii_digit()))
            })
        };
        parts
            .next()
            .is_some_and(|hour| hour.bytes().rev().take(2).all(|byte| byte.is_ascii_digit()))
            && digits(parts.next())
            && digits(parts.next())
    };
    !OF_PROGRAMS.iter().any(|mark| lower.contains(mark)) && !line.split_whitespace().any(is_time)
}

/// Whether this sentence, in lower case, only mentions the code.
fn is_in_passing(sentence: &str, code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    // One that is written apart is not found so, and happened.
    let Some((before, behind)) = sentence.split_once(&code) else {
        return false;
    };
    // `AADSTS50011: The redirect URI …` is how it shows itself.
    if behind.starts_with(':') {
        return false;
    }
    let before = words(before);
    let behind = words(behind);
    let has = |text: &str, words: &str| text.contains(&format!(" {words} "));
    if BEHIND.iter().any(|said| has(&behind, said)) && !STILL.iter().any(|said| has(&behind, said))
    {
        return true;
    }
    if STILL.iter().any(|said| has(&behind, said)) {
        return false;
    }
    if NO_LONGER.iter().any(|said| has(&before, said)) || before.starts_with(" see the ") {
        return true;
    }
    let last = BEFORE
        .iter()
        .filter_map(|said| Some(before.rfind(&format!(" {said} "))? + said.len() + 1))
        .max();
    last.and_then(|end| before.get(end..))
        .is_some_and(|between| !AFTER_ALL.iter().any(|said| has(between, said)))
}

/// The words of a text, each between spaces.
fn words(text: &str) -> String {
    let words = text.split(|char: char| !char.is_alphanumeric() && char != '\'');
    let mut spaced = " ".to_owned();
    for word in words.filter(|word| !word.is_empty()) {
        spaced.push_str(word);
        spaced.push(' ');
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_says_of_a_code_in_passing_did_not_happen() {
        for line in [
            "We fixed AADSTS50011 by adding the redirect URI last week",
            "see the docs on AADSTS65001",
            "See the documentation of AADSTS65001.",
            "What does AADSTS50011 mean?",
            "what is aadsts50011",
            "This is to avoid AADSTS50196 when people reload.",
            "since the update we no longer get AADSTS700016",
            "AADSTS50011 went away after I registered the address.",
            "It uses PKCE. Unlike AADSTS9002325 that is documented.",
            "- fix: AADSTS50011 behind a proxy",
            "solves IDX10214 for tokens of version 1.0",
        ] {
            assert_eq!(in_passing(line).len(), 1, "{line}");
        }
    }

    #[test]
    fn what_is_in_doubt_happened() {
        for line in [
            "AADSTS50011",
            "I get AADSTS50011 when I sign in",
            "How do I fix AADSTS50011?",
            "We fixed the reply URL, but now get AADSTS700016",
            "we fixed AADSTS50011 last week and it is back again",
            "fixed AADSTS50011: The redirect URI 'https://x' does not match",
            "[error] see the docs on AADSTS65001",
            "2026-11-23 10:11:12 what does AADSTS65001 mean",
            "msal: see https://aka.ms/x AADSTS65001 error_description=consent",
            "Microsoft.Identity.Client.MsalUiRequiredException: AADSTS65001 fixed",
            "the docs say nothing. Sign-in ends with AADSTS50105",
            "users see AADSTS50105",
            "docs: https://aka.ms/x\nAADSTS65001: nobody has consented",
            "we could not solve AADSTS50020",
            "aadsts 50011 is fixed",
        ] {
            assert_eq!(in_passing(line), [""; 0], "{line}");
        }
        let both = "We fixed AADSTS50011 last week.\nAADSTS65001: nobody has consented";
        assert_eq!(in_passing(both), ["AADSTS50011"]);
    }
}

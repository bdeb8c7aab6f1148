//! How the code cites specifications: the document's name, one space, `§`, the section.
//!
//! The form is exact because the page `docs/specifications.md` is made from the citations: for each
//! section of each document, the files that keep its rules and the tests that watch them.

mod documents;
mod page;
mod passage;

use super::{Rule, Violation};
use crate::repository::{File, Repository};
use documents::Document;

pub(crate) const RULE: Rule = Rule {
    name: "citations",
    check,
};

/// Where the coverage page stands.
pub(crate) const PAGE: &str = "docs/specifications.md";

/// What may stand between two sections of one document.
const CONJUNCTIONS: [&str; 6] = [", ", " and ", ", and ", " or ", " to ", "–"];

/// One citation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Citation {
    document: Document,
    section: String,
}

/// The coverage page as it should be.
pub(crate) fn page(repository: &Repository) -> String {
    let mut found = Vec::new();
    for file in sources(repository) {
        let shipped = file.shipped_lines().count();
        for passage in passage::all(&file.text) {
            for (at, citation) in citations(&passage.text) {
                let in_tests = passage.line(at) > shipped;
                found.extend(
                    citation
                        .ok()
                        .map(|citation| (citation, in_tests, file.path.as_str())),
                );
            }
        }
    }
    page::render(found)
}

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in sources(repository) {
        for passage in passage::all(&file.text) {
            for (at, citation) in citations(&passage.text) {
                let malformed = citation.err();
                found.extend(malformed.map(|what| Violation::new(file, passage.line(at), what)));
            }
        }
    }
    // A made-up repository in a test has no page unless it brings one.
    if let Some(file) = repository.file(PAGE)
        && file.text != page(repository)
    {
        found.push(Violation::new(
            file,
            0,
            "out of date: run `cargo xtask gen`",
        ));
    }
    found
}

/// All Rust files but these tools', whose tests hold malformed citations.
fn sources(repository: &Repository) -> impl Iterator<Item = &File> {
    repository
        .rust()
        .filter(|file| !file.path.starts_with("xtask/"))
}

/// The citations of one passage with where they stand, and what is wrong with the malformed ones.
fn citations(line: &str) -> Vec<(usize, Result<Citation, String>)> {
    let mut found = malformed_names(line);
    let mut previous: Option<(Document, &str)> = None;
    for (at, sign) in line.match_indices('§') {
        let (Some(before), Some(after)) = (line.get(..at), line.get(at + sign.len()..)) else {
            continue;
        };
        let continued = previous.take().filter(|(_, rest)| {
            let between = rest.len().checked_sub(after.len() + sign.len());
            let between = between
                .and_then(|length| rest.get(..length))
                .unwrap_or_default();
            CONJUNCTIONS.contains(&between)
        });
        let document = match (documents::at_end_of(before), continued) {
            (Some(Ok(document)), _) => document,
            (Some(Err(unknown)), _) => {
                found.push((at, Err(unknown)));
                continue;
            }
            (None, Some((document, _))) => document,
            (None, None) => {
                let what = "write the document and one space before `§`";
                found.push((at, Err(what.to_owned())));
                continue;
            }
        };
        match section(after) {
            Some((section, rest)) => {
                previous = Some((document.clone(), rest));
                found.push((at, Ok(Citation { document, section })));
            }
            None => {
                let what = "write the section right after `§`, as `§3.1.3.7`";
                found.push((at, Err(what.to_owned())));
            }
        }
    }
    found
}

/// Names of RFCs in any other form than `RFC nnnn`, and sections written out as a word.
fn malformed_names(line: &str) -> Vec<(usize, Result<Citation, String>)> {
    let mut found = Vec::new();
    for (at, name) in line.match_indices("RFC") {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + name.len()..).unwrap_or_default();
        if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
            continue;
        }
        let digits = after.trim_start_matches([' ', '-', '_']);
        if !digits.starts_with(|letter: char| letter.is_ascii_digit()) {
            continue;
        }
        let rest = digits.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let spelled_out = rest.trim_start_matches([',', ' ']).to_ascii_lowercase();
        if after.strip_prefix(' ') != Some(digits)
            || ["section", "sec.", "§ ", "sect."]
                .iter()
                .any(|word| spelled_out.starts_with(word))
        {
            found.push((at, Err("write `RFC nnnn` or `RFC nnnn §x`".to_owned())));
        }
    }
    found
}

/// Reads `3.1.3.7`, `B.2` or `6 step 3` and gives back what follows.
fn section(text: &str) -> Option<(String, &str)> {
    let mut end = 0;
    loop {
        let part = text.get(end..)?;
        let letter = end == 0 && part.starts_with(|letter: char| letter.is_ascii_uppercase());
        let length = if letter {
            1
        } else {
            part.len() - after_digits(part).len()
        };
        if length == 0 {
            break;
        }
        end += length;
        let goes_on = text
            .get(end..)?
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()));
        if !goes_on {
            break;
        }
        end += 1;
    }
    let (number, rest) = text
        .split_at_checked(end)
        .filter(|(number, _)| !number.is_empty())?;
    let step = rest
        .strip_prefix(',')
        .unwrap_or(rest)
        .strip_prefix(" step ");
    if let Some(step) = step
        && after_digits(step).len() < step.len()
    {
        let rest = after_digits(step);
        let digits = step.strip_suffix(rest).unwrap_or(step);
        return Some((format!("{number} step {digits}"), rest));
    }
    Some((number.to_owned(), rest))
}

fn after_digits(text: &str) -> &str {
    text.trim_start_matches(|letter: char| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests;

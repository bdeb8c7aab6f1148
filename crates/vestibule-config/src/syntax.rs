//! Text that is not TOML: every mistake at once, and as much of the rest as can be trusted.
//!
//! A line the parser refuses is blanked and the rest parsed again, so that one missing quote does not
//! hide what is wrong with the next table. What stands behind a broken heading may have lost its table,
//! so nothing is said about it.

use std::ops::Range;

use toml::de::DeTable;

/// A mistake against TOML itself.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// What the parser said.
    kind: String,
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Text that parses, with the mistakes that were taken out of it.
#[derive(Debug)]
pub(crate) struct Repaired {
    /// As long as the original, byte for byte in place, with the broken lines blank.
    pub(crate) text: String,
    pub(crate) mistakes: Vec<Mistake>,
    /// The offset up to which keys are in the tables they were written in.
    pub(crate) trusted: usize,
}

const ROUNDS: usize = 24;

/// How the parser begins its messages for mistakes that tend to come in swarms.
const DUPLICATE: &str = "duplicate key";
const UNCLOSED: &str = "missing comma between array elements";

/// Takes the lines that are not TOML out of `text`.
pub(crate) fn repair(text: &str) -> Repaired {
    let mut working = text.to_owned();
    let mut mistakes: Vec<Mistake> = Vec::new();
    let mut trusted = text.len();
    for round in 0..ROUNDS {
        let broken = broken_places(&working);
        if broken.is_empty() {
            return Repaired {
                text: working,
                mistakes,
                trusted,
            };
        }
        let mut blanked = Vec::new();
        for (span, message) in broken {
            let line = line_around(&working, span.start);
            if blanked.contains(&line) {
                continue;
            }
            let content = working.get(line.clone()).unwrap_or("").trim_start();
            // What the parser finds after a first repair may come from the repair: it is blanked
            // too, but not reported, and nothing behind it is trusted.
            if round > 0 || content.starts_with('[') || content.is_empty() {
                trusted = trusted.min(line.start);
            }
            if round == 0 && !follows_from_another(text, &mistakes, &span, &message) {
                mistakes.push(mistake(text, span, &message));
            }
            blank(&mut working, line.clone());
            blanked.push(line);
        }
    }
    let text = " ".repeat(text.len());
    Repaired {
        text,
        mistakes,
        trusted: 0,
    }
}

fn broken_places(text: &str) -> Vec<(Range<usize>, String)> {
    let (_, errors) = DeTable::parse_recoverable(text);
    errors
        .into_iter()
        .map(|error| {
            let span = error.span().unwrap_or(text.len()..text.len());
            (span, error.message().to_owned())
        })
        .collect()
}

fn line_around(text: &str, offset: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let offset = offset.min(bytes.len());
    let before = bytes.get(..offset).unwrap_or_default();
    let start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    // An error at the very end of a file that ends in a newline means the last line that has text.
    if offset == bytes.len() && start == offset && offset > 0 {
        return line_around(text, offset - 1);
    }
    let behind = bytes.get(offset..).unwrap_or_default();
    let end = behind
        .iter()
        .position(|b| *b == b'\n')
        .map_or(bytes.len(), |at| offset + at);
    start..end
}

/// One slip can break every line behind it; the first report is enough.
fn follows_from_another(
    text: &str,
    mistakes: &[Mistake],
    span: &Range<usize>,
    message: &str,
) -> bool {
    if message == DUPLICATE {
        // The keys of a table that is there twice.
        let heading = text
            .get(..span.start)
            .and_then(|before| before.rfind("\n["));
        return mistakes.iter().any(|m| {
            m.kind == DUPLICATE && heading == text.get(..m.span.start).and_then(|t| t.rfind("\n["))
        });
    }
    let unclosed = message.starts_with(UNCLOSED);
    mistakes
        .iter()
        .any(|m| unclosed && m.kind.starts_with(UNCLOSED))
}

fn blank(text: &mut String, line: Range<usize>) {
    let spaces = " ".repeat(line.len());
    if text.get(line.clone()).is_some() {
        text.replace_range(line, &spaces);
    }
}

fn mistake(text: &str, span: Range<usize>, message: &str) -> Mistake {
    let what = text.get(span.clone()).unwrap_or("").trim();
    let (shown, help) = if message == DUPLICATE {
        (format!("`{what}` is there twice"), "keep one of the two")
    } else if message.starts_with(UNCLOSED) {
        (
            "a list that began above lacks a comma or its end".to_owned(),
            "put a comma between its values, and ] behind the last",
        )
    } else if message.starts_with("string values must be quoted") {
        (
            "this text is not in quotes".to_owned(),
            "put \" before and behind it",
        )
    } else {
        (
            format!("this is not TOML: {message}"),
            "a line is `key = value`: text in quotes, lists in [ ], tables in { } or under a [heading]",
        )
    };
    Mistake {
        kind: message.to_owned(),
        message: shown,
        help: help.to_owned(),
        span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_a_broken_line_survives() {
        let repaired = repair("a = 1\nb = = 2\nc = 3\n");
        assert_eq!(repaired.mistakes.len(), 1);
        assert_eq!(repaired.text, "a = 1\n       \nc = 3\n");
        assert_eq!(repaired.trusted, repaired.text.len());
    }

    #[test]
    fn nothing_behind_a_broken_heading_is_trusted() {
        let repaired = repair("a = 1\n[b\nc = 3\n");
        assert!(!repaired.mistakes.is_empty());
        assert_eq!(repaired.trusted, 6);
    }

    #[test]
    fn a_file_of_nothing_but_mistakes_ends() {
        let repaired = repair(&"[[[\n".repeat(200));
        assert!(!repaired.mistakes.is_empty());
    }
}

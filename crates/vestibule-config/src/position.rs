//! Where in the text a byte offset lies, and how the line around it is shown.

use std::ops::Range;

/// A line of the file as it may be shown, and the part of it that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The line, without secrets, control characters and excess length.
    pub(crate) line: String,
    /// Characters before the first caret.
    pub(crate) indent: usize,
    /// Number of carets, one at least.
    pub(crate) carets: usize,
}

/// A line and a column, both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

const SHOWN: usize = 100;

/// The line and column of a byte offset; an offset behind the end is the end.
pub(crate) fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..floor(text, offset)).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or("").chars().count() + 1,
    }
}

/// The line on which `span` begins, with every character in `hidden` masked.
pub(crate) fn excerpt(text: &str, span: &Range<usize>, hidden: &[Range<usize>]) -> Excerpt {
    let start = floor(text, span.start);
    let line_start = text
        .get(..start)
        .and_then(|t| t.rfind('\n'))
        .map_or(0, |n| n + 1);
    let rest = text.get(line_start..).unwrap_or("");
    let line = rest.split('\n').next().unwrap_or("").trim_end_matches('\r');
    let line_end = line_start + line.len();

    let masked: String = line
        .char_indices()
        .map(|(index, c)| {
            let offset = line_start + index;
            if hidden.iter().any(|range| range.contains(&offset)) {
                '*'
            } else if c == '\t' {
                ' '
            } else if c.is_control() {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    let count = |range: Range<usize>| text.get(range).map_or(0, |part| part.chars().count());
    let indent = count(line_start..start.min(line_end));
    let end = floor(text, span.end).min(line_end);
    let carets = if end > start {
        count(start..end).max(1)
    } else {
        1
    };
    shorten(&mask_named_secrets(&masked), indent, carets)
}

/// Keeps what is meant in view when the line is too long to show.
fn shorten(line: &str, indent: usize, carets: usize) -> Excerpt {
    if line.chars().count() <= SHOWN {
        return Excerpt {
            line: line.to_owned(),
            indent,
            carets,
        };
    }
    let skip = if indent < SHOWN / 2 {
        0
    } else {
        indent - SHOWN / 4
    };
    let mut shown = String::from(if skip > 0 { "…" } else { "" });
    shown.extend(line.chars().skip(skip).take(SHOWN));
    if line.chars().count() > skip + SHOWN {
        shown.push('…');
    }
    let indent = indent - skip + usize::from(skip > 0);
    Excerpt {
        line: shown,
        indent,
        carets: carets.min((SHOWN - indent.min(SHOWN)).max(1)),
    }
}

/// Masks the value behind a key whose name speaks of a secret, unless it only says where the secret is.
///
/// This works on the text, because a file that does not parse may still hold a secret.
fn mask_named_secrets(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let mut masked: Vec<char> = line.chars().collect();
    // Parts of words, so that a name with a typing error is caught too.
    for word in ["secr", "sece", "passw", "passp", "private", "key"] {
        for (found, _) in lower.match_indices(word) {
            let Some(behind) = line.get(found..) else {
                continue;
            };
            let Some(equals) = behind.find('=') else {
                continue;
            };
            let between = behind.get(..equals).unwrap_or("");
            if !between
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-.\"' ".contains(c))
            {
                continue;
            }
            let value_start = found + equals + 1;
            let Some(value) = line.get(value_start..) else {
                continue;
            };
            let bare = value.trim_start_matches([' ', '[', '"', '\'']);
            if bare.starts_with("env:") || bare.starts_with("file:") {
                continue;
            }
            let first = line.get(..value_start).map_or(0, |t| t.chars().count())
                + (value.chars().count() - bare.chars().count());
            let quote = value
                .trim_start_matches([' ', '['])
                .chars()
                .next()
                .filter(|c| matches!(c, '"' | '\''));
            for slot in masked.iter_mut().skip(first) {
                if Some(*slot) == quote {
                    break;
                }
                *slot = '*';
            }
        }
    }
    mask_passwords_in_urls(&mut masked);
    masked.into_iter().collect()
}

/// Masks what stands between `://` and the `@` of an address.
fn mask_passwords_in_urls(line: &mut [char]) {
    let mut at = 0;
    while let Some(found) = line
        .get(at..)
        .and_then(|rest| rest.windows(3).position(|window| window == [':', '/', '/']))
    {
        let start = at + found + 3;
        let authority = line.get(start..).unwrap_or_default();
        let ends = |c: &char| matches!(c, '/' | '?' | '#' | '"' | '\'' | ' ');
        let length = authority.iter().position(ends).unwrap_or(authority.len());
        let user = authority
            .get(..length)
            .unwrap_or_default()
            .iter()
            .rposition(|c| *c == '@');
        if let (Some(user), Some(rest)) = (user, line.get_mut(start..)) {
            rest.iter_mut().take(user).for_each(|slot| *slot = '*');
        }
        at = start;
    }
}

fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        let text = "a = 1\nü = \"x\"\n";
        assert_eq!(position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(position(text, 11), Position { line: 2, column: 5 });
        assert_eq!(position(text, 999), Position { line: 3, column: 1 });
    }

    #[test]
    fn a_secret_on_the_shown_line_is_masked() {
        for (line, shown) in [
            (
                r#"client_secret = "hunter2""#,
                r#"client_secret = "*******""#,
            ),
            (r#"client_secret="hunter2"#, r#"client_secret="*******"#),
            (r#"client_secret = hunter2"#, r#"client_secret = *******"#),
            (
                r#"p = { client_secret = 'hunter2', x = 1 }"#,
                r#"p = { client_secret = '*******', x = 1 }"#,
            ),
            (
                r#"client_secert = "hunter2""#,
                r#"client_secert = "*******""#,
            ),
            (r#"keys = "hunter2""#, r#"keys = "*******""#),
            (r#"keys = ["hunter2"]"#, r#"keys = ["*******"]"#),
            (r#"keys = ["file:key"]"#, r#"keys = ["file:key"]"#),
            (
                r#"tls = { key = "file:k.pem" }"#,
                r#"tls = { key = "file:k.pem" }"#,
            ),
            (
                r#"issuer = "https://x:hunter2@h/p""#,
                r#"issuer = "https://*********@h/p""#,
            ),
            (
                r#"upstream = "http://h/a@b""#,
                r#"upstream = "http://h/a@b""#,
            ),
            (
                r#"client_secret = "env:NAME""#,
                r#"client_secret = "env:NAME""#,
            ),
            (
                r#"# the secret is elsewhere"#,
                r#"# the secret is elsewhere"#,
            ),
        ] {
            assert_eq!(excerpt(line, &(0..1), &[]).line, shown);
        }
    }

    #[test]
    fn a_long_line_is_cut_around_what_is_meant() {
        let line = format!("x = \"{}\" # here", "y".repeat(500));
        let at = line.len() - 4;
        let shown = excerpt(&line, &(at..line.len()), &[]);
        assert!(shown.line.chars().count() <= SHOWN + 2);
        assert_eq!(
            shown
                .line
                .chars()
                .skip(shown.indent)
                .take(4)
                .collect::<String>(),
            "here"
        );
    }
}

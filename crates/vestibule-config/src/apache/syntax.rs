//! Apache's syntax: text in, a tree of directives and sections out, each with its line.
//!
//! As `ap_build_config` of httpd 2.4 reads it: a `\` at the end of a line continues it, even in a comment; `#` begins a
//! comment only where a line begins; a word may stand in quotes of either kind. Variables are not looked at here.

use std::sync::Arc;

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The line, from 1; that of the beginning where it is continued.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One directive, its arguments as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive {
    /// Its name as written.
    pub(crate) name: String,
    /// All behind the name, variables included.
    pub(crate) raw: String,
    pub(crate) at: Place,
}

/// `<Name raw> … </Name>`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) raw: String,
    pub(crate) at: Place,
    pub(crate) children: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Directive(Directive),
    Block(Block),
}

/// Why text is no Apache configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: Place,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// More sections within sections than anybody writes.
const DEEPEST: usize = 32;

/// More than any line needs, with all its continuations.
const LONGEST_LINE: usize = 128 * 1024;

/// Reads the text of one file.
pub(crate) fn parse(file: &Arc<str>, text: &str) -> Result<Vec<Node>, SyntaxError> {
    let mut open: Vec<Block> = Vec::new();
    let mut top: Vec<Node> = Vec::new();
    for line in lines(text) {
        let at = Place {
            file: Arc::clone(file),
            line: line.number,
        };
        let refuse = |message: String, help: &str| SyntaxError {
            at: at.clone(),
            message,
            help: help.to_owned(),
        };
        if line.text.len() > LONGEST_LINE {
            return Err(refuse(
                "this line is too long".to_owned(),
                "take it apart; with its continuations it may have 128 KiB",
            ));
        }
        let content = line.text.trim_matches(is_space);
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if content.contains(|c: char| c.is_control() && c != '\t') {
            return Err(refuse(
                "there is a control character in this line".to_owned(),
                "take it out; Apache would pass it on to whatever reads the value",
            ));
        }
        let Some(tag) = content.strip_prefix('<') else {
            let (name, raw) = first_word(content);
            push(
                &mut open,
                &mut top,
                Node::Directive(Directive {
                    name: name.to_owned(),
                    raw: raw.to_owned(),
                    at,
                }),
            );
            continue;
        };
        let Some(tag) = tag.strip_suffix('>') else {
            return Err(refuse(
                format!("the tag <{} has no > at its end", first_word(tag).0),
                "write the > at the end of this line",
            ));
        };
        if let Some(name) = tag.strip_prefix('/') {
            let name = name.trim_matches(is_space);
            let Some(block) = open.pop() else {
                return Err(refuse(
                    format!("</{name}> closes a section that is not open"),
                    "take it out, or write the opening tag before it",
                ));
            };
            if !block.name.eq_ignore_ascii_case(name) {
                let opened = format!(
                    "<{} {}>, opened on line {}",
                    block.name, block.raw, block.at.line
                );
                return Err(refuse(
                    format!(
                        "</{name}> stands where </{}> is due, for {opened}",
                        block.name
                    ),
                    &format!("write </{}>", block.name),
                ));
            }
            push(&mut open, &mut top, Node::Block(block));
            continue;
        }
        let (name, raw) = first_word(tag);
        if name.is_empty() {
            return Err(refuse(
                "this tag has no name".to_owned(),
                "write one, like <Location /app>",
            ));
        }
        if open.len() >= DEEPEST {
            return Err(refuse(
                format!("sections are nested more than {DEEPEST} deep"),
                "write it flatter",
            ));
        }
        open.push(Block {
            name: name.to_owned(),
            raw: raw.to_owned(),
            at,
            children: Vec::new(),
        });
    }
    match open.pop() {
        None => Ok(top),
        Some(block) => Err(SyntaxError {
            message: format!(
                "<{} {}> is never closed: the closing tag is missing",
                block.name, block.raw
            ),
            help: format!("write </{}> where the section ends", block.name),
            at: block.at,
        }),
    }
}

fn push(open: &mut [Block], top: &mut Vec<Node>, node: Node) {
    match open.last_mut() {
        Some(block) => block.children.push(node),
        None => top.push(node),
    }
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

/// The name, and what follows it without the space between.
pub(crate) fn first_word(text: &str) -> (&str, &str) {
    let end = text.find(is_space).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (name, rest.trim_matches(is_space))
}

struct Line {
    number: usize,
    text: String,
}

/// The lines, with their continuations.
fn lines(text: &str) -> impl Iterator<Item = Line> + '_ {
    let mut physical = text.split('\n').enumerate();
    std::iter::from_fn(move || {
        let (at, first) = physical.next()?;
        let mut whole = String::new();
        let mut part = first;
        loop {
            let bare = part.strip_suffix('\r').unwrap_or(part);
            let Some(continued) = bare.strip_suffix('\\') else {
                whole.push_str(bare);
                break;
            };
            // Also behind another backslash: nothing escapes the end of a line.
            whole.push_str(continued);
            match physical.next() {
                Some((_, next)) => part = next,
                None => break,
            }
        }
        Some(Line {
            number: at + 1,
            text: whole,
        })
    })
}

/// The words of a directive's arguments, quotes taken off, as `ap_getword_conf` reads them. `None` for a quote that is
/// never closed, which Apache reads to the end of the line and people do not.
pub(crate) fn words(raw: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = raw.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (word, after) = next_word(rest)?;
        words.push(word);
        rest = after;
    }
    Some(words)
}

/// The first of the words, and what stands behind it as it is written.
pub(crate) fn next_word(raw: &str) -> Option<(String, &str)> {
    let raw = raw.trim_start_matches(is_space);
    let (word, rest) = match raw.chars().next() {
        Some(first @ ('"' | '\'')) => quoted(raw.get(1..).unwrap_or_default(), first)?,
        _ => {
            let end = raw.find(is_space).unwrap_or(raw.len());
            let (word, rest) = raw.split_at(end);
            (word.replace("\\\\", "\\"), rest)
        }
    };
    Some((word, rest.trim_start_matches(is_space)))
}

fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if c == quote {
            return Some((word, text.get(at + 1..).unwrap_or_default()));
        }
        match characters.peek() {
            Some(&(_, next)) if c == '\\' && (next == '\\' || next == quote) => {
                word.push(next);
                characters.next();
            }
            _ => word.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Node>, SyntaxError> {
        parse(&Arc::from("a.conf"), text)
    }

    #[test]
    fn lines_are_continued_and_counted_as_apache_does() {
        let text = "A 1 \\\n  2\n# comment \\\n B in the comment\nC \"x # y\"\r\n<Location \"/x y\">\n  D\n</location>\nE \\\\\nF";
        let found = read(text).unwrap();
        let flat: Vec<(String, String, usize)> = found
            .iter()
            .map(|node| match node {
                Node::Directive(d) => (d.name.clone(), d.raw.clone(), d.at.line),
                Node::Block(b) => (b.name.clone(), b.raw.clone(), b.at.line),
            })
            .collect();
        let expected = [
            ("A", "1   2", 1),
            ("C", "\"x # y\"", 5),
            ("Location", "\"/x y\"", 6),
            ("E", "\\F", 9),
        ];
        let expected: Vec<_> = expected
            .map(|(a, b, c)| (a.to_owned(), b.to_owned(), c))
            .to_vec();
        assert_eq!(flat, expected);
    }

    #[test]
    fn a_tag_that_is_not_closed_is_named_with_its_line() {
        for (text, line, word) in [
            ("A\n<Location /foo>\nB", 2, "</Location>"),
            ("<Location /foo\nB\n</Location>", 1, ">"),
            ("A\n</Location>", 2, "not open"),
            (
                "<Location /a>\n<RequireAll>\n</Location>",
                3,
                "</RequireAll>",
            ),
            ("<>\n", 1, "no name"),
            ("A \u{1}", 1, "control"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.at.line, line, "{text:?}: {error:?}");
            let said = format!("{} {}", error.message, error.help);
            assert!(said.contains(word), "{text:?}: {said}");
        }
    }

    #[test]
    fn words_are_read_as_apache_reads_them() {
        for (raw, expected) in [
            ("a  b\tc", Some(vec!["a", "b", "c"])),
            ("\"a b\" 'c \"d\"'", Some(vec!["a b", "c \"d\""])),
            (r#""a \" b" "c:\\x""#, Some(vec!["a \" b", "c:\\x"])),
            ("a\"b c\"", Some(vec!["a\"b", "c\""])),
            (r"^a\.b$", Some(vec![r"^a\.b$"])),
            ("\"open", None),
            ("", Some(vec![])),
        ] {
            let found = words(raw);
            let expected: Option<Vec<String>> =
                expected.map(|list| list.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{raw}");
        }
    }
}

//! One case: bytes for a connection, and what Vestibule makes of them.
//!
//! ```text
//! == the name of the case
//! POST /a/../x HTTP/1.1\r\n
//! Host: {host}\r\n
//! Content-Length: 3\r\n
//! \r\n
//! abc
//! -> POST /x abc
//! + X-Forwarded-Proto: http
//! - Content-Type
//! ```
//!
//! The lines of the bytes are joined without anything between them; the line ends that are sent are
//! written out. Then one `->` for each answer, in order:
//!
//! | verdict | means |
//! |---|---|
//! | `-> GET /x` | forwarded as this, and the connection goes on |
//! | `-> POST /x abc` | … with this body |
//! | `-> GET /x, closes` | … and the connection closes after the answer |
//! | `-> 400` | refused with this status, the upstream not contacted, the connection closed |
//! | `-> aborted` | no complete request reaches the upstream, the connection closes |
//! | `-> waits` | no answer, no end, no complete request at the upstream: more is expected |
//! | `-> closed` | closed without an answer, the upstream not contacted |
//! | `-> 101 GET /x` | switched to WebSocket |
//!
//! A `+` line is a field the upstream got, a `-` line a name of which it got none. Lines that begin
//! with `#` are remarks. Where nginx and HAProxy as plain proxies do otherwise, a remark says what
//! they did; nothing checks that.

use std::{fmt, fs};

use super::notation;
use crate::place;

/// A case as it is written down.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its file, without `.txt`, and its name.
    pub name: String,
    /// The bytes, in the [`notation`].
    pub sent: String,
    /// What is answered, in order.
    pub verdicts: Vec<Verdict>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Forwarded to the upstream.
    Forwarded(Forwarded),
    /// Refused with this status; the connection closes.
    Refused(u16),
    /// Forwarded in part at most, never to its end.
    Aborted,
    /// Taken for the beginning of something.
    Waits,
    /// No answer at all.
    Closed,
}

/// What the upstream gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// The body, in the [`notation`].
    pub body: String,
    /// Fields that are there, as written.
    pub with: Vec<String>,
    /// Names that are not.
    pub without: Vec<String>,
    /// Whether the connection closes after the answer.
    pub closes: bool,
    /// Whether the answer is 101.
    pub switches: bool,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forwarded(forwarded) => write!(f, "{} {}", forwarded.method, forwarded.target),
            Self::Refused(status) => write!(f, "{status}"),
            Self::Aborted => f.write_str("aborted"),
            Self::Waits => f.write_str("waits"),
            Self::Closed => f.write_str("closed"),
        }
    }
}

impl Case {
    /// The bytes for a server at `host`.
    #[must_use]
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        notation::bytes(&self.sent, host)
    }
}

/// Every case there is.
#[must_use]
pub fn all() -> Vec<Case> {
    let folder = place::checkout().join("testdata/http1");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the cases are there")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        cases.extend(read(&stem, &fs::read_to_string(&file).unwrap()));
    }
    cases
}

fn read(file: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') || (line.is_empty() && cases.is_empty()) {
            continue;
        }
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(Case {
                name: format!("{file}: {name}"),
                sent: String::new(),
                verdicts: Vec::new(),
            });
            continue;
        }
        let case = cases.last_mut().expect("a case begins with its name");
        if let Some(written) = line.strip_prefix("-> ") {
            case.verdicts.push(verdict(written));
        } else if case.verdicts.is_empty() {
            case.sent.push_str(line);
        } else if !line.is_empty() {
            remark(case, line);
        }
    }
    for case in &cases {
        assert!(!case.verdicts.is_empty(), "{} has no verdict", case.name);
    }
    cases
}

fn verdict(written: &str) -> Verdict {
    match written {
        "aborted" => return Verdict::Aborted,
        "waits" => return Verdict::Waits,
        "closed" => return Verdict::Closed,
        _ => {}
    }
    if let Ok(status) = written.parse() {
        return Verdict::Refused(status);
    }
    let (written, closes) = cut(written, ", closes");
    let switches = written.starts_with("101 ");
    let mut words = written.trim_start_matches("101 ").splitn(3, ' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    Verdict::Forwarded(Forwarded {
        method: word(),
        target: word(),
        body: word(),
        closes,
        switches,
        ..Forwarded::default()
    })
}

fn cut<'t>(text: &'t str, end: &str) -> (&'t str, bool) {
    match text.strip_suffix(end) {
        Some(rest) => (rest, true),
        None => (text, false),
    }
}

fn remark(case: &mut Case, line: &str) {
    let Some(Verdict::Forwarded(forwarded)) = case.verdicts.last_mut() else {
        panic!("{}: only what is forwarded has fields: {line}", case.name);
    };
    match line.split_once(' ') {
        Some(("+", field)) => forwarded.with.push(field.to_owned()),
        Some(("-", name)) => forwarded.without.push(name.to_owned()),
        _ => panic!("{}: neither + nor -: {line}", case.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read_as_it_is_written() {
        let text = "# remark\n== one\nGET / HTTP/1.1\\r\\n\n fold\\r\\n\n-> POST /x a b, closes\n\
                    + X: y\n- Z\n\n== two\nx\n-> 400\n== three\nx\n-> 421\n-> aborted\n";
        let cases = read("f", text);
        assert_eq!(cases[0].name, "f: one");
        assert_eq!(cases[0].sent, "GET / HTTP/1.1\\r\\n fold\\r\\n");
        let Verdict::Forwarded(forwarded) = &cases[0].verdicts[0] else {
            panic!("{cases:?}")
        };
        assert_eq!(
            (forwarded.method.as_str(), forwarded.body.as_str()),
            ("POST", "a b")
        );
        assert_eq!(forwarded.with, ["X: y"]);
        assert_eq!(forwarded.without, ["Z"]);
        assert!(forwarded.closes);
        assert_eq!(cases[1].verdicts, [Verdict::Refused(400)]);
        assert_eq!(cases[2].verdicts, [Verdict::Refused(421), Verdict::Aborted]);
    }

    #[test]
    fn the_cases_have_names_of_their_own() {
        let mut names: Vec<String> = all().into_iter().map(|case| case.name).collect();
        names.sort();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }
}

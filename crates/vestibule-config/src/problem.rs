//! What is wrong with a file, as a person is told: where, what, and what to write instead.

use std::fmt;

use crate::position::Excerpt;

/// Whether the file can be used as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is used; somebody should look.
    Warning,
}

impl Severity {
    /// The word in front of the message, and in JSON: `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Whether the file is refused for it.
    pub severity: Severity,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The key with its table, as `session.idle_timeout`; empty where no key is concerned.
    pub key: String,
    /// What is wrong, in one line.
    pub message: String,
    /// What to write instead; never empty.
    pub help: String,
    /// The stable code of the finding of the diagnosis that it is, if it is one.
    pub code: Option<&'static str>,
    /// Why it happens, where that takes a sentence of its own.
    pub why: Option<String>,
    pub(crate) excerpt: Excerpt,
}

/// All that is wrong with one file, in the order of its lines.
///
/// Its `Display` is the report without colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    file: String,
    problems: Vec<Problem>,
}

impl Problems {
    pub(crate) fn new(file: String, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column, problem.severity));
        problems.dedup();
        Self { file, problems }
    }

    /// The same, with what somebody else found in the file.
    #[must_use]
    pub fn with(mut self, found: impl IntoIterator<Item = Problem>) -> Self {
        self.problems.extend(found);
        Self::new(self.file, self.problems)
    }

    /// The same, with a reason for each that is a finding of the diagnosis.
    #[must_use]
    pub fn explained(mut self, why: impl Fn(&'static str) -> Option<String>) -> Self {
        for problem in &mut self.problems {
            problem.why = problem.why.take().or_else(|| why(problem.code?));
        }
        self
    }

    /// The same, without those that are one of these findings: somebody tells them with more at hand.
    #[must_use]
    pub fn without(mut self, codes: &[&'static str]) -> Self {
        self.problems
            .retain(|problem| problem.code.is_none_or(|code| !codes.contains(&code)));
        self
    }

    /// The name of the file, as the report shows it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The problems in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.problems.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether the file must be refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// The report: each problem with its source line, then the count.
    #[must_use]
    pub fn render(&self, colours: bool) -> String {
        let mut out = String::new();
        for problem in &self.problems {
            problem.render(&self.file, colours, &mut out);
            out.push('\n');
        }
        let count = |severity| {
            self.problems
                .iter()
                .filter(|p| p.severity == severity)
                .count()
        };
        let counted = |n: usize, word: &str| match n {
            1 => format!("1 {word}"),
            n => format!("{n} {word}s"),
        };
        let parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning")]
            .into_iter()
            .map(|(severity, word)| (count(severity), word))
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| counted(n, word))
            .collect();
        if !parts.is_empty() {
            out.push_str(&format!("{}: {}\n", self.file, parts.join(", ")));
        }
        out
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

impl Problem {
    fn render(&self, file: &str, colours: bool, out: &mut String) {
        let paint = |code: &str, text: &str| {
            if colours {
                format!("\u{1b}[{code}m{text}\u{1b}[0m")
            } else {
                text.to_owned()
            }
        };
        let tint = match self.severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
        };
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let bar = paint("1;34", "|");
        let arrow = paint("1;34", "-->");
        let kind = match self.code {
            Some(code) => format!("{}[{code}]", self.severity.as_str()),
            None => self.severity.as_str().to_owned(),
        };
        out.push_str(&format!(
            "{}: {}\n{margin} {arrow} {file}:{}:{}\n{margin}  {bar}\n",
            paint(tint, &kind),
            paint("1", &self.message),
            self.line,
            self.column,
        ));
        out.push_str(&format!("{number}  {bar} {}\n", self.excerpt.line));
        out.push_str(&format!(
            "{margin}  {bar} {}{}\n",
            " ".repeat(self.excerpt.indent),
            paint(tint, &"^".repeat(self.excerpt.carets)),
        ));
        if let Some(why) = &self.why {
            out.push_str(&format!(
                "{margin}  {} {}: {why}\n",
                paint("1;34", "="),
                paint("1", "why")
            ));
        }
        let indented = self.help.replace('\n', &format!("\n{margin}          "));
        out.push_str(&format!(
            "{margin}  {} {}: {indented}\n",
            paint("1;34", "="),
            paint("1", "help")
        ));
    }
}

//! Reads tables against their description and gathers what is wrong.
//!
//! A reader never stops at the first mistake: what can't be read is reported and left out, and because
//! a file with an error is refused as a whole, nobody sees what was left out.

mod certificates;
mod item;
mod secret;
mod table;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

pub(crate) use item::{Item, short};
pub(crate) use secret::Reference;
pub(crate) use table::Reader;

use crate::environment::Environment;
use crate::position::{excerpt, position};
use crate::problem::{Problem, Severity};

/// The text being read and what is wrong with it so far.
#[derive(Debug)]
pub(crate) struct Context<'c> {
    pub(crate) text: &'c str,
    pub(crate) environment: &'c Environment<'c>,
    found: RefCell<Vec<Found>>,
    hidden: RefCell<Vec<Range<usize>>>,
    /// Nothing is said about what begins behind this offset, nor about what is missing, when the
    /// syntax is broken.
    pub(crate) trusted: Option<usize>,
}

#[derive(Debug)]
struct Found {
    severity: Severity,
    span: Range<usize>,
    key: String,
    message: Message,
    help: String,
}

/// What is wrong, and the finding of the diagnosis it is, if it is one.
#[derive(Debug)]
pub(crate) struct Message {
    text: String,
    finding: Option<&'static str>,
}

impl<T: Into<String>> From<T> for Message {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            finding: None,
        }
    }
}

/// The text as the finding of this code, so that every door names one cause alike.
pub(crate) fn finding(code: &'static str, text: impl Into<String>) -> Message {
    Message {
        text: text.into(),
        finding: Some(code),
    }
}

impl<'c> Context<'c> {
    pub(crate) fn new(
        text: &'c str,
        environment: &'c Environment<'c>,
        trusted: Option<usize>,
    ) -> Self {
        Self {
            text,
            environment,
            found: RefCell::default(),
            hidden: RefCell::default(),
            trusted,
        }
    }

    /// The file is refused for what stands at `span`.
    pub(crate) fn error(
        &self,
        span: &Range<usize>,
        key: impl Into<String>,
        message: impl Into<Message>,
        help: impl Into<String>,
    ) {
        self.report(
            Severity::Error,
            span,
            key.into(),
            message.into(),
            help.into(),
        );
    }

    /// Somebody should look at what stands at `span`.
    pub(crate) fn warning(
        &self,
        span: &Range<usize>,
        key: impl Into<String>,
        message: impl Into<Message>,
        help: impl Into<String>,
    ) {
        self.report(
            Severity::Warning,
            span,
            key.into(),
            message.into(),
            help.into(),
        );
    }

    /// Something that should be there is not. In a broken file it may only be unreadable.
    pub(crate) fn missing(
        &self,
        span: &Range<usize>,
        key: impl Into<String>,
        message: impl Into<Message>,
        help: impl Into<String>,
    ) {
        if self.trusted.is_none() {
            self.error(span, key, message, help);
        }
    }

    /// A mistake against TOML itself, which is reported wherever it stands.
    pub(crate) fn syntax(&self, span: Range<usize>, message: String, help: String) {
        let (severity, key) = (Severity::Error, String::new());
        self.found.borrow_mut().push(Found {
            severity,
            span,
            key,
            message: message.into(),
            help,
        });
    }

    /// What stands at `span` is shown in no report.
    pub(crate) fn hide(&self, span: Range<usize>) {
        self.hidden.borrow_mut().push(span);
    }

    fn report(
        &self,
        severity: Severity,
        span: &Range<usize>,
        key: String,
        message: Message,
        help: String,
    ) {
        if self.trusted.is_some_and(|trusted| span.start >= trusted) {
            return;
        }
        self.found.borrow_mut().push(Found {
            severity,
            span: span.clone(),
            key,
            message,
            help,
        });
    }

    /// Everything found, with the lines it was found on taken from `original`.
    pub(crate) fn into_problems(self, original: &str) -> Vec<Problem> {
        let hidden = self.hidden.into_inner();
        self.found
            .into_inner()
            .into_iter()
            .map(|found| {
                let at = position(original, found.span.start);
                Problem {
                    severity: found.severity,
                    line: at.line,
                    column: at.column,
                    key: found.key,
                    message: found.message.text,
                    help: found.help,
                    code: found.message.finding,
                    why: None,
                    excerpt: excerpt(original, &found.span, &hidden),
                }
            })
            .collect()
    }
}

/// A value with the places its parts came from, for checks that need more than one table.
#[derive(Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) marks: Marks,
}

/// Where the keys of one table stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    /// The table with its own place in the file: `provider.NAME`, `route`.
    pub(crate) path: String,
    pub(crate) heading: Range<usize>,
    pub(crate) values: BTreeMap<String, Range<usize>>,
}

impl Marks {
    /// The place of a key's value; of the table's heading when the key is not there.
    pub(crate) fn of(&self, key: &str) -> &Range<usize> {
        self.values.get(key).unwrap_or(&self.heading)
    }

    /// The key with its table, as problems name it.
    pub(crate) fn key(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Whether the key was written.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }
}

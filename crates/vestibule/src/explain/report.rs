//! Holds what is told, as data: what was explained, and the findings, the root cause first.
//!
//! The JSON form is a promise: `schema` describes it, and a test holds both together.

use serde::Serialize;
use vestibule_diagnosis::{Finding, Severity};

use super::request::RequestDetails;
use super::text::TextDetails;
use super::token::TokenDetails;
use crate::exit::Exit;

/// What is told.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// What was explained.
    pub(super) subject: Subject,
    /// What is wrong, the root cause first.
    pub(super) findings: Vec<Finding>,
    /// Whether anything was recognised.
    #[serde(skip)]
    pub(super) is_known: bool,
}

/// What was explained.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Subject {
    /// A token.
    Token(Box<Said<TokenDetails>>),
    /// A text.
    Text(Box<Said<TextDetails>>),
    /// A request.
    Request(Box<Said<RequestDetails>>),
}

/// The verdict, then the details.
#[derive(Debug, Serialize)]
pub(super) struct Said<T> {
    /// One or two sentences that say it all.
    pub(super) verdict: String,
    /// Whether the answer is no, findings or not.
    #[serde(skip)]
    pub(super) is_no: bool,
    /// The rest.
    #[serde(flatten)]
    pub(super) details: T,
}

impl Subject {
    pub(super) fn verdict(&self) -> &str {
        match self {
            Self::Token(said) => &said.verdict,
            Self::Text(said) => &said.verdict,
            Self::Request(said) => &said.verdict,
        }
    }
}

impl Report {
    pub(super) fn to_json(&self) -> String {
        // Nothing in it has keys that are no text; it can't fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// What is worst in it.
    pub(super) fn severity(&self) -> Option<Severity> {
        let refused = match &self.subject {
            Subject::Token(said) => said.is_no,
            Subject::Text(_) | Subject::Request(_) => false,
        };
        let worst = self.findings.iter().map(|finding| finding.severity).max();
        worst.max(refused.then_some(Severity::Error))
    }

    fn lacks_keys(&self) -> bool {
        matches!(&self.subject, Subject::Token(said) if said.details.not_asked.is_some())
    }

    pub(super) fn exit(&self) -> Exit {
        match (self.severity(), self.is_known) {
            (Some(Severity::Error), _) => Exit::Wrong,
            (_, false) => Exit::Impossible,
            // What was asked for is not there, whatever else is.
            _ if self.lacks_keys() => Exit::Impossible,
            _ => Exit::Done,
        }
    }
}

//! Says what the diagnosis finds in what the proxy meets, so that log, page and JSON say the same.
//!
//! | what | file | told |
//! |---|---|---|
//! | a token that is passed on | `token` | log, metric |
//! | a token that rules were to read | `claims` | log |
//! | a sign-in that failed | here, from what `signin` has seen | page, log |
//! | documents of a provider that can't be had or used | `documents` | log |
//! | a refresh that failed | `refresh` | 401, log |
//! | groups that are not known | `groups` | page, JSON, log |
//! | a person without the claim that names them | `nameless` | page, JSON, log |
//! | a proxy in front that asks for another host | `host` | log, metric |
//! | a claim that a rule reads and nobody sent, at sign-in and at the 403 | `rules` | page, JSON, log, metric |
//! | requests that will be too large for an upstream, at sign-in or since a refresh | `budget` | log, metric |
//! | an upstream that refused a head for its size | `upstream` | page or JSON where its own is empty, log, metric |
//! | an upstream that did not answer | `upstream` | page or JSON, log |
//!
//! `settings` is what the plan knows of itself; `told` remembers what the log was told; `shown` decides what a stranger
//! may read.

mod budget;
mod claims;
mod documents;
mod groups;
mod host;
mod nameless;
mod refresh;
mod rules;
mod settings;
mod shown;
mod token;
mod told;
mod upstream;

use vestibule_diagnosis::{Evidence, Finding, catalogue, diagnose};

pub(crate) use budget::judge_budgets;
pub(crate) use claims::{for_rules, is_news};
pub(crate) use documents::of_documents;
pub(crate) use groups::of_groups;
pub(crate) use host::judge_host;
pub(crate) use nameless::of_nameless;
pub(crate) use refresh::{of_refresh, of_refusal};
pub(crate) use rules::{judge_rules, of_missing};
pub(crate) use settings::known;
pub(crate) use shown::{auth_param, for_strangers};
pub(crate) use token::{Signature, judge};
pub use told::Told;
pub(crate) use upstream::{UNNAMED, judge_head, may_be_too_large, of_upstream};

/// What one incident shows, the root cause first. `known` is what was so before it: settings, and metadata in use. What
/// those show by themselves is for `vestibule check`, unless it is the cause of something seen now.
pub(crate) fn of(seen: Evidence, known: Evidence) -> Vec<Finding> {
    let mut all = seen.clone();
    all.settings.clone_from(&known.settings);
    all.metadata = all.metadata.or_else(|| known.metadata.clone());
    let mut findings = diagnose(&all);
    if findings.is_empty() {
        return findings;
    }
    let before = diagnose(&known);
    if before.is_empty() {
        return findings;
    }
    let alone = diagnose(&seen);
    let is_in = |code: &str, list: &[Finding]| list.iter().any(|other| other.code == code);
    findings.retain(|finding| {
        let explains = || {
            let row = catalogue::row(finding.code);
            row.is_some_and(|row| row.explains.iter().any(|code| is_in(code, &alone)))
        };
        !is_in(finding.code, &before) || explains()
    });
    findings
}

/// The fields of a log line about a finding. Nothing, where there is none.
///
/// In every line `finding` is the finding's code and `code` the program's own error code, where there is one.
#[derive(Debug, Default)]
pub(crate) struct Line<'f> {
    pub(crate) code: Option<&'static str>,
    pub(crate) seen: Option<&'f str>,
    pub(crate) why: Option<&'f str>,
    /// What to change first.
    pub(crate) change: Option<&'f str>,
    /// What to write there.
    pub(crate) line: Option<&'f str>,
}

impl<'f> Line<'f> {
    /// About the root cause.
    pub(crate) fn of(findings: &'f [Finding]) -> Self {
        let Some(finding) = findings.first() else {
            return Self::default();
        };
        let change = finding.change.first();
        Self {
            code: Some(finding.code),
            seen: Some(&finding.seen),
            why: Some(&finding.why),
            change: change.map(|change| change.text.as_str()),
            line: change.and_then(|change| change.line.as_deref()),
        }
    }
}

/// Writes one line about the root cause of findings into the log: the fields that the place knows, those of [`Line`], and
/// what happened.
macro_rules! log_finding {
    ($level:ident, $findings:expr, { $($fields:tt)* }, $($message:tt)+) => {{
        let line = $crate::finding::Line::of($findings);
        tracing::$level!(
            $($fields)*
            finding = line.code,
            seen = line.seen,
            why = line.why,
            change = line.change,
            line = line.line,
            $($message)+
        );
    }};
}
pub(crate) use log_finding;

//! Holds one diagnosis in the words every door shows it in.

use std::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Works, and will surprise somebody.
    Warning,
    /// Does not work.
    Error,
}

/// How sure the diagnosis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Confidence {
    /// One explanation among several.
    Possible,
    /// The usual explanation of what was seen.
    Likely,
    /// What was seen has no other explanation.
    Certain,
}

/// Where something is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Place {
    /// The provider's portal.
    Portal,
    /// Our configuration file.
    Config,
    /// The configuration of Apache httpd with mod_auth_openidc.
    Apache,
    /// The API behind the route.
    Api,
}

/// One thing to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where.
    pub place: Place,
    /// The name of what is changed there: the portal's field, the configuration's key, the
    /// directive.
    pub name: String,
    /// What to do, as a sentence.
    pub text: String,
    /// The line to write, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
}

/// One diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable code, `VST-FAMILY-NAME`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was seen.
    pub seen: String,
    /// Why it happens.
    pub why: String,
    /// What to change; the first is the one to try first.
    pub change: Vec<Change>,
    /// How sure the diagnosis is.
    pub confidence: Confidence,
    /// Who says so: a document or a specification.
    pub source: &'static str,
}

/// One line for a log: the code and what was seen.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.seen)
    }
}

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

/// How well known the cause is. The order is from the surest to the least sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Confidence {
    /// The maker's documentation or a specification says so.
    Documented,
    /// People have seen it so, and the maker does not say it.
    Observed,
    /// It follows from other facts, or is general knowledge.
    Inferred,
}

/// Where something is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Place {
    /// Entra's portal.
    Portal,
    /// Our configuration file.
    Config,
    /// The configuration of Apache httpd with mod_auth_openidc.
    Apache,
    /// The API or app behind the route.
    Api,
    /// The administration of a provider other than Entra.
    Provider,
    /// The machines around: clock, network, a proxy in front.
    Environment,
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

impl Change {
    /// A change at `place`.
    pub fn at(place: Place, name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            place,
            name: name.into(),
            text: text.into(),
            line: None,
        }
    }

    /// A change in Entra's portal; `name` is the way to the field, as in
    /// `App registrations > your API > Expose an API`.
    pub fn portal(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::at(Place::Portal, name, text)
    }

    /// A change of our configuration; `name` is the key.
    pub fn config(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::at(Place::Config, name, text)
    }

    /// A change of Apache's configuration; `name` is the directive.
    pub fn apache(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::at(Place::Apache, name, text)
    }

    /// A change of the API or app behind the route.
    pub fn api(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::at(Place::Api, name, text)
    }

    /// A change in the administration of a provider other than Entra.
    pub fn provider(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::at(Place::Provider, name, text)
    }

    /// A change of the machines around.
    pub fn environment(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::at(Place::Environment, name, text)
    }

    /// The line to write.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.line = Some(line.into());
        self
    }
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
    /// How well known the cause is.
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

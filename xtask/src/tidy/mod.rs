//! The repository's own rules.
//!
//! Each rule is one file with one `RULE`: a name and a function from the repository's text to what
//! breaks it. `cargo xtask tidy` runs them all, and so does `cargo test -p xtask`, one test per rule.

mod budget;
pub(crate) mod citations;
mod edges;
mod file_length;
mod file_names;
mod ignored_tests;
mod library_maps;
mod links;
mod lock_files;
mod manifest;
mod module_docs;
mod past_vulnerabilities;
mod places;
mod purity;
mod to_dos;
mod trust;

use std::fmt;

use crate::outcome::{Failure, Outcome};
use crate::repository::{File, Repository};

/// One rule of the repository.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) check: fn(&Repository) -> Vec<Violation>,
}

/// All rules.
pub(crate) const RULES: [&Rule; 15] = [
    &budget::RULE,
    &citations::RULE,
    &edges::RULE,
    &file_length::RULE,
    &file_names::RULE,
    &ignored_tests::RULE,
    &library_maps::RULE,
    &links::RULE,
    &lock_files::RULE,
    &module_docs::RULE,
    &past_vulnerabilities::RULE,
    &places::RULE,
    &purity::RULE,
    &to_dos::RULE,
    &trust::RULE,
];

/// One place where a rule does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    path: String,
    line: usize,
    what: String,
    /// Printed, but does not fail the run.
    only_a_warning: bool,
}

impl Violation {
    /// A violation in `file` at `line`; line 0 is the file as a whole.
    pub(crate) fn new(file: &File, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: file.path.clone(),
            line,
            what: what.into(),
            only_a_warning: false,
        }
    }

    /// The same, as a warning.
    pub(crate) fn warning(self) -> Self {
        Self {
            only_a_warning: true,
            ..self
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.only_a_warning { "warning: " } else { "" };
        match self.line {
            0 => write!(f, "{}: {kind}{}", self.path, self.what),
            line => write!(f, "{}:{line}: {kind}{}", self.path, self.what),
        }
    }
}

/// Runs every rule and prints what breaks it.
pub(crate) fn run(repository: &Repository) -> Outcome {
    let mut broken = 0;
    for rule in RULES {
        for violation in (rule.check)(repository) {
            println!("{}: {violation}", rule.name);
            broken += usize::from(!violation.only_a_warning);
        }
    }
    if broken == 0 {
        return Ok(());
    }
    Err(Failure::new(
        format!("the repository's rules are broken in {broken} places"),
        "change what the lines above name; CONTRIBUTING.md has the rules",
    ))
}

#[cfg(test)]
mod tests;

//! How a task ends: done, or a failure that says what to do next.

use std::fmt;

/// What every task returns.
pub(crate) type Outcome = Result<(), Failure>;

/// Why a task stopped, and what the person in front of it does about that.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) next: String,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            next: next.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed: {}\nnext:   {}", self.what, self.next)
    }
}

//! Says why nothing could be explained.

use std::error::Error;

use vestibule_config::Problems;

use crate::exit::Exit;
use crate::{load, output};

/// Why nothing could be explained.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something could not be had or read.
    Error {
        to: &'static str,
        because: Box<dyn Error + Send + Sync>,
        help: Option<&'static str>,
    },
    /// The configuration has mistakes.
    Configuration(Problems),
}

impl Failure {
    /// Something could not be had.
    pub(super) fn new(to: &'static str, because: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Error {
            to,
            because: because.into(),
            help: None,
        }
    }

    /// The same, with what to do about it.
    pub(super) fn help(self, text: &'static str) -> Self {
        match self {
            Self::Error { to, because, .. } => Self::Error {
                to,
                because,
                help: Some(text),
            },
            other @ Self::Configuration(_) => other,
        }
    }

    /// Tells the person.
    pub(super) fn print(&self) -> Exit {
        match self {
            Self::Error { to, because, help } => output::error(to, &**because, *help),
            Self::Configuration(problems) => load::print(problems),
        }
        Exit::Impossible
    }
}

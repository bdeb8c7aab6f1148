//! Says why nothing could be explained.

use std::error::Error;

use vestibule_config::Problems;

use crate::exit::Exit;
use crate::import::Imported;
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
    /// Apache's configuration can't be imported.
    Import(Box<Imported>),
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
            other @ (Self::Configuration(_) | Self::Import(_)) => other,
        }
    }

    /// Tells the person, or the program that reads JSON.
    pub(super) fn print(&self, json: bool) -> Exit {
        match self {
            Self::Error { to, because, help } => output::error(to, &**because, *help),
            Self::Configuration(problems) => load::print(problems),
            Self::Import(imported) => {
                match json {
                    true => output::line(imported.to_json()),
                    false => imported.print(),
                }
                return Exit::Wrong;
            }
        }
        Exit::Impossible
    }
}

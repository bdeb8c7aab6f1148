//! What the program's exit codes mean, for every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing is wrong beyond warnings: exit code 0.
    Done,
    /// Done, and something is wrong, such as an invalid configuration: exit code 1.
    Wrong,
    /// Could not be done, such as a port that is taken: exit code 2.
    Impossible,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Wrong => Self::from(1),
            Exit::Impossible => Self::from(2),
        }
    }
}

//! Reads the configuration file for a command, and prints what is wrong with it.

use std::path::Path;

use vestibule_config::{
    Environment, LoadError, LogFormat, Problems, ProcessSecrets, Settings, Severity,
    state_directory,
};
use vestibule_diagnosis::catalogue;

use crate::exit::Exit;
use crate::output;

/// The settings of the file; warnings are printed.
///
/// # Errors
/// The exit code, after every problem was printed.
pub(crate) fn settings(path: &Path) -> Result<Settings, Exit> {
    let loaded = file(path, Secrets::Needed);
    match loaded {
        Ok((settings, warnings)) => {
            print(&warnings);
            Ok(settings)
        }
        Err(LoadError::Invalid(problems)) => {
            print(&problems);
            Err(Exit::Wrong)
        }
        Err(error) => {
            let help = "name the file with --config FILE; `vestibule demo` needs none";
            output::error("start", &error, Some(help));
            Err(Exit::Impossible)
        }
    }
}

/// Whether secrets and the files of the machine that runs it must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// They must.
    Needed,
    /// What is absent is a warning, for a check on another machine.
    Absent,
}

/// The settings of the file and its warnings.
///
/// # Errors
/// [`LoadError`].
pub(crate) fn file(path: &Path, secrets: Secrets) -> Result<(Settings, Problems), LoadError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).to_owned();
    let mut environment = Environment::new(&ProcessSecrets, folder, state_directory());
    if secrets == Secrets::Absent {
        environment = environment.without_secrets();
    }
    match vestibule_config::load(path, &environment) {
        Ok(loaded) => Ok((loaded.settings, loaded.warnings.explained(why))),
        Err(LoadError::Invalid(problems)) => Err(LoadError::Invalid(problems.explained(why))),
        Err(error) => Err(error),
    }
}

/// Why a finding happens, in the words of the catalogue.
fn why(code: &'static str) -> Option<String> {
    catalogue::row(code).map(|row| row.cause.to_owned())
}

/// Prints all problems on standard error.
pub(crate) fn print(problems: &Problems) {
    if !problems.is_empty() {
        output::notice(problems.render(output::colours()));
    }
}

/// Says what is wrong with the file of a running proxy: as a report to people, as lines of the log to programs.
pub(crate) fn say(problems: &Problems, format: LogFormat) {
    match format {
        LogFormat::Json => log(problems),
        LogFormat::Text => print(problems),
    }
}

/// Writes all problems into the log, a line each.
pub(crate) fn log(problems: &Problems) {
    for problem in problems.iter() {
        let key = Some(problem.key.as_str()).filter(|key| !key.is_empty());
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    file = problems.file(),
                    line = problem.line,
                    column = problem.column,
                    key,
                    finding = problem.code,
                    help = problem.help,
                    why = problem.why,
                    "{}",
                    problem.message
                )
            };
        }
        match problem.severity {
            Severity::Error => line!(error),
            _ => line!(warn),
        }
    }
}

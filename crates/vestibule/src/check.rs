//! `vestibule check`: is this configuration file fine? Nothing is started or contacted.
//!
//! Two things look at it: whoever reads the file, and the diagnosis, which knows what Entra and other providers make of
//! such settings.

mod judge;
#[cfg(test)]
pub(crate) mod schema;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vestibule_config::{LoadError, Problem, Problems};
use vestibule_diagnosis::Severity;

pub(crate) use judge::{Judged, said, settings as judge};

use crate::assemble::Unusable;
use crate::cli::CheckArgs;
use crate::clock::now;
use crate::exit::Exit;
use crate::load::Secrets;
use crate::output::Chain;
use crate::{assemble, import, load, output};

/// Runs the command.
pub(crate) fn run(arguments: &CheckArgs) -> Exit {
    if let Some(file) = &arguments.apache {
        return import::check(file, arguments);
    }
    let named = arguments.file.as_ref().or(arguments.config.as_ref());
    let path = named.map_or(Path::new("vestibule.toml"), PathBuf::as_path);
    let secrets = match arguments.without_secrets {
        true => Secrets::Absent,
        false => Secrets::Needed,
    };
    let loaded = load::file(path, secrets);
    let (problems, judged, exit) = match loaded {
        Ok((settings, warnings)) => {
            let files = match secrets {
                Secrets::Needed => assemble::try_files(&settings).err().unwrap_or_default(),
                Secrets::Absent => Vec::new(),
            };
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let warnings = warnings.with(files.iter().filter_map(|file| unusable(file, &text)));
            let judged = judge(&settings, secrets, now());
            let wrong = judged
                .iter()
                .any(|judged| judged.finding.severity == Severity::Error)
                || !files.is_empty();
            let exit = if wrong { Exit::Wrong } else { Exit::Done };
            (untold(warnings, &judged), judged, exit)
        }
        Err(LoadError::Invalid(problems)) => (problems, Vec::new(), Exit::Wrong),
        Err(error) => {
            output::error("check", &error, Some("name the file: vestibule check FILE"));
            return Exit::Impossible;
        }
    };
    let text = match judged.is_empty() {
        true => String::new(),
        false => std::fs::read_to_string(path).unwrap_or_default(),
    };
    if arguments.json {
        output::line(as_json(&problems, &judged, &text));
        return exit;
    }
    let found = judged.iter().filter_map(|judged| judged.problem(&text));
    let problems = problems.with(found);
    load::print(&problems);
    if exit == Exit::Done {
        let file = path.display();
        let warned = problems.iter().count();
        match warned {
            0 => output::line(format_args!("{file} is fine")),
            1 => output::line(format_args!("{file} can be used, with 1 warning")),
            many => output::line(format_args!("{file} can be used, with {many} warnings")),
        }
    }
    exit
}

/// A file that can't be used, as a problem of the key that names it.
fn unusable(file: &Unusable, text: &str) -> Option<Problem> {
    let help = assemble::help(&*file.error);
    let help = help.as_deref().unwrap_or(
        "see that the file is there and whole, and that the user that runs vestibule can read it",
    );
    let message = format!("can't {}", Chain(&*file.error));
    let severity = vestibule_config::Severity::Error;
    // Where the key is not written, the file as a whole has to do.
    let at = |key| Problem::at_key(text, severity, key, message.as_str(), help);
    at(file.key.as_str()).or_else(|| at("public_url"))
}

/// What reading the file said, without what the diagnosis tells too: one cause is told once, by whoever knows more of it.
pub(crate) fn untold(problems: Problems, judged: &[Judged]) -> Problems {
    let codes: Vec<_> = judged.iter().map(|judged| judged.finding.code).collect();
    problems.without(&codes)
}

/// What was said and found, for a program: each in one of the two lists. `docs/check.schema.json` describes it.
pub(crate) fn as_json(problems: &Problems, judged: &[Judged], text: &str) -> Value {
    let said = said(problems).map(|(finding, at)| with_place(json!(finding), Some(at)));
    let judged = judged
        .iter()
        .map(|judged| with_place(json!(judged.finding), judged.problem(text).as_ref()));
    let findings: Vec<_> = said.chain(judged).collect();
    json!({ "problems": plain(problems), "findings": findings })
}

/// What reading the file said that is no finding, for a program.
pub(crate) fn plain(problems: &Problems) -> Vec<Value> {
    let plain = problems.iter().filter(|problem| problem.code.is_none());
    plain.map(problem).collect()
}

fn problem(problem: &Problem) -> Value {
    json!({
        "severity": problem.severity.as_str(),
        "line": problem.line,
        "column": problem.column,
        "key": problem.key,
        "message": problem.message,
        "help": problem.help,
    })
}

/// A finding as `explain` writes it, with its place in the file.
fn with_place(mut finding: Value, at: Option<&Problem>) -> Value {
    if let (Some(at), Some(members)) = (at, finding.as_object_mut()) {
        members.insert("line".to_owned(), at.line.into());
        members.insert("column".to_owned(), at.column.into());
        members.insert("key".to_owned(), at.key.as_str().into());
    }
    finding
}

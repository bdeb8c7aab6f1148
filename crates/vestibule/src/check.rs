//! `vestibule check`: is this configuration file fine? Nothing is started or contacted.

use std::path::{Path, PathBuf};

use serde_json::json;
use vestibule_config::{LoadError, Problem, Problems};

use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::load::Secrets;
use crate::{assemble, load, output};

/// Runs the command.
pub(crate) fn run(arguments: &CheckArgs) -> Exit {
    let named = arguments.file.as_ref().or(arguments.config.as_ref());
    let path = named.map_or(Path::new("vestibule.toml"), PathBuf::as_path);
    let secrets = match arguments.without_secrets {
        true => Secrets::Absent,
        false => Secrets::Needed,
    };
    let loaded = load::file(path, secrets);
    let (problems, exit) = match loaded {
        Ok((settings, warnings)) => {
            let pieces = match secrets {
                Secrets::Needed => assemble::try_files(&settings),
                Secrets::Absent => Ok(()),
            };
            if let Err(error) = pieces {
                output::error("use a file the configuration names", &*error, None);
                return Exit::Wrong;
            }
            (warnings, Exit::Done)
        }
        Err(LoadError::Invalid(problems)) => (problems, Exit::Wrong),
        Err(error) => {
            output::error("check", &error, Some("name the file: vestibule check FILE"));
            return Exit::Impossible;
        }
    };
    if arguments.json {
        output::line(as_json(&problems));
        return exit;
    }
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

fn as_json(problems: &Problems) -> String {
    let list: Vec<_> = problems.iter().map(problem).collect();
    json!({ "problems": list }).to_string()
}

fn problem(problem: &Problem) -> serde_json::Value {
    json!({
        "severity": problem.severity.as_str(),
        "line": problem.line,
        "column": problem.column,
        "key": problem.key,
        "message": problem.message,
        "help": problem.help,
    })
}

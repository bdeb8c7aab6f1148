//! The command line: arguments in, one [`Command`] out.

use std::path::PathBuf;

use crate::cases;

/// The help.
pub(crate) const HELP: &str = "\
Measure what a request costs, beside other proxies on the same machine in the same run.

Usage: cargo xtask bench [--quick] [--only NAME,…] [--rounds N] [--json FILE] [--write-docs]
       cargo xtask bench --counts [--check] [--only NAME,…]
       cargo xtask bench --profile [--only NAME,…]
       cargo xtask bench --connections [N] [--only NAME,…]
       cargo xtask bench --list
       cargo xtask bench --sessions [N]
The first five with [--program FILE].

Options:
  --quick            Fewer cases, fewer and shorter rounds: under three minutes
  --only NAME,…      These cases only; nginx is measured too, for the ratios
  --rounds N         So many rounds (default 5; with --quick 3)
  --json FILE        Write everything that was measured
  --write-docs       Put the tables into docs/performance.md
  --counts           User instructions and system calls per request, which repeat on any machine
  --check            With --counts: fail if they are above bench/limits.toml
  --profile          User instructions by function
  --connections [N]  Memory per idle connection, over N of them (default 2000)
  --list             The cases by name
  --sessions [N]     What N sessions take in memory and in a file (default 1000000, about a
                     quarter of an hour, 12 GiB of memory and 20 GiB beside the build)
  --program FILE     Another build of `vestibule` than the one of this checkout

Examples:
  cargo xtask bench --quick
  cargo xtask bench --only vestibule,haproxy --rounds 9
  cargo xtask bench --counts";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) command: Command,
    /// The program under test, unless it is the one beside this one.
    pub(crate) program: Option<PathBuf>,
}

/// Which of the modes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    List,
    Run(RunOptions),
    Counts(CountOptions),
    Connections(ConnectionOptions),
}

/// How to run the comparison.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunOptions {
    pub(crate) quick: bool,
    pub(crate) only: Vec<String>,
    pub(crate) rounds: Option<usize>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) write_docs: bool,
}

/// How to count.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CountOptions {
    pub(crate) check: bool,
    pub(crate) profile: bool,
    pub(crate) only: Vec<String>,
}

/// How to measure connections.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionOptions {
    pub(crate) count: Option<usize>,
    pub(crate) only: Vec<String>,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Request, String> {
    let mut arguments = arguments.peekable();
    let mut program = None;
    let mut run = RunOptions::default();
    let (mut counts, mut check, mut profile, mut list) = (false, false, false, false);
    let mut connections = None;
    while let Some(argument) = arguments.next() {
        let mut value = |what: &str| {
            let next = arguments.next_if(|next| !next.starts_with("--"));
            next.ok_or_else(|| format!("{argument} needs {what}"))
        };
        match argument.as_str() {
            "--help" | "-h" => {
                let command = Command::Help;
                return Ok(Request { command, program });
            }
            "--program" => program = Some(value("a file")?.into()),
            "--list" => list = true,
            "--quick" => run.quick = true,
            "--only" => run.only = names(&value("the names of cases")?)?,
            "--rounds" => run.rounds = Some(number(&value("a number")?)?),
            "--json" => run.json = Some(value("a file")?.into()),
            "--write-docs" => run.write_docs = true,
            "--counts" => counts = true,
            "--check" => check = true,
            "--profile" => profile = true,
            "--connections" => {
                connections = Some(value("").ok().map(|text| number(&text)).transpose()?);
            }
            unknown => return Err(format!("there is no option `{unknown}`")),
        }
    }
    let only = std::mem::take(&mut run.only);
    let is_run = run != RunOptions::default();
    let command = match (list, counts || check || profile, connections) {
        (true, false, None) => Command::List,
        (false, true, None) if !is_run => Command::Counts(CountOptions {
            check,
            profile,
            only,
        }),
        (false, false, Some(count)) if !is_run => {
            Command::Connections(ConnectionOptions { count, only })
        }
        (false, false, None) => Command::Run(RunOptions { only, ..run }),
        _ => return Err("these options do not go together".to_owned()),
    };
    Ok(Request { command, program })
}

fn names(list: &str) -> Result<Vec<String>, String> {
    let known = cases::all();
    list.split(',')
        .map(|name| {
            if known.iter().any(|case| case.name == name) {
                Ok(name.to_owned())
            } else {
                Err(format!("there is no case `{name}`; see --list"))
            }
        })
        .collect()
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("`{text}` is not a number above 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned)).map(|request| request.command)
    }

    #[test]
    fn every_mode_reads_its_own_options() {
        assert_eq!(parsed(""), Ok(Command::Run(RunOptions::default())));
        assert_eq!(
            parsed("--quick --only nginx,haproxy --rounds 3 --json out.json"),
            Ok(Command::Run(RunOptions {
                quick: true,
                only: vec!["nginx".to_owned(), "haproxy".to_owned()],
                rounds: Some(3),
                json: Some("out.json".into()),
                write_docs: false,
            }))
        );
        assert_eq!(
            parsed("--connections --only nginx"),
            Ok(Command::Connections(ConnectionOptions {
                count: None,
                only: vec!["nginx".to_owned()],
            }))
        );
        assert_eq!(
            parsed("--counts --check"),
            Ok(Command::Counts(CountOptions {
                check: true,
                ..CountOptions::default()
            }))
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--fast",
            "--only ngnix",
            "--rounds 0",
            "--rounds",
            "--counts --quick",
            "--list --counts",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}

//! The command line: arguments in, one [`Command`] out.

use crate::replay::ReplayOptions;
use crate::suite::SuiteOptions;

/// The general help.
pub(crate) const HELP: &str = "\
Repository tasks of Vestibule.

Usage: cargo xtask <COMMAND> [OPTIONS]

Commands:
  test         Run every check there is: formatting, repository rules, licences, lints, docs, all tests
  tidy         Check the repository's own rules only (a second)
  gen          Write the generated pages under docs/
  fuzz-replay  Run every fuzz target over its corpus and over seeded mutations of it
  bench        Measure what a request costs, beside other proxies on this machine

`cargo xtask <COMMAND> --help` says more.

Examples:
  cargo xtask test --install     on a fresh machine, and in CI
  cargo xtask test               from then on
  cargo xtask gen                after changing a setting or a citation
  cargo xtask bench --quick      after changing what every request passes";

const TEST_HELP: &str = "\
Run every check there is. Stops at the first step that fails and says what to do.

Usage: cargo xtask test [--install] [--long]

Options:
  --install  Install what the tests need and the machine lacks: Debian packages (as root or with
             sudo), npm packages, cargo-deny. Without it a missing part is named, and the run fails.
  --long     Also the slow rounds: a hundred times the fuzz mutations and property cases, bodies of
             2 GiB, a thousand bad clients at once

Examples:
  cargo xtask test --install
  cargo xtask test --long";

const TIDY_HELP: &str = "\
Check the repository's own rules: file sizes and names, citations, purity of the pure crates,
crate edges, to-do form, links, the dependency budget. The same rules run in `cargo test -p xtask`.

Usage: cargo xtask tidy

Example:
  cargo xtask tidy";

const GEN_HELP: &str = "\
Write the generated pages: docs/specifications.md from the citations in the code, and the
configuration reference from the settings' definitions, and docs/diagnosis from the catalogue of findings.

Usage: cargo xtask gen [--check]

Options:
  --check  Write nothing; fail if a page is not what would be written

Examples:
  cargo xtask gen
  cargo xtask gen --check";

const FUZZ_REPLAY_HELP: &str = "\
Run fuzz targets over their corpora (fuzz/corpus/TARGET/) and over seeded mutations of them. The
same seed gives the same inputs, so a failure can be repeated. Real fuzzing: see CONTRIBUTING.md.

Usage: cargo xtask fuzz-replay [TARGET] [--mutations N]

Options:
  TARGET         One target only; the name of a folder in fuzz/corpus/
  --mutations N  Mutations per target (default 3000)

Examples:
  cargo xtask fuzz-replay
  cargo xtask fuzz-replay cookie --mutations 1000000";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help(&'static str),
    Test(SuiteOptions),
    Tidy,
    Generate {
        check: bool,
    },
    FuzzReplay(ReplayOptions),
    /// The arguments are the benchmark's own to read.
    Bench(Vec<String>),
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments.peekable();
    let Some(name) = arguments.next() else {
        return Ok(Command::Help(HELP));
    };
    let rest: Vec<String> = arguments.collect();
    let wants_help = rest
        .iter()
        .any(|argument| argument == "--help" || argument == "-h");
    match name.as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help(HELP)),
        "test" if wants_help => Ok(Command::Help(TEST_HELP)),
        "tidy" if wants_help => Ok(Command::Help(TIDY_HELP)),
        "gen" if wants_help => Ok(Command::Help(GEN_HELP)),
        "fuzz-replay" if wants_help => Ok(Command::Help(FUZZ_REPLAY_HELP)),
        "test" => {
            let [install, long] = flags(&rest, ["--install", "--long"])?;
            Ok(Command::Test(SuiteOptions { install, long }))
        }
        "tidy" => flags(&rest, []).map(|[]| Command::Tidy),
        "gen" => flags(&rest, ["--check"]).map(|[check]| Command::Generate { check }),
        "fuzz-replay" => replay(&rest).map(Command::FuzzReplay),
        // It has its own help.
        "bench" => Ok(Command::Bench(rest)),
        unknown => Err(format!("there is no command `{unknown}`")),
    }
}

fn flags<const N: usize>(given: &[String], known: [&str; N]) -> Result<[bool; N], String> {
    match given
        .iter()
        .find(|argument| !known.contains(&argument.as_str()))
    {
        Some(unknown) => Err(format!("there is no option `{unknown}` here")),
        None => Ok(known.map(|flag| given.iter().any(|argument| argument == flag))),
    }
}

fn replay(given: &[String]) -> Result<ReplayOptions, String> {
    let mut options = ReplayOptions::default();
    let mut given = given.iter();
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--mutations" => {
                let value = given.next().ok_or("--mutations needs a number")?;
                let number = value
                    .parse()
                    .map_err(|_| format!("`{value}` is not a number"))?;
                options.mutations = Some(number);
            }
            option if option.starts_with('-') => {
                return Err(format!("there is no option `{option}` here"));
            }
            target if options.target.is_none() => options.target = Some(target.to_owned()),
            second => return Err(format!("one target at a time; `{second}` is one too many")),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_command_reads_its_own_options() {
        let test = |install, long| Ok(Command::Test(SuiteOptions { install, long }));
        assert_eq!(parsed("test"), test(false, false));
        assert_eq!(parsed("test --install"), test(true, false));
        assert_eq!(parsed("test --long --install"), test(true, true));
        assert_eq!(parsed("tidy"), Ok(Command::Tidy));
        assert_eq!(parsed("gen --check"), Ok(Command::Generate { check: true }));
        assert_eq!(
            parsed("fuzz-replay jwt --mutations 9"),
            Ok(Command::FuzzReplay(ReplayOptions {
                target: Some("jwt".to_owned()),
                mutations: Some(9)
            }))
        );
        assert_eq!(
            parsed("bench --quick --help"),
            Ok(Command::Bench(vec![
                "--quick".to_owned(),
                "--help".to_owned()
            ]))
        );
    }

    #[test]
    fn unknown_words_are_errors_that_name_them() {
        for line in [
            "tests",
            "test --instal",
            "tidy now",
            "fuzz-replay a b",
            "gen -x",
        ] {
            let last = line.split_whitespace().last().unwrap();
            assert!(parsed(line).unwrap_err().contains(last), "{line}");
        }
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        for name in ["test", "tidy", "gen", "fuzz-replay"] {
            let Ok(Command::Help(text)) = parsed(&format!("{name} --help")) else {
                panic!("{name} has no help")
            };
            assert!(text.contains("Example") && text.contains(&format!("cargo xtask {name}")));
        }
    }
}

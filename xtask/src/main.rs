//! Repository tasks: `cargo xtask test | tidy | gen | fuzz-replay | bench`.
//!
//! Everything here is about the repository and nothing of it is part of the product. It has no
//! dependencies, so that it compiles before anybody loses patience.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to the person who runs it"
)]

mod bench;
mod cli;
mod generate;
mod outcome;
mod parts;
mod replay;
mod repository;
mod step;
mod suite;
mod tidy;

use std::io::Write as _;
use std::process::ExitCode;

use cli::Command;
use repository::Repository;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(problem) => {
            eprintln!("{problem}\n\n{}", cli::HELP);
            return ExitCode::from(2);
        }
    };
    let root = repository::root();
    let outcome = match command {
        Command::Help(text) => {
            // Whoever reads it may stop early, as `| head` does.
            let _ = writeln!(std::io::stdout(), "{text}");
            return ExitCode::SUCCESS;
        }
        Command::Test(options) => suite::run(&root, options),
        Command::Tidy => tidy::run(&Repository::load(&root)),
        Command::Generate { check } => generate::run(&root, check),
        Command::FuzzReplay(options) => replay::run(&root, &options),
        Command::Bench(arguments) => bench::run(&root, &arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

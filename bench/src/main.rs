//! Benchmarks of Vestibule beside other proxies: `cargo xtask bench`.
//!
//! | to learn | read |
//! |---|---|
//! | what is compared, and how each is set up | [`cases`] |
//! | who sends the requests and answers them | [`load`] |
//! | where the figures come from | [`measure`] |
//! | the order of a run | [`run`] |
//! | the figures that repeat, and their limits | [`counts`] |
//! | memory per connection | [`connections`] |
//! | what comes out | [`report`] |

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to the person who runs it"
)]

mod cases;
mod cli;
mod connections;
mod counts;
mod load;
mod measure;
mod problem;
mod report;
mod run;
mod scene;
mod stage;

use std::process::ExitCode;

use cli::Command;

fn main() -> ExitCode {
    let request = match cli::parse(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(problem) => {
            eprintln!("{problem}\n\n{}", cli::HELP);
            return ExitCode::from(2);
        }
    };
    let program = request.program.as_deref();
    let outcome = match request.command {
        Command::Help => {
            println!("{}", cli::HELP);
            Ok(())
        }
        Command::List => {
            for case in cases::all() {
                println!("{:<18} {}", case.name, case.title.replace('*', ""));
            }
            Ok(())
        }
        Command::Run(options) => run::run(&options, program),
        Command::Counts(options) => counts::run(&options, program),
        Command::Connections(options) => connections::run(&options, program),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\nfailed: {problem}");
            ExitCode::FAILURE
        }
    }
}

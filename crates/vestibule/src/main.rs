//! The `vestibule` program: sign-in with Microsoft Entra ID, or any OpenID Connect provider, in front of any app or API.

mod assemble;
mod check;
mod cli;
mod clock;
mod demo;
mod descriptors;
mod doctor;
mod evidence;
mod exit;
mod explain;
mod idp;
mod import;
mod load;
mod logging;
mod output;
mod print;
mod run;
#[cfg(test)]
mod schema;
mod serve;
mod sessions;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Idp(arguments) => idp::run(&arguments),
        Command::Sessions(arguments) => sessions::run(&arguments),
    };
    ended.into()
}

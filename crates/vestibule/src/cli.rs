//! The command line: every command, flag and help text.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Sign-in with Microsoft Entra ID, or any OpenID Connect provider, in front of any web app or API.
#[derive(Debug, Parser)]
#[command(
    name = "vestibule",
    version,
    arg_required_else_help = true,
    after_help = "Start here:\n  vestibule demo                           see it work on this machine, nothing to set up\n  vestibule run --config vestibule.toml    run it for real\n\nExit codes: 0 done, 1 something is wrong (an invalid configuration), 2 could not be done."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the proxy with a configuration file.
    Run(RunArgs),
    /// Show the whole thing on this machine: a local provider, a sample API and the proxy.
    Demo(DemoArgs),
    /// Check a configuration file, without starting or contacting anything.
    Check(CheckArgs),
    /// Run the local identity provider alone, for laptops and tests.
    Idp(IdpArgs),
}

/// `vestibule run`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vestibule run --config /etc/vestibule/vestibule.toml\n\nSignals: SIGHUP reloads the configuration (an invalid one keeps the old); SIGTERM and Ctrl-C finish what is in flight, then stop."
)]
pub(crate) struct RunArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "vestibule.toml")]
    pub(crate) config: PathBuf,
}

/// `vestibule demo`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule demo\n  vestibule demo --without-api-scope     the mistake that makes the API's token unreadable, and its cure\n  vestibule demo --proxy-port 9090"
)]
pub(crate) struct DemoArgs {
    /// Port of the proxy, on localhost; 0 picks a free one, here and below.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) proxy_port: u16,
    /// Port of the local identity provider, on 127.0.0.1.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) idp_port: u16,
    /// Port of the sample API, on 127.0.0.1.
    #[arg(long, value_name = "PORT", default_value_t = 1234)]
    pub(crate) api_port: u16,
    /// Leave the API's scope out of the sign-in: the API then gets a token it cannot validate.
    #[arg(long)]
    pub(crate) without_api_scope: bool,
}

/// `vestibule check`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule check vestibule.toml\n  vestibule check --without-secrets vestibule.toml\n  vestibule check --json vestibule.toml"
)]
pub(crate) struct CheckArgs {
    /// The configuration file; vestibule.toml if there is none.
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub(crate) file: Option<PathBuf>,
    /// The configuration file, named as `run` names it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take absent secrets, certificates and folders as warnings: to check a file on another machine than the one that runs it.
    #[arg(long)]
    pub(crate) without_secrets: bool,
    /// Print the problems as JSON, for a program to read.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `vestibule idp`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vestibule idp --port 8081\n  vestibule idp --port 0 --control-port 0 --config directory.toml\n\nIts file, people, faults and control endpoint: docs/idp.md. It listens on 127.0.0.1 only. Its keys and secrets are worthless anywhere else, and must stay so."
)]
pub(crate) struct IdpArgs {
    /// Port to listen on; 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) port: u16,
    /// Port of the control endpoint that switches faults; without it there is none, unless the file says so.
    #[arg(long, value_name = "PORT")]
    pub(crate) control_port: Option<u16>,
    /// People, apps and faults, as TOML; without it a ready-made directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

//! `vestibule run`: the proxy on a configuration file, until it is told to stop.

use std::path::{Path, PathBuf};

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use vestibule_config::apache::{ImportOptions, SecretForm};
use vestibule_config::{LoadError, LogFormat, Settings};
use vestibule_proxy::server::control_runtime;

use crate::cli::RunArgs;
use crate::exit::Exit;
use crate::import::Imported;
use crate::load::Secrets;
use crate::output::{self, Chain};
use crate::serve::{self, Served};
use crate::{assemble, descriptors, load, logging, sessions};

/// Runs the command.
pub(crate) fn run(arguments: &RunArgs) -> Exit {
    let source = Source::of(arguments);
    let settings = match source.start() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    logging::start(&settings.log);
    descriptors::allow_all();
    let runtime = match control_runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error("start", &error, None);
            return Exit::Impossible;
        }
    };
    // Before anything is announced: a supervisor may send a signal as soon as it reads a line.
    let signals = runtime.block_on(async { Signals::listen() });
    let served = match Served::start(&settings, runtime.handle()) {
        Ok(served) => served,
        Err(error) => {
            output::error("start", &*error, assemble::help(&*error).as_deref());
            return Exit::Impossible;
        }
    };
    // Held until the requests in flight have ended.
    let _socket = sessions::socket::open(&settings, &served, runtime.handle());
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    for address in served.addresses() {
        output::line(format_args!("listening on {scheme}://{address}"));
    }
    if let Some(address) = served.admin_address() {
        output::line(format_args!("admin on http://{address}"));
    }
    tell_systemd(&[NotifyState::Ready]);
    let mut signals = signals;
    runtime.block_on(until_stopped(&mut signals, &served, &source));
    tell_systemd(&[NotifyState::Stopping]);
    tracing::info!("stopping; requests in flight finish first; a second signal ends them");
    runtime.spawn(end_at_a_second_signal(signals));
    match served.stop(runtime.handle()) {
        true => Exit::Done,
        false => {
            tracing::warn!("some requests did not finish in time and were cut");
            Exit::Wrong
        }
    }
}

struct Signals {
    hangup: Option<tokio::signal::unix::Signal>,
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    fn listen() -> Self {
        Self {
            hangup: signal(SignalKind::hangup()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }
}

/// Reloads at SIGHUP; returns at SIGTERM or Ctrl-C.
async fn until_stopped(signals: &mut Signals, served: &Served, source: &Source) {
    loop {
        tokio::select! {
            () = serve::next(&mut signals.interrupt) => return,
            () = serve::next(&mut signals.terminate) => return,
            () = serve::next(&mut signals.hangup) => reload(served, source),
        }
    }
}

/// Whoever asks twice means now.
async fn end_at_a_second_signal(mut signals: Signals) {
    tokio::select! {
        () = serve::next(&mut signals.interrupt) => {}
        () = serve::next(&mut signals.terminate) => {}
    }
    std::process::exit(1);
}

/// Takes the file's present content, or keeps the old and says loudly why.
fn reload(served: &Served, source: &Source) {
    tell_systemd(&[NotifyState::Reloading]);
    let file = source.file().display();
    let result = source.again(served.log_format()).and_then(|settings| {
        served
            .reload(&settings)
            .map_err(|error| Chain(&*error).to_string())
    });
    match result {
        Ok(()) => {
            served.count_reload("ok");
            tracing::info!(%file, "reloaded the configuration");
        }
        Err(reason) => {
            served.count_reload("failed");
            tracing::error!(%file, reason, "reload failed: the old configuration stays in force");
        }
    }
    tell_systemd(&[NotifyState::Ready]);
}

/// The configuration that runs.
enum Source {
    /// Our own file.
    Toml(PathBuf),
    /// One of Apache's.
    Apache(PathBuf, ImportOptions),
}

impl Source {
    fn of(arguments: &RunArgs) -> Self {
        match &arguments.apache {
            None => Self::Toml(arguments.config.clone()),
            Some(file) => {
                let options = ImportOptions {
                    version: arguments.source_version,
                    listen: arguments.listen,
                    secrets: SecretForm::Held,
                    ..ImportOptions::default()
                };
                Self::Apache(file.clone(), options)
            }
        }
    }

    fn file(&self) -> &Path {
        match self {
            Self::Toml(file) | Self::Apache(file, _) => file,
        }
    }

    /// The settings to start with; all there is to say of them is printed.
    fn start(&self) -> Result<Settings, Exit> {
        match self {
            Self::Toml(file) => load::settings(file),
            Self::Apache(file, options) => {
                let imported = Imported::of(file, options, Secrets::Needed);
                imported.print();
                imported.settings().cloned().ok_or(Exit::Wrong)
            }
        }
    }

    /// The settings as the file now has them, or why they can't be used; what is wrong with them is printed,
    /// or in the log where that is for programs.
    fn again(&self, format: LogFormat) -> Result<Settings, String> {
        let unusable = || format!("{} has errors", self.file().display());
        match self {
            Self::Toml(file) => match load::file(file, Secrets::Needed) {
                Ok((settings, warnings)) => {
                    load::say(&warnings, format);
                    Ok(settings)
                }
                Err(LoadError::Invalid(problems)) => {
                    load::say(&problems, format);
                    Err(unusable())
                }
                Err(error) => Err(Chain(&error).to_string()),
            },
            Self::Apache(file, options) => {
                let imported = Imported::of(file, options, Secrets::Needed);
                match format {
                    LogFormat::Text => imported.print(),
                    LogFormat::Json => imported.log(),
                }
                imported.settings().cloned().ok_or_else(unusable)
            }
        }
    }
}

/// Tells the service manager, if there is one.
fn tell_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager can't be told");
    }
}

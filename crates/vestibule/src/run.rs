//! `vestibule run`: the proxy on a configuration file, until it is told to stop.

use std::path::Path;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use vestibule_config::LoadError;
use vestibule_proxy::server::{StartError, control_runtime};

use crate::cli::RunArgs;
use crate::exit::Exit;
use crate::load::Secrets;
use crate::output::{self, Chain};
use crate::serve::{self, Served};
use crate::{descriptors, load, logging};

/// Runs the command.
pub(crate) fn run(arguments: &RunArgs) -> Exit {
    let settings = match load::settings(&arguments.config) {
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
            let taken = error.downcast_ref().is_some_and(is_taken);
            let help = "another program uses that port: stop it, or change `listen`";
            output::error("start", &*error, taken.then_some(help));
            return Exit::Impossible;
        }
    };
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
    runtime.block_on(until_stopped(&mut signals, &served, &arguments.config));
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
async fn until_stopped(signals: &mut Signals, served: &Served, config: &Path) {
    loop {
        tokio::select! {
            () = serve::next(&mut signals.interrupt) => return,
            () = serve::next(&mut signals.terminate) => return,
            () = serve::next(&mut signals.hangup) => reload(served, config),
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

fn is_taken(error: &StartError) -> bool {
    matches!(error, StartError::Bind(bind) if bind.is_taken())
}

/// Takes the file's present content, or keeps the old and says loudly why.
fn reload(served: &Served, config: &Path) {
    tell_systemd(&[NotifyState::Reloading]);
    let result = match load::file(config, Secrets::Needed) {
        Ok((settings, warnings)) => {
            load::print(&warnings);
            served
                .reload(&settings)
                .map_err(|error| Chain(&*error).to_string())
        }
        Err(LoadError::Invalid(problems)) => {
            load::print(&problems);
            Err(format!("{} has errors", config.display()))
        }
        Err(error) => Err(Chain(&error).to_string()),
    };
    match result {
        Ok(()) => {
            served.count_reload("ok");
            tracing::info!(file = %config.display(), "reloaded the configuration");
        }
        Err(reason) => {
            served.count_reload("failed");
            tracing::error!(file = %config.display(), reason, "reload failed: the old configuration stays in force");
        }
    }
    tell_systemd(&[NotifyState::Ready]);
}

/// Tells the service manager, if there is one.
fn tell_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager can't be told");
    }
}

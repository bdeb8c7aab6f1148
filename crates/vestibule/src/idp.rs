//! `vestibule idp`: the local identity provider alone.

use std::path::Path;

use vestibule_idp::{ControlPort, Idp, IdpSettings, SettingsError, StartError};

use crate::cli::IdpArgs;
use crate::exit::Exit;
use crate::output;

/// Runs the command until Ctrl-C.
pub(crate) fn run(arguments: &IdpArgs) -> Exit {
    crate::logging::start_at(
        tracing::level_filters::LevelFilter::WARN,
        vestibule_config::LogFormat::Text,
    );
    let settings = match settings(arguments) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error("start", &error, None);
            return Exit::Impossible;
        }
    };
    runtime.block_on(async {
        let bound = match Idp::bind(settings, arguments.port).await {
            Ok(bound) => bound,
            Err(error) => {
                let help = match &error {
                    StartError::PortTaken(at) if Some(at.port()) == arguments.control_port => {
                        Some("choose another port with --control-port PORT")
                    }
                    StartError::PortTaken(_) => {
                        Some("choose another port with --port PORT; 0 picks a free one")
                    }
                    _ => None,
                };
                output::error("start the local identity provider", &error, help);
                return Exit::Impossible;
            }
        };
        let stop = crate::serve::stop_asked_for();
        // Before the first request is answered, so that whoever reads these lines can count on them.
        for (name, value) in bound.describe() {
            output::line(format_args!("{name}: {value}"));
        }
        let running = bound.serve();
        stop.await;
        running.shutdown().await;
        Exit::Done
    })
}

fn settings(arguments: &IdpArgs) -> Result<IdpSettings, Exit> {
    let mut settings = match &arguments.config {
        None => IdpSettings::built_in(),
        Some(path) => from_file(path)?,
    };
    match (arguments.control_port, &arguments.config) {
        (Some(port), _) => settings.control_port = ControlPort::On(port),
        // Whoever writes a file says there whether there is one.
        (None, Some(_)) => {}
        (None, None) => settings.control_port = ControlPort::Off,
    }
    Ok(settings)
}

fn from_file(path: &Path) -> Result<IdpSettings, Exit> {
    IdpSettings::read(path).map_err(|error| {
        output::error(&format!("use {}", path.display()), &error, None);
        match error {
            SettingsError::Read(_) => Exit::Impossible,
            _ => Exit::Wrong,
        }
    })
}

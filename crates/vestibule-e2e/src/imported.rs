//! `vestibule run --apache` as a process, on a configuration file of its own.

use std::fs;
use std::process::Output;

use tempfile::TempDir;

use crate::process::Process;
use crate::{place, program};

/// The running program.
#[derive(Debug)]
pub struct Imported {
    /// What people type: `http://localhost:PORT`.
    pub url: String,
    process: Process,
    _folder: TempDir,
}

impl Imported {
    /// Runs the configuration, in which `{url}` is filled in.
    #[must_use]
    pub fn run(configuration: &str) -> Self {
        Self::run_at(place::free_port(), configuration)
    }

    /// The same on a port that others were told of.
    #[must_use]
    pub fn run_at(port: u16, configuration: &str) -> Self {
        let url = format!("http://localhost:{port}");
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("site.conf");
        fs::write(&file, configuration.replace("{url}", &url)).unwrap();
        let listen = format!("127.0.0.1:{port}");
        let mut command =
            program::vestibule(&["run", "--apache", "site.conf", "--listen", &listen]);
        command
            .current_dir(folder.path())
            .env("STATE_DIRECTORY", folder.path());
        let process = Process::start("apache", &mut command);
        process.wait_for("that it listens", |line| {
            line.contains("listening on ").then_some(())
        });
        Self {
            url,
            process,
            _folder: folder,
        }
    }

    /// All it has printed.
    #[must_use]
    pub fn printed(&self) -> String {
        self.process.lines().join("\n")
    }
}

/// Runs a command of the program on this configuration, whose name is put behind the arguments, to its end.
#[must_use]
pub fn command(arguments: &[&str], configuration: &str) -> Output {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("site.conf");
    fs::write(&file, configuration).unwrap();
    let mut command = program::vestibule(arguments);
    command
        .arg(&file)
        .env("STATE_DIRECTORY", folder.path())
        .output()
        .unwrap()
}

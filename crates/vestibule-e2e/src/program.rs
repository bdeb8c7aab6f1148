//! The program under test, as people start it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use tempfile::TempDir;

use crate::place;
use crate::process::{Process, Signal};

/// `vestibule run` with a configuration of its own, in a folder of its own.
#[derive(Debug)]
pub struct Proxy {
    /// What people type: `http://localhost:PORT`.
    pub url: String,
    process: Process,
    folder: TempDir,
    port: u16,
    surroundings: Surroundings,
}

/// How the program is started, beside its arguments.
#[derive(Debug, Clone, Default)]
struct Surroundings {
    open_files: Option<u32>,
    environment: Vec<(String, String)>,
}

/// What a configuration is made from. `{url}`, `{listen}` and `{folder}` in it are filled in.
#[derive(Debug, Clone, Copy)]
pub struct Configuration<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// The text of `vestibule.toml`.
    pub toml: &'a str,
}

impl Proxy {
    /// Starts `vestibule run` and waits until it listens. `files` are written beside its
    /// configuration first.
    #[must_use]
    pub fn start(configuration: Configuration<'_>, files: &[(&str, &str)]) -> Self {
        Self::reserve(configuration.scheme).start(configuration.toml, files)
    }

    /// Takes a port and a folder, so that others can be told the address before the program starts.
    #[must_use]
    pub fn reserve(scheme: &str) -> Reservation {
        let port = place::free_port();
        let url = format!("{scheme}://localhost:{port}");
        Reservation {
            url,
            port,
            folder: TempDir::new().unwrap(),
            surroundings: Surroundings::default(),
        }
    }

    /// The program's process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// All it has printed.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.process.lines()
    }

    /// The folder with its configuration and its state.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Writes a new configuration, tells the program to read it, and waits until it says `outcome`.
    pub fn reload(&self, toml: &str, outcome: &str) {
        write_configuration(&self.folder, &self.url, self.port, toml);
        let before = self.process.lines().len();
        self.process.signal(Signal::HangUp);
        self.process
            .wait_from(before, outcome, |line| line.contains(outcome).then_some(()));
    }

    /// Replaces a file beside the configuration.
    pub fn replace(&self, name: &str, text: &str) {
        write_for_owner(&self.folder.path().join(name), text);
    }

    /// Stops it from writing files, or lets it again. A process may do that to another of its user.
    pub fn may_write_files(&self, may: bool) {
        let limit = if may {
            "--fsize=unlimited:"
        } else {
            "--fsize=0:"
        };
        let pid = format!("--pid={}", self.process.id());
        let status = Command::new("prlimit")
            .args([limit, pid.as_str()])
            .status()
            .expect("there is prlimit, of util-linux");
        assert!(status.success(), "prlimit {pid} {limit}");
    }

    /// `kill -9`, then a new process with the same configuration and state.
    pub fn kill_and_restart(&mut self) {
        self.process.kill();
        self.process = run(&self.folder, &self.surroundings);
    }
}

/// An address and a folder for a program that is not started yet.
#[derive(Debug)]
pub struct Reservation {
    /// What people will type.
    pub url: String,
    port: u16,
    folder: TempDir,
    surroundings: Surroundings,
}

impl Reservation {
    /// Where a provider sends people back to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/.vestibule/callback", self.url)
    }

    /// The folder that will hold its configuration.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Lets the program have so many open files, as `ulimit -n` does.
    #[must_use]
    pub fn with_open_files(mut self, most: u32) -> Self {
        self.surroundings.open_files = Some(most);
        self
    }

    /// Starts the program with these variables in its environment.
    #[must_use]
    pub fn with_environment(mut self, environment: Vec<(String, String)>) -> Self {
        self.surroundings.environment = environment;
        self
    }

    /// Starts the program here.
    #[must_use]
    pub fn start(self, toml: &str, files: &[(&str, &str)]) -> Proxy {
        for (name, text) in files {
            write_for_owner(&self.folder.path().join(name), text);
        }
        write_configuration(&self.folder, &self.url, self.port, toml);
        let process = run(&self.folder, &self.surroundings);
        Proxy {
            url: self.url,
            process,
            folder: self.folder,
            port: self.port,
            surroundings: self.surroundings,
        }
    }
}

/// Secrets must not be readable by everybody, and the program looks.
fn write_for_owner(path: &Path, text: &str) {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn write_configuration(folder: &TempDir, url: &str, port: u16, toml: &str) {
    let toml = toml
        .replace("{url}", url)
        .replace("{listen}", &format!("127.0.0.1:{port}"))
        .replace("{folder}", &folder.path().display().to_string());
    fs::write(folder.path().join("vestibule.toml"), toml).unwrap();
}

fn run(folder: &TempDir, surroundings: &Surroundings) -> Process {
    // A file that may not grow is an error to the program, as it is where services are started, and
    // not a signal that ends it.
    let program = vestibule(&["run", "--config", "vestibule.toml"]);
    let open_files = surroundings.open_files;
    let limit = open_files.map_or_else(String::new, |most| format!("ulimit -n {most}; "));
    let mut command = in_shell(
        &format!("{limit}trap '' XFSZ; exec \"$0\" \"$@\""),
        &program,
    );
    command
        .current_dir(folder.path())
        .env("STATE_DIRECTORY", folder.path())
        .envs(surroundings.environment.iter().cloned());
    let process = Process::start("vestibule", &mut command);
    process.wait_for("that it listens", |line| {
        line.contains("listening on ").then_some(())
    });
    process
}

/// `vestibule demo` on free ports.
#[derive(Debug)]
pub struct Demo {
    /// What people type: `http://localhost:PORT`.
    pub url: String,
    /// The local provider's address.
    pub provider_url: String,
    /// The sample API's address.
    pub api_url: String,
    process: Process,
}

impl Demo {
    /// Starts the demo with additional flags and waits until it says what to click.
    #[must_use]
    pub fn start(flags: &[&str]) -> Self {
        let [proxy, provider, api] = [(); 3].map(|()| place::free_port());
        let ports = [
            ("--proxy-port", proxy),
            ("--idp-port", provider),
            ("--api-port", api),
        ];
        let ports = ports
            .map(|(flag, port)| [flag.to_owned(), port.to_string()])
            .concat();
        let process = Process::start("demo", vestibule(&["demo"]).args(ports).args(flags));
        let url = format!("http://localhost:{proxy}");
        process.wait_for("what to click", |line| {
            line.contains(&format!("{url}/foo")).then_some(())
        });
        Self {
            url,
            provider_url: format!("http://127.0.0.1:{provider}"),
            api_url: format!("http://127.0.0.1:{api}"),
            process,
        }
    }

    /// The demo's process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// A command as a shell starts it.
fn in_shell(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// The program with these arguments and an environment that holds nothing of the person who tests.
#[must_use]
pub fn vestibule(arguments: &[&str]) -> Command {
    let program = place::build().join(format!("vestibule{}", env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is not built; run `cargo build --package vestibule`, or `cargo xtask test`",
        program.display()
    );
    let mut command = Command::new(program);
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
        "ALL_PROXY",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

//! The two servers, each on the same file and, one after the other, at the same address.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::TempDir;

use crate::process::{Process, Signal, command};
use crate::scene::eventually;
use crate::{place, program};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// Debian's Apache with mod_auth_openidc.
    Apache,
    /// `vestibule run --apache`.
    Vestibule,
}

/// One of them, running.
#[derive(Debug)]
pub struct Front {
    server: Server,
    process: Process,
    _folder: TempDir,
}

/// Where Debian puts the modules.
const MODULES: &str = "/usr/lib/apache2/modules";

/// One process, because it is started often, with as many threads as one person needs. What stands in the
/// configuration under test is not said here.
const WRAPPER: &str = "ServerRoot {folder}
ServerName localhost
DefaultRuntimeDir {folder}
PidFile apache.pid
ErrorLog /dev/stderr
LogLevel warn auth_openidc:info
Listen 127.0.0.1:{port}
{modules}
{user}
ServerLimit 1
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 8
Include {folder}/site.conf
";

impl Front {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    ///
    /// What it printed, if it ends instead.
    pub fn start(server: Server, port: u16, configuration: &str) -> Result<Self, String> {
        let folder = TempDir::new().unwrap();
        // Apache's children are another user's.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("site.conf"), configuration).unwrap();
        let process = match server {
            Server::Apache => apache(folder.path(), port)?,
            Server::Vestibule => vestibule(folder.path(), port)?,
        };
        Ok(Self {
            server,
            process,
            _folder: folder,
        })
    }

    /// All it has printed.
    #[must_use]
    pub fn printed(&self) -> String {
        self.process.lines().join("\n")
    }

    /// Ends it, so that the address is free.
    pub fn stop(mut self) {
        match self.server {
            // It has semaphores to give back.
            Server::Apache => {
                self.process.signal(Signal::Terminate);
                self.process.wait();
            }
            Server::Vestibule => self.process.kill(),
        }
    }
}

fn apache(folder: &Path, port: u16) -> Result<Process, String> {
    let modules: String = [
        "mpm_event",
        "access_compat",
        "alias",
        "authn_core",
        "authz_core",
        "authz_host",
        "authz_user",
        "env",
        "headers",
        "proxy",
        "proxy_http",
        "proxy_wstunnel",
        "slotmem_shm",
        "proxy_balancer",
        "lbmethod_byrequests",
        "rewrite",
        "setenvif",
        "ssl",
        "auth_openidc",
    ]
    .iter()
    .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
    .collect();
    let is_root = fs::metadata(folder).unwrap().uid() == 0;
    let user = if is_root {
        "User www-data\nGroup www-data"
    } else {
        ""
    };
    let text = WRAPPER
        .replace("{folder}", &folder.display().to_string())
        .replace("{port}", &port.to_string())
        .replace("{modules}", &modules)
        .replace("{user}", user);
    let file = folder.join("apache.conf");
    fs::write(&file, text).unwrap();
    let program = place::on_path("apache2")
        .or_else(|| Some(Path::new("/usr/sbin/apache2").to_owned()).filter(|file| file.is_file()))
        .expect("apache2 is installed; run `cargo xtask test --install`");
    let arguments = ["-X".to_owned(), "-f".to_owned(), file.display().to_string()];
    let mut process = Process::start("httpd", &mut command(program, &arguments));
    let mut ended = false;
    eventually("Apache listens", || {
        ended = !process.is_running();
        ended || TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    if ended {
        process.wait();
        return Err(process.lines().join("\n"));
    }
    Ok(process)
}

fn vestibule(folder: &Path, port: u16) -> Result<Process, String> {
    let listen = format!("127.0.0.1:{port}");
    let mut command = program::vestibule(&["run", "--apache", "site.conf", "--listen", &listen]);
    command
        .current_dir(folder)
        .env("STATE_DIRECTORY", folder.join("state"));
    let process = Process::start("vestibule", &mut command);
    let listens = process.wait_for_or_end("that it listens", |line| {
        line.contains("listening on ").then_some(())
    });
    match listens {
        Some(()) => Ok(process),
        None => Err(process.lines().join("\n")),
    }
}

//! Where a case works: a folder of its own, free ports, and what it may connect to.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use std::io::Write as _;

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::place::free_port;

use super::{Cores, Provider};
use crate::load::Upstream;
use crate::problem::{Outcome, While as _};

/// What a case needs to start.
#[derive(Debug)]
pub(crate) struct Place {
    /// The program under test.
    pub(crate) program: PathBuf,
    /// What to start it with: nothing, or `valgrind` and its arguments.
    pub(crate) prefix: Vec<String>,
    /// Where things are kept from one run to the next.
    pub(crate) kept: PathBuf,
    /// The folder for this case.
    pub(crate) folder: PathBuf,
    pub(crate) cores: Cores,
    pub(crate) upstream: Upstream,
    pub(crate) provider: Provider,
    pub(crate) certificate: Certificate,
    /// The proxy's port.
    pub(crate) port: u16,
    /// The port instead of it with TLS, which the provider knows.
    pub(crate) https_port: u16,
}

impl Place {
    /// The same for the next case: an empty folder, another port.
    pub(crate) fn clear(&mut self) -> Outcome {
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder).during("making the folder of a case")?;
        // The workers of Apache run as somebody else.
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o755))?;
        self.port = free_port();
        self.write("cert.pem", &self.certificate.pem)?;
        let both = format!("{}{}", self.certificate.pem, self.certificate.key_pem);
        self.write_secret("both.pem", &both)?;
        self.write_secret("key.pem", &self.certificate.key_pem)
    }

    /// Writes a file of the case.
    pub(crate) fn write(&self, name: &str, text: &str) -> Outcome {
        fs::write(self.folder.join(name), text).during(format!("writing {name}"))
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write_secret(&self, name: &str, text: &str) -> Outcome {
        let path = self.folder.join(name);
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(path)?;
        file.write_all(text.as_bytes())
            .during(format!("writing {name}"))
    }

    /// The folder as text, for configurations.
    pub(crate) fn here(&self) -> String {
        self.folder.display().to_string()
    }

    /// What browsers are told the proxy is called.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}", self.port_for(scheme))
    }

    /// The proxy's port for this scheme.
    pub(crate) fn port_for(&self, scheme: &str) -> u16 {
        if scheme == "https" {
            self.https_port
        } else {
            self.port
        }
    }
}

/// The folder for everything that a run writes.
pub(crate) fn of_build() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).unwrap_or(Path::new("target"));
    let folder = target.join("bench");
    fs::create_dir_all(&folder).during("making the folder for benchmarks")?;
    Ok(folder)
}

//! Imports of whole configurations.

mod fixtures;
mod passed;
mod robustness;
mod several;
mod story;
mod unsafe_forms;

use std::path::Path;

use super::*;
use crate::{Environment, FixedSecrets};

pub(super) fn read(text: &str) -> Import {
    read_with(text, &ImportOptions::default())
}

pub(super) fn read_with(text: &str, options: &ImportOptions) -> Import {
    let files = FixedFiles::new().file("/etc/apache2/site.conf", text);
    import(
        Path::new("/etc/apache2/site.conf"),
        &files,
        &|_| None,
        options,
    )
}

/// The settings the TOML gives; fails with everything that is wrong with it.
pub(super) fn settings(import: &Import) -> crate::Loaded {
    let mut secrets = FixedSecrets::new();
    for secret in &import.secrets {
        secrets = secrets.variable(&secret.variable, secret.value.expose());
    }
    // Keys and certificates are files of the machine that runs it.
    let environment =
        Environment::new(&secrets, "/etc/vestibule", "/var/lib/vestibule").without_secrets();
    crate::parse(&import.toml, &environment)
        .unwrap_or_else(|problems| panic!("{problems}\n{}", import.toml))
}

pub(super) fn stops(import: &Import) -> Vec<(usize, String)> {
    let stops = import.report.entries.iter();
    stops
        .filter(|entry| entry.outcome == Outcome::Stops)
        .map(|entry| (entry.at.line, format!("{}: {}", entry.name, entry.says)))
        .collect()
}

//! Writes an import to disk: the file, and its secrets beside it for their owner alone. Nothing is ever overwritten.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use vestibule_config::apache::Import;

/// Writes the secrets first: a file that names what is not there can't be run.
///
/// # Errors
/// What could not be written. What was written before stays.
pub(super) fn write(path: &Path, import: &Import) -> Result<(), Box<dyn Error>> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let places = import
        .secrets
        .iter()
        .map(|secret| folder.join(&secret.file));
    for place in places.chain([path.to_owned()]) {
        if place.try_exists()? {
            return Err(format!("{} is there already", place.display()).into());
        }
    }
    for secret in &import.secrets {
        new_file(&folder.join(&secret.file), 0o600, secret.value.expose())?;
    }
    // A header's text that everybody's requests get may be a secret.
    let mode = match import.toml.contains(" = \"=") {
        true => 0o600,
        false => 0o644,
    };
    new_file(path, mode, &import.toml)
}

fn new_file(path: &Path, mode: u32, text: &str) -> Result<(), Box<dyn Error>> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| format!("{}: {error}", path.display()).into())
}

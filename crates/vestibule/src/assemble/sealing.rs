//! The sealing keys: read, or made when the file store has none yet.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use vestibule_config::{SealingKeySource, SessionSettings};
use vestibule_proxy::entropy::random_bytes;
use vestibule_session::seal::{KeyRing, SealingKey};

use super::AssembleError;

/// The keys in their order: the first seals, all open.
pub(super) fn ring(session: &SessionSettings) -> Result<KeyRing, AssembleError> {
    if session.keys.is_empty() {
        // The memory store: what was sealed by this process need not outlive it.
        let key = SealingKey::from_bytes(&random_bytes()?)?;
        return Ok(KeyRing::new(vec![key])?);
    }
    let keys: Result<Vec<_>, AssembleError> = session.keys.iter().map(key).collect();
    Ok(KeyRing::new(keys?)?)
}

fn key(source: &SealingKeySource) -> Result<SealingKey, AssembleError> {
    let text = match source {
        SealingKeySource::File {
            content: Some(text),
            ..
        }
        | SealingKeySource::Variable { content: text, .. } => text.expose().to_owned(),
        SealingKeySource::File {
            path,
            content: None,
        } => make(path)
            .map_err(|error| format!("make the sealing key {}: {error}", path.display()))?,
    };
    Ok(SealingKey::parse(text.as_bytes())?)
}

/// Makes a key that only its owner can read. Another process that makes it first wins.
pub(super) fn make(path: &Path) -> io::Result<String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let entropy = random_bytes().map_err(io::Error::other)?;
    let text = SealingKey::text_of(&entropy);
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            Ok(text.to_string())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read_to_string(path),
        Err(error) => Err(error),
    }
}

//! The sealing keys: read, or made at the first start of a file store.
//!
//! A key is never made in place of one that is gone: everybody would be signed out without a word.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use vestibule_config::{SealingKeySource, SessionSettings, StoreSettings};
use vestibule_proxy::entropy::random_bytes;
use vestibule_session::seal::{KeyRing, SealingKey};

use super::AssembleError;

/// Why there is no new sealing key.
#[derive(Debug, thiserror::Error)]
#[error("make the sealing key {}", path.display())]
struct MakeKeyError {
    path: PathBuf,
    source: io::Error,
}

/// The keys in their order: the first seals, all open. On a reload, `running` are those in force.
pub(super) fn ring(
    session: &SessionSettings,
    running: Option<&KeyRing>,
) -> Result<KeyRing, AssembleError> {
    if session.keys.is_empty() {
        // The memory store: what was sealed by this process need not outlive it, but must outlive a reload, or sign-ins
        // on their way would fail.
        if let Some(running) = running {
            return Ok(running.clone());
        }
        let key = SealingKey::from_bytes(&random_bytes()?)?;
        return Ok(KeyRing::new(vec![key])?);
    }
    let is_reload = running.is_some();
    let keys: Result<Vec<_>, AssembleError> = session
        .keys
        .iter()
        .map(|source| key(source, &session.store, is_reload))
        .collect();
    Ok(KeyRing::new(keys?)?)
}

fn key(
    source: &SealingKeySource,
    store: &StoreSettings,
    is_reload: bool,
) -> Result<SealingKey, AssembleError> {
    let text = match source {
        SealingKeySource::File {
            content: Some(text),
            ..
        }
        | SealingKeySource::Variable { content: text, .. } => text.expose().to_owned(),
        SealingKeySource::File {
            path,
            content: None,
        } => {
            may_be_made(path, store, is_reload)?;
            make(path).map_err(|source| MakeKeyError {
                path: path.to_owned(),
                source,
            })?
        }
    };
    Ok(SealingKey::parse(text.as_bytes())?)
}

const ROTATION: &str = " (a new key, to go before the old ones, is made by hand: umask 077; openssl rand -base64 32 > FILE)";

/// A key that is not there is made only where none can have been: at a start, before there is a session file.
fn may_be_made(path: &Path, store: &StoreSettings, is_reload: bool) -> Result<(), AssembleError> {
    let key = path.display();
    if is_reload {
        let error = format!(
            "read the sealing key {key}: it is not there, and a reload makes none; put it back{ROTATION}"
        );
        return Err(error.into());
    }
    let StoreSettings::File(sessions) = store else {
        return Ok(());
    };
    let there_are_sessions = sessions
        .try_exists()
        .map_err(|error| format!("look for the session file {}: {error}", sessions.display()))?;
    if there_are_sessions {
        let sessions = sessions.display();
        let error = format!(
            "read the sealing key {key}: it is not there, and the sessions in {sessions} can't be opened with another; \
             put it back, or move {sessions} away to start with no sessions{ROTATION}"
        );
        return Err(error.into());
    }
    Ok(())
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

#[cfg(test)]
mod tests;

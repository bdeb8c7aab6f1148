//! The sessions that were ended and could not be taken out of the session file yet, written down beside it:
//! a process that ends before they could be does not hand them out again afterwards.
//!
//! A small file of its own, `NAME.ended`, whose room is taken when the store is opened: it can be written
//! when the disk is full. It holds store keys and nothing else, as the session file does; an entry that was
//! written by half is the key of nobody. Where it can't be written either, on a disk that is read-only or
//! gone, those who signed out meanwhile are forgotten at a restart.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use vestibule_session::handle::StoreKey;

use crate::store::KeyHashing;

/// As many keys have room.
const MOST: usize = 2048;

const KEY_BYTES: usize = 32;

/// The file, and what is in it.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    keys: HashSet<StoreKey, KeyHashing>,
    /// Told once, not at each attempt.
    has_failed: bool,
}

impl Journal {
    /// Opens the journal of this session file, or makes it. A store works without one.
    pub(super) fn of(sessions: &Path) -> Option<Self> {
        let path = path_of(sessions);
        match Self::open(&path) {
            Ok(journal) => Some(journal),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the journal of sign-outs cannot be opened: one that cannot be written to the session file is forgotten at a restart");
                None
            }
        }
    }

    fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let mut bytes = Vec::new();
        (&mut file)
            .take((MOST * KEY_BYTES) as u64)
            .read_to_end(&mut bytes)?;
        if bytes.len() < MOST * KEY_BYTES {
            // Written, not only made longer: the blocks are ours from here on.
            bytes.resize(MOST * KEY_BYTES, 0);
            file.write_all_at(&bytes, 0)?;
            file.sync_all()?;
        }
        let keys = bytes.as_chunks::<KEY_BYTES>().0.iter();
        let keys = keys.filter(|key| **key != [0; KEY_BYTES]);
        Ok(Self {
            file,
            keys: keys.map(|key| StoreKey::from_bytes(*key)).collect(),
            has_failed: false,
        })
    }

    /// What is in it.
    pub(super) fn keys(&self) -> impl Iterator<Item = &StoreKey> {
        self.keys.iter()
    }

    /// Writes these down, as far as there is room, beside what is there.
    pub(super) fn keep(&mut self, keys: &[StoreKey]) {
        let new: Vec<StoreKey> = keys
            .iter()
            .filter(|key| !self.keys.contains(*key))
            .take(MOST.saturating_sub(self.keys.len()))
            .copied()
            .collect();
        if new.is_empty() {
            return;
        }
        let bytes: Vec<u8> = new.iter().flat_map(|key| *key.as_bytes()).collect();
        let end = (self.keys.len() * KEY_BYTES) as u64;
        let written = self.file.write_all_at(&bytes, end);
        match written.and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.keys.extend(new);
                self.has_failed = false;
            }
            Err(error) if !self.has_failed => {
                self.has_failed = true;
                tracing::error!(%error, "the journal of sign-outs cannot be written either: they hold until this process ends");
            }
            Err(_) => {}
        }
    }

    /// All of them are out of the session file.
    pub(super) fn clear(&mut self) {
        self.has_failed = false;
        if self.keys.is_empty() {
            return;
        }
        let zeros = vec![0; self.keys.len() * KEY_BYTES];
        match self.file.write_all_at(&zeros, 0) {
            Ok(()) => self.keys.clear(),
            // To remove a session once more does no harm.
            Err(error) => tracing::warn!(%error, "the journal of sign-outs cannot be emptied"),
        }
    }
}

fn path_of(sessions: &Path) -> PathBuf {
    let mut name = OsString::from(sessions);
    name.push(".ended");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use tempfile::TempDir;

    fn key(number: usize) -> StoreKey {
        let mut bytes = [7; KEY_BYTES];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        StoreKey::from_bytes(bytes)
    }

    #[test]
    fn what_is_written_down_is_there_until_it_is_cleared() {
        let directory = TempDir::new().unwrap();
        let sessions = directory.path().join("sessions");
        let mut journal = Journal::of(&sessions).unwrap();
        assert_eq!(journal.keys().count(), 0);
        let path = directory.path().join("sessions.ended");
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        journal.keep(&[key(1), key(2)]);
        journal.keep(&[key(2), key(3)]);
        let mut again = Journal::of(&sessions).unwrap();
        let mut found: Vec<StoreKey> = again.keys().copied().collect();
        found.sort_unstable();
        assert_eq!(found, [key(1), key(2), key(3)]);
        again.clear();
        assert_eq!(Journal::of(&sessions).unwrap().keys().count(), 0);
        // It never grows: a full disk has room for it.
        let many: Vec<StoreKey> = (0..MOST + 100).map(key).collect();
        again.keep(&many);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), metadata.len());
        assert_eq!(Journal::of(&sessions).unwrap().keys().count(), MOST);
    }

    #[test]
    fn a_journal_that_was_cut_or_is_something_else_ends_nobody() {
        let directory = TempDir::new().unwrap();
        let sessions = directory.path().join("sessions");
        let path = directory.path().join("sessions.ended");
        std::fs::write(&path, [1; 40]).unwrap();
        // One whole key, and half of another: both are nobody's.
        assert_eq!(Journal::of(&sessions).unwrap().keys().count(), 2);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(Journal::of(&sessions).is_none());
    }
}

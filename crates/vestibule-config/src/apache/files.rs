//! Where configuration files are read from: the disk, or memory for tests. Nothing is ever written or run.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Reads files and folders for an import.
///
/// An argument of its own, so that an import stays a function of its inputs.
pub trait Files {
    /// The content of a file, at most `most` bytes and one more.
    ///
    /// # Errors
    ///
    /// The system's; [`io::ErrorKind::InvalidInput`] for a pipe or a device.
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;

    /// What is in a folder: names in alphabetical order, and whether each is a folder itself.
    ///
    /// # Errors
    ///
    /// The system's; [`io::ErrorKind::NotADirectory`] or any other where it is none.
    fn list(&self, folder: &Path) -> io::Result<Vec<(String, bool)>>;
}

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        // A pipe would be waited for, and may never say anything.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "this is no file",
            ));
        }
        let mut content = Vec::new();
        std::fs::File::open(path)?
            .take(most.saturating_add(1))
            .read_to_end(&mut content)?;
        Ok(content)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<(String, bool)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            // Links are followed: Debian's sites-enabled is made of them.
            let is_folder = std::fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
            found.push((name, is_folder));
        }
        found.sort();
        Ok(found)
    }
}

/// Files given in code, for tests.
#[derive(Debug, Clone, Default)]
pub struct FixedFiles {
    files: BTreeMap<PathBuf, String>,
}

impl FixedFiles {
    /// Knows no file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>, content: impl Into<String>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }
}

impl Files for FixedFiles {
    fn read(&self, path: &Path, _most: u64) -> io::Result<Vec<u8>> {
        let content = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(content.as_bytes().to_vec())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<(String, bool)>> {
        let mut found: Vec<(String, bool)> = Vec::new();
        for path in self.files.keys() {
            let Ok(below) = path.strip_prefix(folder) else {
                continue;
            };
            let mut parts = below.components();
            let Some(first) = parts.next() else { continue };
            let entry = (
                first.as_os_str().to_string_lossy().into_owned(),
                parts.next().is_some(),
            );
            if !found.contains(&entry) {
                found.push(entry);
            }
        }
        match found.is_empty() {
            true => Err(io::ErrorKind::NotFound.into()),
            false => {
                found.sort();
                Ok(found)
            }
        }
    }
}

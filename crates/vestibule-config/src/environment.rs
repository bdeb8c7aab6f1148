//! What reading a configuration needs from outside it: secrets, and where relative paths start.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// A secret from the environment or a file. It is wiped when dropped and never shown.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Keeps `text` as a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself, for the one who has to send it or compute with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// Why a secret could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// There is no such variable or file.
    #[error("find it")]
    Missing,
    /// It is there and can't be read; the system's words.
    #[error("read it: {0}")]
    Unreadable(String),
    /// It is larger than any secret should be.
    #[error("take it: it is larger than 64 KiB")]
    TooLarge,
}

/// A file with a secret in it.
#[derive(Debug)]
pub struct SecretFile {
    /// What it holds.
    pub content: Zeroizing<Vec<u8>>,
    /// Whether the file's group may read it.
    pub group_can_read: bool,
    /// Whether everybody may read it.
    pub others_can_read: bool,
    /// Whether it lies on a file system that is mounted read-only, where its mode can't be changed.
    pub read_only: bool,
}

/// Answers for `"env:NAME"` and `"file:PATH"`.
///
/// An argument of its own, so that reading a configuration stays a function of its inputs.
pub trait SecretSource {
    /// The value of an environment variable.
    ///
    /// # Errors
    ///
    /// [`SecretError`], when there is none or it is not text.
    fn variable(&self, name: &str) -> Result<Zeroizing<String>, SecretError>;

    /// The content of a file and who else may read it.
    ///
    /// # Errors
    ///
    /// [`SecretError`], when it is not there, can't be read or is too large.
    fn file(&self, path: &Path) -> Result<SecretFile, SecretError>;

    /// The content of a file of certificates, which is no secret. `None` where such files are not looked
    /// at: then whoever uses the settings finds out what is wrong with them.
    ///
    /// # Errors
    ///
    /// [`SecretError`], when it is not there or can't be read.
    fn certificates(&self, path: &Path) -> Result<Option<Vec<u8>>, SecretError> {
        let _ = path;
        Ok(None)
    }

    /// Whether there is a folder at `path` that can be looked into. Where folders are not looked at,
    /// there is.
    ///
    /// # Errors
    ///
    /// [`SecretError`], when it is not there or can't be looked into.
    fn folder(&self, path: &Path) -> Result<(), SecretError> {
        let _ = path;
        Ok(())
    }
}

/// What a configuration is read in.
#[derive(Clone)]
pub struct Environment<'a> {
    pub(crate) secrets: &'a dyn SecretSource,
    pub(crate) base: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) without_secrets: bool,
}

impl<'a> Environment<'a> {
    /// Secrets from `secrets`, relative paths from `base` (the folder of the configuration file), and the
    /// default places of the session store and its key in `state`.
    pub fn new(
        secrets: &'a dyn SecretSource,
        base: impl Into<PathBuf>,
        state: impl Into<PathBuf>,
    ) -> Self {
        Self {
            secrets,
            base: base.into(),
            state: state.into(),
            without_secrets: false,
        }
    }

    /// Only for checking a file on a machine that has not its secrets: a variable or file that is not
    /// there is a warning instead of an error, and a worthless value stands in for a secret. What is there
    /// is judged as ever. Settings read this way must not be run.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        self.without_secrets = true;
        self
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("base", &self.base)
            .field("state", &self.state)
            .field("without_secrets", &self.without_secrets)
            .finish_non_exhaustive()
    }
}

/// The folder in which the running program keeps its state.
///
/// `$STATE_DIRECTORY` (systemd sets it), else `$XDG_STATE_HOME/vestibule`, else `~/.local/state/vestibule`
/// for an ordinary user, else `/var/lib/vestibule`.
#[must_use]
pub fn state_directory() -> PathBuf {
    state_directory_of(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn state_directory_of(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> PathBuf {
    // systemd writes a list, separated by colons, when the unit names several.
    if let Some(first) =
        variable("STATE_DIRECTORY").and_then(|list| std::env::split_paths(&list).next())
    {
        return first;
    }
    if let Some(home) = variable("XDG_STATE_HOME") {
        return PathBuf::from(home).join("vestibule");
    }
    match variable("HOME") {
        Some(home) if home != "/root" && home != "/" => {
            PathBuf::from(home).join(".local/state/vestibule")
        }
        _ => PathBuf::from("/var/lib/vestibule"),
    }
}

/// The environment variables and files of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessSecrets;

const LARGEST: u64 = 64 * 1024;

/// The bundles of whole systems have a quarter of a mebibyte.
const LARGEST_BUNDLE: u64 = 16 * 1024 * 1024;

fn fault(error: std::io::Error) -> SecretError {
    match error.kind() {
        std::io::ErrorKind::NotFound => SecretError::Missing,
        _ => SecretError::Unreadable(error.to_string()),
    }
}

fn open(path: &Path) -> Result<(std::fs::File, std::fs::Metadata), SecretError> {
    let file = std::fs::File::open(path).map_err(fault)?;
    let metadata = file.metadata().map_err(fault)?;
    if metadata.is_dir() {
        return Err(SecretError::Unreadable("it is a folder".to_owned()));
    }
    Ok((file, metadata))
}

impl SecretSource for ProcessSecrets {
    fn variable(&self, name: &str) -> Result<Zeroizing<String>, SecretError> {
        match std::env::var(name) {
            Ok(value) => Ok(Zeroizing::new(value)),
            Err(std::env::VarError::NotPresent) => Err(SecretError::Missing),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(SecretError::Unreadable("it is not UTF-8".to_owned()))
            }
        }
    }

    fn file(&self, path: &Path) -> Result<SecretFile, SecretError> {
        let (file, metadata) = open(path)?;
        let mut content = Zeroizing::new(Vec::with_capacity(4096));
        file.take(LARGEST + 1)
            .read_to_end(&mut content)
            .map_err(fault)?;
        if content.len() as u64 > LARGEST {
            return Err(SecretError::TooLarge);
        }
        let (group_can_read, others_can_read) = readers(&metadata);
        Ok(SecretFile {
            content,
            group_can_read,
            others_can_read,
            read_only: on_read_only(path),
        })
    }

    fn certificates(&self, path: &Path) -> Result<Option<Vec<u8>>, SecretError> {
        let (file, _) = open(path)?;
        let mut content = Vec::new();
        file.take(LARGEST_BUNDLE + 1)
            .read_to_end(&mut content)
            .map_err(fault)?;
        if content.len() as u64 > LARGEST_BUNDLE {
            return Err(SecretError::Unreadable(
                "it is larger than 16 MiB".to_owned(),
            ));
        }
        Ok(Some(content))
    }

    fn folder(&self, path: &Path) -> Result<(), SecretError> {
        std::fs::read_dir(path).map(drop).map_err(fault)
    }
}

#[cfg(unix)]
fn readers(metadata: &std::fs::Metadata) -> (bool, bool) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode();
    (mode & 0o040 != 0, mode & 0o004 != 0)
}

#[cfg(not(unix))]
fn readers(_metadata: &std::fs::Metadata) -> (bool, bool) {
    (false, false)
}

/// Whether the file system that holds `path` is mounted read-only. Where that can't be told, it is not.
fn on_read_only(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else {
        return false;
    };
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo") else {
        return false;
    };
    mounted_read_only(&path, &mounts)
}

/// proc_pid_mountinfo(5): the fifth field is the mount point, the sixth its options.
fn mounted_read_only(path: &Path, mounts: &str) -> bool {
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(4);
            let point = fields.next()?.replace("\\040", " ");
            let read_only = fields.next()?.split(',').any(|option| option == "ro");
            path.starts_with(&point).then_some((point.len(), read_only))
        })
        // A later mount on the same point covers the earlier one, and `max_by_key` keeps the later.
        .max_by_key(|(length, _)| *length)
        .is_some_and(|(_, read_only)| read_only)
}

/// Secrets given in code, for programs that build their configuration, and for tests.
///
/// ```
/// use vestibule_config::FixedSecrets;
/// let secrets = FixedSecrets::new().variable("NAME", "value").file("/run/key", "content");
/// ```
#[derive(Debug, Default, Clone)]
pub struct FixedSecrets {
    variables: BTreeMap<String, SecretText>,
    files: BTreeMap<PathBuf, SecretText>,
}

impl FixedSecrets {
    /// Knows no secret.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables
            .insert(name.to_owned(), SecretText::new(value));
        self
    }

    /// Adds a file that only its owner can read.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>, content: &str) -> Self {
        self.files.insert(path.into(), SecretText::new(content));
        self
    }
}

impl SecretSource for FixedSecrets {
    fn variable(&self, name: &str) -> Result<Zeroizing<String>, SecretError> {
        self.variables
            .get(name)
            .map(|value| value.0.clone())
            .ok_or(SecretError::Missing)
    }

    fn file(&self, path: &Path) -> Result<SecretFile, SecretError> {
        let content = self.files.get(path).ok_or(SecretError::Missing)?;
        Ok(SecretFile {
            content: Zeroizing::new(content.expose().as_bytes().to_vec()),
            group_can_read: false,
            others_can_read: false,
            read_only: false,
        })
    }
}

#[cfg(test)]
mod tests;

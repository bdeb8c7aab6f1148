//! Opening the session file: who may read it, who has it open, whether it is one.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, DatabaseError, StorageError};
use vestibule_oidc::fault::Fault;
use vestibule_session::store::StoreError;

use super::disk::{Opened, Opening};

/// Why the session file cannot be used. All are for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("open {}, which another process has open: each process needs a session file of its own", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The directory is not there and cannot be made.
    #[error("make the directory of {}", path.display())]
    Directory {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system refuses to open it.
    #[error("open {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It was there when the process started, and is gone or empty: most often its disk is.
    #[error("open {} again, which is gone: put its disk or the file back, or restart to begin with no sessions", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// It is not a session file, or it is damaged.
    #[error("read {} as a session file: it is damaged or something else; move it away to start with no sessions", path.display())]
    NotASessionFile {
        /// The file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: redb::Error,
    },
    /// The tables in it cannot be read or made.
    #[error("read the tables of a session file")]
    Tables(#[source] redb::Error),
    /// Sessions that an older version of the program left without an index cannot be given one.
    #[error("make the index of a session file whole")]
    Index(#[source] StoreError),
    /// The system gives no thread.
    #[error("start a thread for the session file")]
    Thread(#[source] io::Error),
}

impl OpenError {
    /// A stable name for logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "session_file_in_use",
            Self::Directory { .. } => "session_file_directory",
            Self::File { .. } => "session_file_not_opened",
            Self::Gone { .. } => "session_file_gone",
            Self::NotASessionFile { .. } | Self::Tables(_) => "session_file_damaged",
            Self::Index(_) => "session_file_index",
            Self::Thread(_) => "session_file_thread",
        }
    }

    /// Who must act.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Operator
    }
}

/// Opens the database at `path`, or makes it if this is the first opening.
pub(super) fn database(
    path: &Path,
    page_cache_bytes: usize,
    opening: Opening,
) -> Result<Opened, OpenError> {
    let file = match opening {
        Opening::First => first(path)?,
        Opening::Again => again(path)?,
    };
    let file_bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let damaged = |source| OpenError::NotASessionFile {
        path: path.to_owned(),
        source,
    };
    let backend = FileBackend::new(file).map_err(|error| damaged(error.into()))?;
    let opened = Builder::new()
        .set_cache_size(page_cache_bytes)
        .create_with_backend(backend);
    let opened = opened.map(|database| Opened {
        database,
        file_bytes,
    });
    opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::InUse {
                path: path.to_owned(),
            }
        }
        DatabaseError::Storage(StorageError::Io(source))
            if !matches!(
                source.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            ) =>
        {
            OpenError::File {
                path: path.to_owned(),
                source,
            }
        }
        other => damaged(other.into()),
    })
}

/// The file as it was left; it is never made.
fn again(path: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    let gone = || OpenError::Gone {
        path: path.to_owned(),
    };
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(gone()),
        opened => opened.map_err(failed)?,
    };
    // The database takes an empty file for one that is to be filled.
    match file.metadata().map_err(failed)?.len() {
        0 => Err(gone()),
        _ => Ok(file),
    }
}

fn first(path: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(directory) = directory
        && !directory.is_dir()
    {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|source| OpenError::Directory {
                path: path.to_owned(),
                source,
            })?;
    }
    let is_new = !path.exists();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::from(io::ErrorKind::InvalidInput)));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "the session file was open to others; it is now the owner's alone");
        file.set_permissions(Permissions::from_mode(0o600))
            .map_err(failed)?;
    }
    if is_new && let Some(directory) = directory {
        // The file's name must survive a power cut as well as its contents.
        let synced = fs::File::open(directory).and_then(|directory| directory.sync_all());
        if let Err(error) = synced {
            tracing::warn!(path = %directory.display(), %error, "the directory of the session file cannot be synced");
        }
    }
    Ok(file)
}

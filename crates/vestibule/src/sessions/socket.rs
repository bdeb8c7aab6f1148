//! Where the socket of a proxy is: both `run`, which opens it, and `sessions`, which asks it, go by the same
//! settings.
//!
//! | store | socket | so that |
//! |---|---|---|
//! | `file:PATH` | `PATH.sock` | each session file, which one process has open at a time, has its own |
//! | `memory` | `memory.sock` in the state directory | there is one without a file; a second process of the same user goes without |
//! | `cookie` | none | nobody expects a list of sessions that browsers carry |

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Handle;
use vestibule_config::apache::ImportOptions;
use vestibule_config::{LoadError, Settings, StoreSettings, state_directory};
use vestibule_proxy::sessions::SessionSocket;

use crate::cli::SessionsWhere;
use crate::exit::Exit;
use crate::import::Imported;
use crate::load::{self, Secrets};
use crate::output::{self, Chain};
use crate::serve::Served;

/// A proxy to ask.
pub(super) struct Found {
    /// Its socket.
    pub(super) path: PathBuf,
    /// The sites that it must serve to be the right one; empty where the socket can be nobody else's.
    pub(super) sites: Vec<String>,
}

/// The socket of a proxy with these settings, if it has one.
fn path(settings: &Settings) -> Option<PathBuf> {
    match &settings.session.store {
        StoreSettings::File(file) => {
            let mut path = OsString::from(file);
            path.push(".sock");
            Some(path.into())
        }
        StoreSettings::Memory => Some(state_directory().join("memory.sock")),
        StoreSettings::Cookie => None,
    }
}

/// Opens the socket of a proxy that was just started. One without is a proxy all the same.
pub(crate) fn open(
    settings: &Settings,
    served: &Served,
    runtime: &Handle,
) -> Option<SessionSocket> {
    // Where nobody signs in there is nobody to list, and no state folder to ask for.
    let path = path(settings).filter(|_| !settings.providers.is_empty())?;
    match SessionSocket::open(&path, Arc::clone(served.shared()), runtime) {
        Ok(socket) => {
            tracing::info!(path = %socket.path().display(), "`vestibule sessions` is answered on this socket");
            Some(socket)
        }
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "`vestibule sessions` can't ask this process");
            None
        }
    }
}

/// The socket these flags mean.
///
/// # Errors
/// The exit code, after it was printed why there is none.
pub(super) fn find(place: &SessionsWhere) -> Result<Found, Exit> {
    if let Some(path) = &place.socket {
        return Ok(Found {
            path: path.clone(),
            sites: Vec::new(),
        });
    }
    let settings = settings(place)?;
    let Some(path) = path(&settings) else {
        output::notice(
            "error: browsers carry the sessions (`store = \"cookie\"`), and nothing lists them\n  help: to sign everybody out put a new key in the place of all `session.keys` and reload; to list and end sessions choose another store",
        );
        return Err(Exit::Impossible);
    };
    let sites = match &settings.session.store {
        StoreSettings::File(_) => Vec::new(),
        _ => sites(&settings),
    };
    Ok(Found { path, sites })
}

/// What a proxy with these settings calls its sites.
fn sites(settings: &Settings) -> Vec<String> {
    let sites = crate::assemble::sites(settings).unwrap_or_default();
    sites.iter().map(|site| site.origin().to_owned()).collect()
}

/// Only where the proxy is found has to be right in them.
fn settings(place: &SessionsWhere) -> Result<Settings, Exit> {
    if let Some(file) = &place.apache {
        let options = ImportOptions {
            version: place.source_version,
            ..ImportOptions::default()
        };
        let imported = Imported::of(file, &options, Secrets::Absent);
        return imported.settings().cloned().ok_or_else(|| {
            imported.print();
            Exit::Wrong
        });
    }
    of_file(&place.config)
}

fn of_file(file: &Path) -> Result<Settings, Exit> {
    match load::file(file, Secrets::Absent) {
        Ok((settings, _)) => Ok(settings),
        Err(LoadError::Invalid(problems)) => {
            load::print(&problems);
            Err(Exit::Wrong)
        }
        Err(error) => {
            let help =
                "name the file the proxy runs with --config FILE, or its socket with --socket PATH";
            output::error("find the running proxy", &error, Some(help));
            Err(Exit::Impossible)
        }
    }
}

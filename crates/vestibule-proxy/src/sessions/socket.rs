//! The Unix socket that `vestibule sessions` speaks to.
//!
//! It is its owner's alone: mode 0600, and whoever connects is asked of the kernel who they are. A lock
//! beside it (`….lock`) says whether it is in use: what a `kill -9` left behind is replaced, and what a
//! living process has is never taken from it.
//!
//! | bound | what |
//! |---|---|
//! | 32 | clients at once; for one more, one that is quiet gives way ([`places`]) |
//! | 8 | of them that are worked for; more wait for their turn |
//! | 30 s | until a client says what it wants, and for each piece of an answer that it takes |
//! | 16 KiB | of one request |

mod places;

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
    PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::UCred;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{sleep, timeout};
use vestibule_session::store::StoreError;

use super::protocol::{
    Answer, Ask, Ended, Hello, Listed, MOST_LISTED, REQUEST_MAX_BYTES, Refused, Request, VERSION,
};
use super::{Asker, Which, list, refusal, revoke};
use crate::error_chain::chain;
use crate::shared::Shared;

use places::{Place, Places};

/// Clients that are worked for at once.
const WORKED_FOR: usize = 8;

const PATIENCE: Duration = Duration::from_secs(30);

/// Root may do whatever the owner may.
const ROOT: u32 = 0;

/// Why there is no socket. The proxy works without it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// Another process has it.
    #[error("open {}, which another running process has", path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// What is there is no socket.
    #[error("put a socket at {}: something else is there", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("open the socket {}", path.display())]
    System {
        /// The socket.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

/// The open socket. Dropped, it is closed and taken away.
#[derive(Debug)]
pub struct SessionSocket {
    path: PathBuf,
    task: JoinHandle<()>,
    /// Held for as long as the socket is ours.
    _lock: File,
}

impl SessionSocket {
    /// Opens the socket at `path`, and makes its directory with mode 0700 if it is not there. Answers on
    /// the control runtime.
    ///
    /// # Errors
    /// [`SocketError`].
    pub fn open(path: &Path, shared: Arc<Shared>, control: &Handle) -> Result<Self, SocketError> {
        let failed = |source| SocketError::System {
            path: path.to_owned(),
            source,
        };
        make_directory_of(path).map_err(failed)?;
        let lock = lock(path)?;
        let owner = lock.metadata().map_err(failed)?.uid();
        let there = fs::symlink_metadata(path).ok();
        if there.is_some_and(|there| !there.file_type().is_socket()) {
            return Err(SocketError::NotASocket {
                path: path.to_owned(),
            });
        }
        let listener = listen(path).map_err(failed)?;
        let listener = {
            let _inside = control.enter();
            UnixListener::from_std(listener).map_err(failed)?
        };
        let desk = Desk::new(shared, owner);
        let task = control.spawn(accept(listener, Arc::new(desk)));
        Ok(Self {
            path: path.to_owned(),
            task,
            _lock: lock,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SessionSocket {
    fn drop(&mut self) {
        self.task.abort();
        // While the lock is held, so that it is not somebody else's by now.
        let _ = fs::remove_file(&self.path);
    }
}

fn make_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent();
    match directory.filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) if !directory.is_dir() => DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory),
        _ => Ok(()),
    }
}

/// The lock stays when the socket goes: to take it away would let two processes hold one each.
fn lock(path: &Path) -> Result<File, SocketError> {
    let failed = |source| SocketError::System {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(beside(path, ".lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SocketError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Under another name first: at its own it has its mode from the first moment, and takes the place of what a
/// killed process left there.
fn listen(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    let new = beside(path, ".new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = std::os::unix::net::UnixListener::bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    fs::rename(&new, path)?;
    Ok(listener)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

async fn accept(listener: UnixListener, desk: Arc<Desk>) {
    let places = Arc::new(Places::default());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let place = places.take().await;
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            tokio::select! {
                // Whoever goes away in the middle has no need of an answer.
                _ = desk.serve(stream, &place) => {}
                () = place.given_up() => {}
            }
        });
        // Whoever gave way leaves before the next one comes.
        yield_now().await;
    }
}

/// Answers clients.
#[derive(Debug)]
struct Desk {
    shared: Arc<Shared>,
    owner: u32,
    turns: Semaphore,
}

impl Desk {
    fn new(shared: Arc<Shared>, owner: u32) -> Self {
        Self {
            shared,
            owner,
            turns: Semaphore::new(WORKED_FOR),
        }
    }

    async fn serve(&self, stream: UnixStream, place: &Place) -> io::Result<()> {
        let peer = stream.peer_cred()?;
        let (read, mut write) = stream.into_split();
        if !self.may(&peer) {
            tracing::warn!(
                uid = peer.uid(),
                pid = peer.pid(),
                "somebody else than the owner asks the socket for sessions"
            );
            let message = "the socket is for the user that runs Vestibule".to_owned();
            let refused = Refused::new("not_permitted", message);
            return send(&mut write, &[Answer::Refused(refused)], place).await;
        }
        send(&mut write, &[Answer::Hello(self.hello())], place).await?;
        let mut read = BufReader::new(read);
        while let Some(line) = next_line(&mut read).await? {
            place.works();
            let answers = match line {
                Line::Whole(line) => {
                    let _turn = self.turns.acquire().await;
                    self.answer(&line, &peer).await
                }
                Line::TooLong => {
                    let message = format!("it is longer than {REQUEST_MAX_BYTES} bytes");
                    let refused = Answer::Refused(Refused::new("request", message));
                    return send(&mut write, &[refused], place).await;
                }
            };
            send(&mut write, &answers, place).await?;
        }
        Ok(())
    }

    fn may(&self, peer: &UCred) -> bool {
        [self.owner, ROOT].contains(&peer.uid())
    }

    fn hello(&self) -> Hello {
        let plan = self.shared.plan.load();
        let sites = plan.gate.sites().iter();
        Hello {
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            sites: sites.map(|site| site.origin().to_owned()).collect(),
        }
    }

    async fn answer(&self, line: &[u8], peer: &UCred) -> Vec<Answer> {
        let request = match Request::parse(line) {
            Ok(request) => request,
            Err(refused) => return vec![Answer::Refused(refused)],
        };
        if let Some(why) = refusal(&self.shared) {
            return vec![Answer::Refused(Refused::new(
                "cookie_store",
                why.to_owned(),
            ))];
        }
        let answers = match request.ask {
            Ask::List { which, after, most } => {
                let most = most.clamp(1, MOST_LISTED);
                list(&self.shared, &which, after, most.into())
                    .await
                    .map(|listed| {
                        let end = Answer::Listed(Listed {
                            next: listed.next,
                            looked_at: listed.looked_at,
                            unreadable: listed.unreadable,
                        });
                        (listed.sessions, end)
                    })
            }
            Ask::Revoke { which, after } => {
                let asker = Asker::Socket {
                    uid: peer.uid(),
                    pid: peer.pid(),
                };
                self.revoke(which, after, asker).await
            }
        };
        match answers {
            Ok((sessions, end)) => {
                let sessions = sessions.into_iter().map(Box::new).map(Answer::Session);
                sessions.chain([end]).collect()
            }
            Err(error) => {
                self.shared.telemetry.metrics.store_error("page");
                vec![Answer::Refused(Refused::new(error.code(), chain(&error)))]
            }
        }
    }

    /// To its end, though the client may go away: half of what was asked for is not begun and left.
    async fn revoke(
        &self,
        which: Which,
        after: Option<super::SessionId>,
        asker: Asker,
    ) -> Result<(Vec<super::SessionView>, Answer), StoreError> {
        let shared = Arc::clone(&self.shared);
        let work = async move { revoke(&shared, &which, after, asker).await };
        let ended = match self.shared.control.run(work).await {
            Ok(ended) => ended?,
            Err(gone) => return Err(StoreError::Unavailable(Arc::new(gone))),
        };
        let end = Answer::Ended(Ended {
            next: ended.next,
            looked_at: ended.looked_at,
            unreadable: ended.unreadable,
            failed: ended.failed,
        });
        Ok((ended.sessions, end))
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// The next line, or `None` when there is none.
async fn next_line(read: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let most = REQUEST_MAX_BYTES as u64;
    let mut bounded = read.take(most);
    timeout(PATIENCE, bounded.read_until(b'\n', &mut line)).await??;
    Ok(match line.last() {
        None => None,
        Some(b'\n') => Some(Line::Whole(line)),
        Some(_) if line.len() >= REQUEST_MAX_BYTES => Some(Line::TooLong),
        // It broke off.
        Some(_) => None,
    })
}

async fn send(
    write: &mut (impl tokio::io::AsyncWrite + Unpin),
    answers: &[Answer],
    place: &Place,
) -> io::Result<()> {
    for answer in answers {
        let line = answer.line().map_err(io::Error::other)?;
        place.waits();
        timeout(PATIENCE, write.write_all(&line)).await??;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

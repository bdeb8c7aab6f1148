//! The file store: sessions outlive the process, also when it is killed.
//!
//! One redb file, mode 0600, records sealed inside. One thread writes: whatever is waiting goes
//! into one transaction and one fsync, and only then is anybody answered. Another thread reads what
//! is not in memory; most requests never get that far.
//!
//! | fault | what happens |
//! |---|---|
//! | killed | everything that was answered is there; opening again is quick |
//! | disk full | no new sessions ([`StoreError::Full`]), the others go on; writing resumes by itself |
//! | its disk goes away | it can't be asked; the file is opened again, and never made again |
//! | a removal cannot be written | this process hands the session out no more, and tries again |
//! | opened by another process | [`OpenError::InUse`] |
//! | sealing key taken away, record of a newer version | the person is signed out; the record stays |

mod disk;
mod open;
mod reader;
mod sweep;
mod writer;

pub use open::OpenError;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::Record;
use vestibule_session::seal::{KeyRing, NONCE_BYTES, Purpose};
use vestibule_session::store::{
    Cause, Figures, Replacement, Store, StoreError, StoreFuture, Stored, Version,
};

use self::disk::{Disk, Opener, Row};
use self::reader::Read;
use self::writer::Op;
use super::shelf::{Bounds, Shelf};

/// How many operations may wait for one thread. More than that is an outage, and waiting longer
/// would only pile up requests.
const MOST_WAITING: usize = 4096;

/// Idle times that may wait to be written. Past that the oldest news is as good as any.
const MOST_NOTES: usize = 1 << 17;

/// Everything about a file store but its path and keys.
#[derive(Clone, Copy, Debug)]
pub struct FileStoreSettings {
    /// How much is held in memory in front of the file. Sessions past that are read from the file.
    pub in_memory: Bounds,
    /// The cache of file pages, in bytes.
    pub page_cache_bytes: usize,
}

impl Default for FileStoreSettings {
    fn default() -> Self {
        let in_memory = Bounds {
            sessions: 50_000,
            bytes: 256 << 20,
        };
        Self {
            in_memory,
            page_cache_bytes: 16 << 20,
        }
    }
}

/// Sessions in a file of this machine. See the module's text.
#[derive(Debug)]
pub struct FileStore {
    shared: Arc<Shared>,
    // `None` only while being dropped: the threads end when their senders are gone.
    ops: Option<SyncSender<Op>>,
    reads: Option<SyncSender<Read>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the store, its threads and its sweeps share.
#[derive(Debug)]
struct Shared {
    shelf: Shelf,
    disk: Disk,
    keys: RwLock<KeyRing>,
    /// Idle times not yet written.
    notes: Mutex<HashMap<StoreKey, UnixTime>>,
    /// Sessions that were removed and could not be taken out of the file yet.
    tombstones: Mutex<HashSet<StoreKey>>,
    sessions: AtomicU64,
    unreadable: AtomicU64,
}

/// Why the store's own threads did not do what they were asked.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("hand work to the session file: {MOST_WAITING} operations are waiting already")]
    Busy,
    #[error("hand work to the session file: its thread has stopped")]
    Stopped,
    #[error("seal a session record")]
    Seal,
    #[error("reopen the session file after a failure")]
    Closed,
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

impl FileStore {
    /// Opens the file at `path`, or makes it, with mode 0600, and its directory, with mode 0700.
    ///
    /// # Errors
    ///
    /// [`OpenError`], each kind with what the operator can do about it.
    pub fn open(
        path: &Path,
        keys: KeyRing,
        settings: FileStoreSettings,
    ) -> Result<Self, OpenError> {
        let path = path.to_owned();
        let opener: Opener =
            Box::new(move |opening| open::database(&path, settings.page_cache_bytes, opening));
        Self::with_opener(opener, keys, settings.in_memory)
    }

    fn with_opener(opener: Opener, keys: KeyRing, in_memory: Bounds) -> Result<Self, OpenError> {
        let (disk, sessions) = Disk::open(opener)?;
        let shared = Arc::new(Shared {
            shelf: Shelf::new(in_memory),
            disk,
            keys: RwLock::new(keys),
            notes: Mutex::default(),
            tombstones: Mutex::default(),
            sessions: AtomicU64::new(sessions),
            unreadable: AtomicU64::new(0),
        });
        let (ops, waiting_ops) = sync_channel(MOST_WAITING);
        let (reads, waiting_reads) = sync_channel(MOST_WAITING);
        let mut store = Self {
            shared: Arc::clone(&shared),
            ops: Some(ops),
            reads: Some(reads),
            threads: Vec::new(),
        };
        for (name, work) in [
            (
                "session-writer",
                writer::work(Arc::clone(&shared), waiting_ops),
            ),
            ("session-reader", reader::work(shared, waiting_reads)),
        ] {
            let thread = std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(work);
            store.threads.push(thread.map_err(OpenError::Thread)?);
        }
        Ok(store)
    }

    /// Puts other sealing keys in place: the first seals from now on, all open.
    pub fn use_keys(&self, keys: KeyRing) {
        *self
            .shared
            .keys
            .write()
            .unwrap_or_else(PoisonError::into_inner) = keys;
    }

    async fn ask<T>(&self, op: impl FnOnce(Reply<T>) -> Op) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        hand_over(self.ops.as_ref(), op(reply))?;
        answer
            .await
            .unwrap_or_else(|_| Err(unavailable(Trouble::Stopped)))
    }
}

/// Waits until what was noted is written and the file is closed.
impl Drop for FileStore {
    fn drop(&mut self) {
        self.ops = None;
        self.reads = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the session file ended by a panic");
            }
        }
    }
}

impl Store for FileStore {
    fn peek(&self, key: &StoreKey) -> Option<Arc<Stored>> {
        self.shared.shelf.get(key)
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Arc<Stored>>> {
        Box::pin(async move {
            if let Some(stored) = self.shared.shelf.get(key) {
                return Ok(Some(stored));
            }
            let (reply, answer) = oneshot::channel();
            hand_over(self.reads.as_ref(), Read { key: *key, reply })?;
            answer
                .await
                .unwrap_or_else(|_| Err(unavailable(Trouble::Stopped)))
        })
    }

    fn insert<'a>(&'a self, key: &'a StoreKey, record: Record) -> StoreFuture<'a, Arc<Stored>> {
        Box::pin(async move {
            let sealed = self.shared.seal(key, &record)?;
            self.ask(|reply| Op::Insert {
                key: *key,
                record,
                sealed,
                reply,
            })
            .await
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        expected: Version,
        record: Record,
    ) -> StoreFuture<'a, Replacement> {
        Box::pin(async move {
            let sealed = self.shared.seal(key, &record)?;
            self.ask(|reply| Op::Replace {
                key: *key,
                expected,
                record,
                sealed,
                reply,
            })
            .await
        })
    }

    fn touch(&self, key: &StoreKey, seen_at: UnixTime) {
        if let Some(stored) = self.shared.shelf.get(key)
            && !stored.note_seen(seen_at)
        {
            return;
        }
        let mut notes = self.shared.notes();
        let first = notes.is_empty();
        if notes.len() < MOST_NOTES {
            let note = notes.entry(*key).or_insert(seen_at);
            *note = seen_at.max(*note);
        }
        drop(notes);
        if first && let Some(ops) = &self.ops {
            // Whatever else is waiting takes the notes along.
            let _ = ops.try_send(Op::Noted);
        }
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            match self.ask(|reply| Op::Remove { key: *key, reply }).await {
                Err(error) => {
                    // Also when the writer never got to see it.
                    self.shared.bury(key);
                    Err(error)
                }
                removed => removed,
            }
        })
    }

    fn sweep(&self, now: UnixTime, lifetimes: Lifetimes) -> StoreFuture<'_, usize> {
        Box::pin(async move {
            let Some(ops) = self.ops.clone() else {
                return Err(unavailable(Trouble::Stopped));
            };
            let (reply, answer) = oneshot::channel();
            sweep::start(Arc::clone(&self.shared), ops, now, lifetimes, reply);
            answer
                .await
                .unwrap_or_else(|_| Err(unavailable(Trouble::Stopped)))
        })
    }

    fn flush(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.ask(|reply| Op::Flush { reply }))
    }

    fn figures(&self) -> Figures {
        Figures {
            sessions: self.shared.sessions.load(Ordering::Relaxed),
            in_memory: self.shared.shelf.sessions(),
            in_memory_bytes: self.shared.shelf.bytes(),
            // What leaves the memory is still in the file.
            evicted: 0,
            unreadable: self.shared.unreadable.load(Ordering::Relaxed),
        }
    }
}

impl Shared {
    fn seal(&self, key: &StoreKey, record: &Record) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| unavailable(Trouble::Seal))?;
        let keys = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        keys.seal(Purpose::Record, &[key.as_bytes()], &record.encode(), nonce)
            .map_err(|_| unavailable(Trouble::Seal))
    }

    /// The session in a row of the file. `None`, and counted, when it cannot be read: that is a
    /// signed-out person, and the row stays for whoever can read it.
    fn unseal(&self, key: &StoreKey, row: &Row) -> Option<Stored> {
        let keys = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let record = match keys.open(Purpose::Record, &[key.as_bytes()], &row.sealed) {
            Ok(plaintext) => Record::decode(&plaintext).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match record {
            Ok(record) => {
                let seen = row.seen_at.max(self.noted(key).unwrap_or(row.seen_at));
                Some(Stored::new(row.version, record, seen))
            }
            Err(reason) => {
                self.unreadable.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(session = ?key, reason, "a session in the file cannot be read; the person is signed out");
                None
            }
        }
    }

    /// Hands the session out no more, whatever the file says.
    fn bury(&self, key: &StoreKey) {
        self.tombstones
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(*key);
        self.shelf.take(key);
    }

    /// Shows a session in memory that is on the disk now. `false`, and not shown, if it was removed
    /// while it was being written.
    fn show(&self, key: &StoreKey, stored: &Arc<Stored>) -> bool {
        self.shelf
            .put_unless(key, stored, || self.tombstones().contains(key))
    }

    fn tombstones(&self) -> MutexGuard<'_, HashSet<StoreKey>> {
        self.tombstones
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<StoreKey, UnixTime>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn noted(&self, key: &StoreKey) -> Option<UnixTime> {
        self.notes().get(key).copied()
    }
}

fn hand_over<T>(to: Option<&SyncSender<T>>, work: T) -> Result<(), StoreError> {
    let sent = to
        .ok_or_else(|| unavailable(Trouble::Stopped))?
        .try_send(work);
    sent.map_err(|error| match error {
        TrySendError::Full(_) => unavailable(Trouble::Busy),
        TrySendError::Disconnected(_) => unavailable(Trouble::Stopped),
    })
}

fn unavailable(trouble: Trouble) -> StoreError {
    let cause: Cause = Arc::new(trouble);
    StoreError::Unavailable(cause)
}

#[cfg(test)]
mod tests;

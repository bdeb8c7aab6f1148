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
//! | a removal cannot be written | this process hands the session out no more, and tries again; so does the next, if it could be written down in [`journal`] |
//! | opened by another process | [`OpenError::InUse`] |
//! | an older program wrote to it, which knows no index | the index is made whole at opening |
//! | sealing key taken away, record of a newer version | the person is signed out; the record stays |

mod disk;
mod index;
mod journal;
mod names;
mod open;
mod reader;
mod reindex;
mod shared;
mod sweep;
mod tombstones;
mod writer;

pub use open::OpenError;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::Record;
use vestibule_session::seal::KeyRing;
use vestibule_session::store::{
    Cause, Figures, MOST_LISTED, OneTime, Replacement, Store, StoreError, StoreFuture, Stored,
    Version, Whose,
};

use self::disk::{Disk, Opener};
use self::journal::Journal;
use self::reader::Read;
use self::shared::Shared;
use self::writer::Op;
use super::shelf::Bounds;

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
        let (sessions, path) = (path.to_owned(), path.to_owned());
        let opener: Opener =
            Box::new(move |opening| open::database(&path, settings.page_cache_bytes, opening));
        Self::with_opener(opener, keys, settings.in_memory, Some(&sessions))
    }

    /// `path`: where the file is, for the journal beside it.
    fn with_opener(
        opener: Opener,
        keys: KeyRing,
        in_memory: Bounds,
        path: Option<&Path>,
    ) -> Result<Self, OpenError> {
        let (disk, sessions) = Disk::open(opener)?;
        // The file is locked from here on, and the journal with it.
        let journal = path.and_then(Journal::of);
        let shared = Arc::new(Shared::new(disk, sessions, keys, in_memory));
        reindex::run(&shared).map_err(OpenError::Index)?;
        for key in journal.iter().flat_map(Journal::keys) {
            shared.bury(key, true);
        }
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
                writer::work(Arc::clone(&shared), waiting_ops, journal),
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
    ///
    /// When one was taken away, what is in memory is forgotten: from the file it comes back if it still opens.
    pub fn use_keys(&self, keys: KeyRing) {
        let mut current = self
            .shared
            .keys
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let keeps_all = keys.has_all_of(&current);
        *current = keys;
        drop(current);
        if !keeps_all {
            // After the keys: whoever reads the file meanwhile with the old ones puts nothing into memory.
            self.shared.shelf.sweep(|_, _| true);
        }
    }

    async fn ask<T>(&self, op: impl FnOnce(Reply<T>) -> Op) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        hand_over(self.ops.as_ref(), op(reply))?;
        answer
            .await
            .unwrap_or_else(|_| Err(unavailable(Trouble::Stopped)))
    }

    async fn read<T>(&self, read: impl FnOnce(Reply<T>) -> Read) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        hand_over(self.reads.as_ref(), read(reply))?;
        answer
            .await
            .unwrap_or_else(|_| Err(unavailable(Trouble::Stopped)))
    }

    async fn list(
        &self,
        whose: Option<Whose>,
        after: Option<StoreKey>,
        most: usize,
    ) -> Result<Vec<StoreKey>, StoreError> {
        self.read(|reply| Read::List {
            whose,
            after,
            most: most.min(MOST_LISTED),
            reply,
        })
        .await
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
            self.read(|reply| Read::Session { key: *key, reply }).await
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
                    self.shared.bury(key, false);
                    Err(error)
                }
                removed => removed,
            }
        })
    }

    fn find<'a>(
        &'a self,
        whose: &'a Whose,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        Box::pin(self.list(Some(*whose), after.copied(), most))
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        Box::pin(self.list(None, after.copied(), most))
    }

    fn remember_once<'a>(
        &'a self,
        name: &'a OneTime,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.ask(move |reply| Op::Remember {
            name: *name,
            until,
            now,
            reply,
        }))
    }

    fn remembers<'a>(&'a self, name: &'a OneTime, now: UnixTime) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let until = self.read(|reply| Read::Name { name: *name, reply }).await?;
            Ok(until.is_some_and(|until| until > now))
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

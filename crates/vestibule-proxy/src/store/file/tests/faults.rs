//! A disk that goes away, and removals that cross a write on its way.

use std::sync::mpsc::Receiver;

use super::*;
use crate::store::file::disk::{Opened, Opening};

#[test]
fn a_file_that_is_gone_is_not_made_again() {
    let directory = TempDir::new().unwrap();
    for path in [
        directory.path().join("sessions"),
        directory.path().join("unmounted/sessions"),
    ] {
        let error = open::database(&path, 1 << 20, Opening::Again)
            .err()
            .unwrap();
        assert_eq!(error.code(), "session_file_gone", "{error}");
        assert!(!path.exists() && std::fs::read_dir(directory.path()).unwrap().count() == 0);
    }
    let path = directory.path().join("empty");
    std::fs::write(&path, b"").unwrap();
    let error = open::database(&path, 1 << 20, Opening::Again)
        .err()
        .unwrap();
    assert_eq!(error.code(), "session_file_gone", "{error}");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_disk_that_goes_away_is_an_outage_and_nobody_is_signed_out() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sessions");
    drop(open_at(&path));
    let disk = FillingDisk::new();
    let first = disk.clone();
    let opener: Opener = Box::new(move |opening| match opening {
        Opening::First => Ok(Opened {
            database: Builder::new().create_with_backend(first.clone()).unwrap(),
            file_bytes: 0,
        }),
        Opening::Again => open::database(&path, 1 << 20, opening),
    });
    let in_memory = Bounds {
        sessions: 1,
        bytes: 1,
    };
    let store = FileStore::with_opener(opener, ring(1), in_memory, None).unwrap();
    block_on(store.insert(&key(1), record("alice"))).unwrap();
    std::fs::remove_file(directory.path().join("sessions")).unwrap();
    disk.fill(true);
    for _ in 0..3 {
        assert!(block_on(store.insert(&key(2), record("bob"))).is_err());
        let answer = block_on(store.load(&key(1)));
        assert!(
            matches!(answer, Err(StoreError::Unavailable(_))),
            "{answer:?}"
        );
    }
}

/// A disk on which one write, when asked, stops in the middle until it is let go.
#[derive(Debug)]
struct StoppingDisk {
    backend: InMemoryBackend,
    stops: Arc<AtomicBool>,
    stopped: SyncSender<()>,
    go: Mutex<Receiver<()>>,
}

impl StorageBackend for StoppingDisk {
    fn len(&self) -> Result<u64, io::Error> {
        self.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.backend.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        if self.stops.swap(false, Ordering::SeqCst) {
            self.stopped.send(()).unwrap();
            self.go.lock().unwrap().recv().unwrap();
        }
        self.backend.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.backend.write(offset, data)
    }
}

#[test]
fn a_session_removed_while_it_is_replaced_does_not_come_back() {
    let (stopped, has_stopped) = sync_channel(1);
    let (go, may_go) = sync_channel(1);
    let stops = Arc::new(AtomicBool::new(false));
    let disk = StoppingDisk {
        backend: InMemoryBackend::new(),
        stops: Arc::clone(&stops),
        stopped,
        go: Mutex::new(may_go),
    };
    let database = Builder::new().create_with_backend(disk).unwrap();
    let opener = opening(Opened {
        database,
        file_bytes: 0,
    });
    let store = FileStore::with_opener(opener, ring(1), Bounds::default(), None).unwrap();
    let first = block_on(store.insert(&key(1), record("alice"))).unwrap();
    stops.store(true, Ordering::SeqCst);
    let replaced = std::thread::scope(|scope| {
        let replacing = scope
            .spawn(|| block_on(store.replace(&key(1), first.version(), record("alice again"))));
        has_stopped.recv().unwrap();
        // What `remove` does when too many operations wait already.
        store.shared.bury(&key(1), false);
        go.send(()).unwrap();
        replacing.join().unwrap().unwrap()
    });
    assert!(matches!(replaced, Replacement::Gone), "{replaced:?}");
    assert!(store.peek(&key(1)).is_none());
    assert_eq!(subject_at(&store, 1), None);
    block_on(store.flush()).unwrap();
    assert_eq!(subject_at(&store, 1), None);
    assert_eq!(store.figures().sessions, 0);
}

#[test]
fn what_is_taken_out_of_the_file_is_taken_out_of_memory() {
    let (store, _directory) = make();
    let stored = block_on(store.insert(&key(1), record("alice"))).unwrap();
    store.shared.bury(&key(1), false);
    store.shared.shelf.put_unless(&key(1), &stored, || false);
    block_on(store.flush()).unwrap();
    assert!(store.peek(&key(1)).is_none());
    assert_eq!(subject_at(&store, 1), None);
}

/// Whoever signs out with invented handles while the disk is full takes no memory without end, and
/// nobody's sign-out is dropped for them.
#[test]
fn sign_outs_of_invented_sessions_on_a_full_disk_are_bounded_and_real_ones_are_kept() {
    let disk = FillingDisk::new();
    let store = disk.store();
    block_on(store.insert(&key(1), record("alice"))).unwrap();
    disk.fill(true);
    let most = tombstones::MOST_UNKNOWN;
    for number in 0..most as u64 + 3 {
        store.shared.bury(&key(1_000_000 + number), false);
    }
    assert_eq!(store.shared.tombstones().keys().len(), most);
    assert!(block_on(store.remove(&key(1))).is_err());
    assert!(store.shared.tombstones().contains(&key(1)));
    disk.fill(false);
    block_on(store.flush()).unwrap();
    assert!(store.shared.tombstones().keys().is_empty());
    assert_eq!(store.figures().sessions, 0);
    assert_eq!(subject_at(&store, 1), None);
}

/// The process ends before the disk has room again.
#[test]
fn a_sign_out_on_a_full_disk_is_not_forgotten_at_a_restart() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sessions");
    let disk = FillingDisk::new();
    let open = || FileStore::with_opener(disk.opener(), ring(1), Bounds::default(), Some(&path));
    let store = open().unwrap();
    block_on(store.insert(&key(1), record("alice"))).unwrap();
    block_on(store.insert(&key(2), record("bob"))).unwrap();
    disk.fill(true);
    assert!(block_on(store.remove(&key(1))).is_err());
    drop(store);
    disk.fill(false);
    let store = open().unwrap();
    assert_eq!(subject_at(&store, 1), None);
    assert_eq!(subject_at(&store, 2).as_deref(), Some("bob"));
    block_on(store.flush()).unwrap();
    assert_eq!(store.figures().sessions, 1);
    drop(store);
    // It is done, and so it is nobody's business any more.
    let journal = std::fs::read(directory.path().join("sessions.ended")).unwrap();
    assert!(journal.iter().all(|byte| *byte == 0));
}

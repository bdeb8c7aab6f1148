use super::disk::Disk;
use super::*;
use redb::backends::InMemoryBackend;
use redb::{Builder, StorageBackend};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tempfile::TempDir;
use vestibule_session::handle::Handle;
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::seal::SealingKey;
use vestibule_session::store::contract::block_on;

mod faults;
mod index;

const NOW: UnixTime = UnixTime(1_700_000_000);

fn ring(byte: u8) -> KeyRing {
    let mut bytes = [byte; 32];
    bytes[0] = !byte;
    KeyRing::new(vec![SealingKey::from_bytes(&bytes).unwrap()]).unwrap()
}

fn open_at(path: &Path) -> FileStore {
    FileStore::open(path, ring(1), FileStoreSettings::default()).unwrap()
}

fn make() -> (FileStore, TempDir) {
    let directory = TempDir::new().unwrap();
    (open_at(&directory.path().join("sessions")), directory)
}

/// A store that holds next to nothing in memory, so that nearly everything is read from the file.
fn make_without_memory() -> (FileStore, TempDir) {
    let directory = TempDir::new().unwrap();
    let in_memory = Bounds {
        sessions: 1,
        bytes: 1,
    };
    let settings = FileStoreSettings {
        in_memory,
        ..FileStoreSettings::default()
    };
    let store = FileStore::open(&directory.path().join("sessions"), ring(1), settings).unwrap();
    (store, directory)
}

mod contract {
    vestibule_session::store_contract!(super::make);
}

mod contract_from_the_file {
    vestibule_session::store_contract!(super::make_without_memory);
}

fn key(number: u64) -> StoreKey {
    let mut entropy = [0; 32];
    entropy[..8].copy_from_slice(&number.to_be_bytes());
    Handle::from_entropy(entropy).store_key()
}

fn record(subject: &str) -> Record {
    RecordFixture::new(subject, NOW).build()
}

fn subject_at(store: &FileStore, number: u64) -> Option<String> {
    let loaded = block_on(store.load(&key(number))).unwrap();
    loaded.map(|stored| stored.record().subject().to_owned())
}

#[test]
fn sessions_survive_a_restart() {
    let (store, directory) = make();
    let first = block_on(store.insert(&key(1), record("alice"))).unwrap();
    block_on(store.replace(&key(1), first.version(), record("alice2"))).unwrap();
    block_on(store.insert(&key(2), record("bob"))).unwrap();
    block_on(store.remove(&key(2))).unwrap();
    store.touch(&key(1), NOW + Duration::from_secs(50));
    // Not flushed: closing writes what was noted.
    drop(store);

    let store = open_at(&directory.path().join("sessions"));
    assert_eq!(store.figures().sessions, 1);
    let stored = block_on(store.load(&key(1))).unwrap().unwrap();
    assert_eq!(stored.record().encode(), record("alice2").encode());
    assert_eq!(stored.version(), first.version().next());
    assert_eq!(stored.last_seen(), NOW + Duration::from_secs(50));
    assert_eq!(subject_at(&store, 2), None);
}

/// A copy of the file is what a kill -9 leaves: nothing was closed.
#[test]
fn what_was_answered_survives_a_kill() {
    let (store, directory) = make();
    let copy = directory.path().join("copy");
    for number in 0..20 {
        block_on(store.insert(&key(number), record(&number.to_string()))).unwrap();
        std::fs::copy(directory.path().join("sessions"), &copy).unwrap();
        let revived = open_at(&copy);
        assert_eq!(revived.figures().sessions, number + 1);
        assert_eq!(subject_at(&revived, number), Some(number.to_string()));
    }
}

#[test]
fn the_file_is_the_owners_alone() {
    let (store, directory) = make();
    let path = directory.path().join("sessions");
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    drop(store);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let _store = open_at(&path);
    assert_eq!(mode(), 0o600);
}

#[test]
fn a_missing_directory_is_made_for_the_owner_alone() {
    let directory = TempDir::new().unwrap();
    let state = directory.path().join("a/b");
    let _store = open_at(&state.join("sessions"));
    assert_eq!(
        std::fs::metadata(&state).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_file_that_is_open_already_is_refused() {
    let (_store, directory) = make();
    let path = directory.path().join("sessions");
    let error = FileStore::open(&path, ring(1), FileStoreSettings::default()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    assert!(
        error.to_string().contains("another process has open"),
        "{error}"
    );
}

#[test]
fn another_file_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("notes.txt");
    for contents in [
        b"remember the milk".to_vec(),
        vec![0; 100_000],
        b"redb".repeat(4096),
    ] {
        std::fs::write(&path, &contents).unwrap();
        let error = FileStore::open(&path, ring(1), FileStoreSettings::default()).unwrap_err();
        assert!(
            matches!(error, OpenError::NotASessionFile { .. }),
            "{error:?}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), contents);
    }
    let error = FileStore::open(directory.path(), ring(1), FileStoreSettings::default());
    assert!(matches!(error, Err(OpenError::File { .. })));
}

#[test]
fn the_file_contains_no_token() {
    let (store, directory) = make();
    block_on(store.insert(&key(1), record("alice"))).unwrap();
    drop(store);
    let bytes = std::fs::read(directory.path().join("sessions")).unwrap();
    for secret in ["token-of-alice", "alice", "provider.example"] {
        assert!(
            !bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes()),
            "{secret}"
        );
    }
}

#[test]
fn a_session_sealed_with_a_lost_key_is_no_session_and_stays_in_the_file() {
    let (store, directory) = make();
    let path = directory.path().join("sessions");
    block_on(store.insert(&key(1), record("alice"))).unwrap();
    drop(store);

    let settings = FileStoreSettings::default();
    let store = FileStore::open(&path, ring(2), settings).unwrap();
    assert_eq!(subject_at(&store, 1), None);
    assert_eq!(
        (store.figures().unreadable, store.figures().sessions),
        (1, 1)
    );
    // The log was told of it, and is not of every other one: only of another reason.
    let row = store.shared.disk.read(&key(1)).unwrap().unwrap();
    let reason = store.shared.open(&key(1), &row).unwrap_err();
    assert!(!store.shared.is_news(&reason));
    assert!(store.shared.is_news("another") && !store.shared.is_news("another"));
    store.use_keys(ring(1));
    assert_eq!(subject_at(&store, 1).as_deref(), Some("alice"));
}

#[test]
fn a_key_that_is_taken_away_while_the_store_is_open_ends_what_it_sealed() {
    let (store, _directory) = make();
    let stored = block_on(store.insert(&key(1), record("alice"))).unwrap();
    let (one, other) = (ring(1), ring(2));
    store.use_keys(one);
    assert!(store.peek(&key(1)).is_some(), "the same keys");
    store.use_keys(other);
    assert!(store.peek(&key(1)).is_none());
    assert_eq!(subject_at(&store, 1), None);
    // Nor does a refresh that was under way seal it with the new key.
    let replaced = block_on(store.replace(&key(1), stored.version(), record("alice"))).unwrap();
    assert!(matches!(replaced, Replacement::Gone), "{replaced:?}");
    assert_eq!(subject_at(&store, 1), None);
}

#[test]
fn a_record_moved_to_another_key_is_no_session() {
    let (store, directory) = make();
    let path = directory.path().join("sessions");
    block_on(store.insert(&key(1), record("alice"))).unwrap();
    drop(store);
    let database = open::database(&path, 1 << 20, disk::Opening::First).unwrap();
    let (disk, _) = Disk::open(opening(database)).unwrap();
    let row = disk.read(&key(1)).unwrap().unwrap();
    disk.write(|tables| tables.put_record(&key(2), row.version, &row.sealed))
        .unwrap();
    drop(disk);
    let store = open_at(&path);
    assert_eq!(subject_at(&store, 2), None);
    assert_eq!(subject_at(&store, 1).as_deref(), Some("alice"));
}

fn opening(database: disk::Opened) -> Opener {
    let once = Mutex::new(Some(database));
    Box::new(move |_| {
        once.lock().unwrap().take().ok_or(OpenError::InUse {
            path: PathBuf::new(),
        })
    })
}

/// A disk that is full when told so, and keeps what was written across openings.
#[derive(Clone, Debug)]
struct FillingDisk {
    backend: Arc<InMemoryBackend>,
    is_full: Arc<AtomicBool>,
}

impl StorageBackend for FillingDisk {
    fn len(&self) -> Result<u64, io::Error> {
        self.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.check()?;
        self.backend.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.backend.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.check()?;
        self.backend.write(offset, data)
    }
}

impl FillingDisk {
    fn new() -> Self {
        Self {
            backend: Arc::new(InMemoryBackend::new()),
            is_full: Arc::default(),
        }
    }

    fn check(&self) -> Result<(), io::Error> {
        match self.is_full.load(Ordering::SeqCst) {
            true => Err(io::Error::from(io::ErrorKind::StorageFull)),
            false => Ok(()),
        }
    }

    fn fill(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }

    fn opener(&self) -> Opener {
        let disk = self.clone();
        Box::new(move |_| {
            let opened = Builder::new().create_with_backend(disk.clone());
            let opened = opened.map(|database| disk::Opened {
                database,
                file_bytes: 0,
            });
            opened.map_err(|error| OpenError::Tables(error.into()))
        })
    }

    fn store(&self) -> FileStore {
        let opener = self.opener();
        FileStore::with_opener(opener, ring(1), Bounds::default(), None).unwrap()
    }
}

#[test]
fn a_full_disk_refuses_new_sessions_and_keeps_the_old() {
    let disk = FillingDisk::new();
    let store = disk.store();
    let first = block_on(store.insert(&key(1), record("alice"))).unwrap();
    disk.fill(true);
    for _ in 0..3 {
        let error = block_on(store.insert(&key(2), record("bob"))).unwrap_err();
        assert!(
            matches!(error, StoreError::Full(_) | StoreError::Unavailable(_)),
            "{error:?}"
        );
        let error = block_on(store.replace(&key(1), first.version(), record("x"))).unwrap_err();
        assert!(
            matches!(error, StoreError::Full(_) | StoreError::Unavailable(_)),
            "{error:?}"
        );
        assert_eq!(subject_at(&store, 1).as_deref(), Some("alice"));
    }
    disk.fill(false);
    // It needs nobody to restart it.
    block_on(store.insert(&key(2), record("bob"))).unwrap();
    assert_eq!(subject_at(&store, 1).as_deref(), Some("alice"));
    assert_eq!(subject_at(&store, 2).as_deref(), Some("bob"));
    assert_eq!(store.figures().sessions, 2);
    drop(store);
    assert_eq!(disk.store().figures().sessions, 2);
}

#[test]
fn the_first_write_on_a_full_disk_says_full() {
    let disk = FillingDisk::new();
    let store = disk.store();
    disk.fill(true);
    let error = block_on(store.insert(&key(2), record("bob"))).unwrap_err();
    assert_eq!(error.code(), "store_full", "{error:?}");
}

#[test]
fn signing_out_on_a_full_disk_ends_the_session_here_and_later_in_the_file() {
    let disk = FillingDisk::new();
    let store = disk.store();
    block_on(store.insert(&key(1), record("alice"))).unwrap();
    block_on(store.insert(&key(2), record("bob"))).unwrap();
    disk.fill(true);
    assert!(block_on(store.remove(&key(1))).is_err());
    assert!(store.peek(&key(1)).is_none());
    disk.fill(false);
    block_on(store.flush()).unwrap();
    assert_eq!(subject_at(&store, 1), None);
    assert_eq!(store.figures().sessions, 1);
    drop(store);
    let store = disk.store();
    assert_eq!(subject_at(&store, 1), None);
    assert_eq!(subject_at(&store, 2).as_deref(), Some("bob"));
}

#[test]
fn notes_on_a_full_disk_are_written_later() {
    let disk = FillingDisk::new();
    let store = disk.store();
    block_on(store.insert(&key(1), record("alice"))).unwrap();
    disk.fill(true);
    let later = NOW + Duration::from_secs(100);
    store.touch(&key(1), later);
    assert!(block_on(store.flush()).is_err());
    disk.fill(false);
    drop(store);
    let store = disk.store();
    assert_eq!(
        block_on(store.load(&key(1))).unwrap().unwrap().last_seen(),
        later
    );
}

#[test]
fn many_writers_share_a_transaction() {
    let (store, _directory) = make();
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let store = &store;
            scope.spawn(move || {
                for number in 0..25 {
                    let number = thread * 1000 + number;
                    block_on(store.insert(&key(number), record(&number.to_string()))).unwrap();
                }
            });
        }
    });
    assert_eq!(store.figures().sessions, 200);
    assert_eq!(subject_at(&store, 7024).as_deref(), Some("7024"));
}

#[test]
fn a_sweep_in_steps_removes_everything() {
    let (store, _directory) = make_without_memory();
    std::thread::scope(|scope| {
        for thread in 0..16u64 {
            let store = &store;
            scope.spawn(move || {
                for number in 0..70 {
                    block_on(store.insert(&key(thread * 100 + number), record("x"))).unwrap();
                }
            });
        }
    });
    let lifetimes = Lifetimes::new(Duration::from_secs(60), Duration::from_secs(600)).unwrap();
    let swept = block_on(store.sweep(NOW + Duration::from_secs(60), lifetimes)).unwrap();
    assert_eq!((swept, store.figures().sessions), (1120, 0));
}

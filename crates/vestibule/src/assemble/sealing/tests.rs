use std::path::PathBuf;
use std::time::Duration;

use vestibule_session::seal::{NONCE_BYTES, Purpose};

use super::*;

fn settings(store: StoreSettings, keys: Vec<SealingKeySource>) -> SessionSettings {
    SessionSettings {
        store,
        keys,
        idle_timeout: Duration::from_secs(3600),
        absolute_timeout: Duration::from_secs(7200),
        persistent_cookie: false,
        cookie_limit_bytes: 8192,
        front_buffer_bytes: None,
    }
}

fn missing(folder: &Path) -> (SessionSettings, PathBuf, PathBuf) {
    let (sessions, key) = (folder.join("sessions"), folder.join("key"));
    let source = SealingKeySource::File {
        path: key.clone(),
        content: None,
    };
    let settings = settings(StoreSettings::File(sessions.clone()), vec![source]);
    (settings, sessions, key)
}

/// Whether `opens` opens what `seals` sealed.
fn agree(seals: &KeyRing, opens: &KeyRing) -> bool {
    let sealed = seals.seal(Purpose::Record, &[], b"x", [1; NONCE_BYTES]);
    opens.open(Purpose::Record, &[], &sealed.unwrap()).is_ok()
}

#[test]
fn a_key_is_made_while_there_is_no_session_file() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, _, key) = missing(folder.path());
    ring(&settings, None).unwrap();
    assert!(key.exists());
}

#[test]
fn a_missing_key_of_a_session_file_is_an_error_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, sessions, key) = missing(folder.path());
    std::fs::write(&sessions, b"sessions").unwrap();
    let error = ring(&settings, None).unwrap_err().to_string();
    assert!(
        error.contains("put it back") && error.contains(&*sessions.to_string_lossy()),
        "{error}"
    );
    assert!(!key.exists());
}

#[test]
fn a_reload_makes_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let (set, _, key) = missing(folder.path());
    let running = ring(&settings(StoreSettings::Memory, vec![]), None).unwrap();
    let error = ring(&set, Some(&running)).unwrap_err().to_string();
    assert!(error.contains("put it back"), "{error}");
    assert!(!key.exists());
}

#[test]
fn the_memory_stores_key_lasts_through_a_reload_and_no_longer() {
    let memory = settings(StoreSettings::Memory, vec![]);
    let running = ring(&memory, None).unwrap();
    let reloaded = ring(&memory, Some(&running)).unwrap();
    assert!(agree(&running, &reloaded) && agree(&reloaded, &running));
    assert!(!agree(&running, &ring(&memory, None).unwrap()));
}

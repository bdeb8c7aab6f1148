//! Makes the index whole when the file is opened: for a file of a program that knew no index, and one
//! that such a program wrote to in between.
//!
//! Without it a logout would overlook sessions, so the file is not used when this fails.

use vestibule_session::handle::StoreKey;
use vestibule_session::record::Record;
use vestibule_session::store::{StoreError, Whose};

use super::index::Gaps;
use super::shared::Shared;

/// Sessions in one transaction.
const STEP: usize = 500;

pub(super) fn run(shared: &Shared) -> Result<(), StoreError> {
    let Gaps { missing, stale } = shared.disk.gaps()?;
    for keys in stale.chunks(STEP) {
        shared
            .disk
            .write(|tables| keys.iter().try_for_each(|key| tables.index.remove(key)))?;
    }
    let mut unreadable = 0;
    for keys in missing.chunks(STEP) {
        let mut records: Vec<(&StoreKey, Record)> = Vec::new();
        for key in keys {
            let Some(row) = shared.disk.read(key)? else {
                continue;
            };
            match shared.open(key, &row) {
                Ok(record) => records.push((key, record)),
                Err(_) => unreadable += 1,
            }
        }
        shared.disk.write(|tables| {
            records
                .iter()
                .try_for_each(|(key, record)| tables.index.put(key, Whose::all_of(record)))
        })?;
    }
    let (added, dropped) = (missing.len() - unreadable, stale.len());
    if added + dropped > 0 {
        tracing::info!(
            added,
            dropped,
            "the index of the session file was made whole"
        );
    }
    if unreadable > 0 {
        // They let nobody in either.
        tracing::warn!(
            sessions = unreadable,
            "sessions in the file cannot be read, and so not found by whose they are"
        );
    }
    Ok(())
}

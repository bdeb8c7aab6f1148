//! The thread that reads sessions which are not in memory.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use vestibule_session::handle::StoreKey;
use vestibule_session::store::{StoreError, Stored};

use super::{Reply, Shared};

/// A session somebody waits for.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) key: StoreKey,
    pub(super) reply: Reply<Option<Arc<Stored>>>,
}

pub(super) fn work(shared: Arc<Shared>, waiting: Receiver<Read>) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        for Read { key, reply } in waiting {
            // Whoever asked may have gone away meanwhile, in which case nobody needs the answer.
            if !reply.is_closed() {
                let _ = reply.send(read(&shared, &key));
            }
        }
    })
}

fn read(shared: &Shared, key: &StoreKey) -> Result<Option<Arc<Stored>>, StoreError> {
    // It may have been read for somebody else while this one waited.
    if let Some(stored) = shared.shelf.get(key) {
        return Ok(Some(stored));
    }
    // In this order: what is removed or replaced after the epoch was taken is not put in memory.
    let epoch = shared.shelf.epoch(key);
    if shared.tombstones().contains(key) {
        return Ok(None);
    }
    let Some(row) = shared.disk.read(key)? else {
        return Ok(None);
    };
    let Some(stored) = shared.unseal(key, &row) else {
        return Ok(None);
    };
    let stored = Arc::new(stored);
    shared.shelf.fill(key, &stored, epoch);
    Ok(Some(stored))
}

//! The thread that reads what is not in memory: sessions, whose they are, what counts once.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::store::{OneTime, StoreError, Stored, Whose};

use super::{Reply, Shared};

/// What somebody waits for.
#[derive(Debug)]
pub(super) enum Read {
    Session {
        key: StoreKey,
        reply: Reply<Option<Arc<Stored>>>,
    },
    /// The sessions of somebody, or all.
    List {
        whose: Option<Whose>,
        after: Option<StoreKey>,
        most: usize,
        reply: Reply<Vec<StoreKey>>,
    },
    /// Until when a name counts.
    Name {
        name: OneTime,
        reply: Reply<Option<UnixTime>>,
    },
}

pub(super) fn work(shared: Arc<Shared>, waiting: Receiver<Read>) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        for read in waiting {
            match read {
                Read::Session { key, reply } => answer(reply, || session(&shared, &key)),
                Read::List {
                    whose,
                    after,
                    most,
                    reply,
                } => answer(reply, || list(&shared, whose.as_ref(), after, most)),
                Read::Name { name, reply } => answer(reply, || shared.disk.name_until(&name)),
            }
        }
    })
}

/// Whoever asked may have gone away meanwhile, in which case nobody needs the answer.
fn answer<T>(reply: Reply<T>, read: impl FnOnce() -> Result<T, StoreError>) {
    if !reply.is_closed() {
        let _ = reply.send(read());
    }
}

fn session(shared: &Shared, key: &StoreKey) -> Result<Option<Arc<Stored>>, StoreError> {
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

/// What the file lists, without what was removed and could not be taken out of it yet.
fn list(
    shared: &Shared,
    whose: Option<&Whose>,
    mut after: Option<StoreKey>,
    most: usize,
) -> Result<Vec<StoreKey>, StoreError> {
    let mut listed = Vec::new();
    loop {
        let wanted = most - listed.len();
        let page = shared.disk.list(whose, after.as_ref(), wanted)?;
        let is_last = page.len() < wanted;
        after = page.last().copied().or(after);
        let tombstones = shared.tombstones();
        listed.extend(page.into_iter().filter(|key| !tombstones.contains(key)));
        if is_last || listed.len() >= most {
            return Ok(listed);
        }
    }
}

//! Looks at sessions, a bounded number at a time, and gives way in between.

use std::sync::Arc;

use futures_util::future::join_all;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Liveness;
use vestibule_session::store::{StoreError, Stored};

use super::{SessionId, SessionView, Which};
use crate::shared::Shared;
use crate::store::in_time;

/// The most sessions one step looks at.
pub(super) const MOST_LOOKED_AT: usize = 200;

/// Sessions asked for together: what requests want from the store waits for no more than these.
const TOGETHER: usize = 16;

/// Keys asked for where there is one session: two of the same id would be a wonder.
const OF_ONE_ID: usize = 4;

/// What one step came across.
#[derive(Debug)]
pub(super) struct Step {
    /// The sessions that were meant; without what is stored where that can't be read.
    pub(super) found: Vec<(StoreKey, Option<Arc<Stored>>)>,
    /// Where the next one goes on; `None`: there is nothing more.
    pub(super) next: Option<SessionId>,
    /// How many were looked at.
    pub(super) looked_at: usize,
}

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The live sessions, in the order of their ids.
    pub(crate) sessions: Vec<SessionView>,
    /// Where the next part begins; `None`: there is none.
    pub(crate) next: Option<SessionId>,
    /// How many were looked at.
    pub(crate) looked_at: usize,
    /// Such as can't be read: sealed with a key that is gone, most often.
    pub(crate) unreadable: usize,
}

/// Why nothing can be listed or ended here, whatever is asked; `None` where it can.
pub(crate) fn refusal(shared: &Shared) -> Option<&'static str> {
    shared.carried.as_ref().map(|_| {
        "browsers carry the sessions (`store = \"cookie\"`): nothing here lists them, and those of other \
         replicas could not be ended"
    })
}

/// One step through the sessions after `after`: it ends when `most` were found, or enough was looked
/// at.
pub(super) async fn step(
    shared: &Shared,
    which: &Which,
    after: Option<SessionId>,
    most: usize,
) -> Result<Step, StoreError> {
    let keys = keys(shared, which, after).await?;
    let is_full = keys.len() >= MOST_LOOKED_AT;
    let mut next = keys.last().filter(|_| is_full).map(SessionId::of);
    let (mut found, mut looked_at) = (Vec::new(), 0);
    'keys: for some in keys.chunks(TOGETHER) {
        let loaded = some.iter().map(|key| in_time(shared.store.load(key)));
        for (key, stored) in some.iter().zip(join_all(loaded).await) {
            looked_at += 1;
            let stored = stored?;
            let is_meant = match &stored {
                Some(stored) => which.means(key, stored.record()),
                None => which.means_unread(key),
            };
            if !is_meant {
                continue;
            }
            found.push((*key, stored));
            if found.len() >= most.max(OF_ONE_ID) && looked_at < keys.len() {
                next = Some(SessionId::of(key));
                break 'keys;
            }
        }
        // Whatever else waits on this runtime has its turn.
        tokio::task::yield_now().await;
    }
    Ok(Step {
        found,
        next,
        looked_at,
    })
}

async fn keys(
    shared: &Shared,
    which: &Which,
    after: Option<SessionId>,
) -> Result<Vec<StoreKey>, StoreError> {
    let store = &shared.store;
    if let Which::Id(id) = which {
        let mut keys = in_time(store.page(id.before().as_ref(), OF_ONE_ID)).await?;
        keys.retain(|key| SessionId::of(key) == *id);
        return Ok(keys);
    }
    let after = after.map(SessionId::last);
    match which.whose() {
        Some(whose) => in_time(store.find(&whose, after.as_ref(), MOST_LOOKED_AT)).await,
        None => in_time(store.page(after.as_ref(), MOST_LOOKED_AT)).await,
    }
}

/// A part of the list of these sessions, which may be short of `most` though there is more.
///
/// # Errors
/// The store can't be asked.
pub(crate) async fn list(
    shared: &Shared,
    which: &Which,
    after: Option<SessionId>,
    most: usize,
) -> Result<Listed, StoreError> {
    let step = step(shared, which, after, most).await?;
    let lifetimes = *shared.plan.load().gate.lifetimes();
    let now = shared.now();
    let mut listed = Listed {
        sessions: Vec::with_capacity(step.found.len()),
        next: step.next,
        looked_at: step.looked_at,
        unreadable: 0,
    };
    for (key, stored) in &step.found {
        match stored {
            // What has ended and was not swept yet is nobody's.
            Some(stored) if lifetimes.judge(stored, now) == Liveness::Live => {
                listed
                    .sessions
                    .push(SessionView::of(key, stored, &lifetimes));
            }
            Some(_) => {}
            None => listed.unreadable += 1,
        }
    }
    Ok(listed)
}

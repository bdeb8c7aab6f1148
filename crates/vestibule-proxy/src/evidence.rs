//! Decides what the store has to say about the session handle a request brought, by its key.

use std::sync::Arc;

use vestibule_gate::evidence::Evidence;
use vestibule_session::handle::StoreKey;

use crate::shared::Shared;
use crate::store::in_time;

/// What is known without asking anybody: nothing is to be asked, or the session is in memory.
pub(crate) fn at_hand(shared: &Shared, key: Option<StoreKey>) -> Option<Evidence> {
    match key {
        None => Some(Evidence::NotAsked),
        Some(key) => shared.store.peek(&key).map(Evidence::Session),
    }
}

/// Asks the store about the session of this key, if a request brought a handle.
///
/// "No such session" is a signed-out person; "can't be asked" is its own answer, and never the other.
pub(crate) async fn look_up(shared: &Arc<Shared>, key: Option<StoreKey>) -> Evidence {
    if let Some(evidence) = at_hand(shared, key) {
        return evidence;
    }
    let Some(key) = key else {
        return Evidence::NotAsked;
    };
    let store = Arc::clone(&shared.store);
    let loaded = shared
        .control
        .run(async move { in_time(store.load(&key)).await })
        .await;
    match loaded {
        Ok(Ok(Some(stored))) => Evidence::Session(stored),
        Ok(Ok(None)) => Evidence::NoSession,
        Ok(Err(error)) => {
            shared.telemetry.metrics.store_error("load");
            tracing::error!(code = error.code(), %error, "the session store can't be asked; cookies are kept");
            Evidence::StoreUnavailable
        }
        Err(_stopping) => Evidence::StoreUnavailable,
    }
}

#[cfg(test)]
mod tests;

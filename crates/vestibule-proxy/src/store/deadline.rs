//! How long a request waits for a store: a disk that hangs is one that can't be asked.

use std::sync::Arc;
use std::time::Duration;

use vestibule_session::store::{StoreError, StoreFuture};

/// Longer than a busy disk takes, shorter than a person waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// No answer in time.
#[derive(Debug, thiserror::Error)]
#[error("get an answer of the session store within {} seconds", PATIENCE.as_secs())]
struct TooSlow;

/// What the store answers, or [`StoreError::Unavailable`] when it does not answer in time. What was
/// asked for may still happen afterwards.
pub(crate) async fn in_time<T>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    tokio::time::timeout(PATIENCE, answer)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable(Arc::new(TooSlow))))
}

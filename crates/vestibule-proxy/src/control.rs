//! The control runtime's doorway: work that touches the network or a store runs there, and the
//! core that asked only waits.
//!
//! Work handed over is never cancelled by the asking side going away: a browser that hangs up in
//! the middle of a refresh must not lose the new refresh token.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// The control runtime stopped or the task panicked before there was a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("finish on the control runtime")]
pub struct ControlGone;

/// A handle on the control runtime.
#[derive(Debug, Clone)]
pub struct Control {
    handle: Handle,
}

impl Control {
    /// A doorway to `handle`'s runtime.
    #[must_use]
    pub const fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// Runs `work` on the control runtime and waits for its result.
    ///
    /// # Errors
    ///
    /// [`ControlGone`] when the runtime shuts down or the work panics.
    pub async fn run<F>(&self, work: F) -> Result<F::Output, ControlGone>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(work).await.map_err(|_| ControlGone)
    }

    /// Starts `work` on the control runtime; nobody waits for it.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(work)
    }
}

//! Holds the order to stop, and how long what is in flight may take.

use std::time::Duration;

use tokio::sync::watch;

/// Gives the order.
#[derive(Debug)]
pub(super) struct Stopper(watch::Sender<Option<Duration>>);

/// Waits for the order. Clones hear the same one.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<Option<Duration>>);

pub(super) fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(None);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// The first order counts.
    pub(super) fn stop(&self, drain: Duration) {
        self.0.send_if_modified(|order| {
            let first = order.is_none();
            if first {
                *order = Some(drain);
            }
            first
        });
    }
}

impl Stop {
    /// Whether the order was given; for a clone that nobody waits on.
    pub(crate) fn is_ordered(&self) -> bool {
        // Compares two numbers. Looking at the value would take a lock that all cores share.
        self.0.has_changed().unwrap_or(true)
    }

    /// Returns when the order was given, also if that was before.
    pub(crate) async fn wait(&mut self) {
        self.drain().await;
    }

    /// The same, with the time that is left for what is in flight.
    pub(crate) async fn drain(&mut self) -> Duration {
        match self.0.wait_for(Option::is_some).await {
            Ok(order) => order.unwrap_or_default(),
            // The stopper is gone, and so is the server.
            Err(_) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
impl Stop {
    /// A stop, and how to order it.
    pub(crate) fn with_order() -> (Self, impl FnOnce() + use<>) {
        let (stopper, stop) = channel();
        (stop, move || stopper.stop(Duration::from_secs(60)))
    }
}

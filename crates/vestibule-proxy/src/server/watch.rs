//! Decides how often certificate files are looked at, and says what came of it.

use std::sync::Arc;
use std::time::Duration;

use super::{Handler, Stop};
use crate::telemetry::Metrics;

const PERIOD: Duration = Duration::from_secs(3);

/// Looks at the files of all listeners until the stop. Reading them is simpler and surer than asking the
/// system for changes: it works on every file system and through every kind of swap.
pub(super) async fn certificates<H: Handler>(
    handler: Arc<H>,
    metrics: Arc<Metrics>,
    mut stop: Stop,
) {
    let mut unreadable = false;
    loop {
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let plan = handler.serving();
        for identity in plan
            .listeners
            .iter()
            .filter_map(|listener| listener.tls.clone())
        {
            let refreshed = tokio::task::spawn_blocking(move || identity.refresh()).await;
            match refreshed {
                Ok(Ok(true)) => {
                    unreadable = false;
                    metrics.certificate_reload("ok");
                    tracing::info!("changed certificate files are in use");
                }
                Ok(Ok(false)) => unreadable = false,
                Ok(Err(error)) => {
                    let again = error.is_unreadable()
                        && std::mem::replace(&mut unreadable, error.is_unreadable());
                    if !again {
                        metrics.certificate_reload("failed");
                        let cause = std::error::Error::source(&error).map(ToString::to_string);
                        tracing::error!(%error, cause, "changed certificate files can't be used; the old certificate stays");
                    }
                }
                Err(_) => {}
            }
        }
    }
}

//! The keeper of one provider: renews its documents every hour, and probes it while it is down.
//!
//! While the provider is down a new probe starts every second, even if earlier ones still hang:
//! whichever is answered first ends the outage. So a provider that is back is noticed within
//! seconds, and one that is merely slow is not mistaken for one that is down for ever.

use std::sync::{Arc, Weak};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Provider;
use super::breaker::PROBE_INTERVAL;
use super::documents::{RENEW_INTERVAL, RETRY_REFUSED};
use super::http::CALL_TIMEOUT;

/// Most probes on their way at one time; each ends within [`CALL_TIMEOUT`].
const PROBES_MAX: usize = 8;

/// Runs until the provider is dropped.
pub(super) async fn keep(provider: Weak<Provider>, wake: Arc<Notify>) {
    let mut fetches = FuturesUnordered::new();
    let mut due = Instant::now();
    loop {
        tokio::select! {
            Some(next) = fetches.next(), if !fetches.is_empty() => due = next,
            () = wake.notified() => due = due.min(Instant::now() + PROBE_INTERVAL),
            () = sleep_until(due) => {
                let Some(provider) = provider.upgrade() else { return };
                let hedged = provider.is_down() || provider.known_metadata().is_none();
                let after = if hedged { PROBE_INTERVAL } else { CALL_TIMEOUT };
                due = Instant::now() + after;
                if fetches.len() < PROBES_MAX {
                    fetches.push(fetch(provider));
                }
            }
        }
        if provider.strong_count() == 0 && fetches.is_empty() {
            return;
        }
    }
}

/// One scheduled fetch; answers when the next one is due.
async fn fetch(provider: Arc<Provider>) -> Instant {
    let after = match provider.fetch_documents().await {
        Ok(()) => RENEW_INTERVAL,
        Err(error) if error.is_outage() && error.is_about_metadata() => PROBE_INTERVAL,
        // Without documents nobody can sign in, so that a corrected answer is wanted soon.
        Err(_) if !provider.is_ready() => PROBE_INTERVAL * 3,
        Err(_) => RETRY_REFUSED,
    };
    Instant::now() + after
}

//! What one stretch of load showed.

use std::time::Duration;

/// Requests, their time, and how long each took.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sample {
    pub(crate) requests: u64,
    pub(crate) elapsed: Duration,
    /// From the moment each request was due to the last byte of its answer.
    pub(crate) latencies: Vec<Duration>,
    /// Connections that the proxy closed and that were opened again.
    pub(crate) reconnects: u64,
}

impl Sample {
    pub(crate) fn per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            // A count of requests fits.
            #[expect(clippy::cast_precision_loss, reason = "a count of requests fits")]
            let requests = self.requests as f64;
            requests / seconds
        } else {
            0.0
        }
    }

    /// The latency that `share` of the requests stay at or below.
    pub(crate) fn quantile(&mut self, share: f64) -> Option<Duration> {
        self.latencies.sort_unstable();
        let last = self.latencies.len().checked_sub(1)?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index below a count of requests, times at most one"
        )]
        let index = (last as f64 * share.clamp(0.0, 1.0)).round() as usize;
        self.latencies.get(index).copied()
    }
}

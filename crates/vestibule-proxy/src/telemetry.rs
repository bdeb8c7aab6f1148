//! Holds what the proxy tells of itself: one access-log line per request, and metrics. Never a secret, never a query.

pub mod access;
pub mod metrics;
pub mod names;
mod subject;
mod time;
pub mod writer;

use std::sync::Arc;

pub use metrics::Metrics;
pub use subject::Subject;
pub use writer::{AccessLog, AccessLogError, AccessLogPlan, Destination};

/// What every core reports to. Made once; a reload keeps it.
#[derive(Debug, Default)]
pub struct Telemetry {
    /// Counters and durations.
    pub metrics: Arc<Metrics>,
    /// Where access-log lines go; `None` writes none.
    pub access_log: Option<AccessLog>,
}

impl Telemetry {
    /// Metrics, and an access log if one is planned.
    ///
    /// # Errors
    /// [`AccessLogError`] when the log file can't be opened.
    pub fn start(access_log: Option<&AccessLogPlan>) -> Result<Self, AccessLogError> {
        let metrics = Arc::new(Metrics::default());
        let access_log = access_log
            .map(|plan| AccessLog::start(plan, metrics.access_log_dropped.clone()))
            .transpose()?;
        Ok(Self {
            metrics,
            access_log,
        })
    }
}

//! The time by this machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use vestibule_oidc::time::UnixTime;

/// What time it is.
pub(crate) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let secs = since.unwrap_or_default().as_secs();
    UnixTime::from_secs(i64::try_from(secs).unwrap_or(i64::MAX))
}

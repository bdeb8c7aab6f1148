//! Holds a point in time as the specifications count it: whole seconds since 1970-01-01T00:00:00Z.
//!
//! Nothing here reads a clock; whoever does passes the result on as `now`.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds ignored (RFC 7519 §2, `NumericDate`).
///
/// Arithmetic saturates: a time far away stays far away and never wraps to "just now".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// The time this many seconds after the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs)
    }

    /// Seconds after the epoch.
    pub const fn as_secs(self) -> i64 {
        self.0
    }

    /// How long ago `earlier` was, zero if it has not happened yet.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for UnixTime {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(rhs.as_secs()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for UnixTime {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(rhs.as_secs()).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(
            UnixTime(i64::MAX) + Duration::from_secs(1),
            UnixTime(i64::MAX)
        );
        assert_eq!(
            UnixTime(5) + Duration::from_secs(u64::MAX),
            UnixTime(i64::MAX)
        );
        assert_eq!(
            UnixTime(i64::MIN) - Duration::from_secs(1),
            UnixTime(i64::MIN)
        );
    }

    #[test]
    fn a_time_to_come_is_no_time_ago() {
        assert_eq!(UnixTime(5).since(UnixTime(9)), Duration::ZERO);
        assert_eq!(UnixTime(9).since(UnixTime(5)), Duration::from_secs(4));
    }
}

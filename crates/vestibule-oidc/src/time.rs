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

    /// The time of `Sun, 06 Nov 1994 08:49:37 GMT`, the preferred form of RFC 9110 §5.6.7 and the only one that is read.
    pub fn from_http_date(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once(", ")?;
        let mut parts = rest.strip_suffix(" GMT")?.split(' ');
        let day: i64 = parts.next()?.parse().ok()?;
        let name = parts.next()?;
        let month = i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1;
        let year: i64 = parts.next()?.parse().ok()?;
        let mut clock = parts
            .next()?
            .split(':')
            .map(|part| part.parse::<i64>().ok());
        let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
        let fits = (1970..=9999).contains(&year)
            && (1..=31).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..=60).contains(&second);
        let utc = Utc {
            year,
            month,
            day,
            hour,
            minute,
            second,
        };
        (fits && parts.next().is_none()).then(|| utc.into())
    }

    /// How long ago `earlier` was, zero if it has not happened yet.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// A point in time on the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utc {
    /// The year, in the proleptic Gregorian calendar.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
}

/// A day that its month does not have is one of the next.
impl From<Utc> for UnixTime {
    fn from(utc: Utc) -> Self {
        let of_day = utc.hour * 3600 + utc.minute * 60 + utc.second;
        Self(days(utc.year, utc.month, utc.day) * 86_400 + of_day)
    }
}

impl From<UnixTime> for Utc {
    fn from(time: UnixTime) -> Self {
        let (days, rest) = (time.0.div_euclid(86_400), time.0.rem_euclid(86_400));
        // Counted in eras of 400 years from 0000-03-01, so that the leap day is the last of its year.
        let z = days + 719_468;
        let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted + 2) / 5 + 1,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
        }
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Days since 1970-01-01, counted in years that begin in March so that the leap day is the last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
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
    fn dates_are_read_in_the_preferred_form_alone() {
        for (text, secs) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Tue, 29 Feb 2000 12:00:00 GMT", Some(951_825_600)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("Sun, 06 Nov 1994 25:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("", None),
        ] {
            assert_eq!(
                UnixTime::from_http_date(text).map(UnixTime::as_secs),
                secs,
                "{text}"
            );
        }
    }

    #[test]
    fn a_time_to_come_is_no_time_ago() {
        assert_eq!(UnixTime(5).since(UnixTime(9)), Duration::ZERO);
        assert_eq!(UnixTime(9).since(UnixTime(5)), Duration::from_secs(4));
    }
}

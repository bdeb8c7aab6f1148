//! Puts times into words: the day and hour, and how far that is from now.

use serde::Serialize;
use vestibule_oidc::time::{UnixTime, Utc};

/// A time as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Moment {
    /// Seconds since 1970.
    pub(crate) unix: i64,
    /// `2026-11-22 14:29:03 UTC`.
    pub(crate) utc: String,
    /// `in 12 minutes`, `3 hours ago`.
    pub(crate) relative: String,
}

impl Moment {
    /// A time in seconds since 1970, as seen now.
    pub(crate) fn new(secs: i64, now: UnixTime) -> Self {
        Self {
            unix: secs,
            utc: utc(secs),
            relative: relative(secs, now),
        }
    }
}

fn relative(secs: i64, now: UnixTime) -> String {
    let ahead = secs.saturating_sub(now.as_secs());
    let span = span(ahead.unsigned_abs());
    match ahead {
        0 => "now".to_owned(),
        1.. => format!("in {span}"),
        _ => format!("{span} ago"),
    }
}

/// Two units at most: `1 hour 20 minutes`, `3 days`.
fn span(secs: u64) -> String {
    const UNITS: [(&str, u64); 5] = [
        ("year", 365 * 86_400),
        ("day", 86_400),
        ("hour", 3600),
        ("minute", 60),
        ("second", 1),
    ];
    let named = |count: u64, name: &str| match count {
        1 => format!("1 {name}"),
        _ => format!("{count} {name}s"),
    };
    for (at, (name, length)) in UNITS.iter().enumerate() {
        let count = secs / length;
        if count == 0 {
            continue;
        }
        let whole = named(count, name);
        let rest = UNITS
            .get(at + 1)
            .map(|(name, length2)| (secs % length / length2, name));
        return match rest {
            // Past ten of a unit the next smaller one says nothing.
            Some((more, name)) if more > 0 && count < 10 => {
                format!("{whole} {}", named(more, name))
            }
            _ => whole,
        };
    }
    "0 seconds".to_owned()
}

/// The first second of the year 0000 and the last of 9999: what is beyond is not written out.
const WRITTEN: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

fn utc(secs: i64) -> String {
    if !WRITTEN.contains(&secs) {
        return format!("{secs} seconds after 1970");
    }
    let Utc {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = UnixTime::from_secs(secs).into();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_absolutely_and_relatively() {
        let now = UnixTime::from_secs(1_795_357_743);
        for (secs, utc, relative) in [
            (1_795_357_743, "2026-11-22 14:29:03 UTC", "now"),
            (1_795_358_463, "2026-11-22 14:41:03 UTC", "in 12 minutes"),
            (1_795_357_742, "2026-11-22 14:29:02 UTC", "1 second ago"),
            (
                1_795_352_943,
                "2026-11-22 13:09:03 UTC",
                "1 hour 20 minutes ago",
            ),
            (0, "1970-01-01 00:00:00 UTC", "56 years ago"),
            (951_782_400, "2000-02-29 00:00:00 UTC", "26 years ago"),
        ] {
            let moment = Moment::new(secs, now);
            assert_eq!(
                (moment.utc.as_str(), moment.relative.as_str()),
                (utc, relative)
            );
        }
    }

    #[test]
    fn no_time_is_too_far_away() {
        for secs in [i64::MIN, i64::MAX, -62_167_219_201] {
            let moment = Moment::new(secs, UnixTime::from_secs(0));
            assert!(moment.utc.ends_with("after 1970"), "{moment:?}");
        }
    }
}

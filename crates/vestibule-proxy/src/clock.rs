//! Decides what time it is for one core, and holds the text of the `Date` field.
//!
//! The wall clock is read about once a second; in between it is the monotonic clock that goes on. So a request that has
//! an [`Instant`] gets its time and its `Date` without asking the system.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// How long one reading of the wall clock is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The length of an IMF-fixdate (RFC 9110 §5.6.7).
const DATE_BYTES: usize = 29;

/// One core's clock.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    read: Cell<Option<(Instant, SystemTime)>>,
    date: Cell<(u64, [u8; DATE_BYTES])>,
}

impl Clock {
    /// The wall clock at that moment, which must be about now.
    pub(crate) fn wall(&self, now: Instant) -> SystemTime {
        if let Some((instant, time)) = self.read.get()
            && let Some(since) = now.checked_duration_since(instant)
            && since < GOOD_FOR
        {
            return time + since;
        }
        let time = SystemTime::now();
        self.read.set(Some((now, time)));
        time
    }

    /// The value of `Date` (RFC 9110 §6.6.1).
    pub(crate) fn date(&self, now: Instant) -> [u8; DATE_BYTES] {
        let since = self.wall(now).duration_since(UNIX_EPOCH);
        let seconds = since.map_or(0, |since| since.as_secs());
        let (of, date) = self.date.get();
        if of == seconds && seconds != 0 {
            return date;
        }
        let date = imf_fixdate(seconds);
        self.date.set((seconds, date));
        date
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(seconds: u64) -> [u8; DATE_BYTES] {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb",
    ];
    let days = seconds / 86_400;
    let of_day = seconds % 86_400;
    // Years that begin in March, in eras of 400 years: the leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era + u64::from(month >= 10);
    let name = |names: &[&'static str], at: u64| {
        let at = usize::try_from(at).unwrap_or_default();
        names.get(at).copied().unwrap_or_default()
    };
    let text = format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, days % 7),
        name(&MONTHS, month),
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
    );
    let mut date = [b' '; DATE_BYTES];
    for (to, from) in date.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_as_rfc_9110_writes_them() {
        for (seconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(imf_fixdate(seconds), expected.as_bytes(), "{seconds}");
        }
    }

    #[test]
    fn the_clock_goes_on_between_two_readings() {
        let clock = Clock::default();
        let now = Instant::now();
        let first = clock.wall(now);
        assert_eq!(clock.wall(now + GOOD_FOR / 2), first + GOOD_FOR / 2);
        let again = clock.wall(now + 2 * GOOD_FOR);
        assert!(again < first + GOOD_FOR, "read anew");
        assert!(clock.date(now).ends_with(b" GMT"));
    }
}

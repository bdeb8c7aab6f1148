//! What time the provider believes it is, and how Entra writes a time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, as this machine's clock has them.
pub(crate) fn system_now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}

/// `YYYY-MM-DD HH:MM:SSZ`, the spelling in Entra's error descriptions.
pub(crate) fn timestamp(unix_secs: i64) -> String {
    let (year, month, day) = civil(unix_secs.div_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02} {}Z", time_of_day(unix_secs))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, as in the field `Date` (RFC 9110 §5.6.7).
pub(crate) fn http_date(unix_secs: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    // 1970 began on a Thursday.
    const WEEK: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    fn nth(names: &[&'static str], index: i64) -> &'static str {
        let name = usize::try_from(index)
            .ok()
            .and_then(|index| names.get(index));
        name.copied().unwrap_or_default()
    }
    let days = unix_secs.div_euclid(86_400);
    let (year, month, day) = civil(days);
    format!(
        "{}, {day:02} {} {year:04} {} GMT",
        nth(&WEEK, days.rem_euclid(7)),
        nth(&MONTHS, month - 1),
        time_of_day(unix_secs)
    )
}

fn time_of_day(unix_secs: i64) -> String {
    let second_of_day = unix_secs.rem_euclid(86_400);
    format!(
        "{:02}:{:02}:{:02}",
        second_of_day / 3_600,
        second_of_day / 60 % 60,
        second_of_day % 60
    )
}

/// Year, month and day of a day since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    // Days counted from 0000-03-01, so that the leap day is the last day of a year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{http_date, timestamp};

    #[test]
    fn dates_are_written_as_http_writes_them() {
        for (secs, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_825_600, "Tue, 29 Feb 2000 12:00:00 GMT"),
        ] {
            assert_eq!(http_date(secs), text);
        }
    }

    #[test]
    fn timestamps_are_written_as_entra_writes_them() {
        for (secs, text) in [
            (0, "1970-01-01 00:00:00Z"),
            (951_782_399, "2000-02-28 23:59:59Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (1_709_251_199, "2024-02-29 23:59:59Z"),
            (4_102_444_800, "2100-01-01 00:00:00Z"),
        ] {
            assert_eq!(timestamp(secs), text);
        }
    }
}

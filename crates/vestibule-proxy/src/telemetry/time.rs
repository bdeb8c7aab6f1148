//! The time of a log line as text, made once a second.

use std::time::{SystemTime, UNIX_EPOCH};

use vestibule_oidc::time::{UnixTime, Utc};

use super::access::push_thousandths;

/// The text of the last second that was written.
#[derive(Debug, Default)]
pub(super) struct SecondText {
    second: u64,
    /// `2026-11-22T14:29:03`; empty before the first.
    text: String,
}

impl SecondText {
    /// Adds `2026-11-22T14:29:03.123Z` (RFC 3339 §5.6).
    pub(super) fn write(&mut self, out: &mut String, time: SystemTime) {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let second = since.as_secs();
        if self.second != second || self.text.is_empty() {
            self.second = second;
            self.text = text(second);
        }
        out.push_str(&self.text);
        out.push('.');
        push_thousandths(out, since.subsec_millis().into());
        out.push('Z');
    }
}

fn text(second: u64) -> String {
    let time = UnixTime::from_secs(i64::try_from(second).unwrap_or(i64::MAX));
    let Utc {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = time.into();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_right_at_the_edges() {
        let mut seconds = SecondText::default();
        for (secs, expected) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_399, "2000-02-28T23:59:59.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (951_868_800, "2000-03-01T00:00:00.007Z"),
            (1_735_689_599, "2024-12-31T23:59:59.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(secs) + Duration::from_millis(7);
            for _ in 0..2 {
                let mut out = String::new();
                seconds.write(&mut out, time);
                assert_eq!(out, expected);
            }
        }
    }
}

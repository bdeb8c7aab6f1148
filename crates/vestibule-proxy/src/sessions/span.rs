//! How far away a time is, as people say it: two units at most.

use vestibule_oidc::time::UnixTime;

/// `1h 20m ago`; `now` for what has just been, or is still to come.
#[must_use]
pub fn ago(at: i64, now: UnixTime) -> String {
    match now.as_secs().saturating_sub(at) {
        ..5 => "now".to_owned(),
        secs => format!("{} ago", span(secs.unsigned_abs())),
    }
}

/// `in 35m`; `now` for what is over.
#[must_use]
pub fn ahead(at: i64, now: UnixTime) -> String {
    match at.saturating_sub(now.as_secs()) {
        ..1 => "now".to_owned(),
        secs => format!("in {}", span(secs.unsigned_abs())),
    }
}

/// `3d 4h`, `1h 20m`, `35m`, `50s`.
fn span(secs: u64) -> String {
    let (days, hours, minutes) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{secs}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, 0) => format!("{hours}h"),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, 0, _) => format!("{days}d"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        for (secs, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (4800, "1h 20m"),
            (3600, "1h"),
            (86_400 + 120, "1d"),
            (400 * 86_400 + 7300, "400d 2h"),
        ] {
            assert_eq!(span(secs), expected);
        }
    }

    #[test]
    fn what_is_on_the_other_side_is_now() {
        let now = UnixTime(1000);
        assert_eq!(
            (ago(400, now), ago(1100, now)),
            ("10m ago".into(), "now".into())
        );
        assert_eq!(
            (ahead(1090, now), ahead(i64::MIN, now)),
            ("in 1m".into(), "now".into())
        );
    }
}

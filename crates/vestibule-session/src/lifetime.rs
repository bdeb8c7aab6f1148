//! Lifetimes: when a session has ended, and when its last use is worth writing down.
//!
//! Only this machine's clock counts. A clock that steps back by a few minutes ends no session; a
//! session from far in the future, which a badly wrong clock once made, has ended, or it would
//! never end.

use std::time::Duration;

use vestibule_oidc::time::UnixTime;

use crate::store::Stored;

/// The longest lifetime that can be set: 400 days, what browsers grant a cookie.
pub const LONGEST: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// How far ahead of our clock a session may have been made.
const CLOCK_STEP_ALLOWED: Duration = Duration::from_secs(600);

/// The most time between two notes of a session's last use.
const TOUCH_AT_MOST_EVERY: Duration = Duration::from_secs(60);

/// How long a session lasts without use, and how long at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    idle: Duration,
    absolute: Duration,
    outlives_browser: bool,
}

/// Why two durations are not usable lifetimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "use session lifetimes of {idle:?} idle and {absolute:?} absolute; each is between one second and 400 days"
)]
pub struct LifetimesError {
    /// The idle lifetime asked for.
    pub idle: Duration,
    /// The absolute lifetime asked for.
    pub absolute: Duration,
}

/// What [`Lifetimes::judge`] found.
///
/// Matched exhaustively by the gate, so that a new way to end cannot be overlooked there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// The session may be used.
    Live,
    /// Nobody used it for the idle lifetime.
    Idle,
    /// Its absolute lifetime, counted from sign-in, is over.
    Over,
    /// It claims to have been made further in the future than a clock step explains.
    FromTheFuture,
}

impl Lifetimes {
    /// `idle` counts from the last use, `absolute` from sign-in. Whichever ends first ends the
    /// session.
    ///
    /// # Errors
    ///
    /// [`LifetimesError`] when either is under a second or over [`LONGEST`].
    pub fn new(idle: Duration, absolute: Duration) -> Result<Self, LifetimesError> {
        let allowed = Duration::from_secs(1)..=LONGEST;
        if allowed.contains(&idle) && allowed.contains(&absolute) {
            Ok(Self {
                idle,
                absolute,
                outlives_browser: false,
            })
        } else {
            Err(LifetimesError { idle, absolute })
        }
    }

    /// The same, with cookies that a browser keeps when it is closed: whoever opens it next still has the session.
    #[must_use]
    pub const fn with_persistent_cookies(mut self) -> Self {
        self.outlives_browser = true;
        self
    }

    /// The `Max-Age` (RFC 6265 §5.2.2) of the cookies of a session made at `created_at`, in seconds: what is left of its
    /// absolute lifetime. `None`: until the browser is closed.
    #[must_use]
    pub fn cookie_max_age_secs(&self, created_at: UnixTime, now: UnixTime) -> Option<u64> {
        let ends = created_at + self.absolute;
        let left = ends.as_secs().saturating_sub(now.as_secs());
        self.outlives_browser.then(|| {
            u64::try_from(left)
                .unwrap_or_default()
                .min(self.absolute.as_secs())
        })
    }

    /// The idle lifetime.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// The absolute lifetime.
    #[must_use]
    pub fn absolute(&self) -> Duration {
        self.absolute
    }

    /// Whether the session may still be used.
    #[must_use]
    pub fn judge(&self, stored: &Stored, now: UnixTime) -> Liveness {
        self.judge_times(stored.record().created_at(), stored.last_seen(), now)
    }

    /// [`Lifetimes::judge`] for a store that has the two times at hand and not the record.
    #[must_use]
    pub fn judge_times(
        &self,
        created_at: UnixTime,
        last_seen: UnixTime,
        now: UnixTime,
    ) -> Liveness {
        if created_at > now + CLOCK_STEP_ALLOWED {
            Liveness::FromTheFuture
        } else if now >= created_at + self.absolute {
            Liveness::Over
        } else if now >= last_seen + self.idle {
            Liveness::Idle
        } else {
            Liveness::Live
        }
    }

    /// Whether this use should be noted with `Store::touch`: a tenth of the idle lifetime after the
    /// last note, sixty seconds at most. A session so ends up to that much too early, never too
    /// late.
    #[must_use]
    pub fn touch_due(&self, stored: &Stored, now: UnixTime) -> bool {
        let every = (self.idle / 10).clamp(Duration::from_secs(1), TOUCH_AT_MOST_EVERY);
        now >= stored.last_seen() + every
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::RecordFixture;
    use crate::store::Version;

    const NOW: UnixTime = UnixTime(1_700_000_000);

    fn lifetimes() -> Lifetimes {
        Lifetimes::new(Duration::from_secs(1000), Duration::from_secs(5000)).unwrap()
    }

    fn stored(created: i64, seen: i64) -> Stored {
        let record = RecordFixture::new("alice", UnixTime(NOW.0 + created)).build();
        Stored::new(Version::FIRST, record, UnixTime(NOW.0 + seen))
    }

    #[test]
    fn a_session_ends_by_whichever_lifetime_is_over_first() {
        for (created, seen, liveness) in [
            (0, 0, Liveness::Live),
            (-999, -999, Liveness::Live),
            (-1000, -1000, Liveness::Idle),
            (-4999, -1, Liveness::Live),
            (-5000, -1, Liveness::Over),
            (-5000, -5000, Liveness::Over),
        ] {
            assert_eq!(
                lifetimes().judge(&stored(created, seen), NOW),
                liveness,
                "{created} {seen}"
            );
        }
    }

    #[test]
    fn a_clock_that_steps_back_a_little_ends_no_session() {
        for (ahead, liveness) in [
            (120, Liveness::Live),
            (600, Liveness::Live),
            (601, Liveness::FromTheFuture),
            (i64::MAX - NOW.0, Liveness::FromTheFuture),
        ] {
            assert_eq!(
                lifetimes().judge(&stored(ahead, ahead), NOW),
                liveness,
                "{ahead}"
            );
        }
    }

    #[test]
    fn last_use_is_noted_every_tenth_of_the_idle_lifetime_and_every_minute_at_most() {
        for (idle, due_after) in [(1, 1), (10, 1), (100, 10), (600, 60), (86_400, 60)] {
            let lifetimes = Lifetimes::new(Duration::from_secs(idle), LONGEST).unwrap();
            let due = |after: i64| lifetimes.touch_due(&stored(0, 0), UnixTime(NOW.0 + after));
            assert!(due(due_after), "{idle}");
            assert!(!due(due_after - 1), "{idle}");
        }
    }

    #[test]
    fn a_cookie_that_outlives_its_browser_ends_with_the_session() {
        let at = |after: i64| UnixTime(NOW.0 + after);
        assert_eq!(lifetimes().cookie_max_age_secs(NOW, NOW), None);
        let kept = lifetimes().with_persistent_cookies();
        for (after, left) in [(0, 5000), (1, 4999), (5000, 0), (6000, 0), (-60, 5000)] {
            assert_eq!(
                kept.cookie_max_age_secs(NOW, at(after)),
                Some(left),
                "{after}"
            );
        }
    }

    #[test]
    fn lifetimes_are_between_a_second_and_400_days() {
        let second = Duration::from_secs(1);
        assert!(Lifetimes::new(second, LONGEST).is_ok());
        for bad in [
            Duration::ZERO,
            Duration::from_millis(999),
            LONGEST + second,
            Duration::MAX,
        ] {
            assert!(Lifetimes::new(bad, second).is_err(), "{bad:?}");
            assert!(Lifetimes::new(second, bad).is_err(), "{bad:?}");
        }
    }
}

//! The loop breaker: a browser that finishes a sign-in and comes straight back to sign in, again
//! and again, gets a page instead of another redirect.
//!
//! What counts is a completed sign-in that comes straight back, not how many tabs were restored. The
//! count is in a short-lived cookie of its own: whoever alters it harms only themselves.

use vestibule_oidc::time::UnixTime;
use vestibule_session::cookie::pairs;
use vestibule_session::site::Site;

/// A sign-in this long after one that was completed comes "straight back".
const STRAIGHT_SECS: i64 = 15;

/// The time in which returns are counted.
const WINDOW_SECS: i64 = 60;

/// So many returns within [`WINDOW_SECS`] are a loop.
const MOST: usize = 5;

/// What a browser remembers of its last sign-ins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Loops {
    completed: Option<UnixTime>,
    returns: Vec<UnixTime>,
}

impl Loops {
    /// Reads the cookie; anything unreadable in it is nothing.
    pub(super) fn read<'a>(
        cookies: impl IntoIterator<Item = &'a [u8]>,
        site: &Site,
        now: UnixTime,
    ) -> Self {
        let name = name(site);
        let value = cookies
            .into_iter()
            .flat_map(pairs)
            .find(|pair| pair.name == name.as_bytes())
            .and_then(|pair| std::str::from_utf8(pair.value).ok())
            .unwrap_or_default();
        let recent = |text: &str| {
            // Whoever wrote the cookie chose the number: a sign in front of it is none of ours.
            let at = UnixTime(text.parse::<u64>().ok()?.try_into().ok()?);
            is_within(at, now, WINDOW_SECS).then_some(at)
        };
        let mut parts = value.split('.').take(MOST + 1);
        let completed = parts.next().and_then(recent);
        Self {
            completed,
            returns: parts.filter_map(recent).collect(),
        }
    }

    /// The returns to be remembered by a flow that begins: its answer may come without the cookie.
    pub(super) fn returns(&self) -> &[UnixTime] {
        &self.returns
    }

    /// With the returns that the flow remembers, if the cookie knows of fewer.
    pub(super) fn or_of_flow(mut self, returns: Vec<UnixTime>) -> Self {
        if returns.len() > self.returns.len() {
            self.returns = returns;
        }
        self
    }

    /// A sign-in was completed.
    pub(super) fn complete(mut self, now: UnixTime) -> Self {
        self.completed = Some(now);
        self
    }

    /// A sign-in begins. `None` when it is one too many.
    pub(super) fn begin(mut self, now: UnixTime) -> Option<Self> {
        if let Some(completed) = self.completed.take()
            && is_within(completed, now, STRAIGHT_SECS)
        {
            self.returns.push(now);
        }
        (self.returns.len() < MOST).then_some(self)
    }

    /// Whether there is anything to remember.
    pub(super) fn is_empty(&self) -> bool {
        self.completed.is_none() && self.returns.is_empty()
    }

    /// The `Set-Cookie` value that remembers this.
    pub(super) fn set_cookie(&self, site: &Site) -> String {
        let mut value = self
            .completed
            .map(|at| at.as_secs().to_string())
            .unwrap_or_else(|| "0".to_owned());
        for at in &self.returns {
            value.push('.');
            value.push_str(&at.as_secs().to_string());
        }
        line(site, &value, WINDOW_SECS)
    }

    /// The `Set-Cookie` value that forgets.
    pub(super) fn delete_cookie(site: &Site) -> String {
        line(site, "", 0)
    }
}

/// Whether it was not longer ago than this, and not later than now.
fn is_within(at: UnixTime, now: UnixTime, secs: i64) -> bool {
    let ago = now.as_secs().checked_sub(at.as_secs());
    ago.is_some_and(|ago| (0..=secs).contains(&ago))
}

/// Begins with the session cookie's name and a dot, so that it is kept from upstreams as ours.
fn name(site: &Site) -> String {
    format!("{}.loop", site.cookies().session())
}

fn line(site: &Site, value: &str, max_age_secs: i64) -> String {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    format!(
        "{}={value}; Path=/; Max-Age={max_age_secs}{secure}; HttpOnly; SameSite=Lax",
        name(site)
    )
}

#[cfg(test)]
mod tests {
    use vestibule_session::cookie::strip;

    use super::*;

    fn site() -> Site {
        Site::https("portal.example.com", 443).unwrap()
    }

    fn again(loops: &Loops, now: UnixTime) -> Loops {
        let line = loops.set_cookie(&site());
        let cookie = line.split(';').next().unwrap().to_owned();
        Loops::read([cookie.as_bytes()], &site(), now)
    }

    /// Envoy #38919: a cookie that was refused made an endless chain of redirects.
    #[test]
    fn envoy_38919_the_fifth_sign_in_that_comes_straight_back_is_stopped() {
        let mut loops = Loops::default();
        let mut now = UnixTime(1_000_000);
        for round in 1.. {
            let Some(begun) = again(&loops, now).begin(now) else {
                assert_eq!(round, 6, "the first sign-in is no return");
                break;
            };
            now = UnixTime(now.as_secs() + 2);
            loops = again(&begun, now).complete(now);
        }
    }

    #[test]
    fn many_restored_tabs_and_slow_rounds_are_no_loop() {
        let now = UnixTime(1_000_000);
        let mut loops = Loops::default();
        for _ in 0..20 {
            loops = loops.begin(now).unwrap();
        }
        for _ in 0..20 {
            loops = loops.complete(now);
        }
        assert!(again(&loops, now).begin(now).is_some());
        let mut now = now;
        for _ in 0..20 {
            now = UnixTime(now.as_secs() + 20);
            loops = again(&loops, now).begin(now).unwrap();
            loops = loops.complete(now);
        }
    }

    #[test]
    fn what_is_unreadable_or_of_another_time_counts_nothing() {
        let now = UnixTime(1_000_000);
        for value in [
            "",
            "x",
            "....",
            "99999999999999999999.1",
            "1000001.1000001",
            "1.2.3.4.5.6",
            "-9223372036854775808",
            "-9223372036854775808.-9223372036854775808",
            "-1.-1",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615.18446744073709551615",
        ] {
            let cookie = format!("__Host-vestibule.loop={value}");
            for now in [now, UnixTime(0), UnixTime(i64::MAX)] {
                let _ = Loops::read([cookie.as_bytes()], &site(), now).begin(now);
            }
            assert!(
                Loops::read([cookie.as_bytes()], &site(), now).is_empty(),
                "{value}"
            );
        }
    }

    #[test]
    fn the_cookie_is_ours_and_kept_from_upstreams() {
        let line = Loops::default().complete(UnixTime(7)).set_cookie(&site());
        assert_eq!(
            line,
            "__Host-vestibule.loop=7; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"
        );
        let stripped = strip(b"a=b; __Host-vestibule.loop=7");
        assert!(!format!("{stripped:?}").contains("loop=7"));
    }
}

//! Remembers which findings the log was told, so that what is wrong with every token is one line and no flood.
//!
//! It is part of a plan: a reload begins anew, and tells again what it did not mend. What it holds is bounded by the
//! configuration and the catalogue: a route, a provider and a code each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vestibule_oidc::time::UnixTime;

/// After so long a finding that is still there is told again.
const AGAIN_AFTER: Duration = Duration::from_secs(3600);

/// Which route of which provider has which finding.
type Key = (Arc<str>, Option<Arc<str>>, &'static str);

/// What the log was told under one plan.
#[derive(Debug, Default)]
pub struct Told(Mutex<HashMap<Key, UnixTime>>);

impl Told {
    /// Whether this is to be told now; if so, it counts as told.
    pub(super) fn is_news(
        &self,
        route: &Arc<str>,
        provider: Option<&Arc<str>>,
        code: &'static str,
        now: UnixTime,
    ) -> bool {
        let is_over = |at: UnixTime| now >= at + AGAIN_AFTER;
        self.tells((Arc::clone(route), provider.cloned(), code), now, is_over)
    }

    /// Whether this was never told under this plan; if so, it counts as told. For what may be one person's alone.
    pub(super) fn is_first(
        &self,
        route: &Arc<str>,
        provider: Option<&Arc<str>>,
        code: &'static str,
        now: UnixTime,
    ) -> bool {
        self.tells((Arc::clone(route), provider.cloned(), code), now, |_| false)
    }

    /// Whether it is told, for the first time or because `again` says so of when it was told last.
    fn tells(&self, key: Key, now: UnixTime, again: impl FnOnce(UnixTime) -> bool) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tells = told.get(&key).is_none_or(|at| again(*at));
        if tells {
            told.insert(key, now);
        }
        tells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_told_once_an_hour_for_each_route_provider_and_code() {
        let told = Told::default();
        let (foo, bar): (Arc<str>, Arc<str>) = ("/foo".into(), "/bar".into());
        let (main, other): (Arc<str>, Arc<str>) = ("main".into(), "other".into());
        let now = UnixTime(1_800_000_000);
        assert!(told.is_news(&foo, Some(&main), "A", now));
        assert!(!told.is_news(&foo, Some(&main), "A", now));
        assert!(!told.is_news(&foo, Some(&main), "A", now + Duration::from_secs(3599)));
        assert!(told.is_news(&bar, Some(&main), "A", now));
        assert!(told.is_news(&foo, Some(&other), "A", now));
        assert!(told.is_news(&foo, None, "A", now));
        assert!(told.is_news(&foo, Some(&main), "B", now));
        assert!(told.is_news(&foo, Some(&main), "A", now + Duration::from_secs(3600)));
        assert!(!told.is_news(&foo, Some(&main), "A", now + Duration::from_secs(3601)));
    }

    #[test]
    fn what_may_be_one_persons_alone_is_told_once_under_a_plan() {
        let told = Told::default();
        let (foo, main): (Arc<str>, Arc<str>) = ("/foo".into(), "main".into());
        let now = UnixTime(1_800_000_000);
        assert!(told.is_first(&foo, Some(&main), "A", now));
        for secs in [0, 3600, 86_400] {
            let later = now + Duration::from_secs(secs);
            assert!(!told.is_first(&foo, Some(&main), "A", later));
        }
        assert!(told.is_first(&foo, Some(&main), "B", now));
    }
}

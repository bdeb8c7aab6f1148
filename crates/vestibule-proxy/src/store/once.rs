//! What counts once, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vestibule_oidc::time::UnixTime;
use vestibule_session::store::{MOST_REMEMBERED, OneTime, StoreError};

/// The names remembered, each with its time.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashMap<OneTime, UnixTime>>);

/// As many names are remembered as may be.
#[derive(Debug, thiserror::Error)]
#[error("remember more than {MOST_REMEMBERED} names at a time")]
pub(super) struct TooManyNames;

impl Names {
    pub(super) fn remember_once(
        &self,
        name: &OneTime,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let mut names = self.names();
        if names.get(name).is_some_and(|until| *until > now) {
            return Ok(false);
        }
        if names.len() >= MOST_REMEMBERED {
            names.retain(|_, until| *until > now);
            if names.len() >= MOST_REMEMBERED {
                return Err(StoreError::Full(Arc::new(TooManyNames)));
            }
        }
        names.insert(*name, until);
        Ok(true)
    }

    pub(super) fn remembers(&self, name: &OneTime, now: UnixTime) -> bool {
        self.names().get(name).is_some_and(|until| *until > now)
    }

    pub(super) fn forget(&self, now: UnixTime) {
        self.names().retain(|_, until| *until > now);
    }

    fn names(&self) -> MutexGuard<'_, HashMap<OneTime, UnixTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn when_it_is_full_nothing_is_forgotten_before_its_time() {
        let (names, now) = (Names::default(), UnixTime::from_secs(1_700_000_000));
        let name = |number: usize| OneTime::logout_token("i", &number.to_string());
        let until = now + Duration::from_secs(60);
        for number in 0..MOST_REMEMBERED {
            assert!(names.remember_once(&name(number), until, now).unwrap());
        }
        let one_more = name(MOST_REMEMBERED);
        let error = names.remember_once(&one_more, until, now).unwrap_err();
        assert_eq!(error.code(), "store_full");
        assert!(names.remembers(&name(0), now));
        assert!(names.remember_once(&one_more, until, until).unwrap());
    }
}

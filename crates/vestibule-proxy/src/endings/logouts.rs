//! Whose sessions were ended lately: a sign-in that was under way at that time is no session either.
//!
//! Between the provider's answer and the moment its session is in the store, a logout finds nothing to end.
//! So whoever ends all sessions of somebody notes it here first, and whoever begins one looks here last.
//!
//! Each is remembered for as long as a sign-in may be under way. Only this process knows it, which is where
//! a sign-in comes back to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vestibule_oidc::time::UnixTime;
use vestibule_session::pending;
use vestibule_session::store::Whose;

/// The most that are remembered of each kind.
const MOST: usize = 100_000;

/// The most [`Named`] that are remembered one by one.
const MOST_NAMED: usize = 10_000;

/// How long, with a minute for calls that a sign-in waits for at its end.
const REMEMBERED: Duration = Duration::from_secs(pending::LASTS.as_secs() + 60);

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Somebody who proved it: the provider signed it, or the person is signed in. There can't be more than
    /// they make; the oldest go first.
    Proven,
    /// Anybody who opens an address. They push out nobody: when there are too many, the newest is not
    /// remembered.
    ByAnybody,
}

/// Those whose sessions an operator ended by something else than a [`Whose`]: no store has an index of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Named {
    /// Every one.
    Everybody,
    /// Whoever people know by this name, in small letters.
    User(String),
    /// Whoever any issuer calls so.
    Subject(String),
    /// Whoever is in a session that any issuer calls so.
    Sid(String),
}

/// Whose sessions were ended, and when last.
#[derive(Debug, Default)]
pub(crate) struct Logouts {
    proven: Mutex<HashMap<Whose, Last>>,
    by_anybody: Mutex<HashMap<Whose, Last>>,
    named: Mutex<HashMap<Named, Last>>,
    count: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    at: UnixTime,
    /// The how manieth of all it was: of one second there may be several.
    number: u64,
}

/// A sign-in that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnderWay {
    started_at: UnixTime,
    /// How many logouts there had been when its code came to be redeemed.
    before: u64,
}

impl Logouts {
    /// A sign-in that started then, whose code is about to be redeemed.
    pub(crate) fn under_way(&self, started_at: UnixTime) -> UnderWay {
        UnderWay {
            started_at,
            before: self.count.load(Ordering::SeqCst),
        }
    }

    /// To be called before the sessions are looked for.
    pub(crate) fn note(&self, whose: Whose, said: Said, now: UnixTime) {
        let mut ended = lock(match said {
            Said::Proven => &self.proven,
            Said::ByAnybody => &self.by_anybody,
        });
        if ended.len() >= MOST && !ended.contains_key(&whose) {
            ended.retain(|_, last| !last.is_over(now));
            match said {
                Said::Proven if ended.len() >= MOST => drop(forget_oldest(&mut ended)),
                Said::ByAnybody if ended.len() >= MOST => return,
                _ => {}
            }
        }
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        ended.insert(whose, Last { at: now, number });
    }

    /// The same for these. When there are too many, the oldest of them are taken to have meant everybody: a
    /// sign-in that takes so long is begun again rather than missed.
    pub(crate) fn note_named(&self, named: Named, now: UnixTime) {
        let mut ended = lock(&self.named);
        if ended.len() >= MOST_NAMED && !ended.contains_key(&named) {
            ended.retain(|_, last| !last.is_over(now));
        }
        if ended.len() >= MOST_NAMED && !ended.contains_key(&named) {
            let newest = forget_oldest(&mut ended);
            let everybody = ended.entry(Named::Everybody).or_insert(newest);
            *everybody = everybody.newer(newest);
        }
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        ended.insert(named, Last { at: now, number });
    }

    /// Whether the sessions of any of these were ended while this sign-in was under way. To be called when
    /// its session is in the store.
    pub(crate) fn any_since(
        &self,
        whose: impl IntoIterator<Item = Whose>,
        named: impl IntoIterator<Item = Named>,
        under_way: UnderWay,
    ) -> bool {
        let (proven, by_anybody) = (lock(&self.proven), lock(&self.by_anybody));
        let since = |last: &Last| under_way.is_before(last);
        let mut whose = whose.into_iter();
        let by_index = whose.any(|whose| {
            let ended = [proven.get(&whose), by_anybody.get(&whose)];
            ended.into_iter().flatten().any(since)
        });
        drop((proven, by_anybody));
        let ended = lock(&self.named);
        by_index
            || named
                .into_iter()
                .any(|named| ended.get(&named).is_some_and(since))
    }

    /// Forgets those whose time is over.
    pub(crate) fn sweep(&self, now: UnixTime) {
        lock(&self.named).retain(|_, last| !last.is_over(now));
        for ended in [&self.proven, &self.by_anybody] {
            lock(ended).retain(|_, last| !last.is_over(now));
        }
    }
}

impl UnderWay {
    fn is_before(self, ended: &Last) -> bool {
        ended.at > self.started_at || ended.number > self.before
    }
}

impl Last {
    fn newer(self, other: Self) -> Self {
        if other.number > self.number {
            other
        } else {
            self
        }
    }

    fn is_over(self, now: UnixTime) -> bool {
        now >= self.at + REMEMBERED
    }
}

/// Makes room by a quarter, so that this is seldom. Gives the newest of those that went.
fn forget_oldest<K>(ended: &mut HashMap<K, Last>) -> Last {
    let mut lasts: Vec<Last> = ended.values().copied().collect();
    let quarter = lasts.len() / 4;
    let (_, newest, _) = lasts.select_nth_unstable_by_key(quarter, |last| last.number);
    let newest = *newest;
    ended.retain(|_, last| last.number > newest.number);
    newest
}

fn lock<K>(ended: &Mutex<HashMap<K, Last>>) -> MutexGuard<'_, HashMap<K, Last>> {
    ended.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_700_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn whose(number: usize) -> Whose {
        Whose::sid("https://provider.example", &number.to_string())
    }

    #[test]
    fn what_was_under_way_is_ended_and_what_began_after_is_not() {
        let logouts = Logouts::default();
        let earlier = logouts.under_way(NOW - SECOND);
        let same_second = logouts.under_way(NOW);
        logouts.note(whose(1), Said::Proven, NOW);
        logouts.note(whose(2), Said::ByAnybody, NOW);
        // Started before, and redeemed after.
        let late = logouts.under_way(NOW - SECOND);
        let after = logouts.under_way(NOW);
        for known in [1, 2] {
            let ended = |sign_in| logouts.any_since([whose(9), whose(known)], [], sign_in);
            assert!(ended(earlier) && ended(same_second) && ended(late));
            assert!(!ended(after), "signing in again at once");
        }
        assert!(!logouts.any_since([whose(3)], [], earlier));
        logouts.sweep(NOW + REMEMBERED - SECOND);
        assert!(logouts.any_since([whose(1)], [], late));
        logouts.sweep(NOW + REMEMBERED);
        assert!(!logouts.any_since([whose(1), whose(2)], [], late));
    }

    fn user(number: usize) -> Named {
        Named::User(format!("user-{number}"))
    }

    #[test]
    fn what_an_operator_names_is_ended_as_well() {
        for named in [
            Named::Everybody,
            user(1),
            Named::Subject("ann".to_owned()),
            Named::Sid("s1".to_owned()),
        ] {
            let logouts = Logouts::default();
            let early = logouts.under_way(NOW - SECOND);
            logouts.note_named(named.clone(), NOW);
            let late = logouts.under_way(NOW - SECOND);
            let after = logouts.under_way(NOW);
            let ended = |sign_in| logouts.any_since([whose(1)], [user(9), named.clone()], sign_in);
            assert!(ended(early) && ended(late) && !ended(after), "{named:?}");
            assert!(!logouts.any_since([whose(1)], [user(9)], early));
            logouts.sweep(NOW + REMEMBERED);
            assert!(!logouts.any_since([], [named], late));
        }
    }

    #[test]
    fn of_too_many_that_an_operator_names_the_oldest_mean_everybody() {
        let logouts = Logouts::default();
        let everybody = |since: UnixTime| {
            let under_way = logouts.under_way(since);
            logouts.any_since([], [Named::Everybody], under_way)
        };
        logouts.note_named(user(0), NOW - SECOND);
        for number in 1..MOST_NAMED {
            logouts.note_named(user(number), NOW);
        }
        assert!(!everybody(NOW - SECOND * 2));
        logouts.note_named(user(MOST_NAMED), NOW);
        assert!(lock(&logouts.named).len() <= MOST_NAMED);
        // Whoever began before the first of them, and the newest by name.
        assert!(everybody(NOW - SECOND * 2) && !everybody(NOW));
        let late = logouts.under_way(NOW - SECOND);
        assert!(logouts.any_since([], [user(MOST_NAMED)], late));
    }

    #[test]
    fn memory_is_bounded_and_strangers_push_out_nobody() {
        let logouts = Logouts::default();
        for number in 0..MOST + 10 {
            logouts.note(whose(number), Said::Proven, NOW);
            logouts.note(whose(number), Said::ByAnybody, NOW);
        }
        let (proven, by_anybody) = (lock(&logouts.proven), lock(&logouts.by_anybody));
        assert!(proven.len() <= MOST && by_anybody.len() <= MOST);
        // The provider's newest are known, the strangers' oldest.
        assert!((MOST..MOST + 10).all(|number| proven.contains_key(&whose(number))));
        assert!(!proven.contains_key(&whose(0)));
        assert!(by_anybody.contains_key(&whose(0)) && !by_anybody.contains_key(&whose(MOST)));
    }
}

//! Refresh flights: at most one grant per session at a time, however many requests wait for it.
//!
//! | state | joined by | leaves |
//! |---|---|---|
//! | in the air | everybody who wants a token of this session | with its outcome |
//! | landed well | nobody: the session has the new token | at once |
//! | failed | those who want the same token within [`HOLD_OFF`]: they get the failure | after that |
//!
//! A flight runs on the control runtime and belongs to nobody: a browser that hangs up does not
//! stop it, because by then the provider may have given a new refresh token and taken the old one
//! back. For the same reason a stop waits for it, and tokens that the store would not take are
//! brought to it again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::ResourceKey;
use vestibule_session::store::Stored;

use super::TokensError;
use super::anew::Asking;
use super::pilot::Pilot;
use super::unstored::{Granted, Unstored};
use crate::provider::Provider;
use crate::shared::Shared;

/// For so long a failed flight answers for those who come after it, so that a provider in trouble is
/// not asked anew by each request.
const HOLD_OFF: Duration = Duration::from_secs(2);

/// The same for those who have a token that still works: trouble that lasts is not made worse by
/// everybody whose token is due soon.
const HOLD_OFF_AHEAD: Duration = Duration::from_secs(15);

/// Time between two flights that do nothing but bring unstored tokens to the store. Longer than
/// [`HOLD_OFF`], or each would only hear of the failure before.
const STORE_AGAIN: Duration = Duration::from_secs(3);

/// Above so many sessions with failures the old ones are cleared away.
const REMEMBERED_FAILURES: usize = 1024;

/// So many failures of one session are remembered, each for another token.
const FAILURES_OF_ONE: usize = 32;

pub(super) type Outcome = Result<Arc<Stored>, TokensError>;

/// The refreshes in flight. Outlives plans.
#[derive(Debug, Default)]
pub struct Flights {
    by_session: Mutex<HashMap<StoreKey, Turn>>,
    pub(super) unstored: Unstored,
    /// Who asks anew for what rules go by.
    pub(super) asking: Asking,
    /// How many tasks there are whose end a stop must wait for.
    aloft: watch::Sender<usize>,
}

/// How long whoever joins puts up with a failure before asking again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Patience {
    /// A request waits for the outcome.
    Waiting,
    /// Nobody does: the token at hand still works.
    AheadOfTime,
}

impl Patience {
    const fn hold_off(self) -> Duration {
        match self {
            Self::Waiting => HOLD_OFF,
            Self::AheadOfTime => HOLD_OFF_AHEAD,
        }
    }
}

/// What somebody needs of a flight.
struct Errand<'e> {
    wanted: &'e ResourceKey,
    instead_of: Option<&'e Secret>,
    patience: Patience,
}

/// The flights of one session: one at a time, and those that failed lately.
#[derive(Debug, Default)]
struct Turn {
    aloft: Option<Flight>,
    failed: Vec<(Instant, Flight)>,
    /// The person signs out at this moment.
    ends: bool,
    /// The person signed out, and what a flight has yet to bring is to be revoked.
    revokes: bool,
}

impl Turn {
    /// Whether there is anything to remember.
    fn is_over(&self) -> bool {
        let flies = self.aloft.as_ref().is_some_and(Flight::will_land);
        let remembers = |(at, _): &(Instant, Flight)| at.elapsed() < HOLD_OFF_AHEAD;
        !flies && !self.ends && !self.failed.iter().any(remembers)
    }
}

/// A flight somebody waits for.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    wanted: ResourceKey,
    renews: bool,
    outcome: watch::Receiver<Option<Outcome>>,
}

impl Flight {
    /// Whether it brings the token for `wanted`.
    pub(super) fn is_for(&self, wanted: &ResourceKey) -> bool {
        self.wanted == *wanted
    }

    /// Whether it asks for another token however long the one at hand still lives.
    pub(super) const fn renews(&self) -> bool {
        self.renews
    }

    /// Waits for its outcome.
    pub(super) async fn landed(mut self) -> Outcome {
        match self.outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(TokensError::Interrupted)),
            // The task broke, or the runtime stopped.
            Err(_) => Err(TokensError::Interrupted),
        }
    }

    /// Without a sender and a result it can't any more.
    fn will_land(&self) -> bool {
        self.outcome.has_changed().is_ok() || self.outcome.borrow().is_some()
    }
}

impl Flights {
    /// Waits until no refresh is in flight and no token waits for the store. `false` if `patience`
    /// was not enough: those sessions will have to sign in again. Nothing may start flights any
    /// more.
    pub async fn all_landed(&self, patience: Duration) -> bool {
        let mut aloft = self.aloft.subscribe();
        timeout(patience, aloft.wait_for(|aloft| *aloft == 0))
            .await
            .is_ok()
    }

    /// The flight of this session, started if there is none: it may be one for another token, and
    /// then its end is the time to join again.
    pub(super) fn join(
        &self,
        shared: &Arc<Shared>,
        provider: &Arc<Provider>,
        key: StoreKey,
        wanted: &ResourceKey,
        now: UnixTime,
        patience: Patience,
    ) -> Flight {
        let errand = Errand {
            wanted,
            instead_of: None,
            patience,
        };
        self.board(shared, provider, key, errand, now)
    }

    /// The same for somebody to whom the token `old` is not good enough, whatever is left of its life.
    pub(super) fn renew(
        &self,
        shared: &Arc<Shared>,
        provider: &Arc<Provider>,
        key: StoreKey,
        wanted: &ResourceKey,
        old: &Secret,
        now: UnixTime,
    ) -> Flight {
        let errand = Errand {
            wanted,
            instead_of: Some(old),
            patience: Patience::Waiting,
        };
        self.board(shared, provider, key, errand, now)
    }

    fn board(
        &self,
        shared: &Arc<Shared>,
        provider: &Arc<Provider>,
        key: StoreKey,
        errand: Errand<'_>,
        now: UnixTime,
    ) -> Flight {
        let Errand {
            wanted,
            instead_of,
            patience,
        } = errand;
        let mut flights = self.lock();
        if flights.len() > REMEMBERED_FAILURES {
            flights.retain(|_, turn| !turn.is_over());
        }
        let turn = flights.entry(key).or_default();
        if let Some(flight) = turn.aloft.as_ref().filter(|flight| flight.will_land()) {
            return flight.clone();
        }
        let failed = turn
            .failed
            .iter()
            .find(|(at, flight)| flight.is_for(wanted) && at.elapsed() < patience.hold_off());
        if let Some((_, flight)) = failed {
            return flight.clone();
        }
        let (land, outcome) = watch::channel(None);
        let flight = Flight {
            wanted: wanted.clone(),
            renews: instead_of.is_some(),
            outcome,
        };
        turn.aloft = Some(flight.clone());
        drop(flights);
        let pilot = Pilot {
            provider: Arc::clone(provider),
            store: Arc::clone(&shared.store),
            key,
            wanted: wanted.clone(),
            instead_of: instead_of.cloned(),
            now,
            began: Instant::now(),
        };
        let aloft = Aloft::new(shared);
        shared.control.spawn(async move {
            let shared = &aloft.0;
            let landing = pilot.fly(shared).await;
            shared.flights.close(key, landing.outcome.is_err());
            let _ = land.send(Some(landing.outcome));
            if landing.holds_tokens {
                store_again(shared, pilot).await;
            }
        });
        flight
    }

    /// The person signs out of this session: what a refresh under way brings is revoked. To be called
    /// before the store is asked to remove it.
    pub(crate) fn sign_out_begins(&self, key: StoreKey) {
        let mut flights = self.lock();
        let turn = flights.entry(key).or_default();
        (turn.ends, turn.revokes) = (true, true);
    }

    /// The store has been asked; from here on no refresh begins. Gives what an earlier one brought that is
    /// in no record.
    pub(crate) fn sign_out_is_done(&self, key: &StoreKey) -> Option<Arc<Granted>> {
        let mut flights = self.lock();
        if let Some(turn) = flights.get_mut(key) {
            turn.ends = false;
            if !turn.aloft.as_ref().is_some_and(Flight::will_land) {
                flights.remove(key);
            }
        }
        drop(flights);
        self.unstored.of(key)
    }

    /// Whether the person has signed out of this session while it was being refreshed.
    pub(super) fn is_to_revoke(&self, key: &StoreKey) -> bool {
        self.lock().get(key).is_some_and(|turn| turn.revokes)
    }

    fn close(&self, key: StoreKey, failed: bool) {
        let mut flights = self.lock();
        let Some(turn) = flights.get_mut(&key) else {
            return;
        };
        if let Some(flight) = turn.aloft.take() {
            turn.failed
                .retain(|(_, failed)| !failed.is_for(&flight.wanted));
            if failed {
                turn.failed.truncate(FAILURES_OF_ONE - 1);
                turn.failed.insert(0, (Instant::now(), flight));
            }
        }
        if turn.failed.is_empty() && !turn.ends {
            flights.remove(&key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreKey, Turn>> {
        self.by_session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Flies again until the store has taken the tokens that are held for this session, whether or not
/// anybody comes back for them.
async fn store_again(shared: &Arc<Shared>, pilot: Pilot) {
    while shared.flights.unstored.of(&pilot.key).is_some() {
        sleep(STORE_AGAIN).await;
        if shared.flights.unstored.of(&pilot.key).is_some() {
            let flight = shared.flights.join(
                shared,
                &pilot.provider,
                pilot.key,
                &pilot.wanted,
                pilot.now(),
                Patience::Waiting,
            );
            // Whatever became of it, the look at what is held tells.
            let _ = flight.landed().await;
        }
    }
}

/// A task that a stop waits for, counted for as long as it exists: also one that breaks.
struct Aloft(Arc<Shared>);

impl Aloft {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.flights.aloft.send_modify(|aloft| *aloft += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Aloft {
    fn drop(&mut self) {
        self.0.flights.aloft.send_modify(|aloft| *aloft -= 1);
    }
}

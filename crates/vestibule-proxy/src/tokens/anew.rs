//! Asks anew for what rules go by, when that has grown old: for those too whose routes never need the
//! sign-in's own token, and who would keep a group they lost for as long as the session lasts.
//!
//! It is asked for with a refresh of the sign-in's own tokens, like any other.
//!
//! | the session's knowledge | what happens |
//! |---|---|
//! | not old | nothing |
//! | old soon | it is used, and asked for meanwhile |
//! | old | whoever comes waits for the answer, [`PATIENCE`] at most |
//!
//! A provider that does not answer, or refuses without ending the grant, leaves what is known in force, and
//! is asked again after [`AGAIN_AFTER`]: it ends no session. Only where a rule decides, and the provider
//! says that it has to see the person first, they are sent there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::{AskAnew, Record};
use vestibule_session::store::Stored;

use super::{TokensError, jitter, refresh_sign_in};
use crate::plan::Plan;
use crate::shared::Shared;
use crate::store::KeyHashing;

/// How long a request waits for a provider that is slow. What it has is old, but not wrong for that.
const PATIENCE: Duration = Duration::from_secs(3);

/// For so long after a failure a session is not asked about again.
const AGAIN_AFTER: Duration = Duration::from_secs(5 * 60);

/// So many sessions' attempts are remembered. While there are more, none is made for others.
const MOST: usize = 1 << 17;

/// Whether what rules go by is to be asked for again.
pub(crate) fn due(record: &Record, key: &StoreKey, now: UnixTime) -> AskAnew {
    record.ask_anew(jitter(key, 0), now)
}

/// The session after it was asked anew; `None` where what is known stands.
///
/// # Errors
///
/// [`TokensError`] when that has ended the session; with `by_rule` also when the provider has to see the
/// person first.
pub(crate) async fn ask(
    shared: &Arc<Shared>,
    plan: &Plan,
    stored: &Arc<Stored>,
    key: StoreKey,
    now: UnixTime,
    by_rule: bool,
) -> Result<Option<Arc<Stored>>, TokensError> {
    let due = due(stored.record(), &key, now);
    let provider = plan.provider(stored.record().provider());
    let Some(provider) = provider.filter(|_| due != AskAnew::NotYet) else {
        return Ok(None);
    };
    let turn = shared.flights.asking.turn(key, provider.is_down());
    if let Turn::Mine(asking) = turn {
        let (shared, provider) = (Arc::clone(shared), Arc::clone(provider));
        let stored = Arc::clone(stored);
        // It goes on when whoever asked hangs up.
        shared.control.clone().spawn(async move {
            let outcome = refresh_sign_in(&shared, &provider, &stored, key, now).await;
            shared.flights.asking.done(asking, outcome.err());
        });
    }
    if due == AskAnew::Soon {
        return Ok(None);
    }
    let outcome = match turn {
        Turn::Mine(_) | Turn::UnderWay => {
            let asked = refresh_sign_in(shared, provider, stored, key, now);
            match timeout(PATIENCE, asked).await {
                Ok(asked) => asked,
                Err(_) => return Ok(None),
            }
        }
        Turn::NotNow(Some(error)) => Err(error),
        Turn::NotNow(None) => return Ok(None),
    };
    match outcome {
        Ok(stored) => Ok(Some(stored)),
        Err(error) if error.ended_session() => Err(error),
        Err(TokensError::Interaction(error)) if by_rule => Err(TokensError::PersonFirst(error)),
        Err(_) => Ok(None),
    }
}

/// The attempts under way, and those that failed lately.
#[derive(Debug, Default)]
pub(super) struct Asking(Mutex<HashMap<StoreKey, Attempt, KeyHashing>>);

#[derive(Debug)]
enum Attempt {
    UnderWay,
    Failed { at: Instant, error: TokensError },
}

impl Attempt {
    fn is_over(&self) -> bool {
        matches!(self, Self::Failed { at, .. } if at.elapsed() >= AGAIN_AFTER)
    }
}

/// Whose turn it is to ask.
enum Turn {
    /// That of whoever gets this, for this session.
    Mine(StoreKey),
    /// Somebody asks already.
    UnderWay,
    /// Nobody's: asking was in vain a moment ago, for this reason, or would be.
    NotNow(Option<TokensError>),
}

impl Asking {
    fn turn(&self, key: StoreKey, would_be_in_vain: bool) -> Turn {
        let mut attempts = self.lock();
        match attempts.get(&key) {
            Some(Attempt::UnderWay) => return Turn::UnderWay,
            Some(failed @ Attempt::Failed { error, .. }) if !failed.is_over() => {
                return Turn::NotNow(Some(error.clone()));
            }
            _ => {}
        }
        if attempts.len() >= MOST {
            attempts.retain(|_, attempt| !attempt.is_over());
        }
        if would_be_in_vain || attempts.len() >= MOST {
            return Turn::NotNow(None);
        }
        attempts.insert(key, Attempt::UnderWay);
        Turn::Mine(key)
    }

    fn done(&self, key: StoreKey, error: Option<TokensError>) {
        let at = Instant::now();
        let mut attempts = self.lock();
        match error {
            // Of a session that is over nobody will ask again.
            Some(error) if !error.ended_session() => {
                attempts.insert(key, Attempt::Failed { at, error });
            }
            _ => {
                attempts.remove(&key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreKey, Attempt, KeyHashing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

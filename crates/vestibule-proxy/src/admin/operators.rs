//! Who may use the sessions page: those who gave its secret lately.
//!
//! | what | bound |
//! |---|---|
//! | tries of the secret from one address | 10, then one more every 6 seconds; of IPv6 a /64 is one |
//! | tries of all together | 60, then one more every second |
//! | signed in | 30 minutes, then the secret again |
//! | signed in at once | 32; who came first goes first |
//!
//! All of it is in memory: a restart signs operators out of the page.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::Instant;
use vestibule_oidc::secret::Secret;

use super::tries::Tries;
use crate::entropy::{EntropyError, random_bytes};

/// How long somebody stays signed in.
pub(super) const LASTS: Duration = Duration::from_secs(30 * 60);

const MOST_SIGNED_IN: usize = 32;

/// The operators of one listener.
#[derive(Debug)]
pub(super) struct Operators {
    secret: Secret,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    signed_in: Vec<Operator>,
    tries: Tries,
}

/// Somebody who gave the secret.
#[derive(Clone)]
pub(super) struct Operator {
    /// What their cookie holds.
    pass: Secret,
    /// What their forms hold, which no other site can know.
    mark: Secret,
    until: Instant,
}

/// Why somebody is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// That is not the secret.
    Wrong,
    /// Too many were wrong.
    TooMany,
    /// The system gives no randomness.
    NoEntropy,
}

impl From<EntropyError> for Refusal {
    fn from(_: EntropyError) -> Self {
        Self::NoEntropy
    }
}

impl Operators {
    pub(super) fn new(secret: Secret) -> Self {
        let state = State {
            signed_in: Vec::new(),
            tries: Tries::new(Instant::now()),
        };
        Self {
            secret,
            state: Mutex::new(state),
        }
    }

    /// Signs in whoever knows the secret. A right one counts as a try too, or the limit would tell.
    pub(super) fn sign_in(&self, given: &Secret, peer: IpAddr) -> Result<Operator, Refusal> {
        let mut state = self.state();
        if !state.tries.take(peer, Instant::now()) {
            return Err(Refusal::TooMany);
        }
        if *given != self.secret {
            return Err(Refusal::Wrong);
        }
        let operator = Operator {
            pass: random_text()?,
            mark: random_text()?,
            until: Instant::now() + LASTS,
        };
        state.forget_the_late();
        if state.signed_in.len() >= MOST_SIGNED_IN {
            state.signed_in.remove(0);
        }
        state.signed_in.push(operator.clone());
        Ok(operator)
    }

    /// Whose pass this is.
    pub(super) fn of(&self, pass: &Secret) -> Option<Operator> {
        let mut state = self.state();
        state.forget_the_late();
        state
            .signed_in
            .iter()
            .find(|operator| operator.pass == *pass)
            .cloned()
    }

    pub(super) fn sign_out(&self, operator: &Operator) {
        let mut state = self.state();
        state.signed_in.retain(|other| other.pass != operator.pass);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panicking thread left behind is whole: each change is one call on the list.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_the_late(&mut self) {
        let now = Instant::now();
        self.signed_in.retain(|operator| operator.until > now);
    }
}

impl Operator {
    pub(super) fn pass(&self) -> &Secret {
        &self.pass
    }

    pub(super) fn mark(&self) -> &Secret {
        &self.mark
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operator")
    }
}

fn random_text() -> Result<Secret, EntropyError> {
    let bytes: [u8; 32] = random_bytes()?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators() -> Operators {
        Operators::new(Secret::from("the-secret-of-the-page"))
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn right() -> Secret {
        Secret::from("the-secret-of-the-page")
    }

    #[tokio::test(start_paused = true)]
    async fn who_knows_the_secret_is_known_by_their_pass_for_a_while() {
        let operators = operators();
        let ann = operators.sign_in(&right(), HERE).unwrap();
        let bob = operators.sign_in(&right(), HERE).unwrap();
        assert!(ann.pass != bob.pass && ann.mark != bob.mark && ann.pass != ann.mark);
        assert!(operators.of(ann.pass()).is_some());
        for wrong in ["", "x", ann.mark.expose()] {
            assert!(operators.of(&Secret::from(wrong)).is_none());
        }
        operators.sign_out(&ann);
        assert!(operators.of(ann.pass()).is_none());
        assert!(operators.of(bob.pass()).is_some());
        tokio::time::advance(LASTS).await;
        assert!(operators.of(bob.pass()).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn guessing_is_slow_also_for_who_guesses_right_at_last_and_only_for_them() {
        let operators = operators();
        let wrong = Secret::from("wrong");
        while operators.sign_in(&wrong, HERE).unwrap_err() == Refusal::Wrong {}
        assert_eq!(
            operators.sign_in(&right(), HERE).unwrap_err(),
            Refusal::TooMany
        );
        let elsewhere = IpAddr::from([192, 0, 2, 8]);
        assert!(operators.sign_in(&right(), elsewhere).is_ok());
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(operators.sign_in(&right(), HERE).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn many_operators_are_bounded() {
        let operators = operators();
        let first = operators.sign_in(&right(), HERE).unwrap();
        for _ in 0..MOST_SIGNED_IN {
            tokio::time::advance(Duration::from_secs(6)).await;
            operators.sign_in(&right(), HERE).unwrap();
        }
        assert!(operators.of(first.pass()).is_none());
        assert_eq!(operators.state().signed_in.len(), MOST_SIGNED_IN);
    }
}

//! Decides whether a provider is asked at all: after repeated outages nobody waits for it until a
//! probe has reached it again.
//!
//! | state | calls | changes when |
//! |---|---|---|
//! | closed | go out | [`THRESHOLD`] outages in a row open it |
//! | open | refused at once | the keeper's probe succeeds |

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many outages in a row open the circuit.
pub(super) const THRESHOLD: u32 = 2;

/// Time between two probes of an open circuit; far under the five seconds within which sign-in
/// works again after an outage.
pub(super) const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// What a client is told about when to come back.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The circuit of one provider.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outages: u32,
    answered: Option<Instant>,
}

impl Breaker {
    /// Whether calls are refused.
    pub(super) fn is_open(&self) -> bool {
        self.state().outages >= THRESHOLD
    }

    /// Whether the provider answered within this time.
    pub(super) fn answered_within(&self, time: Duration) -> bool {
        let answered = self.state().answered;
        answered.is_some_and(|answered| answered.elapsed() < time)
    }

    /// The provider answered just now. True if this closed the circuit.
    pub(super) fn answered(&self) -> bool {
        let mut state = self.state();
        let was_open = state.outages >= THRESHOLD;
        *state = State {
            outages: 0,
            answered: Some(Instant::now()),
        };
        was_open
    }

    /// A call that began at `began` found the provider out of reach. True if this opened the
    /// circuit.
    ///
    /// A call that hung from before the last answer says nothing about the time since.
    pub(super) fn outage(&self, began: Instant) -> bool {
        let mut state = self.state();
        if state.answered.is_some_and(|answered| began < answered) {
            return false;
        }
        state.outages = state.outages.saturating_add(1);
        state.outages == THRESHOLD
    }

    /// Opens the circuit at once. True if it was closed.
    pub(super) fn open(&self) -> bool {
        let mut state = self.state();
        let was_closed = state.outages < THRESHOLD;
        state.outages = state.outages.max(THRESHOLD);
        was_closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn outages_in_a_row_open_the_circuit_and_an_answer_closes_it() {
        let breaker = Breaker::default();
        let now = Instant::now;
        assert!(!breaker.outage(now()));
        assert!(!breaker.answered());
        assert!(!breaker.outage(now()));
        assert!(!breaker.is_open());
        assert!(breaker.outage(now()), "the second in a row opens it");
        assert!(breaker.is_open());
        assert!(!breaker.outage(now()), "it opens once");
        assert!(breaker.answered());
        assert!(!breaker.answered(), "it closes once");
        assert!(!breaker.is_open());
        assert!(breaker.open());
        assert!(!breaker.open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_hung_from_before_the_last_answer_does_not_count() {
        let breaker = Breaker::default();
        let began = Instant::now();
        tokio::time::advance(Duration::from_secs(1)).await;
        breaker.answered();
        assert!(!breaker.outage(began));
        assert!(!breaker.outage(began));
        assert!(!breaker.is_open());
    }
}

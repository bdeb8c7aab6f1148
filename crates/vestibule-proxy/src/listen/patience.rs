//! Decides when a client is too slow: with its request body, and in taking its answer.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use super::plan::Limits;
use crate::wheel::Deadline;

/// Counts only the time in which we wait for the client: an upstream that takes a body slowly is not the client's fault.
///
/// Each byte allows for the time that it takes at the lowest rate, and nobody saves up more than a little: who was fast at
/// first may not hang on for as long as that made up for.
pub(super) struct Patience {
    /// How long it may do nothing at all.
    idle: Duration,
    /// Bytes per second; 0 is no minimum.
    rate: u32,
    /// How long all waiting may be by now.
    allowed: Duration,
    /// How far that may be ahead of the waiting there was.
    most: Duration,
    waited: Duration,
    waiting_since: Option<Instant>,
    /// A look was had since the client is waited for.
    looked: bool,
}

/// When the client is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Early,
    /// Waiting is over unless it did something.
    Last,
}

/// When the first look is. What the client's system takes right after it could take no more is noticed then, and not taken
/// for something that it did in the end.
const EARLY: Duration = Duration::from_secs(1);

/// The client is slower than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Patience {
    /// With a client that sends a body.
    pub(super) fn new(limits: Limits) -> Self {
        Self::with(limits.body_idle, limits.body_grace, &limits)
    }

    /// With a client that takes an answer.
    pub(super) fn with_answer(limits: &Limits) -> Self {
        // What a client may do at any time, to take nothing for a while, it may do at first.
        let grace = limits.body_grace.max(limits.write_stall);
        Self::with(limits.write_stall, grace, limits)
    }

    fn with(idle: Duration, grace: Duration, limits: &Limits) -> Self {
        Self {
            idle,
            rate: limits.body_rate_bytes,
            allowed: grace,
            // A client that sends or takes in bursts may pause between two of them.
            most: grace.max(idle),
            waited: Duration::ZERO,
            waiting_since: None,
            looked: false,
        }
    }

    /// Bytes came, or went. Empty pieces count as waiting that goes on, so a flood of them gains nothing.
    pub(super) fn came(&mut self, bytes: u64) -> Result<(), TooSlow> {
        if bytes == 0 {
            return Ok(());
        }
        let was_waited_for = self.rest();
        let millis = bytes.saturating_mul(1000);
        let Some(earned) = millis.checked_div(self.rate.into()) else {
            return Ok(());
        };
        let allowed = self.allowed + Duration::from_millis(earned);
        self.allowed = allowed.min(self.waited + self.most);
        // Without waiting it did not become slower.
        if was_waited_for && self.waited > self.allowed {
            Err(TooSlow)
        } else {
            Ok(())
        }
    }

    /// The client is not waited for. Whether it was.
    pub(super) fn rest(&mut self) -> bool {
        let since = self.waiting_since.take();
        if let Some(since) = since {
            self.waited += since.elapsed();
        }
        since.is_some()
    }

    /// Ready when waiting is over. The deadline is used for nothing else meanwhile.
    pub(super) fn poll_lost(&mut self, cx: &mut Context<'_>, deadline: &Deadline) -> Poll<()> {
        if self.waiting_since.is_none() {
            let now = Instant::now();
            deadline.set(now, self.longest());
            self.waiting_since = Some(now);
        }
        deadline.poll(cx)
    }

    /// Ready when the client is to be looked at: a socket that was full tells only of much room. The deadline is used for
    /// nothing else meanwhile.
    pub(super) fn poll_look(&mut self, cx: &mut Context<'_>, deadline: &Deadline) -> Poll<Look> {
        let longest = self.longest();
        let since = match self.waiting_since {
            Some(since) => since,
            None => {
                let now = Instant::now();
                self.looked = longest <= EARLY;
                deadline.set(now, longest.min(EARLY));
                *self.waiting_since.insert(now)
            }
        };
        ready!(deadline.poll(cx));
        if std::mem::replace(&mut self.looked, true) {
            return Poll::Ready(Look::Last);
        }
        deadline.set(since, longest);
        Poll::Ready(Look::Early)
    }

    /// How long the client may do nothing from when it is first waited for.
    fn longest(&self) -> Duration {
        match self.rate {
            0 => self.idle,
            _ => self.allowed.saturating_sub(self.waited).min(self.idle),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::wheel::Wheel;

    fn limits() -> Limits {
        Limits {
            body_idle: Duration::from_secs(30),
            body_rate_bytes: 100,
            body_grace: Duration::from_secs(10),
            ..Limits::default()
        }
    }

    struct Waiting {
        patience: Patience,
        deadline: Deadline,
    }

    impl Waiting {
        fn new() -> Self {
            Self {
                patience: Patience::new(limits()),
                deadline: Wheel::new().deadline(),
            }
        }

        /// Whether the client may go on after that time of silence.
        async fn wait(&mut self, time: Duration) -> bool {
            let Self { patience, deadline } = self;
            tokio::time::timeout(time, poll_fn(|cx| patience.poll_lost(cx, deadline)))
                .await
                .is_err()
        }

        fn came(&mut self, bytes: u64) -> Result<(), TooSlow> {
            self.patience.came(bytes)
        }
    }

    fn on_core(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(tokio::task::LocalSet::new().run_until(test));
    }

    #[test]
    fn a_body_at_the_lowest_rate_goes_on_for_ever() {
        on_core(async {
            let mut waiting = Waiting::new();
            for _ in 0..100 {
                assert!(waiting.wait(Duration::from_secs(1)).await);
                assert_eq!(waiting.came(100), Ok(()));
            }
        });
    }

    #[test]
    fn a_body_below_the_lowest_rate_is_ended_after_the_grace() {
        on_core(async {
            let mut waiting = Waiting::new();
            let start = Instant::now();
            loop {
                if !waiting.wait(Duration::from_secs(1)).await || waiting.came(1).is_err() {
                    break;
                }
            }
            let took = start.elapsed();
            assert!((10..13).contains(&took.as_secs()), "{took:?}");
        });
    }

    #[test]
    fn who_was_fast_at_first_may_not_hang_on_for_long() {
        on_core(async {
            let mut waiting = Waiting::new();
            assert_eq!(waiting.came(1_000_000), Ok(()));
            let start = Instant::now();
            while waiting.wait(Duration::from_secs(1)).await && waiting.came(1).is_ok() {}
            let took = start.elapsed();
            assert!((30..33).contains(&took.as_secs()), "{took:?}");
        });
    }

    #[test]
    fn bursts_with_pauses_between_them_go_on_for_ever() {
        on_core(async {
            let mut waiting = Waiting::new();
            for _ in 0..100 {
                assert_eq!(waiting.came(10_000), Ok(()));
                assert!(waiting.wait(Duration::from_secs(25)).await);
            }
        });
    }

    #[test]
    fn a_lowest_rate_of_zero_is_none_and_has_no_grace() {
        on_core(async {
            let mut waiting = Waiting::new();
            waiting.patience = Patience::new(Limits {
                body_rate_bytes: 0,
                ..limits()
            });
            for _ in 0..100 {
                assert!(waiting.wait(Duration::from_secs(29)).await);
                assert_eq!(waiting.came(1), Ok(()));
            }
            assert!(!waiting.wait(Duration::from_secs(31)).await);
        });
    }

    #[test]
    fn silence_ends_a_body_however_fast_it_was() {
        on_core(async {
            let mut waiting = Waiting::new();
            assert_eq!(waiting.came(1_000_000), Ok(()));
            assert!(!waiting.wait(Duration::from_secs(31)).await);
        });
    }

    #[test]
    fn who_takes_nothing_is_looked_at_soon_and_at_the_end() {
        on_core(async {
            let Waiting {
                mut patience,
                deadline,
            } = Waiting::new();
            patience.rate = 0;
            let start = Instant::now();
            for (look, after) in [(Look::Early, EARLY), (Look::Last, limits().body_idle)] {
                let seen = poll_fn(|cx| patience.poll_look(cx, &deadline)).await;
                assert_eq!(seen, look);
                let late = start.elapsed() - after;
                assert!(late <= crate::wheel::TICK, "{late:?}");
            }
            // What it takes at the first look is dated then.
            patience.rest();
            let start = Instant::now();
            poll_fn(|cx| patience.poll_look(cx, &deadline)).await;
            assert_eq!(patience.came(1000), Ok(()));
            let looks = [Look::Early, Look::Last];
            for look in looks {
                let seen = poll_fn(|cx| patience.poll_look(cx, &deadline)).await;
                assert_eq!(seen, look);
            }
            assert!(start.elapsed() < limits().body_idle + Duration::from_secs(2));
        });
    }

    #[test]
    fn empty_pieces_do_not_buy_time() {
        on_core(async {
            let mut waiting = Waiting::new();
            let start = Instant::now();
            while waiting.wait(Duration::from_secs(1)).await {
                assert_eq!(waiting.came(0), Ok(()));
                assert!(start.elapsed() < Duration::from_secs(20));
            }
        });
    }

    #[test]
    fn a_slow_upstream_is_not_the_clients_fault() {
        on_core(async {
            let mut waiting = Waiting::new();
            for _ in 0..10 {
                // Not polled, so not waited for.
                tokio::time::advance(Duration::from_secs(100)).await;
                assert_eq!(waiting.came(1), Ok(()));
            }
        });
    }
}

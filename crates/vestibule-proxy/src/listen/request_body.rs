//! Decides when a client's request body is too slow, and counts it.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::plan::Limits;
use crate::body::{Body, BodyError, ByteStream};

/// The body of a request, with its deadlines in it.
pub(super) fn body(incoming: Incoming, limits: Limits, bytes_in: Rc<Cell<u64>>) -> Body {
    if incoming.is_end_stream() {
        return Body::empty();
    }
    Body::stream(RequestBody {
        incoming,
        patience: Patience::new(limits),
        bytes_in,
    })
}

struct RequestBody {
    incoming: Incoming,
    patience: Patience,
    bytes_in: Rc<Cell<u64>>,
}

impl ByteStream for RequestBody {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let this = &mut *self;
        loop {
            match Pin::new(&mut this.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers are dropped: nobody has judged their names.
                    let Ok(piece) = frame.into_data() else {
                        continue;
                    };
                    this.bytes_in.set(this.bytes_in.get() + piece.len() as u64);
                    if this.patience.came(piece.len()).is_err() {
                        return Poll::Ready(Some(Err(BodyError::TooSlow)));
                    }
                    if !piece.is_empty() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                // hyper tells a malformed chunk and a lost connection alike; both are no clean end.
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(BodyError::Aborted))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    return this
                        .patience
                        .poll_lost(cx)
                        .map(|()| Some(Err(BodyError::TooSlow)));
                }
            }
        }
    }

    fn remaining(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }
}

/// Counts only the time in which we wait for the client: an upstream that takes a body slowly is not the client's fault.
pub(super) struct Patience {
    limits: Limits,
    bytes: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// The client is slower than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Patience {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            bytes: 0,
            waited: Duration::ZERO,
            waiting_since: None,
            timer: None,
        }
    }

    /// Bytes came. Empty pieces count as waiting that goes on, so a flood of them gains nothing.
    pub(super) fn came(&mut self, bytes: usize) -> Result<(), TooSlow> {
        if bytes == 0 {
            return Ok(());
        }
        self.bytes += bytes as u64;
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
            self.timer = None;
        }
        if self.waited > self.allowed() {
            Err(TooSlow)
        } else {
            Ok(())
        }
    }

    /// How long all waiting may be by now: the grace, and the time these bytes take at the lowest rate.
    fn allowed(&self) -> Duration {
        let rate = u64::from(self.limits.body_rate_bytes.max(1));
        self.limits.body_grace + Duration::from_millis(self.bytes.saturating_mul(1000) / rate)
    }

    /// Ready when waiting is over.
    pub(super) fn poll_lost(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let left = self.allowed().saturating_sub(self.waited);
        let deadline = since + left.min(self.limits.body_idle);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    fn limits() -> Limits {
        Limits {
            body_idle: Duration::from_secs(30),
            body_rate_bytes: 100,
            body_grace: Duration::from_secs(10),
            ..Limits::default()
        }
    }

    async fn wait(patience: &mut Patience, time: Duration) -> bool {
        tokio::time::timeout(time, poll_fn(|cx| patience.poll_lost(cx)))
            .await
            .is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_at_the_lowest_rate_goes_on_for_ever() {
        let mut patience = Patience::new(limits());
        for _ in 0..100 {
            assert!(wait(&mut patience, Duration::from_secs(1)).await);
            assert_eq!(patience.came(100), Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_below_the_lowest_rate_is_ended_after_the_grace() {
        let mut patience = Patience::new(limits());
        let start = Instant::now();
        loop {
            if !wait(&mut patience, Duration::from_secs(1)).await || patience.came(1).is_err() {
                break;
            }
        }
        let took = start.elapsed();
        assert!((10..12).contains(&took.as_secs()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_body_however_fast_it_was() {
        let mut patience = Patience::new(limits());
        assert_eq!(patience.came(1_000_000), Ok(()));
        assert!(!wait(&mut patience, Duration::from_secs(31)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn empty_pieces_do_not_buy_time() {
        let mut patience = Patience::new(limits());
        let start = Instant::now();
        while wait(&mut patience, Duration::from_secs(1)).await {
            assert_eq!(patience.came(0), Ok(()));
            assert!(start.elapsed() < Duration::from_secs(20));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_upstream_is_not_the_clients_fault() {
        let mut patience = Patience::new(limits());
        for _ in 0..10 {
            // Not polled, so not waited for.
            tokio::time::advance(Duration::from_secs(100)).await;
            assert_eq!(patience.came(1), Ok(()));
        }
    }
}

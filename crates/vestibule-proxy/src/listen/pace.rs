//! Decides when a client connection is too slow: the deadlines of HTTP/1.1 heads, of idle connections, and of writes.
//!
//! | state | left by | deadline |
//! |---|---|---|
//! | head | a whole head | `head` after the first byte; on a new connection after the start |
//! | busy | the answer's end | none here: the body has its own |
//! | idle | a byte | `idle` |
//!
//! One timer per connection that is moved only when it fires too early, so that a request costs no timer at all.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::plan::Limits;

const HEAD: u8 = 0;
const BUSY: u8 = 1;
const IDLE: u8 = 2;

/// The state of one connection. It is atomic only because hyper wants an upgradeable connection to be `Send`; one thread uses it.
#[derive(Debug)]
pub(super) struct Pace {
    state: AtomicU8,
    /// When the state began, in milliseconds after `start`.
    since: AtomicU64,
    start: Instant,
    limits: Limits,
}

impl Pace {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU8::new(HEAD),
            since: AtomicU64::new(0),
            start: Instant::now(),
            limits,
        })
    }

    /// A head is due from now.
    pub(super) fn begin_head(&self) {
        self.begin(HEAD);
    }

    /// A whole head came.
    pub(super) fn busy(&self) {
        self.state.store(BUSY, Ordering::Relaxed);
    }

    /// An answer ended.
    pub(super) fn idle(&self) {
        self.begin(IDLE);
    }

    fn begin(&self, state: u8) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(since, Ordering::Relaxed);
        self.state.store(state, Ordering::Relaxed);
    }

    fn is_idle(&self) -> bool {
        self.state.load(Ordering::Relaxed) == IDLE
    }

    fn bytes_came(&self) {
        if self.is_idle() {
            self.begin(HEAD);
        }
    }

    fn read_deadline(&self) -> Option<Instant> {
        let limit = match self.state.load(Ordering::Relaxed) {
            HEAD => self.limits.head,
            IDLE => self.limits.idle,
            _ => return None,
        };
        Some(self.start + Duration::from_millis(self.since.load(Ordering::Relaxed)) + limit)
    }
}

/// A client connection with its deadlines. Past one, reading or writing fails and the connection closes.
pub(super) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
    reads: Option<Pin<Box<Sleep>>>,
    writes: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Arc<Pace>) -> Self {
        Self {
            stream,
            pace,
            reads: None,
            writes: None,
        }
    }

    fn poll_read_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(deadline) = self.pace.read_deadline() else {
            return Poll::Pending;
        };
        let timer = self
            .reads
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            timer.as_mut().reset(deadline);
        }
    }

    /// Counts how long one write has been waiting.
    fn watch_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.writes = None;
            return polled;
        }
        let deadline = Instant::now() + self.pace.limits.write_stall;
        let timer = self
            .writes
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if polled.is_pending() {
            return self.poll_read_deadline(cx).map(Err);
        }
        if buffer.filled().len() > before {
            self.pace.bytes_came();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch_write(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.watch_write(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        if self.pace.is_idle() {
            // The engine read for the last time while the connection was busy, and reads again only when woken.
            let _ = self.poll_read_deadline(cx);
        }
        self.watch_write(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch_write(cx, polled)
    }
}

#[cfg(test)]
mod tests;

//! Holds one HTTP/1.1 connection to an upstream, and decides whether an idle one is clean.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop::unconstrained;
use tokio::time::Instant;

use crate::exchange::Duplex;
use crate::telemetry::Metrics;
use crate::wheel::{Deadline, Wheel};

/// A connection. Dropped, it closes.
#[derive(Debug)]
pub(in crate::upstream) struct Connection {
    pub(super) io: Io,
    deadline: Deadline,
    /// The deadline is set: the upstream is waited for.
    armed: bool,
    /// It carried an earlier request, so the upstream may have closed it without our knowing.
    reused: bool,
    /// When it became idle.
    since: Instant,
    open: Open,
}

/// The bytes of a connection.
pub(super) struct Io(pub(super) Pin<Box<dyn Duplex>>);

impl std::fmt::Debug for Io {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Io").finish_non_exhaustive()
    }
}

impl Connection {
    /// A connection on which nothing was sent yet.
    pub(in crate::upstream) fn new(
        io: Pin<Box<dyn Duplex>>,
        wheel: &Wheel,
        metrics: &Arc<Metrics>,
    ) -> Box<Self> {
        Box::new(Self {
            io: Io(io),
            deadline: wheel.deadline(),
            armed: false,
            reused: false,
            since: Instant::now(),
            open: Open::new(metrics),
        })
    }

    pub(in crate::upstream) fn is_reused(&self) -> bool {
        self.reused
    }

    /// Since when it is idle.
    pub(in crate::upstream) fn idle_since(&self) -> Instant {
        self.since
    }

    /// Its exchange is over, and left it clean.
    pub(in crate::upstream) fn rest(&mut self, now: Instant) {
        self.upstream_need_not_act();
        self.reused = true;
        self.since = now;
    }

    /// Whether nothing came while it was idle: not its end, and not a byte that would be taken for the next answer.
    ///
    /// Costs no system call as long as nothing came.
    pub(in crate::upstream) fn is_clean(&mut self) -> bool {
        self.look().is_pending()
    }

    /// Whether something came already. For a connection that is not used then.
    pub(in crate::upstream) fn has_spoken(&mut self) -> bool {
        matches!(self.look(), Poll::Ready(Ok(true)))
    }

    /// Reads a byte if one is there. False is the end.
    fn look(&mut self) -> Poll<io::Result<bool>> {
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let io = &mut self.io.0;
        // A task that had its share of I/O would be told "nothing" whatever came.
        let read = pin!(unconstrained(poll_fn(|cx| io
            .as_mut()
            .poll_read(cx, &mut buffer))));
        let read = read.poll(&mut Context::from_waker(Waker::noop()));
        read.map_ok(|()| !buffer.filled().is_empty())
    }

    /// The upstream has to act, within `limit` from when it was first so, or from when it `moved`.
    pub(super) fn upstream_must_act(
        &mut self,
        cx: &mut Context<'_>,
        moved: Option<Instant>,
        limit: Duration,
    ) -> Poll<()> {
        if let Some(since) = moved.or_else(|| (!self.armed).then(Instant::now)) {
            self.deadline.set(since, limit);
            self.armed = true;
        }
        self.deadline.poll(cx)
    }

    /// Somebody else has to act, or nobody.
    pub(super) fn upstream_need_not_act(&mut self) {
        if self.armed {
            self.deadline.clear();
            self.armed = false;
        }
    }

    /// The connection as bytes of another protocol, of which `early` came already.
    pub(in crate::upstream) fn switch(self, early: Bytes) -> Switched {
        Switched {
            early,
            io: self.io.0,
            _open: self.open,
        }
    }
}

/// Counts a connection while it is open.
#[derive(Debug)]
pub(in crate::upstream) struct Open(Arc<Metrics>);

impl Open {
    pub(in crate::upstream) fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.upstream_connections.inc();
        Self(Arc::clone(metrics))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.upstream_connections.dec();
    }
}

/// A connection that was switched to another protocol.
pub(in crate::upstream) struct Switched {
    /// What came right behind the 101.
    early: Bytes,
    io: Pin<Box<dyn Duplex>>,
    _open: Open,
}

impl AsyncRead for Switched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.early.is_empty() {
            return this.io.as_mut().poll_read(cx, buffer);
        }
        let count = this.early.len().min(buffer.remaining());
        buffer.put_slice(&this.early.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Switched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.as_mut().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.as_mut().poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

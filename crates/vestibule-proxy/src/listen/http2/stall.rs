//! Decides when a client that takes nothing is cut.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::listen::transport::Transport;
use crate::wheel::Deadline;

/// A client connection whose writes fail when they wait for too long.
pub(super) struct Stalling<S> {
    stream: S,
    /// What the network had taken when this was last looked at.
    sent: Option<u64>,
    deadline: Deadline,
    limit: Duration,
}

impl<S: Transport> Stalling<S> {
    pub(super) fn new(stream: S, deadline: Deadline, limit: Duration) -> Self {
        Self {
            sent: stream.sent(),
            stream,
            deadline,
            limit,
        }
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.deadline.clear();
            return polled;
        }
        let sent = self.stream.sent();
        let moved = std::mem::replace(&mut self.sent, sent) != sent;
        if moved || !self.deadline.is_set() {
            self.deadline.set(Instant::now(), self.limit);
        }
        ready!(self.deadline.poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: Transport> AsyncRead for Stalling<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: Transport> AsyncWrite for Stalling<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, polled)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::listen::transport::sealed::Sealed;
    use crate::wheel::Wheel;

    #[test]
    fn a_write_that_waits_for_too_long_fails() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(tokio::task::LocalSet::new().run_until(async {
            let (near, _far) = tokio::io::duplex(4);
            let limit = Duration::from_secs(30);
            let mut near = Stalling::new(near, Wheel::new().deadline(), limit);
            near.write_all(b"1234").await.unwrap();
            let start = Instant::now();
            let error = near.write_all(b"5").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert!(start.elapsed() >= limit && start.elapsed() < 2 * limit);
        }));
    }

    #[test]
    fn what_tls_hands_on_slowly_is_no_stall() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(tokio::task::LocalSet::new().run_until(async {
            let (near, mut far) = tokio::io::duplex(4);
            let mut near = Stalling::new(
                Sealed::new(near),
                Wheel::new().deadline(),
                Duration::from_secs(30),
            );
            near.write_all(&[b'a'; 20]).await.unwrap();
            let taking = async {
                for _ in 0..5 {
                    tokio::time::sleep(Duration::from_secs(20)).await;
                    far.read_exact(&mut [0; 4]).await.unwrap();
                }
            };
            // Dropped when it fails, or the other side would wait for ever.
            let sending = async move { near.flush().await };
            let (flushed, ()) = tokio::join!(sending, taking);
            flushed.unwrap();
        }));
    }
}

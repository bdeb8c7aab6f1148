//! Holds a connection whose protocol was switched: bytes both ways, those that came early first.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::link::Link;
use crate::listen::transport::Transport;

/// The client's end of a tunnel. A client that takes nothing is cut by its write deadline.
pub(super) struct Switched<'l, S>(pub(super) &'l Link<S>);

impl<S: Transport> AsyncRead for Switched<'_, S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let io = &mut *self.0.io.borrow_mut();
        if io.input.is_empty() {
            return Pin::new(&mut io.stream).poll_read(cx, buffer);
        }
        let early = io.input.bytes();
        let early = early.get(..buffer.remaining()).unwrap_or(early);
        buffer.put_slice(early);
        let count = early.len();
        io.input.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: Transport> AsyncWrite for Switched<'_, S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.0.io.borrow_mut().stream).poll_write(cx, bytes);
        self.0.watch(cx, polled)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.0.io.borrow_mut().stream).poll_flush(cx);
        self.0.watch(cx, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.0.io.borrow_mut().stream).poll_shutdown(cx);
        self.0.watch(cx, polled)
    }
}

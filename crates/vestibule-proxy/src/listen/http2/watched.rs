//! Reads a client's frames on their way to hyper.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::frames::Frames;

/// GOAWAY with ENHANCE_YOUR_CALM (RFC 9113 §6.8); any stream may have been acted on.
const CALM: [u8; 17] = [
    0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0xb,
];

/// A client connection that fails when its frames are too much.
pub(super) struct Watched<S> {
    stream: S,
    frames: Rc<RefCell<Frames>>,
    /// There were requests in what was read last.
    rests: bool,
}

impl<S> Watched<S> {
    pub(super) const fn new(stream: S, frames: Rc<RefCell<Frames>>) -> Self {
        Self {
            stream,
            frames,
            rests: false,
        }
    }

    /// Looks at what was written of these pieces.
    fn sent<'p>(
        &self,
        polled: Poll<io::Result<usize>>,
        pieces: impl Iterator<Item = &'p [u8]>,
    ) -> Poll<io::Result<usize>> {
        let mut frames = self.frames.borrow_mut();
        match polled {
            Poll::Ready(Ok(mut left)) => {
                let now = Instant::now();
                for piece in pieces {
                    let taken = left.min(piece.len());
                    frames.sent(piece.get(..taken).unwrap_or_default(), now);
                    left -= taken;
                }
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => frames.blocked(),
        }
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.rests) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let came = buffer.filled().get(before..).unwrap_or_default();
        let mut frames = self.frames.borrow_mut();
        let judged = frames.came(came, Instant::now());
        // Requests that came are looked at before more are read: decoded they are larger than they were.
        let rests = frames.take_requests();
        let may_send = frames.may_send();
        drop(frames);
        self.rests = rests;
        if judged.is_err() && may_send {
            // Told if that goes at once: who floods may not be reading.
            let _ = Pin::new(&mut self.stream).poll_write(cx, &CALM);
            let _ = Pin::new(&mut self.stream).poll_flush(cx);
        }
        Poll::Ready(judged.map_err(io::Error::other))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.sent(polled, std::iter::once(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.sent(polled, pieces.iter().map(|piece| &**piece))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

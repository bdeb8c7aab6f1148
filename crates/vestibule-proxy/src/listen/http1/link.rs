//! Holds one connection's bytes: what came and was not used yet, and what the client has not taken yet.
//!
//! The task of the connection and the request body that it handed out share it. Nobody keeps it borrowed across an await,
//! and a body that outlives its request finds that its turn is over.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::ReadBuf;
use tokio::time::Instant;

use super::receiving::Receiving;
use crate::listen::patience::{Look, Patience};
use crate::listen::plan::Limits;
use crate::listen::transport::Transport;
use crate::scratch::{Lent, Scratch};
use crate::server::Core;
use crate::wheel::Deadline;

/// How much is read while nobody asked for it: a client that leaves is noticed, and what it sent ahead is kept.
pub(super) const READ_AHEAD: usize = 16 * 1024;

pub(super) struct Link<S> {
    pub(super) core: Rc<Core>,
    pub(super) limits: Limits,
    pub(super) io: RefCell<Io<S>>,
    /// Head, idle and body deadlines: only one of them counts at a time.
    pub(super) reads: Deadline,
    writes: Deadline,
    /// The request whose turn it is.
    pub(super) turn: Cell<u64>,
    /// Nobody will read the rest of the request's body.
    pub(super) abandoned: Cell<bool>,
    /// Bytes of the request's body.
    pub(super) bytes_in: Rc<Cell<u64>>,
}

pub(super) struct Io<S> {
    pub(super) stream: S,
    pub(super) input: Input,
    pub(super) output: Output,
    /// How slowly the client takes its answer.
    pace: Patience,
    /// The client sends nothing more.
    pub(super) ended: bool,
    /// The body of the request whose turn it is.
    pub(super) body: Option<Box<Receiving>>,
}

impl<S: Transport> Link<S> {
    pub(super) fn new(core: Rc<Core>, limits: Limits, stream: S) -> Self {
        let wheel = core.wheel().clone();
        Self {
            core,
            limits,
            io: RefCell::new(Io {
                stream,
                input: Input::default(),
                output: Output::default(),
                pace: Patience::with_answer(&limits),
                ended: false,
                body: None,
            }),
            reads: wheel.deadline(),
            writes: wheel.deadline(),
            turn: Cell::new(0),
            abandoned: Cell::new(false),
            bytes_in: Rc::default(),
        }
    }

    /// While the handler works: sends the interim response that waits, if any, and looks whether the client is still there.
    pub(super) fn poll_handling(&self, cx: &mut Context<'_>) -> Poll<()> {
        let waits = !self.io.borrow().output.is_flushed();
        if waits && matches!(self.poll_flush(cx), Poll::Ready(Err(_))) {
            return Poll::Ready(());
        }
        self.poll_gone(cx)
    }

    /// Looks whether the client is still there. Ready when it is not; what it sent meanwhile is kept.
    ///
    /// For the task of the connection: a socket wakes whoever read it last, and whoever wrote to it last.
    pub(super) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        let io = &mut *self.io.borrow_mut();
        if let Some(body) = &mut io.body {
            body.belongs_to(cx.waker());
            if body.is_being_read() && !self.abandoned.get() {
                // Whoever reads the body will see, and wakes this task when it reads no more.
                return Poll::Pending;
            }
        }
        while !io.ended {
            let space = READ_AHEAD.saturating_sub(io.input.len());
            if space == 0 {
                return Poll::Pending;
            }
            // An error is an end, too; `ended` says so.
            let _ = ready!(io.poll_read(cx, self.core.scratch(), space, Input::push));
        }
        Poll::Ready(())
    }

    /// The buffers it keeps.
    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        let io = self.io.borrow();
        io.input.bytes.capacity() + io.output.first.capacity() + io.output.piece.len()
    }

    /// Takes what is to be sent and sends as much as goes at once: `first`, then `piece`, then `last`.
    pub(super) fn begin_write(
        &self,
        cx: &mut Context<'_>,
        mut first: Lent<'_>,
        piece: Bytes,
        last: &'static [u8],
    ) -> Poll<io::Result<()>> {
        let io = &mut *self.io.borrow_mut();
        let output = &mut io.output;
        if output.is_empty() {
            mem::swap(&mut output.first, &mut *first);
            output.at = 0;
        } else {
            // An interim response is still on its way.
            output.first.extend_from_slice(&first);
        }
        // What was sent before must not come back with the buffer.
        first.clear();
        output.piece = piece;
        output.last = last;
        output.unflushed = true;
        let polled = self.poll_flush_io(cx, io);
        let output = &mut io.output;
        if output.at >= output.first.len() {
            mem::swap(&mut output.first, &mut *first);
        } else if let Some(rest) = output.first.get(output.at..) {
            // The core gets its buffer back; the connection keeps what is left.
            let rest = rest.to_vec();
            *first = mem::replace(&mut output.first, rest);
        }
        output.at = 0;
        polled
    }

    /// Sends what is left. Fails if the client takes nothing for too long.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = &mut *self.io.borrow_mut();
        let polled = self.poll_flush_io(cx, io);
        if polled.is_ready() {
            io.output.free();
        }
        polled
    }

    fn poll_flush_io(&self, cx: &mut Context<'_>, io: &mut Io<S>) -> Poll<io::Result<()>> {
        let (left, sent) = (io.output.left(), io.stream.sent());
        let polled = io.output.poll_flush(cx, &mut io.stream);
        let moved = match (sent, io.stream.sent()) {
            (Some(before), Some(after)) => after.wrapping_sub(before),
            _ => (left - io.output.left()) as u64,
        };
        let mut paced = io.pace.came(moved);
        if polled.is_ready() {
            io.pace.rest();
            self.taken();
            return polled;
        }
        while paced.is_ok() {
            let look = ready!(io.pace.poll_look(cx, &self.writes));
            // Nothing was heard of the client; a look decides.
            let moved = io.output.press(&mut io.stream);
            paced = io.pace.came(moved);
            if moved == 0 && look == Look::Last {
                break;
            }
            if moved > 0 && paced.is_ok() {
                return self.poll_flush_io(cx, io);
            }
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Counts how long the client has been taking nothing of a protocol that is not HTTP.
    pub(super) fn watch<T>(
        &self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.taken();
            return polled;
        }
        if !self.writes.is_set() {
            self.writes.set(Instant::now(), self.limits.write_stall);
        }
        ready!(self.writes.poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn taken(&self) {
        if self.writes.is_set() {
            self.writes.clear();
        }
    }

    /// An answer begins. True if the client waits to be told to send its body: it never is now, because an interim
    /// response has no place in an answer, so what it will send next nobody knows.
    pub(super) fn begin_answer(&self) -> bool {
        let io = &mut *self.io.borrow_mut();
        io.pace = Patience::with_answer(&self.limits);
        io.body.as_mut().is_some_and(|body| body.refuse())
    }
}

impl<S: Transport> Io<S> {
    /// Reads once, at most `most` bytes, and hands them over with the input they follow. An end and an error are noted.
    pub(super) fn poll_read<T>(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &Scratch,
        most: usize,
        take: impl FnOnce(&mut Input, &[u8]) -> T,
    ) -> Poll<io::Result<T>> {
        if self.ended {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        let Self {
            stream,
            input,
            ended,
            ..
        } = self;
        scratch.input(|space| {
            let most = most.min(space.len());
            let mut buffer = ReadBuf::new(space.get_mut(..most).unwrap_or_default());
            let polled = ready!(Pin::new(stream).poll_read(cx, &mut buffer));
            Poll::Ready(match polled {
                Ok(()) if buffer.filled().is_empty() => {
                    *ended = true;
                    Err(io::ErrorKind::UnexpectedEof.into())
                }
                Ok(()) => Ok(take(input, buffer.filled())),
                Err(error) => {
                    *ended = true;
                    Err(error)
                }
            })
        })
    }
}

/// Bytes that came and were not used yet. Empty, it has no buffer.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    at: usize,
}

impl Input {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.bytes.len());
        if self.is_empty() {
            *self = Self::default();
        }
    }
}

/// Bytes that the client has not taken yet, in three parts, so that a large piece is not copied.
#[derive(Debug, Default)]
pub(super) struct Output {
    first: Vec<u8>,
    at: usize,
    piece: Bytes,
    last: &'static [u8],
    /// Something was written since the last flush: TLS may hold it back.
    unflushed: bool,
}

impl Output {
    /// Adds an interim response, which is sent with the next flush.
    pub(super) fn interim(&mut self, response: &[u8]) {
        self.first.extend_from_slice(response);
        self.unflushed = true;
    }

    fn left(&self) -> usize {
        self.first.len() - self.at + self.piece.len() + self.last.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left() == 0
    }

    fn is_flushed(&self) -> bool {
        self.is_empty() && !self.unflushed
    }

    fn free(&mut self) {
        self.first = Vec::new();
        self.at = 0;
    }

    fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut impl Transport,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let first = self.first.get(self.at..).unwrap_or_default();
            let written = if self.piece.is_empty() && self.last.is_empty() {
                ready!(Pin::new(&mut *stream).poll_write(cx, first))?
            } else {
                let parts = [first, &self.piece, self.last].map(IoSlice::new);
                let parts = match first.is_empty() {
                    true => parts.get(1..).unwrap_or_default(),
                    false => &parts,
                };
                ready!(Pin::new(&mut *stream).poll_write_vectored(cx, parts))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        if self.unflushed {
            ready!(Pin::new(stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes although the socket seems to be full. How many bytes the client made room for.
    fn press(&mut self, stream: &mut impl Transport) -> u64 {
        let first = self.first.get(self.at..).unwrap_or_default();
        let parts = [first, &self.piece, self.last];
        let part = parts.into_iter().find(|part| !part.is_empty());
        let Ok((taken, moved)) = stream.press(part.unwrap_or_default()) else {
            return 0;
        };
        self.advance(taken);
        moved
    }

    fn advance(&mut self, mut written: usize) {
        let first = written.min(self.first.len() - self.at);
        self.at += first;
        written -= first;
        let piece = written.min(self.piece.len());
        self.piece.advance(piece);
        written -= piece;
        self.last = self.last.get(written..).unwrap_or_default();
    }
}

//! Sends one answer: its head with as much of the body as is there in one write, then the rest as it comes.

use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::answering::{Framing, chunk, last_chunk};
use super::link::Link;
use crate::body::{Body, BodyError};
use crate::listen::record::Record;
use crate::listen::transport::Transport;

/// A piece up to so long is copied behind what goes before it; a longer one is written from where it is.
const COPIED: usize = 8 * 1024;
/// How much is gathered for one write.
const GATHERED: usize = 16 * 1024;

/// Why an answer did not get to its end. The connection is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The client left, or takes nothing.
    Client,
    /// The body broke off.
    Body,
}

pub(super) struct Sending {
    body: Body,
    framing: Framing,
    /// Everything was handed to the link.
    done: bool,
    broken: bool,
}

/// What is to be written next, behind what is in the buffer.
#[derive(Default)]
struct Large {
    piece: Bytes,
    end: &'static [u8],
}

impl Sending {
    pub(super) fn new(body: Body, framing: Framing) -> Self {
        Self {
            body,
            framing,
            done: framing == Framing::None || framing == Framing::Length(0),
            broken: false,
        }
    }

    /// Writes what `head` writes, and what there is of the body behind it.
    pub(super) fn begin<S: Transport>(
        &mut self,
        cx: &mut Context<'_>,
        link: &Link<S>,
        record: &mut Record,
        head: impl FnOnce(&mut Vec<u8>),
    ) -> Poll<Result<(), Broken>> {
        let mut out = link.core.scratch().output();
        head(&mut out);
        let large = self.gather(cx, &mut out, record);
        // What did not go is left in the link; `poll` sends it.
        match link.begin_write(cx, out, large.piece, large.end) {
            Poll::Ready(Err(_)) => Poll::Ready(Err(Broken::Client)),
            Poll::Ready(Ok(())) | Poll::Pending => self.poll(cx, link, record),
        }
    }

    /// Sends the rest.
    pub(super) fn poll<S: Transport>(
        &mut self,
        cx: &mut Context<'_>,
        link: &Link<S>,
        record: &mut Record,
    ) -> Poll<Result<(), Broken>> {
        loop {
            match link.poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Broken::Client)),
                Poll::Pending => {
                    ready!(link.poll_gone(cx));
                    return Poll::Ready(Err(Broken::Client));
                }
            }
            if self.broken {
                return Poll::Ready(Err(Broken::Body));
            }
            if self.done {
                return Poll::Ready(Ok(()));
            }
            let mut out = link.core.scratch().output();
            let large = self.gather(cx, &mut out, record);
            if out.is_empty() && large.piece.is_empty() && !self.done {
                drop(out);
                ready!(link.poll_gone(cx));
                return Poll::Ready(Err(Broken::Client));
            }
            if let Poll::Ready(Err(_)) = link.begin_write(cx, out, large.piece, large.end) {
                return Poll::Ready(Err(Broken::Client));
            }
        }
    }

    /// Takes the pieces that are there.
    fn gather(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>, record: &mut Record) -> Large {
        while !self.done && out.len() < GATHERED {
            match self.body.poll_piece(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => self.end(out),
                Poll::Ready(Some(Err(error))) => self.break_off(error),
                Poll::Ready(Some(Ok(piece))) if piece.is_empty() => {}
                Poll::Ready(Some(Ok(piece))) => {
                    let end = match &mut self.framing {
                        Framing::Length(left) => match left.checked_sub(piece.len() as u64) {
                            Some(rest) => {
                                *left = rest;
                                &[]
                            }
                            None => {
                                tracing::error!("a body is longer than it said");
                                self.break_off(BodyError::Aborted);
                                continue;
                            }
                        },
                        Framing::Chunked => chunk(out, &piece),
                        Framing::UntilClose | Framing::None => &[][..],
                    };
                    record.sent(piece.len() as u64);
                    let large = piece.len() > COPIED;
                    if !large {
                        out.extend_from_slice(&piece);
                        out.extend_from_slice(end);
                    }
                    if self.framing == Framing::Length(0) {
                        self.settle(cx);
                    }
                    if large {
                        return Large { piece, end };
                    }
                }
            }
        }
        Large::default()
    }

    /// The body said that it ended.
    fn end(&mut self, out: &mut Vec<u8>) {
        self.done = true;
        match self.framing {
            Framing::Length(1..) => {
                tracing::error!("a body is shorter than it said");
                self.broken = true;
            }
            Framing::Chunked => last_chunk(out, self.body.passed_trailers().as_ref()),
            Framing::Length(0) | Framing::UntilClose | Framing::None => {}
        }
    }

    /// All bytes that were announced are there: the body may notice its end now, and let go of what it holds.
    fn settle(&mut self, cx: &mut Context<'_>) {
        self.done = true;
        if !self.body.is_empty()
            && let Poll::Ready(Some(Ok(piece))) = self.body.poll_piece(cx)
            && !piece.is_empty()
        {
            tracing::error!("a body is longer than it said");
            self.broken = true;
        }
        self.body = Body::empty();
    }

    fn break_off(&mut self, error: BodyError) {
        tracing::debug!(%error, "an answer broke off");
        self.done = true;
        self.broken = true;
    }
}

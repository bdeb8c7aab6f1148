//! Decides which bytes of a request are written next, and knows whether all of them were.
//!
//! The head and the small pieces that are there go out with one write. Nothing is pulled from the client before the last bytes were
//! taken, so a slow upstream slows its client down. A body that breaks off leaves a request that is visibly unfinished:
//! too short for its `Content-Length`, or without its last chunk.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use vestibule_http1::write;

use super::connection::Io;
use crate::body::{Body, BodyError, Length};

/// A piece up to this length is copied behind what else is to be written; a longer one is written from where it is.
const COPIED_BYTES: usize = 8 << 10;
/// No more is gathered for one write.
const BATCH_BYTES: usize = 32 << 10;

/// How the body of a request is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// So many bytes are still to come.
    Length(u64),
    /// Chunks.
    Chunked,
}

impl Framing {
    fn of(length: Length) -> Self {
        match length {
            Length::None => Self::Length(0),
            Length::Known(length) => Self::Length(length),
            Length::Unknown => Self::Chunked,
        }
    }
}

/// A body that is only announced is none here.
fn length_of(body: &Body) -> Length {
    if body.is_omitted() {
        return Length::None;
    }
    body.length()
}

/// Who has to act before more of the request can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// The upstream: everything was written.
    Complete,
    /// The upstream takes no more at the moment.
    Upstream,
    /// The client: the next piece has not come.
    Client,
}

/// Why no more of the request will be written.
#[derive(Debug)]
pub(super) enum UploadError {
    /// The body broke off.
    Body(BodyError),
    /// The upstream takes no more at all.
    Connection(io::Error),
}

/// A request on its way.
#[derive(Debug)]
pub(in crate::upstream) struct Upload {
    body: Body,
    framing: Framing,
    /// Whether trailers go with the last chunk.
    trailers: bool,
    /// What was made for one write and not taken.
    unsent: Bytes,
    /// Follows `unsent`.
    piece: Bytes,
    /// `piece` is a chunk that lacks its line end.
    open_chunk: bool,
    /// The body came to its end.
    ended: bool,
    /// What was written is not known to be on its way.
    unflushed: bool,
    written: bool,
    moved: bool,
}

impl Upload {
    /// A request of which nothing was sent.
    pub(super) fn new(body: Body, trailers: bool) -> Self {
        Self {
            framing: Framing::of(length_of(&body)),
            body,
            trailers,
            unsent: Bytes::new(),
            piece: Bytes::new(),
            open_chunk: false,
            ended: false,
            unflushed: false,
            written: false,
            moved: false,
        }
    }

    /// What its head must say of the body, before anything was sent.
    pub(super) fn length(&self) -> Length {
        length_of(&self.body)
    }

    /// Whether all of it was written.
    pub(super) fn is_complete(&self) -> bool {
        self.ended && self.unsent.is_empty() && self.piece.is_empty() && !self.unflushed
    }

    /// Whether a byte of it may have reached an upstream.
    pub(super) fn was_begun(&self) -> bool {
        self.written
    }

    /// Whether anything was written since this was last asked.
    pub(super) fn moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Writes what can be written. `out` is for this poll only; at the first it holds the head.
    pub(super) fn poll(
        &mut self,
        io: &mut Io,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Sending, UploadError> {
        loop {
            let mut waiting = false;
            if self.unsent.is_empty() && self.piece.is_empty() && !self.ended {
                waiting = self.fill(cx, out).map_err(UploadError::Body)?;
            }
            match self.poll_write(io, cx, out) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Err(UploadError::Connection(error)),
                Poll::Pending => return Ok(Sending::Upstream),
            }
            if self.ended {
                return Ok(Sending::Complete);
            }
            if waiting {
                return Ok(Sending::Client);
            }
        }
    }

    /// Puts the next pieces of the body behind what is in `out`. `true` when the client has to act before there are more.
    fn fill(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Result<bool, BodyError> {
        if self.open_chunk {
            out.extend_from_slice(write::CHUNK_END);
            self.open_chunk = false;
        }
        while out.len() < BATCH_BYTES && self.piece.is_empty() {
            if self.framing == Framing::Length(0) {
                self.ended = true;
                return Ok(false);
            }
            match self.body.poll_piece(cx) {
                Poll::Pending => return Ok(true),
                Poll::Ready(Some(piece)) => self.put(piece?, out)?,
                Poll::Ready(None) => {
                    self.end(out)?;
                    return Ok(false);
                }
            }
        }
        Ok(false)
    }

    fn put(&mut self, piece: Bytes, out: &mut Vec<u8>) -> Result<(), BodyError> {
        if piece.is_empty() {
            return Ok(());
        }
        match &mut self.framing {
            Framing::Length(left) => {
                // More than was announced would be the next request.
                let after = left.checked_sub(piece.len() as u64);
                *left = after.ok_or(BodyError::Aborted)?;
            }
            Framing::Chunked => write::chunk_size(out, piece.len()),
        }
        let chunked = self.framing == Framing::Chunked;
        if piece.len() > COPIED_BYTES {
            self.piece = piece;
            self.open_chunk = chunked;
            return Ok(());
        }
        out.extend_from_slice(&piece);
        if chunked {
            out.extend_from_slice(write::CHUNK_END);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), BodyError> {
        if self.framing != Framing::Chunked {
            // Fewer bytes than were announced.
            return Err(BodyError::Aborted);
        }
        let trailers = if self.trailers {
            self.body.passed_trailers()
        } else {
            None
        };
        write::last_chunk(out, trailers.as_ref()).map_err(|_| BodyError::Aborted)?;
        self.ended = true;
        Ok(())
    }

    /// Ready when `out`, what was left of an earlier one, and the piece were all taken.
    fn poll_write(
        &mut self,
        io: &mut Io,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<io::Result<()>> {
        if !out.is_empty() {
            let polled = io.poll_write_both(cx, out, &self.piece);
            let taken = match &polled {
                Poll::Ready(Ok(taken)) => *taken,
                Poll::Ready(Err(_)) | Poll::Pending => 0,
            };
            if let Some(rest) = out.get(taken..).filter(|rest| !rest.is_empty()) {
                self.unsent = Bytes::copy_from_slice(rest);
            }
            let of_piece = taken.saturating_sub(out.len());
            out.clear();
            ready!(polled)?;
            self.piece.advance(of_piece.min(self.piece.len()));
            self.took();
        }
        while !self.unsent.is_empty() || !self.piece.is_empty() {
            let taken = ready!(io.poll_write_both(cx, &self.unsent, &self.piece))?;
            let of_unsent = taken.min(self.unsent.len());
            self.unsent.advance(of_unsent);
            self.piece
                .advance((taken - of_unsent).min(self.piece.len()));
            self.took();
        }
        if self.unflushed {
            ready!(io.0.as_mut().poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn took(&mut self) {
        self.written = true;
        self.moved = true;
        self.unflushed = true;
    }
}

impl Io {
    /// Writes from the start of one, then of the other. At least one is not empty, and at least a byte is taken.
    fn poll_write_both(
        &mut self,
        cx: &mut Context<'_>,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        let io = self.0.as_mut();
        let taken = ready!(match (first, second) {
            (one, []) | ([], one) => io.poll_write(cx, one),
            (first, second) =>
                io.poll_write_vectored(cx, &[IoSlice::new(first), IoSlice::new(second)]),
        })?;
        Poll::Ready(if taken == 0 {
            Err(io::ErrorKind::WriteZero.into())
        } else {
            Ok(taken)
        })
    }
}

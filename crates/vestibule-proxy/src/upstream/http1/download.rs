//! Holds the body of an answer that did not all come with its head, and writes what is left of the request meanwhile.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use vestibule_gate::fields::Fields;
use vestibule_http1::body::{self, Decoder};

use super::connection::Connection;
use super::gather::gather;
use super::reply::Begun;
use super::upload::{Sending, Upload, UploadError};
use crate::body::{BodyError, ByteStream};
use crate::upstream::plan::UpstreamPlan;
use crate::upstream::pool::Pool;

/// One read of a body of which nobody knows how long it is, until a read fills it.
const FIRST_BYTES: usize = 16 << 10;
/// The most for one read.
const MOST_BYTES: usize = 64 << 10;

/// The body of an answer. Pulled, so an upstream is read no faster than the client reads. Dropped, it closes the connection.
pub(in crate::upstream) struct Download {
    /// `None` after the end.
    connection: Option<Box<Connection>>,
    /// The request, until it is all written.
    upload: Option<Upload>,
    decoder: Decoder,
    ready: Bytes,
    buffer: BytesMut,
    error: Option<body::BodyError>,
    /// How much room one read gets.
    room: usize,
    after: After,
}

/// What becomes of the connection.
pub(in crate::upstream) struct After {
    pub(in crate::upstream) pool: Rc<Pool>,
    pub(in crate::upstream) plan: Arc<UpstreamPlan>,
    /// Nothing spoke against using it again, up to now.
    pub(in crate::upstream) goes_on: bool,
    /// How long the upstream may be silent.
    pub(in crate::upstream) stall: Duration,
}

impl Download {
    /// The rest of an answer on its connection.
    pub(in crate::upstream) fn new(
        begun: Begun,
        connection: Box<Connection>,
        upload: Option<Upload>,
        after: After,
    ) -> Self {
        Self {
            connection: Some(connection),
            upload,
            room: FIRST_BYTES,
            decoder: begun.decoder,
            ready: begun.ready,
            buffer: begun.undecoded,
            error: begun.error,
            after,
        }
    }

    /// Writes more of the request. Whether the upstream is the one to act, and whether it took something.
    fn upload(&mut self, cx: &mut Context<'_>) -> Result<(bool, bool), BodyError> {
        let (Some(upload), Some(connection)) = (&mut self.upload, &mut self.connection) else {
            return Ok((true, false));
        };
        let mut out = self.after.pool.scratch().output();
        let sending = upload.poll(&mut connection.io, cx, &mut out);
        drop(out);
        let moved = upload.moved();
        match sending {
            Ok(Sending::Complete) => self.upload = None,
            Ok(Sending::Upstream) => {}
            Ok(Sending::Client) => return Ok((false, moved)),
            Err(UploadError::Body(error)) => return Err(error),
            Err(UploadError::Connection(error)) => {
                // It answers although it takes no more; the connection is spent.
                tracing::debug!(%error, "an upstream stopped reading a request");
                self.upload = None;
                self.after.goes_on = false;
            }
        }
        Ok((true, moved))
    }

    /// The body is complete.
    fn end(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if self.after.goes_on && self.upload.is_none() && self.buffer.is_empty() {
            self.after
                .pool
                .give_back(&self.after.plan, connection, Instant::now());
        }
    }

    /// The next piece that is in the buffer.
    fn decode(&mut self) -> Bytes {
        let gathered = gather(&mut self.decoder, &mut self.buffer);
        self.error = gathered.error;
        let mut piece = self.buffer.split_to(gathered.used);
        piece.truncate(gathered.data.end);
        piece.advance(gathered.data.start.min(piece.len()));
        piece.freeze()
    }

    /// Makes room for one read. The room of earlier pieces is used again once they are gone.
    fn make_room(&mut self) {
        let room = match self.decoder.remaining() {
            // A byte more than is left: a read that is not filled tells the runtime that nothing follows. Else it would have
            // to ask the system when the connection is to be used again.
            Some(left) => usize::try_from(left.saturating_add(1)).unwrap_or(MOST_BYTES),
            None => self.room,
        };
        let room = room.min(MOST_BYTES);
        if self.buffer.capacity() - self.buffer.len() < room.div_ceil(2) {
            self.buffer.reserve(room);
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, BodyError>> {
        self.make_room();
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(Err(BodyError::Aborted));
        };
        let room = self.buffer.capacity() - self.buffer.len();
        let read = pin!(connection.io.0.read_buf(&mut self.buffer));
        read.poll(cx).map(|read| match read {
            Ok(count) => {
                if count >= room {
                    self.room = (self.room * 2).min(MOST_BYTES);
                }
                Ok(count)
            }
            Err(error) => {
                tracing::debug!(%error, "an upstream broke off its answer");
                Err(BodyError::Aborted)
            }
        })
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let (upstream_acts, mut moved) = match self.upload(cx) {
            Ok(acts) => acts,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        if !self.ready.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.ready))));
        }
        loop {
            if let Some(error) = self.error {
                tracing::debug!(%error, "an upstream's answer is malformed");
                return Poll::Ready(Some(Err(BodyError::Aborted)));
            }
            let piece = self.decode();
            if self.decoder.is_ended() {
                self.end();
            }
            if !piece.is_empty() {
                return Poll::Ready(Some(Ok(piece)));
            }
            if self.connection.is_none() {
                return Poll::Ready(None);
            }
            if self.error.is_some() {
                continue;
            }
            match self.poll_read(cx) {
                Poll::Ready(Ok(0)) => {
                    if let Err(error) = self.decoder.end_of_connection() {
                        tracing::debug!(%error, "an upstream broke off its answer");
                        return Poll::Ready(Some(Err(BodyError::Aborted)));
                    }
                    self.connection = None;
                    return Poll::Ready(None);
                }
                Poll::Ready(Ok(_)) => moved = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => break,
            }
        }
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(None);
        };
        if !upstream_acts {
            connection.upstream_need_not_act();
            return Poll::Pending;
        }
        connection
            .upstream_must_act(cx, moved.then(Instant::now), self.after.stall)
            .map(|()| Some(Err(BodyError::TooSlow)))
    }
}

impl ByteStream for Download {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let polled = self.poll_next(cx);
        match &polled {
            Poll::Ready(Some(Ok(_))) => {
                // Until it is asked again, the client is the one to act.
                if let Some(connection) = &mut self.connection {
                    connection.upstream_need_not_act();
                }
            }
            Poll::Ready(_) => self.connection = None,
            Poll::Pending => {}
        }
        polled
    }

    fn remaining(&self) -> Option<u64> {
        let left = self.decoder.remaining()?;
        Some(left + self.ready.len() as u64)
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Fields> {
        self.decoder.trailers()
    }
}

/// A whole body with trailers, which only a stream has.
pub(in crate::upstream) struct Whole {
    bytes: Bytes,
    trailers: Option<Fields>,
}

impl Whole {
    pub(in crate::upstream) const fn new(bytes: Bytes, trailers: Fields) -> Self {
        Self {
            bytes,
            trailers: Some(trailers),
        }
    }
}

impl ByteStream for Whole {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Fields> {
        self.trailers.take()
    }
}

//! Holds the body of a request while it comes, and decides when the client is asked for it.
//!
//! It is read when the handler reads it. The first time, a client that waits for `100 Continue` gets it
//! (RFC 9110 §10.1.1).
//!
//! Who reads it may be another task than the connection's, as it is with HTTP/2 to the upstream. Only the connection's task
//! writes to the client. While the body is read, its reader is woken by the socket; each wakes the other when it is
//! no longer the one to do something.

use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use vestibule_gate::fields::Fields;
use vestibule_http1::body::Decoder;
use vestibule_http1::framing::BodyFraming;

use super::link::{Input, Io, Link, READ_AHEAD};
use crate::body::{Body, BodyError, ByteStream};
use crate::listen::patience::Patience;
use crate::listen::plan::Limits;
use crate::listen::transport::Transport;
use crate::scratch::READ_BYTES;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// One body on its way.
pub(super) struct Receiving {
    decoder: Decoder,
    patience: Patience,
    expects: Expects,
    started: bool,
    failed: Option<BodyError>,
    /// The connection's task, since it first had to wait.
    owner: Option<Waker>,
    /// The task that waits for more, if it is another.
    reader: Option<Waker>,
}

/// What the client waits for before it sends the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expects {
    Nothing,
    /// `100 Continue`.
    Continue,
    /// That, and it is not going to come.
    Refused,
}

impl Receiving {
    pub(super) fn new(framing: BodyFraming, expects: bool, limits: Limits) -> Self {
        Self {
            decoder: Decoder::new(framing),
            patience: Patience::new(limits),
            expects: if expects {
                Expects::Continue
            } else {
                Expects::Nothing
            },
            started: false,
            failed: None,
            owner: None,
            reader: None,
        }
    }

    /// The connection's task waits.
    pub(super) fn belongs_to(&mut self, task: &Waker) {
        keep(&mut self.owner, task);
    }

    /// It is never asked for any more. True if the client waits to be.
    pub(super) fn refuse(&mut self) -> bool {
        if self.expects == Expects::Nothing || self.is_complete() {
            return false;
        }
        self.expects = Expects::Refused;
        true
    }

    fn is_read_elsewhere(&self, cx: &Context<'_>) -> bool {
        let owner = self.owner.as_ref();
        owner.is_some_and(|owner| !owner.will_wake(cx.waker()))
    }

    fn wake_owner(&self) {
        if let Some(owner) = &self.owner {
            owner.wake_by_ref();
        }
    }

    /// Whether all of it came.
    pub(super) fn is_complete(&self) -> bool {
        self.failed.is_none() && self.decoder.is_ended()
    }

    /// Whether somebody reads it and is told when the client leaves.
    pub(super) fn is_being_read(&self) -> bool {
        self.started && self.failed.is_none() && !self.decoder.is_ended()
    }

    /// How many bytes are left, if that is certain: a client that was never told to send may not send them.
    pub(super) fn left(&self) -> Option<u64> {
        if self.expects != Expects::Nothing || self.failed.is_some() {
            None
        } else {
            self.decoder.remaining()
        }
    }

    /// How much is read at once: what follows the body is kept, so it is not much.
    fn space(&self) -> usize {
        let left = self.decoder.remaining().unwrap_or(u64::MAX);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        left.saturating_add(READ_AHEAD).min(READ_BYTES)
    }

    /// Throws away what is there of it.
    pub(super) fn discard(&mut self, input: &mut Input) -> Result<(), BodyError> {
        self.decode(input.bytes(), None)
            .map(|used| input.consume(used))
    }

    /// Reads as much as there is, and collects the data. How many bytes were used up.
    fn decode(
        &mut self,
        bytes: &[u8],
        mut data: Option<&mut BytesMut>,
    ) -> Result<usize, BodyError> {
        let mut used = 0;
        while !self.decoder.is_ended() {
            let rest = bytes.get(used..).unwrap_or_default();
            let decoded = self.decoder.decode(rest).map_err(|error| {
                tracing::debug!(%error, "a request body is malformed");
                self.fail(BodyError::Aborted)
            })?;
            if decoded.consumed == 0 {
                break;
            }
            used += decoded.consumed;
            let found = rest.get(decoded.data).unwrap_or_default();
            if let Some(data) = &mut data {
                if data.capacity() == 0 {
                    data.reserve(rest.len());
                }
                data.extend_from_slice(found);
            }
        }
        Ok(used)
    }

    fn fail(&mut self, error: BodyError) -> BodyError {
        self.failed = Some(error);
        error
    }
}

impl Drop for Receiving {
    /// The request is over, or its connection. Nothing else would tell a reader in another task.
    fn drop(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }
}

fn keep(kept: &mut Option<Waker>, waker: &Waker) {
    if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
        *kept = Some(waker.clone());
    }
}

impl<S: Transport> Link<S> {
    /// The next request begins. Its body, if it has one.
    pub(super) fn begin_body(self: &Rc<Self>, framing: BodyFraming, expects: bool) -> Body {
        self.bytes_in.set(0);
        self.abandoned.set(false);
        if framing == BodyFraming::None {
            return Body::empty();
        }
        let receiving = Receiving::new(framing, expects, self.limits);
        self.io.borrow_mut().body = Some(Box::new(receiving));
        Body::stream(RequestBody {
            link: Rc::downgrade(self),
            turn: self.turn.get(),
        })
    }

    /// The request is over: what still reads its body gets an error.
    pub(super) fn end_turn(&self) {
        self.end_reading();
        let body = self.io.borrow_mut().body.take();
        drop(body);
    }

    /// The same, but where the body ends is still to be known.
    pub(super) fn end_reading(&self) {
        self.turn.set(self.turn.get() + 1);
        let mut io = self.io.borrow_mut();
        let reader = io.body.as_mut().and_then(|body| body.reader.take());
        drop(io);
        reader.into_iter().for_each(Waker::wake);
    }

    fn poll_body(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let io = &mut *self.io.borrow_mut();
        let Some(mut body) = io.body.take() else {
            // Whatever became of it, nobody saw its end.
            return Poll::Ready(Some(Err(BodyError::Aborted)));
        };
        body.started = true;
        let polled = self.poll_piece(cx, io, &mut body);
        if body.is_read_elsewhere(cx) {
            if polled.is_pending() {
                keep(&mut body.reader, cx.waker());
            }
            if !body.is_being_read() {
                // From here on the connection's task looks whether the client is there.
                body.wake_owner();
            }
        }
        io.body = Some(body);
        polled
    }

    fn poll_piece(
        &self,
        cx: &mut Context<'_>,
        io: &mut Io<S>,
        body: &mut Receiving,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        if let Some(error) = body.failed {
            return Poll::Ready(Some(Err(error)));
        }
        let mut data = BytesMut::new();
        if !io.input.is_empty() {
            // A client that sends at once does not wait for anything (RFC 9110 §10.1.1).
            if body.expects == Expects::Continue {
                body.expects = Expects::Nothing;
            }
            match body.decode(io.input.bytes(), Some(&mut data)) {
                Ok(used) => io.input.consume(used),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        loop {
            if !data.is_empty() {
                self.bytes_in.set(self.bytes_in.get() + data.len() as u64);
                if body.patience.came(data.len() as u64).is_err() {
                    return Poll::Ready(Some(Err(body.fail(BodyError::TooSlow))));
                }
                return Poll::Ready(Some(Ok(data.freeze())));
            }
            if body.decoder.is_ended() {
                return Poll::Ready(None);
            }
            if body.expects == Expects::Continue {
                body.expects = Expects::Nothing;
                io.output.interim(CONTINUE);
                if body.is_read_elsewhere(cx) {
                    body.wake_owner();
                }
            }
            let scratch = self.core.scratch();
            let read = io.poll_read(cx, scratch, body.space(), |input, came| {
                if !input.is_empty() {
                    // The rest of a line of framing.
                    input.push(came);
                    let used = body.decode(input.bytes(), Some(&mut data))?;
                    input.consume(used);
                    return Ok(());
                }
                let used = body.decode(came, Some(&mut data))?;
                input.push(came.get(used..).unwrap_or_default());
                Ok(())
            });
            match read {
                Poll::Ready(Ok(Ok(()))) => {}
                Poll::Ready(Ok(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Err(_)) => {
                    if body.decoder.end_of_connection().is_err() {
                        return Poll::Ready(Some(Err(body.fail(BodyError::Aborted))));
                    }
                }
                Poll::Pending => {
                    ready!(body.patience.poll_lost(cx, &self.reads));
                    return Poll::Ready(Some(Err(body.fail(BodyError::TooSlow))));
                }
            }
        }
    }
}

/// The body as the handler has it. Held longer than its request or its connection, it is a body that broke off.
struct RequestBody<S: Transport> {
    link: Weak<Link<S>>,
    turn: u64,
}

impl<S: Transport> RequestBody<S> {
    fn link(&self) -> Option<Rc<Link<S>>> {
        self.link
            .upgrade()
            .filter(|link| link.turn.get() == self.turn)
    }
}

impl<S: Transport> ByteStream for RequestBody<S> {
    fn poll_piece(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        match self.link() {
            Some(link) => link.poll_body(cx),
            None => Poll::Ready(Some(Err(BodyError::Aborted))),
        }
    }

    fn remaining(&self) -> Option<u64> {
        let link = self.link()?;
        let io = link.io.borrow();
        io.body.as_ref()?.decoder.remaining()
    }

    fn trailers(self: Pin<&mut Self>) -> Option<Fields> {
        let link = self.link()?;
        let mut io = link.io.borrow_mut();
        io.body.as_mut()?.decoder.trailers()
    }
}

impl<S: Transport> Drop for RequestBody<S> {
    fn drop(&mut self) {
        if let Some(link) = self.link() {
            link.abandoned.set(true);
            let io = link.io.borrow();
            if let Some(body) = io.body.as_ref().filter(|body| body.is_being_read()) {
                body.wake_owner();
            }
        }
    }
}

//! Decides when the next request is there, and when waiting for it is over.
//!
//! | state | left by | deadline, and what follows |
//! |---|---|---|
//! | new connection | a whole head | `head` from the start: closed without a word if not a byte came, else 408 |
//! | idle | a byte | `idle` after the last answer: closed without a word |
//! | head begun | a whole head | `head` after its first byte: 408 |
//!
//! In each of them the connection may be told to make room for others, and closes without a word.
//!
//! At a stop, and where room is made, a connection that was just taken from the queue has most likely sent its first request
//! already, and one that is kept may have sent its next: the socket is looked at once more before it closes.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::yield_now;
use tokio::time::Instant;
use vestibule_gate::fields::is_token;
use vestibule_gate::refusal::Refusal;
use vestibule_http1::head::{End, HeadError, HeadLimits};
use vestibule_http1::request::{self, RequestHead};

use super::link::Link;
use crate::listen::connection::Client;
use crate::listen::plan::Limits;
use crate::listen::transport::Transport;

/// How long a new connection may take to its first request when the stop was ordered already.
const FIRST_REQUEST: Duration = Duration::from_secs(1);
/// What is kept of something that stands where a method should.
const METHOD_BYTES: usize = 32;

/// What came.
pub(super) enum Next {
    Request(RequestHead),
    /// A head that nobody can read, and how it began.
    Unread(Refusal, FirstLine),
    /// The connection is over, and there is nothing to say.
    Ended,
}

/// Method and target of a head that could not be read, for the log.
#[derive(Debug, Default)]
pub(super) struct FirstLine {
    pub(super) method: Bytes,
    pub(super) target: Bytes,
}

impl FirstLine {
    /// What can be told from these bytes. Something that is no token may be a part of anything, so it is no method.
    fn of(head: &[u8], limits: &Limits) -> Self {
        let head = head.strip_prefix(b"\r\n").unwrap_or(head);
        let line = head
            .split(|&byte| matches!(byte, b'\r' | b'\n'))
            .next()
            .unwrap_or_default();
        let mut words = line.split(|&byte| byte == b' ');
        let method = words.next().unwrap_or_default();
        if method.len() > METHOD_BYTES || !is_token(method) {
            return Self::default();
        }
        let target = words.next().unwrap_or_default();
        let target = target.get(..limits.target_bytes).unwrap_or(target);
        Self {
            method: Bytes::copy_from_slice(method),
            target: Bytes::copy_from_slice(target),
        }
    }
}

/// Waits for the next request. Whoever calls has set the deadline for its first byte.
pub(super) async fn next<S: Transport>(link: &Link<S>, client: &Client, first: bool) -> Next {
    let mut reading = Reading {
        end: End::default(),
        first,
        begun: false,
        hurried: false,
        told: false,
    };
    loop {
        match poll_fn(|cx| reading.poll(cx, link, client)).await {
            Some(next) => return next,
            // The runtime looks at its sockets before a task that yielded runs again.
            None => yield_now().await,
        }
    }
}

struct Reading {
    end: End,
    /// There was no request on this connection before.
    first: bool,
    /// A part of a head is there.
    begun: bool,
    /// The stop was noticed.
    hurried: bool,
    /// That others need the room was noticed.
    told: bool,
}

impl Reading {
    /// `None` asks to be polled once more after the runtime had its turn.
    fn poll<S: Transport>(
        &mut self,
        cx: &mut Context<'_>,
        link: &Link<S>,
        client: &Client,
    ) -> Poll<Option<Next>> {
        let limits = &link.limits;
        let io = &mut *link.io.borrow_mut();
        if !self.begun && !io.input.is_empty() {
            // Sent ahead.
            let (found, used) = self.look(io.input.bytes(), limits);
            io.input.consume(used);
            if let Some(next) = found {
                return Poll::Ready(Some(next));
            }
            self.begin(link);
        }
        loop {
            let space = head_space(limits).saturating_sub(io.input.len());
            let scratch = link.core.scratch();
            let read = io.poll_read(cx, scratch, space.max(1), |input, came| {
                if !input.is_empty() {
                    input.push(came);
                    let (found, used) = self.look(input.bytes(), limits);
                    input.consume(used);
                    return found;
                }
                let (found, used) = self.look(came, limits);
                input.push(came.get(used..).unwrap_or_default());
                found
            });
            match read {
                Poll::Ready(Ok(Some(next))) => return Poll::Ready(Some(next)),
                Poll::Ready(Ok(None)) => self.begin(link),
                Poll::Ready(Err(_)) => return Poll::Ready(Some(Next::Ended)),
                Poll::Pending => break,
            }
        }
        if client.stop.is_ordered() && !self.begun {
            match (self.first, std::mem::replace(&mut self.hurried, true)) {
                (true, false) => link
                    .reads
                    .set(Instant::now(), FIRST_REQUEST.min(limits.head)),
                (true, true) => {}
                (false, false) => return Poll::Ready(None),
                (false, true) => return Poll::Ready(Some(Next::Ended)),
            }
        }
        if client.place.poll_told(cx).is_ready() {
            let looked = std::mem::replace(&mut self.told, true);
            return Poll::Ready(looked.then_some(Next::Ended));
        }
        if link.reads.poll(cx).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(Some(if self.begun {
            let line = FirstLine::of(io.input.bytes(), limits);
            Next::Unread(Refusal::HeadTimeout, line)
        } else {
            Next::Ended
        }))
    }

    /// The first byte of a head came. Those that follow buy no time.
    fn begin<S: Transport>(&mut self, link: &Link<S>) {
        if !std::mem::replace(&mut self.begun, true) && !self.first {
            link.reads.set(Instant::now(), link.limits.head);
        }
    }

    /// Looks for a head at the start of these bytes, and says how many of them it used up.
    fn look(&mut self, bytes: &[u8], limits: &Limits) -> (Option<Next>, usize) {
        let of = HeadLimits {
            bytes: limits.head_bytes,
            fields: limits.head_fields,
            target_bytes: limits.target_bytes,
        };
        let refused = |error: HeadError| {
            let line = FirstLine::of(bytes, limits);
            (Some(Next::Unread(error.into(), line)), 0)
        };
        match request::read(&mut self.end, bytes, &of) {
            Ok(Some((head, length))) => (Some(Next::Request(head)), length),
            Ok(None) => (None, 0),
            Err(error) => refused(error),
        }
    }
}

/// How many bytes may be kept while a head is not whole: enough to know that it is too large.
fn head_space(limits: &Limits) -> usize {
    limits.head_bytes.saturating_add(4)
}

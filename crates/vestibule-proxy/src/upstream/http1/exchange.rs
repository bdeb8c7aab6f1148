//! Drives one request until its response head is there.

use std::io;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;
use tokio::time::Instant;
use vestibule_gate::method::Method;
use vestibule_http1::head::{End, HeadError, HeadLimits};
use vestibule_http1::response;

use super::connection::Connection;
use super::head::write_head;
use super::reply::Reply;
use super::upload::{Sending, Upload, UploadError};
use crate::body::Body;
use crate::scratch::Scratch;
use crate::upstream::Forward;
use crate::upstream::attempt::{Failure, Payload, Second};
use crate::upstream::connect::name;
use crate::upstream::error::{Malformed, UpstreamError};
use crate::upstream::plan::UpstreamPlan;

/// How much of a response head is read.
const LIMITS: HeadLimits = HeadLimits {
    bytes: 64 << 10,
    fields: 200,
    target_bytes: 64 << 10,
};
/// The most for one read: what comes with a head is copied, so it is not to be much.
const READ_BYTES: usize = 32 << 10;
/// More interim responses than anybody sends. Their time is the head's.
const INTERIM: u8 = 16;

/// A request on a connection, before its response head.
pub(in crate::upstream) struct Exchange {
    connection: Box<Connection>,
    upload: Upload,
    /// The head is part of `upload`.
    head_made: bool,
    /// The time of the first poll, which needs no clock then.
    began: Option<Instant>,
    /// The start of a head whose end has not come.
    partial: Vec<u8>,
    end: End,
    interim: u8,
    /// Something came back.
    answered: bool,
    /// Why no more of the request can be written.
    refused: Option<io::Error>,
}

/// What is at the start of bytes that came.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly always the large one, and on the stack for a moment"
)]
enum Found {
    /// A final response.
    Final(Reply),
    /// Nothing but interim ones, and from this place a part of a head.
    PartFrom(usize),
}

impl Exchange {
    /// A request that nothing was sent of; it is first polled at `now`.
    pub(in crate::upstream) fn new(
        connection: Box<Connection>,
        payload: Payload,
        head: &Forward,
        now: Instant,
    ) -> Self {
        let (upload, head_made) = match payload {
            Payload::Body(body) => (Upload::new(body, head.trailers), false),
            Payload::Unsent(upload) => (upload, true),
        };
        Self {
            connection,
            upload,
            head_made,
            began: Some(now),
            partial: Vec::new(),
            end: End::default(),
            interim: 0,
            answered: false,
            refused: None,
        }
    }

    /// What goes on after the response head: the connection, and the request unless it is all written.
    pub(in crate::upstream) fn into_parts(self) -> (Box<Connection>, Option<Upload>) {
        let upload = Some(self.upload).filter(|upload| !upload.is_complete());
        (self.connection, upload)
    }

    /// Writes and reads as far as possible.
    pub(in crate::upstream) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &Scratch,
        head: &Forward,
        plan: &UpstreamPlan,
    ) -> Poll<Result<Reply, Failure>> {
        let sending = match self.write(cx, scratch, head, plan) {
            Ok(sending) => sending,
            Err(failure) => return Poll::Ready(Err(failure)),
        };
        while let Poll::Ready(read) = self.read(cx, scratch, head, plan) {
            match read {
                Ok(None) => {}
                Ok(Some(reply)) => {
                    self.connection.upstream_need_not_act();
                    return Poll::Ready(Ok(reply));
                }
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
        let began = self.began.take();
        let moved = self.upload.moved();
        let moved = moved.then(|| began.unwrap_or_else(Instant::now));
        if sending == Sending::Client {
            self.connection.upstream_need_not_act();
            return Poll::Pending;
        }
        let limit = plan.settings().timeouts.head;
        match self.connection.upstream_must_act(cx, moved, limit) {
            Poll::Ready(()) => Poll::Ready(Err(UpstreamError::HeadTimeout {
                upstream: name(plan),
            }
            .into())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn write(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &Scratch,
        head: &Forward,
        plan: &UpstreamPlan,
    ) -> Result<Sending, Failure> {
        if self.refused.is_some() {
            return Ok(Sending::Upstream);
        }
        let mut out = scratch.output();
        if !self.head_made {
            write_head(head, plan, self.upload.length(), &mut out)?;
            self.head_made = true;
        }
        match self.upload.poll(&mut self.connection.io, cx, &mut out) {
            Ok(sending) => Ok(sending),
            Err(UploadError::Body(error)) => Err(UpstreamError::RequestBody(error).into()),
            // TLS may have written records of a write that then fails.
            Err(UploadError::Connection(error)) if self.upload.was_begun() || plan.is_tls() => {
                // An upstream that takes no more may have said why.
                self.refused = Some(error);
                Ok(Sending::Upstream)
            }
            Err(UploadError::Connection(error)) => {
                let none = Upload::new(Body::empty(), false);
                let unsent = std::mem::replace(&mut self.upload, none);
                Err(Failure {
                    error: broken(plan, error),
                    second: Second::Unsent(Box::new(Payload::Unsent(unsent))),
                })
            }
        }
    }

    /// Reads once.
    fn read(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &Scratch,
        head: &Forward,
        plan: &UpstreamPlan,
    ) -> Poll<Result<Option<Reply>, Failure>> {
        scratch.input(|space| {
            let most = space.len().min(READ_BYTES);
            let mut read = ReadBuf::new(space.get_mut(..most).unwrap_or_default());
            match self.connection.io.0.as_mut().poll_read(cx, &mut read) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.lost(plan, error))),
                Poll::Ready(Ok(())) => {}
            }
            let bytes = read.filled_mut();
            if bytes.is_empty() {
                let ended = io::ErrorKind::UnexpectedEof.into();
                return Poll::Ready(Err(self.lost(plan, ended)));
            }
            self.answered = true;
            let to_head = head.method == Method::Head;
            let found = self.find_after_partial(bytes, to_head);
            Poll::Ready(found.map_err(|rule| malformed(plan, rule).into()))
        })
    }

    fn find_after_partial(
        &mut self,
        bytes: &mut [u8],
        to_head: bool,
    ) -> Result<Option<Reply>, Malformed> {
        if self.partial.is_empty() {
            return Ok(match self.find(bytes, to_head)? {
                Found::Final(reply) => Some(reply),
                Found::PartFrom(start) => {
                    self.partial = bytes.get(start..).unwrap_or_default().to_vec();
                    None
                }
            });
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(bytes);
        Ok(match self.find(&mut whole, to_head)? {
            Found::Final(reply) => Some(reply),
            Found::PartFrom(start) => {
                whole.drain(..start);
                self.partial = whole;
                None
            }
        })
    }

    /// Looks for a final response head at the start of `bytes`.
    fn find(&mut self, bytes: &mut [u8], to_head: bool) -> Result<Found, Malformed> {
        let mut start = 0;
        loop {
            let bytes = bytes.get_mut(start..).unwrap_or_default();
            let Some((head, length)) = response::read(&mut self.end, bytes, &LIMITS)? else {
                return Ok(Found::PartFrom(start));
            };
            if !matches!(head.status, 100 | 102..=199) {
                let rest = bytes.get_mut(length..).unwrap_or_default();
                return Ok(Found::Final(Reply::new(head, to_head, rest)?));
            }
            self.interim += 1;
            if self.interim > INTERIM {
                return Err(Malformed::Interim);
            }
            start += length;
        }
    }

    /// The connection ended before a response head.
    fn lost(&mut self, plan: &UpstreamPlan, error: io::Error) -> Failure {
        let second = if self.answered {
            Second::No
        } else {
            Second::Lost
        };
        Failure {
            error: broken(plan, self.refused.take().unwrap_or(error)),
            second,
        }
    }
}

fn broken(plan: &UpstreamPlan, cause: io::Error) -> UpstreamError {
    UpstreamError::Broken {
        upstream: name(plan),
        cause: Some(cause.into()),
    }
}

fn malformed(plan: &UpstreamPlan, rule: Malformed) -> UpstreamError {
    let upstream = name(plan);
    match rule {
        Malformed::Head(HeadError::TooLarge | HeadError::TooManyFields) => {
            UpstreamError::AnswerHeadTooLarge { upstream }
        }
        rule => UpstreamError::Malformed { upstream, rule },
    }
}

//! Decides what of an upstream's answer goes on to the client, and when its connection is free again.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use vestibule_gate::fields::{Fields, ResponseHead, list};
use vestibule_gate::method::Method;

use super::Answer;
use super::connect::name;
use super::error::UpstreamError;
use super::plan::{Timeouts, UpstreamPlan};
use super::pool::Lease;
use super::request::{Head, binds_connection};
use crate::body::{Body, BodyError, ByteStream};
use crate::exchange::Tunnel;
use crate::wire::{self, is_connection_field};

/// Turns a response head into an [`Answer`].
pub(super) async fn answer(
    plan: &Arc<UpstreamPlan>,
    head: &Head,
    response: Response<Incoming>,
    mut lease: Option<Lease>,
    time: Duration,
) -> Result<Answer, UpstreamError> {
    let status = response.status();
    if status.is_informational() {
        let (head, tunnel) = switch(plan, head, response).await?;
        return Ok(Answer {
            head,
            body: Body::empty(),
            tunnel: Some(tunnel),
            time,
        });
    }
    let all = wire::fields(response.headers());
    if head.binds_connection()
        || all
            .all("www-authenticate")
            .any(|value| binds_connection(value))
    {
        // Whoever came next on it would be the person who authenticated it. Dropping the lease closes it afterwards.
        lease = None;
    }
    let content_length = all.first("content-length").and_then(|v| number(v));
    let limit = stall_limit(&all, plan.settings().timeouts);
    let fields = end_to_end(all);
    let incoming = response.into_body();
    let body = if incoming.is_end_stream() {
        if let Some(lease) = lease {
            lease.answered();
        }
        match content_length {
            Some(length) if head.method == Method::Head => Body::omitted(length),
            Some(0) if status != StatusCode::NOT_MODIFIED && status != StatusCode::NO_CONTENT => {
                Body::from(Bytes::new())
            }
            _ => Body::empty(),
        }
    } else {
        Body::stream(UpstreamBody {
            incoming,
            lease,
            limit,
            timer: None,
        })
    };
    let head = ResponseHead {
        status: status.as_u16(),
        fields,
    };
    Ok(Answer {
        head,
        body,
        tunnel: None,
        time,
    })
}

/// RFC 9110 §7.8 and RFC 6455 §4.1: only the switch that was asked for.
async fn switch(
    plan: &UpstreamPlan,
    head: &Head,
    response: Response<Incoming>,
) -> Result<(ResponseHead, Tunnel), UpstreamError> {
    let wrong = || UpstreamError::WrongSwitch {
        upstream: name(plan),
    };
    let websocket = response
        .headers()
        .get(http::header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if response.status() != StatusCode::SWITCHING_PROTOCOLS || head.upgrade.is_none() || !websocket
    {
        return Err(wrong());
    }
    let fields = end_to_end(wire::fields(response.headers()));
    let timeouts = plan.settings().timeouts;
    let upgraded = timeout(timeouts.connect, hyper::upgrade::on(response))
        .await
        .map_err(|_| wrong())?
        .map_err(|error| UpstreamError::Broken {
            upstream: name(plan),
            cause: Some(error.into()),
        })?;
    let tunnel = Tunnel {
        upstream: Box::pin(TokioIo::new(upgraded)),
        idle: timeouts.stream_idle,
        alive: None,
    };
    Ok((
        ResponseHead {
            status: 101,
            fields,
        },
        tunnel,
    ))
}

/// Removes what belongs to the upstream's connection, and what it names as such (RFC 9110 §7.6.1).
fn end_to_end(mut fields: Fields) -> Fields {
    let named: Vec<Bytes> = fields
        .all("connection")
        .flat_map(|value| list(value).map(Bytes::copy_from_slice).collect::<Vec<_>>())
        .collect();
    fields.retain(|field| {
        !is_connection_field(&field.name)
            && !field.is("proxy-authenticate")
            // An upstream that names its cookies so does not mean to lose them.
            && (field.is("set-cookie") || !named.iter().any(|name| name.eq_ignore_ascii_case(&field.name)))
    });
    fields
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// An event stream may be silent for long; anything else that is silent is stuck.
fn stall_limit(fields: &Fields, timeouts: Timeouts) -> Duration {
    const EVENTS: &[u8] = b"text/event-stream";
    let events = fields.first("content-type").is_some_and(|value| {
        value
            .get(..EVENTS.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(EVENTS))
    });
    if events {
        timeouts.stream_idle
    } else {
        timeouts.stall
    }
}

/// The body of an answer. Pulled, so an upstream is read no faster than the client reads.
struct UpstreamBody {
    incoming: Incoming,
    lease: Option<Lease>,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl UpstreamBody {
    fn end(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.answered();
        }
    }
}

impl ByteStream for UpstreamBody {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let this = &mut *self;
        loop {
            match Pin::new(&mut this.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    this.timer = None;
                    // Trailers are dropped: nobody has judged their names.
                    let Ok(piece) = frame.into_data() else {
                        continue;
                    };
                    if this.incoming.is_end_stream() {
                        this.end();
                    }
                    if !piece.is_empty() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "an upstream broke off its answer");
                    return Poll::Ready(Some(Err(BodyError::Aborted)));
                }
                Poll::Ready(None) => {
                    this.end();
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    let limit = this.limit;
                    let timer = this
                        .timer
                        .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
                    ready!(timer.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(BodyError::TooSlow)));
                }
            }
        }
    }

    fn remaining(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }
}

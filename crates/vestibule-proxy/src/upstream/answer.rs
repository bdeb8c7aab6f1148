//! Decides what of an upstream's answer goes on to the client, and when its connection is free again.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};
use vestibule_gate::fields::{Fields, Known, KnownSet, ResponseHead, list};
use vestibule_gate::method::Method;

use super::connect::name;
use super::error::UpstreamError;
use super::http1::{After, Content, Download, Exchange, Reply, Whole};
use super::plan::{Timeouts, UpstreamPlan};
use super::pool::Pool;
use super::request::binds_connection;
use super::{Answer, Forward};
use crate::body::{Body, BodyError, ByteStream};
use crate::exchange::Tunnel;
use crate::wire::{self, CONNECTION_FIELDS};

/// Turns what came over HTTP/1.1 into an [`Answer`].
pub(super) fn of_http1(
    pool: &Rc<Pool>,
    plan: &Arc<UpstreamPlan>,
    head: &Forward,
    exchange: Exchange,
    reply: Reply,
    started: Instant,
) -> Result<Answer, UpstreamError> {
    let now = Instant::now();
    let time = now.saturating_duration_since(started);
    let (connection, upload) = exchange.into_parts();
    let status = reply.head.status;
    let all = reply.head.fields;
    let timeouts = plan.settings().timeouts;
    if let Content::Switched(early) = reply.content {
        // RFC 9110 §7.8 and RFC 6455 §4.1: only the switch that was asked for, and after all of the request.
        let websocket = all
            .first_known(Known::Upgrade)
            .is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"));
        if head.upgrade.is_none() || upload.is_some() || !websocket {
            return Err(UpstreamError::WrongSwitch {
                upstream: name(plan),
            });
        }
        let tunnel = Tunnel {
            upstream: Box::pin(connection.switch(early)),
            idle: timeouts.stream_idle,
            ended: None,
        };
        return Ok(Answer {
            head: ResponseHead {
                status,
                fields: end_to_end(all),
            },
            body: Body::empty(),
            tunnel: Some(tunnel),
            is_event_stream: false,
            time,
        });
    }
    let goes_on = reply.goes_on && !is_bound(head, &all);
    let free = goes_on && upload.is_none();
    let is_event_stream = matches!(reply.content, Content::Begun(_)) && is_event_stream(&all);
    let stall = stall_limit(is_event_stream, timeouts);
    let announced = match &reply.content {
        Content::None => announced(head, status, &all),
        _ => Body::empty(),
    };
    let fields = end_to_end(all);
    let body = match reply.content {
        Content::Begun(begun) => {
            let after = After {
                pool: Rc::clone(pool),
                plan: Arc::clone(plan),
                goes_on,
                stall,
            };
            Body::stream(Download::new(begun, connection, upload, after))
        }
        content => {
            // Otherwise it closes here: the request is not all written, or the upstream does not go on.
            if free {
                pool.give_back(plan, connection, now);
            }
            match content {
                Content::Whole(bytes, mut decoder) => {
                    match decoder.trailers().filter(|_| head.trailers) {
                        Some(trailers) => Body::stream(Whole::new(bytes, trailers)),
                        // Its length is known now, if it was not before.
                        None => bytes.into(),
                    }
                }
                _ => announced,
            }
        }
    };
    Ok(Answer {
        head: ResponseHead { status, fields },
        body,
        tunnel: None,
        is_event_stream,
        time,
    })
}

/// Turns what came over HTTP/2 into an [`Answer`]. Its connection is shared, so nothing of it is given back.
pub(super) fn of_http2(
    plan: &Arc<UpstreamPlan>,
    head: &Forward,
    response: Response<Incoming>,
    time: Duration,
) -> Result<Answer, UpstreamError> {
    let status = response.status();
    if status.is_informational() {
        return Err(UpstreamError::WrongSwitch {
            upstream: name(plan),
        });
    }
    let all = wire::fields(response.headers());
    let is_event_stream = is_event_stream(&all);
    let limit = stall_limit(is_event_stream, plan.settings().timeouts);
    let announced = announced(head, status.as_u16(), &all);
    let fields = end_to_end(all);
    let incoming = response.into_body();
    let body = if incoming.is_end_stream() {
        announced
    } else {
        Body::stream(UpstreamBody {
            incoming,
            limit,
            timer: None,
            trailers: None,
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
        is_event_stream,
        time,
    })
}

/// A body of no bytes, with the length that its head announced.
fn announced(head: &Forward, status: u16, fields: &Fields) -> Body {
    match content_length(fields) {
        Some(length) if head.method == Method::Head => Body::omitted(length),
        Some(0) if !matches!(status, 204 | 304) => Body::from(Bytes::new()),
        _ => Body::empty(),
    }
}

/// Whether this connection is somebody's: whoever came next on it would be the person who authenticated it.
fn is_bound(head: &Forward, fields: &Fields) -> bool {
    head.binds_connection()
        || fields
            .all_known(Known::WwwAuthenticate)
            .any(binds_connection)
}

/// Removes what belongs to the upstream's connection, and what it names as such (RFC 9110 §7.6.1).
fn end_to_end(mut fields: Fields) -> Fields {
    /// What stays is removed by nobody: an upstream that names its cookies so does not mean to lose them.
    const NEVER_NAMED: KnownSet = CONNECTION_FIELDS.with(Known::SetCookie);
    let named: Vec<Vec<u8>> = fields
        .all_known(Known::Connection)
        .flat_map(list)
        .filter(|name| !Known::of(name).is_some_and(|known| NEVER_NAMED.contains(known)))
        .filter(|name| !name.eq_ignore_ascii_case(b"close"))
        .map(<[u8]>::to_vec)
        .collect();
    fields.remove_known(CONNECTION_FIELDS.with(Known::ProxyAuthenticate));
    if !named.is_empty() {
        fields.retain(|field| {
            !named
                .iter()
                .any(|name| name.eq_ignore_ascii_case(field.name))
        });
    }
    fields
}

const LENGTH: KnownSet = KnownSet::of([Known::ContentLength]);

/// The one plain number, if there is one.
fn content_length(fields: &Fields) -> Option<u64> {
    if !fields.repeated(LENGTH).is_empty() {
        return None;
    }
    let value = fields.first_known(Known::ContentLength)?;
    let digits = std::str::from_utf8(value).ok()?;
    // `parse` takes a sign.
    digits
        .parse()
        .ok()
        .filter(|_| digits.as_bytes().iter().all(u8::is_ascii_digit))
}

fn is_event_stream(fields: &Fields) -> bool {
    const EVENTS: &[u8] = b"text/event-stream";
    fields.first_known(Known::ContentType).is_some_and(|value| {
        value
            .get(..EVENTS.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(EVENTS))
    })
}

/// An event stream may be silent for long; anything else that is silent is stuck.
fn stall_limit(is_event_stream: bool, timeouts: Timeouts) -> Duration {
    if is_event_stream {
        timeouts.stream_idle
    } else {
        timeouts.stall
    }
}

/// The body of an answer over HTTP/2. Pulled, so an upstream is read no faster than the client reads.
struct UpstreamBody {
    incoming: Incoming,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    trailers: Option<Fields>,
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
                    match frame.into_data() {
                        Ok(piece) if piece.is_empty() => {}
                        Ok(piece) => return Poll::Ready(Some(Ok(piece))),
                        Err(frame) => {
                            let Ok(map) = frame.into_trailers() else {
                                continue;
                            };
                            match wire::trailers(&map) {
                                Ok(trailers) => this.trailers = Some(trailers),
                                Err(error) => return Poll::Ready(Some(Err(error))),
                            }
                        }
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "an upstream broke off its answer");
                    return Poll::Ready(Some(Err(BodyError::Aborted)));
                }
                Poll::Ready(None) => return Poll::Ready(None),
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

    fn trailers(mut self: Pin<&mut Self>) -> Option<Fields> {
        self.trailers.take()
    }
}

//! Serves HTTP/2 on one connection: hyper does the protocol, its requests become ours.

mod answer;
mod frames;
mod heads;
mod request_body;
mod stall;
mod watched;

use std::cell::RefCell;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::FutureExt as _;
use hyper::body::Incoming as HyperBody;
use hyper::server::conn::http2 as hyper2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{Instant, MissedTickBehavior, interval};
use vestibule_gate::request::{RawHead, Version};

use super::connection::{Client, Serving};
use super::record::Record;
use super::transport::Transport;
use crate::exchange::{Incoming, Response};
use crate::server::Handler;
use crate::wire::{self, LocalExecutor};
use answer::{HyperResponse, answer};
use frames::Frames;
use heads::Heads;
use stall::Stalling;
use watched::Watched;

const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Streams reset before they were looked at (RUSTSEC-2023-0034), and streams whose reset a client provoked (RUSTSEC-2025-0070):
/// more end the connection.
const PENDING_RESETS: usize = 20;
const PROVOKED_RESETS: usize = 100;
/// How long a client that asks for nothing, and takes and sends nothing, may leave a farewell at a stop unanswered.
const FAREWELL: Duration = Duration::from_secs(2);
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
const SEND_BUFFER: usize = 128 * 1024;

/// Serves HTTP/2 until the connection ends.
pub(super) async fn serve<H, S>(serving: Rc<Serving<H>>, client: Rc<Client>, stream: S)
where
    H: Handler,
    S: Transport,
{
    let wheel = serving.core.wheel();
    let stream = Stalling::new(stream, wheel.deadline(), client.limits.write_stall);
    let frames = Rc::new(RefCell::new(Frames::new(Instant::now())));
    let stream = Watched::new(stream, Rc::clone(&frames));
    let service = {
        let (serving, client) = (Rc::clone(&serving), Rc::clone(&client));
        let heads = Heads::new();
        service_fn(move |request| {
            let (serving, client) = (Rc::clone(&serving), Rc::clone(&client));
            handle(serving, client, Rc::clone(&heads), request)
        })
    };
    let limits = client.limits;
    let connection = hyper2::Builder::new(LocalExecutor)
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(PROVOKED_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let period = limits.write_stall.min(limits.idle).min(limits.head) / 2;
    let mut look = interval(period.clamp(Duration::from_millis(5), Duration::from_secs(5)));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = client.stop.clone();
    let mut closing: Option<Instant> = None;
    let mut stopped = false;
    loop {
        tokio::select! {
            biased;
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, peer = %client.peer, "a client connection ended");
                }
                return;
            }
            () = stop.wait(), if !stopped => {
                stopped = true;
                look = interval(FAREWELL / 4);
                closing = Some(Instant::now());
                connection.as_mut().graceful_shutdown();
            }
            // It asks for nothing, and others need the room.
            () = poll_fn(|cx| client.place.poll_told(cx)) => return,
            _ = look.tick() => match judge(&client, &frames.borrow(), closing, stopped) {
                Judgement::Fine => {}
                Judgement::Idle => {
                    closing = Some(Instant::now());
                    connection.as_mut().graceful_shutdown();
                }
                // Dropping the connection ends its streams, and what they hold of upstreams.
                Judgement::Stuck => return,
            },
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Fine,
    Idle,
    Stuck,
}

/// Looks at what hyper's HTTP/2 has no deadline for: a client that takes nothing, one that asks for nothing, and one that does
/// not come to the end of what it asks.
fn judge(client: &Client, frames: &Frames, closing: Option<Instant>, stopped: bool) -> Judgement {
    let limits = client.limits;
    let mut stuck = false;
    client.streams.borrow_mut().retain(|stream| {
        let Some(stream) = stream.upgrade() else {
            return false;
        };
        let since = stream.waiting_for_client_since();
        stuck |= since.is_some_and(|since| since.elapsed() > limits.write_stall);
        true
    });
    let begun = frames.waits_since();
    stuck |= begun.is_some_and(|since| since.elapsed() > limits.head);
    let quiet = client.place.quiet_since();
    let still = frames.still_since();
    match (closing, quiet) {
        _ if stuck => Judgement::Stuck,
        (Some(_), Some(_)) if stopped && still.is_some_and(|since| since.elapsed() > FAREWELL) => {
            Judgement::Stuck
        }
        (Some(since), Some(_)) if since.elapsed() > limits.head => Judgement::Stuck,
        (None, Some(since)) if since.elapsed() > limits.idle => Judgement::Idle,
        _ => Judgement::Fine,
    }
}

/// One request: head, handler, answer.
async fn handle<H: Handler>(
    serving: Rc<Serving<H>>,
    client: Rc<Client>,
    heads: Rc<Heads>,
    request: http::Request<HyperBody>,
) -> Result<HyperResponse, h2::Error> {
    let (method, (target, authority)) = (method(request.method()), target(request.uri()));
    let bytes = heads::bytes(&target, request.headers());
    let Some(mut held) = heads.hold(bytes) else {
        return Err(h2::Reason::REFUSED_STREAM.into());
    };
    let now = Instant::now();
    let received = Rc::default();
    let time = (now, serving.core.clock().wall(now));
    let record = Record::new(
        Rc::clone(&client),
        method.clone(),
        target.clone(),
        time,
        Rc::clone(&received),
    );
    held.turn().await;
    let (head, body) = request.into_parts();
    let raw = RawHead {
        method,
        target,
        version: match head.version {
            http::Version::HTTP_2 => Version::Http2,
            _ => Version::Unsupported,
        },
        scheme: client.scheme,
        authority,
        fields: wire::fields(&head.headers),
        peer: client.peer,
    };
    // A client may not take its answers for a while: nothing of what led to them is to be kept meanwhile.
    drop(head);
    let body = request_body::body(body, &serving.core, client.limits, received);
    let response = Box::pin(respond(&serving, Incoming { raw, body })).await;
    drop(held);
    Ok(answer(response, record))
}

/// Boxed where it is used: hyper keeps the space of what makes an answer until the answer is sent.
async fn respond<H: Handler>(serving: &Serving<H>, incoming: Incoming) -> Response {
    let handling = serving.handler.handle(&serving.core, incoming);
    let handled = AssertUnwindSafe(handling).catch_unwind().await;
    handled.unwrap_or_else(|_| {
        serving.reporting.telemetry.metrics.panics.inc();
        serving.handler.panicked()
    })
}

fn method(method: &http::Method) -> Bytes {
    match *method {
        http::Method::GET => Bytes::from_static(b"GET"),
        http::Method::POST => Bytes::from_static(b"POST"),
        http::Method::HEAD => Bytes::from_static(b"HEAD"),
        _ => Bytes::copy_from_slice(method.as_str().as_bytes()),
    }
}

/// Target and authority. hyper took an absolute target apart.
///
/// And it dropped a fragment, which HTTP/1 refuses: h2 hands nobody the bytes of `:path`, and `http::Uri` forgets what comes
/// after `#`. What is left is what is decided on, logged and sent on: there is no second reading of it.
fn target(uri: &http::Uri) -> (Bytes, Option<Bytes>) {
    let authority = uri
        .authority()
        .map(|a| Bytes::copy_from_slice(a.as_str().as_bytes()));
    let path = uri
        .path_and_query()
        .map_or("", http::uri::PathAndQuery::as_str);
    match uri.scheme_str() {
        // The authority form, which only CONNECT has.
        None if path.is_empty() => (authority.clone().unwrap_or_default(), authority),
        None | Some("http" | "https") => (Bytes::copy_from_slice(path.as_bytes()), authority),
        Some(other) => {
            let mut target = BytesMut::new();
            target.put(other.as_bytes());
            target.put(&b"://"[..]);
            target.put(authority.as_deref().unwrap_or_default());
            target.put(path.as_bytes());
            (target.freeze(), authority)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_handed_on_as_they_were() {
        for (uri, expected, authority) in [
            ("/a%2Fb?c=d&e", "/a%2Fb?c=d&e", None),
            ("*", "*", None),
            ("http://h:1/a?b", "/a?b", Some("h:1")),
            ("https://h", "/", Some("h")),
            ("ftp://h/a", "ftp://h/a", Some("h")),
            ("h:443", "h:443", Some("h:443")),
            // A fragment is gone before anybody decides.
            ("/public#/../app", "/public", None),
            ("/a?b#c?d", "/a?b", None),
            ("/a%23b", "/a%23b", None),
        ] {
            let (target, found) = target(&uri.parse().unwrap());
            assert_eq!(target, expected, "{uri}");
            assert_eq!(found.as_deref(), authority.map(str::as_bytes), "{uri}");
        }
    }
}

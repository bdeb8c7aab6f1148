//! One listener's connections: accept, read requests within limits, answer, stop.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::{
    control,
    endpoints::{self, Request, Target},
    faults::BodyShape,
    journal::Details,
    provider::Provider,
    reply::{self, Reply},
};

const LARGEST_BODY_BYTES: usize = 64 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a request in flight may take once the provider is told to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// What a listener is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Provider,
    Control,
}

pub(super) async fn accept(
    listener: TcpListener,
    provider: Arc<Provider>,
    role: Role,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let provider = Arc::clone(&provider);
                    connections.spawn(serve(stream, provider, role, stopped.clone()));
                }
                // Out of file descriptors, most likely: wait for some to come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    // Whoever is slower is cut off when `connections` is dropped.
    let _ = tokio::time::timeout(LAST_ANSWERS, finish).await;
}

async fn serve(
    stream: TcpStream,
    provider: Arc<Provider>,
    role: Role,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(|request| {
        let provider = Arc::clone(&provider);
        async move {
            match role {
                Role::Provider => provide(&provider, request).await,
                Role::Control => Ok(command(&provider, request).await),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A broken connection concerns the other side; there is nobody to tell.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// The fault that closes a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("answer: told to hang up")]
struct HangUp;

async fn provide(provider: &Provider, request: hyper::Request<Incoming>) -> Result<Reply, HangUp> {
    let target = Target::read(request.uri().path());
    let endpoint = target.endpoint();
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let mut details = Details::default();

    let arrival = provider.faults.on_arrival(endpoint);
    if let Some(millis) = arrival.slow_millis {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    let reply = match (read(request).await, arrival.status) {
        (Err(refusal), _) => refusal,
        (Ok(_), Some((status, retry_after_secs))) => {
            let reply = reply::text(status, "The provider was told to fail.\n");
            match retry_after_secs {
                Some(secs) => {
                    reply::with_header(reply, http::header::RETRY_AFTER, &secs.to_string())
                }
                None => reply,
            }
        }
        (Ok(request), None) if arrival.hang_up => {
            drop(request);
            provider.log.write(endpoint, &method, &path, 0, details);
            return Err(HangUp);
        }
        (Ok(request), None) => endpoints::answer(provider, &target, &request, &mut details),
    };
    provider
        .log
        .write(endpoint, &method, &path, reply.status().as_u16(), details);
    match provider.faults.on_departure(endpoint) {
        Some(shape) => Ok(spoiled(reply, shape).await),
        None => Ok(reply),
    }
}

async fn command(provider: &Arc<Provider>, request: hyper::Request<Incoming>) -> Reply {
    match read(request).await {
        Ok(request) => control::answer(provider, &request).await,
        Err(refusal) => refusal,
    }
}

/// Reads a request whole, within limits. A `Host` that is not this machine is refused, so that a
/// page of some other site can't reach the provider through a name that resolves to it.
async fn read(request: hyper::Request<Incoming>) -> Result<Request, Reply> {
    let (head, body) = request.into_parts();
    let host = head
        .headers
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok());
    let name = host.map(|host| match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    });
    let is_here = name.is_some_and(|name| {
        name.eq_ignore_ascii_case("localhost")
            || name
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    });
    if !is_here {
        return Err(reply::text(
            421,
            "This provider answers to a loopback name only.\n",
        ));
    }
    let body = Limited::new(body, LARGEST_BODY_BYTES)
        .collect()
        .await
        .map_err(|_| reply::text(413, "The body is too large or broke off.\n"))?
        .to_bytes();
    Ok(Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    })
}

/// Spoils a finished answer.
async fn spoiled(reply: Reply, shape: BodyShape) -> Reply {
    const BLANKS: usize = 2 * 1024 * 1024;
    let (mut head, body) = reply.into_parts();
    let whole = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let body = match shape {
        BodyShape::Html => {
            return reply::answer(
                200,
                "text/html; charset=utf-8",
                "<!doctype html><title>Welcome to the network</title><p>Please accept.</p>\n",
            );
        }
        BodyShape::Empty => Bytes::new(),
        BodyShape::Truncated => whole.slice(..whole.len() / 2),
        BodyShape::EmptyObject => Bytes::from_static(b"{}"),
        BodyShape::Oversize => {
            let mut blanks = vec![b' '; BLANKS];
            blanks.extend_from_slice(&whole);
            blanks.into()
        }
    };
    head.headers.remove(http::header::CONTENT_LENGTH);
    Reply::from_parts(head, Full::new(body))
}

//! HTTP/2 towards upstreams: one request as hyper sends it, and how far it was sent.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::header::TE;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http2;
use tokio::time::{Instant, timeout_at};
use vestibule_gate::fields::Known;

use super::Forward;
use super::attempt::{Failure, Payload, Second};
use super::connect::name;
use super::error::UpstreamError;
use super::plan::UpstreamPlan;
use crate::body::{Body, BodyError};
use crate::wire::{CONNECTION_FIELDS, Observe, Outgoing, header};

pub(super) type Sender = http2::SendRequest<Outgoing<Sent>>;
type Request = http::Request<Outgoing<Sent>>;

/// Sends a request and waits for the response head.
pub(super) async fn send(
    mut sender: Sender,
    plan: &Arc<UpstreamPlan>,
    head: &Forward,
    body: Body,
) -> Result<Response<Incoming>, Failure> {
    let sent = Sent::new();
    let request = request(head, plan, body, &sent)?;
    let response = sender.try_send_request(request);
    within(plan, response, &sent, plan.settings().timeouts.head).await
}

/// The request as hyper sends it.
pub(super) fn request(
    head: &Forward,
    plan: &UpstreamPlan,
    body: Body,
    sent: &Sent,
) -> Result<Request, UpstreamError> {
    let wrong = |what| UpstreamError::Unsendable { what };
    head.measure()?;
    let method = http::Method::from_bytes(head.method.as_str().as_bytes())
        .map_err(|_| wrong("the method"))?;
    let target =
        PathAndQuery::from_maybe_shared(head.target.clone()).map_err(|_| wrong("the target"))?;
    if target.as_str().as_bytes() != head.target {
        // `http` drops a fragment; what was decided on is what is sent, or nothing is.
        return Err(wrong("the target"));
    }
    let host = head.fields.first_known(Known::Host);
    let host = host.unwrap_or_else(|| plan.authority().as_bytes());
    let uri = Uri::builder()
        .scheme(if plan.is_tls() {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        })
        .authority(Authority::try_from(host).map_err(|_| wrong("Host"))?)
        .path_and_query(target)
        .build()
        .map_err(|_| wrong("the target"))?;
    let fields = head.fields.len() + head.identity.len();
    let too_large = || UpstreamError::HeadTooLarge { fields };
    // The other ways to fill a map panic when there is too much.
    let mut map = HeaderMap::try_with_capacity(fields + 1).map_err(|_| too_large())?;
    for field in head.fields.iter().chain(head.identity.iter()) {
        if field.is_in(CONNECTION_FIELDS.with(Known::Host)) {
            continue;
        }
        let (name, value) = header(field).ok_or(wrong("a field"))?;
        map.try_append(name, value).map_err(|_| too_large())?;
    }
    if head.trailers {
        map.try_insert(TE, HeaderValue::from_static("trailers"))
            .map_err(|_| too_large())?;
    }
    let mut request = http::Request::new(Outgoing::new(body, sent.clone()));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = map;
    Ok(request)
}

/// Waits for the head. The limit counts only while the upstream is the one to act: neither a large upload nor a slow client
/// uses it up.
async fn within(
    plan: &UpstreamPlan,
    response: impl Future<Output = Result<Response<Incoming>, TrySendError<Request>>>,
    sent: &Sent,
    limit: Duration,
) -> Result<Response<Incoming>, Failure> {
    tokio::pin!(response);
    loop {
        let deadline = sent.upstream_since() + limit;
        match timeout_at(deadline, &mut response).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => return Err(failed(plan, error, sent)),
            Err(_) if sent.upstream_since() + limit > deadline => {}
            Err(_) => {
                return Err(UpstreamError::HeadTimeout {
                    upstream: name(plan),
                }
                .into());
            }
        }
    }
}

fn failed(plan: &UpstreamPlan, mut error: TrySendError<Request>, sent: &Sent) -> Failure {
    if let Some(cause) = sent.failure() {
        return UpstreamError::RequestBody(cause).into();
    }
    let unsent = error
        .take_message()
        .map(|request| request.into_body().into_body());
    let error = error.into_error();
    let second = match unsent {
        Some(body) => Second::Unsent(Box::new(Payload::Body(body))),
        None if !error.is_parse() && !error.is_user() => Second::Lost,
        None => Second::No,
    };
    let cause = Some(error.into());
    Failure {
        error: UpstreamError::Broken {
            upstream: name(plan),
            cause,
        },
        second,
    }
}

/// How far a request is written. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Sent(Rc<State>);

#[derive(Debug)]
struct State {
    complete: Cell<bool>,
    failed: Cell<Option<BodyError>>,
    /// The client is asked for a piece and has not sent it.
    client_waited_for: Cell<bool>,
    progress: Cell<Instant>,
}

impl Sent {
    pub(super) fn new() -> Self {
        Self(Rc::new(State {
            complete: Cell::new(false),
            failed: Cell::new(None),
            client_waited_for: Cell::new(false),
            progress: Cell::new(Instant::now()),
        }))
    }

    /// Why the client's body broke off.
    pub(super) fn failure(&self) -> Option<BodyError> {
        self.0.failed.get()
    }

    /// Since when only the upstream is waited for.
    pub(super) fn upstream_since(&self) -> Instant {
        if self.0.client_waited_for.get() {
            Instant::now()
        } else {
            self.0.progress.get()
        }
    }
}

impl Observe for Sent {
    fn piece(&mut self, _: usize) {
        self.0.client_waited_for.set(false);
        self.0.progress.set(Instant::now());
    }

    fn waiting(&mut self) {
        self.0.client_waited_for.set(true);
    }

    fn finished(&mut self) {
        if !self.0.complete.replace(true) {
            self.0.client_waited_for.set(false);
            self.0.progress.set(Instant::now());
        }
    }

    fn failed(&mut self, error: BodyError) {
        self.0.client_waited_for.set(false);
        self.0.failed.set(Some(error));
    }
}

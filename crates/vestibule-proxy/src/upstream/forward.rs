//! Decides how one request is tried: which connection, how long to wait, whether it may be sent a second time.
//!
//! A second time happens at most once, only after a connection that had been used before, and only if the upstream can't have
//! acted on the first: nothing of the request was written, or it is idempotent and has no body (RFC 9110 §9.2.2).

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::time::{Instant, timeout_at};

use super::answer::answer;
use super::connect::name;
use super::error::UpstreamError;
use super::plan::UpstreamPlan;
use super::pool::{Checkout, Lease, Pool, Sender};
use super::request::{Head, Sent};
use super::{Answer, Forward};
use crate::body::Body;
use crate::telemetry::Metrics;
use crate::wire::Outgoing;

type HyperRequest = http::Request<Outgoing<Sent>>;

pub(super) async fn forward(
    pool: &Rc<Pool>,
    metrics: &Metrics,
    plan: &Arc<UpstreamPlan>,
    request: Forward,
) -> Result<Answer, UpstreamError> {
    let started = Instant::now();
    let Forward {
        method,
        target,
        fields,
        mut body,
        upgrade,
    } = request;
    let repeatable = body.is_empty() && method.is_idempotent() && upgrade.is_none();
    let head = Head {
        method,
        target,
        fields,
        upgrade,
    };
    let mut again = false;
    loop {
        let checkout = pool.checkout(plan, upgrade.is_some(), again).await?;
        let reused = checkout.reused;
        match attempt(pool, plan, checkout, &head, body).await {
            Ok((response, lease)) => {
                return answer(plan, &head, response, lease, started.elapsed()).await;
            }
            Err(failed) => {
                let second = match failed.unsent {
                    Some(body) => Some(body),
                    None if repeatable && failed.lost => Some(Body::empty()),
                    None => None,
                };
                match second {
                    Some(second) if reused && !again => {
                        metrics.upstream_retries.inc();
                        again = true;
                        body = second;
                    }
                    _ => return Err(failed.error),
                }
            }
        }
    }
}

struct Failed {
    error: UpstreamError,
    /// The body, when not a byte of the request was written.
    unsent: Option<Body>,
    /// The connection ended before an answer.
    lost: bool,
}

impl From<UpstreamError> for Failed {
    fn from(error: UpstreamError) -> Self {
        Self {
            error,
            unsent: None,
            lost: false,
        }
    }
}

async fn attempt(
    pool: &Rc<Pool>,
    plan: &Arc<UpstreamPlan>,
    checkout: Checkout,
    head: &Head,
    body: Body,
) -> Result<(Response<Incoming>, Option<Lease>), Failed> {
    let sent = Sent::new();
    let limit = plan.settings().timeouts.head;
    match checkout.sender {
        Sender::Http1(mut sender) => {
            let request = head.request(plan, false, body, &sent)?;
            let response = sender.try_send_request(request);
            let response = within(plan, response, &sent, limit).await?;
            let lease = Lease {
                pool: Rc::clone(pool),
                plan: Arc::clone(plan),
                sender,
                sent,
            };
            Ok((response, Some(lease)))
        }
        Sender::Http2(mut sender) => {
            let request = head.request(plan, true, body, &sent)?;
            let response = sender.try_send_request(request);
            Ok((within(plan, response, &sent, limit).await?, None))
        }
    }
}

/// Waits for the head. The limit counts only while the upstream is the one to act: neither a large upload nor a slow client
/// uses it up.
async fn within(
    plan: &UpstreamPlan,
    response: impl Future<Output = Result<Response<Incoming>, TrySendError<HyperRequest>>>,
    sent: &Sent,
    limit: Duration,
) -> Result<Response<Incoming>, Failed> {
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

fn failed(plan: &UpstreamPlan, mut error: TrySendError<HyperRequest>, sent: &Sent) -> Failed {
    if let Some(cause) = sent.failure() {
        return UpstreamError::RequestBody(cause).into();
    }
    let unsent = error
        .take_message()
        .map(|request| request.into_body().into_body());
    let error = error.into_error();
    let lost = !error.is_parse() && !error.is_user();
    let cause = Some(error.into());
    Failed {
        error: UpstreamError::Broken {
            upstream: name(plan),
            cause,
        },
        unsent,
        lost,
    }
}

//! Decides how one request is tried: which connection, how long to wait, whether it may be sent a second time.
//!
//! A second time happens at most once, only after a connection that had been used before, and only if the upstream can't have
//! acted on the first: nothing of the request was written, or it is idempotent and has no body (RFC 9110 §9.2.2), and not a
//! byte of an answer came.

use std::future::poll_fn;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use super::answer;
use super::attempt::{Failure, Payload, Second};
use super::error::UpstreamError;
use super::http1::{Connection, Exchange};
use super::http2;
use super::plan::UpstreamPlan;
use super::pool::{Checkout, Pool};
use super::{Answer, Forward};
use crate::body::Body;
use crate::telemetry::Metrics;

pub(super) async fn forward(
    pool: &Rc<Pool>,
    metrics: &Metrics,
    plan: &Arc<UpstreamPlan>,
    request: &mut Forward,
) -> Result<Answer, UpstreamError> {
    let started = Instant::now();
    let body = mem::take(&mut request.body);
    let head = &*request;
    let repeatable = body.is_empty() && head.method.is_idempotent() && head.upgrade.is_none();
    let mut payload = Payload::Body(body);
    let mut again = false;
    loop {
        let http1 = head.upgrade.is_some() || matches!(payload, Payload::Unsent(_));
        let checkout = pool.checkout(plan, http1, again, started).await?;
        let may_repeat = checkout.is_reused() && !again;
        let attempt = match (checkout, payload) {
            (Checkout::Http1(connection), payload) => {
                exchange(pool, plan, head, connection, payload, started).await
            }
            (Checkout::Http2 { sender, .. }, Payload::Body(body)) => {
                let sent = Box::pin(http2::send(sender, plan, head, body)).await;
                sent.and_then(|response| {
                    Ok(answer::of_http2(plan, head, response, started.elapsed())?)
                })
            }
            // The pool was asked for HTTP/1.1.
            (Checkout::Http2 { .. }, Payload::Unsent(_)) => Err(UpstreamError::Unsendable {
                what: "the version",
            }
            .into()),
        };
        let Failure { error, second } = match attempt {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        payload = match second {
            Second::Unsent(payload) if may_repeat => *payload,
            Second::Lost if may_repeat && repeatable => Payload::Body(Body::empty()),
            _ => return Err(error),
        };
        metrics.upstream_retries.inc();
        again = true;
    }
}

/// One request over one HTTP/1.1 connection.
pub(super) async fn exchange(
    pool: &Rc<Pool>,
    plan: &Arc<UpstreamPlan>,
    head: &Forward,
    connection: Box<Connection>,
    payload: Payload,
    started: Instant,
) -> Result<Answer, Failure> {
    let now = if connection.is_reused() {
        started
    } else {
        Instant::now()
    };
    let mut exchange = Exchange::new(connection, payload, head, now);
    let reply = poll_fn(|cx| exchange.poll(cx, pool.scratch(), head, plan)).await?;
    Ok(answer::of_http1(
        pool, plan, head, exchange, reply, started,
    )?)
}

//! Decides how a request gets to its upstream and back: connections, their reuse, deadlines, one retry.
//!
//! In: a head that is final (the gate's header plan has stripped and set) and a body. Out: the upstream's head and a body that is
//! pulled from it. Framing is written here, never copied. A connection is used again only after the request was
//! written and the answer read, both to the end. Each core has its own [`Upstreams`]; nothing is shared between cores.

mod answer;
mod attempt;
mod connect;
mod error;
mod forward;
mod http1;
mod http2;
mod plan;
mod pool;
mod probe;
mod request;
mod resolve;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use vestibule_gate::authorize::Authorized;
use vestibule_gate::fields::{Fields, ResponseHead};
use vestibule_gate::method::Method;
use vestibule_gate::request::Upgrade;

use crate::body::Body;
use crate::exchange::Tunnel;
use crate::telemetry::Metrics;
use crate::wheel::Wheel;

pub use error::{Malformed, UpstreamError};
pub use plan::{
    Address, Protocol, Timeouts, TlsSettings, Trust, UpstreamPlan, UpstreamPlanError,
    UpstreamSettings,
};
pub use probe::{Probed, probe};

/// A request as it goes to the upstream.
#[derive(Debug)]
pub struct Forward {
    /// The method.
    pub method: Method,
    /// Path and query, exactly as they are to be sent.
    pub target: Bytes,
    /// The fields, final. `Host` is used if it is there, else the upstream's own name; connection and framing fields are ignored.
    pub fields: Fields,
    /// What tells the upstream who sent the request; written after `fields`. Shared by all requests of a session to a route.
    pub identity: Rc<Fields>,
    /// The body.
    pub body: Body,
    /// The protocol to switch to, when the client asked for it and the route allows it.
    pub upgrade: Option<Upgrade>,
    /// Whether trailers go on, both ways. The request then says `TE: trailers`, and [`Answer::body`] has those of the answer.
    pub trailers: bool,
}

/// What the upstream answered.
#[derive(Debug)]
pub struct Answer {
    /// Status and fields, without those of the upstream's connection and framing.
    pub head: ResponseHead,
    /// The body.
    pub body: Body,
    /// With status 101 only.
    pub tunnel: Option<Tunnel>,
    /// Whether the body goes on for as long as somebody listens.
    pub is_event_stream: bool,
    /// How long it took to the response head.
    pub time: Duration,
}

/// One core's connections to all upstreams. Clones are the same.
#[derive(Clone, Debug)]
pub struct Upstreams {
    pool: Rc<pool::Pool>,
    metrics: Arc<Metrics>,
}

impl Upstreams {
    /// No connections yet.
    pub(crate) fn new(metrics: Arc<Metrics>, wheel: Wheel) -> Self {
        Self {
            pool: Rc::new(pool::Pool::new(Arc::clone(&metrics), wheel)),
            metrics,
        }
    }

    /// Sends a request that the gate authorized, and waits for the response head. Its body is taken, the rest stays.
    ///
    /// # Errors
    /// [`UpstreamError`]; nothing of the answer has reached the client then.
    pub fn forward(
        &self,
        _proof: &Authorized<'_>,
        upstream: &Arc<UpstreamPlan>,
        request: &mut Forward,
    ) -> impl Future<Output = Result<Answer, UpstreamError>> {
        self.answer(upstream, request)
    }

    /// The same for tests, which have no gate.
    #[cfg(test)]
    pub(crate) async fn send(
        &self,
        upstream: &Arc<UpstreamPlan>,
        mut request: Forward,
    ) -> Result<Answer, UpstreamError> {
        self.answer(upstream, &mut request).await
    }

    async fn answer(
        &self,
        upstream: &Arc<UpstreamPlan>,
        request: &mut Forward,
    ) -> Result<Answer, UpstreamError> {
        let answer = forward::forward(&self.pool, &self.metrics, upstream, request).await;
        if let Err(error) = &answer {
            self.metrics.upstream_error(error.code());
        }
        answer
    }

    /// Closes connections that were idle for too long; never returns. Each core runs it.
    pub async fn reap(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            self.pool.reap();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

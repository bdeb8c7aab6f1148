//! Holds one core's upstream connections, and decides which may be used again.
//!
//! An HTTP/1.1 connection is here only between a complete answer and the next request. An HTTP/2 connection is shared by all
//! requests until it closes. Plans are told apart by identity, and an entry keeps its plan alive, so two never meet.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::Instant;

use super::connect::{self, Connected};
use super::error::UpstreamError;
use super::plan::UpstreamPlan;
use super::request::Sent;
use super::resolve::Resolver;
use crate::telemetry::Metrics;
use crate::wire::{LocalExecutor, Outgoing};

/// The longest response head, which is also hyper's read buffer.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_FIELDS: usize = 200;
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) type Http1Sender = http1::SendRequest<Outgoing<Sent>>;
pub(super) type Http2Sender = http2::SendRequest<Outgoing<Sent>>;

/// A connection that may carry one request now.
pub(super) struct Checkout {
    pub(super) sender: Sender,
    /// It carried an earlier request, so the upstream may have closed it without our knowing.
    pub(super) reused: bool,
}

pub(super) enum Sender {
    Http1(Http1Sender),
    Http2(Http2Sender),
}

#[derive(Debug)]
pub(super) struct Pool {
    entries: RefCell<HashMap<*const UpstreamPlan, Entry>>,
    resolver: Resolver,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Entry {
    plan: Arc<UpstreamPlan>,
    idle: Vec<(Instant, Http1Sender)>,
    http2: Option<Http2Sender>,
}

/// What [`Pool::take`] found.
enum Taken {
    Ready(Checkout),
    /// Nothing that is ready, but a connection that may be after its task ran.
    Soon,
    Nothing,
}

impl Pool {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            entries: RefCell::default(),
            resolver: Resolver::default(),
            metrics,
        }
    }

    /// A connection: a used one unless `fresh`, else a new one. `http1` demands HTTP/1.1.
    pub(super) async fn checkout(
        &self,
        plan: &Arc<UpstreamPlan>,
        http1: bool,
        fresh: bool,
    ) -> Result<Checkout, UpstreamError> {
        if !fresh {
            let mut taken = self.take(plan, http1);
            if matches!(taken, Taken::Soon) {
                // The last piece of an answer reaches us just before the connection's own task sees its end.
                tokio::task::yield_now().await;
                taken = self.take(plan, http1);
            }
            if let Taken::Ready(checkout) = taken {
                return Ok(checkout);
            }
        }
        let connected = connect::connect(plan, &self.resolver, http1).await?;
        let sender = self.handshake(plan, connected).await?;
        Ok(Checkout {
            sender,
            reused: false,
        })
    }

    fn take(&self, plan: &Arc<UpstreamPlan>, http1: bool) -> Taken {
        let mut entries = self.entries.borrow_mut();
        let Some(entry) = entries.get_mut(&Arc::as_ptr(plan)) else {
            return Taken::Nothing;
        };
        if !http1 && let Some(sender) = &entry.http2 {
            if !sender.is_closed() {
                let sender = Sender::Http2(sender.clone());
                return Taken::Ready(Checkout {
                    sender,
                    reused: true,
                });
            }
            entry.http2 = None;
        }
        let limit = plan.settings().timeouts.keep_idle;
        // The connection used last is the least likely to have been closed.
        let mut at = entry.idle.len();
        while at > 0 {
            at -= 1;
            let keep = entry.idle.get(at).map(|(since, sender)| {
                (
                    sender.is_ready(),
                    sender.is_closed() || since.elapsed() >= limit,
                )
            });
            match keep {
                Some((_, true)) => drop(entry.idle.swap_remove(at)),
                Some((true, false)) => {
                    let (_, sender) = entry.idle.remove(at);
                    return Taken::Ready(Checkout {
                        sender: Sender::Http1(sender),
                        reused: true,
                    });
                }
                _ => {}
            }
        }
        if entry.idle.is_empty() {
            Taken::Nothing
        } else {
            Taken::Soon
        }
    }

    /// Keeps an HTTP/1.1 connection for a later request.
    pub(super) fn give_back(&self, plan: &Arc<UpstreamPlan>, sender: Http1Sender) {
        if sender.is_closed() {
            return;
        }
        let mut entries = self.entries.borrow_mut();
        let entry = entry(&mut entries, plan);
        if entry.idle.len() < plan.settings().keep {
            entry.idle.push((Instant::now(), sender));
        }
    }

    /// Drops what is closed or was idle for too long, and whole plans that nobody else holds.
    pub(super) fn reap(&self) {
        self.entries.borrow_mut().retain(|_, entry| {
            let limit = entry.plan.settings().timeouts.keep_idle;
            entry
                .idle
                .retain(|(since, sender)| !sender.is_closed() && since.elapsed() < limit);
            if entry.http2.as_ref().is_some_and(Http2Sender::is_closed) {
                entry.http2 = None;
            }
            let unplanned = Arc::strong_count(&entry.plan) == 1;
            !unplanned && (!entry.idle.is_empty() || entry.http2.is_some())
        });
    }

    async fn handshake(
        &self,
        plan: &Arc<UpstreamPlan>,
        connected: Connected,
    ) -> Result<Sender, UpstreamError> {
        let broken = |error: hyper::Error| UpstreamError::Broken {
            upstream: connect::name(plan),
            cause: Some(error.into()),
        };
        let open = Open::new(&self.metrics);
        let io = TokioIo::new(connected.io);
        if connected.http2 {
            let (sender, connection) = http2::Builder::new(LocalExecutor)
                .timer(TokioTimer::new())
                .keep_alive_interval(PING_INTERVAL)
                .keep_alive_timeout(PING_TIMEOUT)
                .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
                .handshake(io)
                .await
                .map_err(broken)?;
            tokio::task::spawn_local(async move {
                let _open = open;
                report(connection.await);
            });
            entry(&mut self.entries.borrow_mut(), plan).http2 = Some(sender.clone());
            Ok(Sender::Http2(sender))
        } else {
            let (sender, connection) = http1::Builder::new()
                .max_buf_size(HEAD_BYTES)
                .max_headers(HEAD_FIELDS)
                .handshake(io)
                .await
                .map_err(broken)?;
            tokio::task::spawn_local(async move {
                let _open = open;
                report(connection.with_upgrades().await);
            });
            Ok(Sender::Http1(sender))
        }
    }
}

fn entry<'a>(
    entries: &'a mut HashMap<*const UpstreamPlan, Entry>,
    plan: &Arc<UpstreamPlan>,
) -> &'a mut Entry {
    entries.entry(Arc::as_ptr(plan)).or_insert_with(|| Entry {
        plan: Arc::clone(plan),
        idle: Vec::new(),
        http2: None,
    })
}

fn report(ended: Result<(), hyper::Error>) {
    // The request that was on it reports for itself; on an idle connection this is ordinary.
    if let Err(error) = ended {
        tracing::debug!(%error, "an upstream connection ended");
    }
}

/// Counts a connection while it is open.
struct Open(Arc<Metrics>);

impl Open {
    fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.upstream_connections.inc();
        Self(Arc::clone(metrics))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.upstream_connections.dec();
    }
}

/// An HTTP/1.1 connection with an answer on it. Dropped, it closes; given back, it is used again.
pub(super) struct Lease {
    pub(super) pool: Rc<Pool>,
    pub(super) plan: Arc<UpstreamPlan>,
    pub(super) sender: Http1Sender,
    pub(super) sent: Sent,
}

impl Lease {
    /// The answer was read to its end. What happens now depends on the request: if it is still being written, the
    /// connection is not clean and is left to close.
    pub(super) fn answered(self) {
        if self.sent.is_complete() {
            self.pool.give_back(&self.plan, self.sender);
        }
    }
}

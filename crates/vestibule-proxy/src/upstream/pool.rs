//! Holds one core's upstream connections, and decides which may be used again.
//!
//! An HTTP/1.1 connection is here only between a complete answer and the next request. An HTTP/2 connection is shared by all
//! requests until it closes. Plans are told apart by identity, and an entry keeps its plan alive, so two never meet.
//!
//! More connections than a plan wants to keep are kept for as long as they are in use: a thousand requests at once would
//! otherwise close and open hundreds of connections each time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::connect::{self, Connected};
use super::error::{Malformed, UpstreamError};
use super::http1::{Connection, Open};
use super::http2::Sender;
use super::plan::UpstreamPlan;
use super::resolve::Resolver;
use crate::exchange::Duplex;
use crate::scratch::Scratch;
use crate::telemetry::Metrics;
use crate::wheel::Wheel;
use crate::wire::LocalExecutor;

/// The largest response head over HTTP/2, decoded.
const HEAD_BYTES: u32 = 64 * 1024;
/// How long a connection beyond those a plan keeps may wait for a request.
const SURPLUS: Duration = Duration::from_secs(5);
/// How many there may be of them, as a multiple of those a plan keeps.
const MOST_SURPLUS: usize = 8;
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that may carry one request now.
pub(super) enum Checkout {
    Http1(Box<Connection>),
    Http2 {
        sender: Sender,
        /// It carried an earlier request.
        reused: bool,
    },
}

impl Checkout {
    /// It carried an earlier request, so the upstream may have closed it without our knowing.
    pub(super) fn is_reused(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_reused(),
            Self::Http2 { reused, .. } => *reused,
        }
    }
}

#[derive(Debug)]
pub(super) struct Pool {
    entries: RefCell<Entries>,
    resolver: Resolver,
    metrics: Arc<Metrics>,
    wheel: Wheel,
    scratch: Scratch,
}

type Entries = HashMap<*const UpstreamPlan, Entry, BuildHasherDefault<ByAddress>>;

#[derive(Debug)]
struct Entry {
    plan: Arc<UpstreamPlan>,
    #[expect(clippy::vec_box, reason = "each goes into a request and comes back")]
    idle: Vec<Box<Connection>>,
    http2: Option<Sender>,
}

/// Spreads addresses of plans. Nobody outside chooses them.
#[derive(Default)]
struct ByAddress(u64);

impl Hasher for ByAddress {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u64(&mut self, value: u64) {
        // The golden ratio's bits; its products differ most in the high ones, which the table looks at.
        self.0 = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

impl Pool {
    pub(super) fn new(metrics: Arc<Metrics>, wheel: Wheel) -> Self {
        Self {
            entries: RefCell::default(),
            resolver: Resolver::default(),
            metrics,
            wheel,
            scratch: Scratch::default(),
        }
    }

    /// This core's buffers.
    pub(super) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// A connection: a used one unless `fresh`, else a new one. `http1` demands HTTP/1.1.
    pub(super) async fn checkout(
        &self,
        plan: &Arc<UpstreamPlan>,
        http1: bool,
        fresh: bool,
        now: Instant,
    ) -> Result<Checkout, UpstreamError> {
        if !fresh && let Some(checkout) = self.take(plan, http1, now) {
            return Ok(checkout);
        }
        // A connection is made seldom; its future is not to make every request's larger.
        let connected = match Box::pin(connect::connect(plan, &self.resolver, http1)).await {
            Err(error) if error.is_out_of_descriptors() && self.shed() => {
                Box::pin(connect::connect(plan, &self.resolver, http1)).await?
            }
            connected => connected?,
        };
        if connected.http2 {
            return Box::pin(self.share(plan, connected)).await;
        }
        Box::pin(self.first(plan, connected.io)).await
    }

    /// A connection's first request, unless the upstream spoke before it.
    pub(super) async fn first(
        &self,
        plan: &UpstreamPlan,
        io: Pin<Box<dyn Duplex>>,
    ) -> Result<Checkout, UpstreamError> {
        let mut connection = Connection::new(io, &self.wheel, &self.metrics);
        // The runtime looks at its sockets before a task that yielded runs again.
        yield_now().await;
        if connection.has_spoken() {
            return Err(UpstreamError::Malformed {
                upstream: connect::name(plan),
                rule: Malformed::Unasked,
            });
        }
        Ok(Checkout::Http1(connection))
    }

    fn take(&self, plan: &Arc<UpstreamPlan>, http1: bool, now: Instant) -> Option<Checkout> {
        let mut entries = self.entries.borrow_mut();
        let entry = entries.get_mut(&Arc::as_ptr(plan))?;
        if !http1 && let Some(sender) = &entry.http2 {
            if !sender.is_closed() {
                let sender = sender.clone();
                return Some(Checkout::Http2 {
                    sender,
                    reused: true,
                });
            }
            entry.http2 = None;
        }
        // The connection used last is the least likely to have been closed.
        while let Some(mut connection) = entry.idle.pop() {
            if is_usable(&mut connection, plan, now) {
                return Some(Checkout::Http1(connection));
            }
        }
        None
    }

    /// Keeps an HTTP/1.1 connection that is free for a later request.
    pub(super) fn give_back(
        &self,
        plan: &Arc<UpstreamPlan>,
        mut connection: Box<Connection>,
        now: Instant,
    ) {
        connection.rest(now);
        let mut entries = self.entries.borrow_mut();
        let entry = entry(&mut entries, plan);
        if entry.idle.len() < plan.settings().keep.saturating_mul(MOST_SURPLUS) {
            entry.idle.push(connection);
        }
    }

    /// Closes every connection that waits. Whether there was any.
    fn shed(&self) -> bool {
        let mut entries = self.entries.borrow_mut();
        let waiting = entries.values_mut().map(|entry| {
            let count = entry.idle.len();
            entry.idle.clear();
            count
        });
        waiting.sum::<usize>() > 0
    }

    /// Drops what is closed or was idle for too long, and whole plans that nobody else holds.
    pub(super) fn reap(&self) {
        let now = Instant::now();
        self.entries.borrow_mut().retain(|_, entry| {
            let plan = &entry.plan;
            entry
                .idle
                .retain_mut(|connection| is_usable(connection, plan, now));
            // Those that were used last are at the end.
            let surplus = entry.idle.len().saturating_sub(plan.settings().keep);
            let first_in_use = entry.idle.iter().position(|connection| {
                now.saturating_duration_since(connection.idle_since()) < SURPLUS
            });
            let unused = first_in_use.unwrap_or(entry.idle.len());
            entry.idle.drain(..surplus.min(unused));
            if entry.http2.as_ref().is_some_and(Sender::is_closed) {
                entry.http2 = None;
            }
            let unplanned = Arc::strong_count(&entry.plan) == 1;
            !unplanned && (!entry.idle.is_empty() || entry.http2.is_some())
        });
    }

    /// How many connections wait for a request.
    #[cfg(test)]
    pub(super) fn idle(&self, plan: &Arc<UpstreamPlan>) -> usize {
        let entries = self.entries.borrow();
        entries
            .get(&Arc::as_ptr(plan))
            .map_or(0, |entry| entry.idle.len())
    }

    /// Makes an HTTP/2 connection that all requests share.
    async fn share(
        &self,
        plan: &Arc<UpstreamPlan>,
        connected: Connected,
    ) -> Result<Checkout, UpstreamError> {
        let open = Open::new(&self.metrics);
        let (sender, connection) = http2::Builder::new(LocalExecutor)
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_header_list_size(HEAD_BYTES)
            .handshake(TokioIo::new(connected.io))
            .await
            .map_err(|error| UpstreamError::Broken {
                upstream: connect::name(plan),
                cause: Some(error.into()),
            })?;
        tokio::task::spawn_local(async move {
            let _open = open;
            // The requests that were on it report for themselves; on an idle connection this is ordinary.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an upstream connection ended");
            }
        });
        entry(&mut self.entries.borrow_mut(), plan).http2 = Some(sender.clone());
        Ok(Checkout::Http2 {
            sender,
            reused: false,
        })
    }
}

fn is_usable(connection: &mut Connection, plan: &UpstreamPlan, now: Instant) -> bool {
    let idle = now.saturating_duration_since(connection.idle_since());
    idle < plan.settings().timeouts.keep_idle && connection.is_clean()
}

fn entry<'a>(entries: &'a mut Entries, plan: &Arc<UpstreamPlan>) -> &'a mut Entry {
    entries.entry(Arc::as_ptr(plan)).or_insert_with(|| Entry {
        plan: Arc::clone(plan),
        idle: Vec::new(),
        http2: None,
    })
}

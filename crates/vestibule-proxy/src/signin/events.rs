//! Tells a page, as server-sent events, when its session is about to end and that it ended.
//!
//! | event | when | data |
//! |---|---|---|
//! | `session` | at the beginning, and when an end that was announced moves away | `now`, `idle_ends_at`, `ends_at` |
//! | `ending` | once, some time before an end | the same, and `reason`: `idle` or `expired` |
//! | `ended` | once, then the stream is over | `reason` |
//!
//! To watch is no use of the session. Streams are bounded for each session and in all; they end when the program stops, and
//! browsers then connect again.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::origin::CrossOrigin;
use vestibule_oidc::fault::Fault;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::store::Stored;

use super::Visit;
use super::me::Ends;
use crate::body::{Body, BodyError, ByteStream};
use crate::endings::{EndReason, Watch};
use crate::exchange::Response;
use crate::respond::{self, Context, Failure};
use crate::shared::Shared;

/// How often something is sent, so that nobody on the way takes the stream for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long before an end it is announced; of a short idle lifetime, a quarter.
const AHEAD: Duration = Duration::from_secs(120);

/// The most streams of one session: tabs.
const MOST_OF_SESSION: usize = 20;

/// The most streams in all.
const MOST: usize = 10_000;

/// When a browser is to connect again after the stream broke off.
const RETRY: &str = "retry: 5000\n";

/// The streams that are open. Outlives plans.
#[derive(Debug, Default)]
pub struct EventStreams(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    of: HashMap<StoreKey, usize>,
    all: usize,
}

/// The place of one stream among them. Given back when dropped.
struct Seat {
    shared: Arc<Shared>,
    key: StoreKey,
}

/// Answers `events`.
pub(super) fn endpoint(visit: &Visit<'_>, context: &Context<'_>) -> Response {
    // Another origin could not read it, but it could hold it open.
    if let Err(why) = may_watch(visit) {
        return respond::cross_origin(why, context);
    }
    if matches!(visit.evidence, Evidence::StoreUnavailable) {
        return respond::failed(&Failure::store(), context);
    }
    let (Some(_), Some(handle)) = (visit.session(), &visit.handle) else {
        let message = "Nobody is signed in. Sign in first.";
        let failure = Failure::new("no_session", Fault::Client, message).titled("Sign-in needed");
        return respond::sign_in_first(&failure, context);
    };
    let key = handle.store_key();
    let Some(seat) = Seat::take(visit.shared, key) else {
        return respond::no_seat(context);
    };
    let teller = Teller {
        watch: visit.shared.watch_session(key),
        seat,
        spoke: Instant::now(),
        known: None,
        announced: false,
        over: false,
    };
    respond::events(Body::stream(Events(Box::pin(teller.next()))))
}

/// Refuses a page of another origin. Some browsers say nothing of where a page of ours asks from: only what speaks against
/// it counts.
fn may_watch(visit: &Visit<'_>) -> Result<(), CrossOrigin> {
    let fields = visit.request.fields();
    let fetch_site = fields.first("sec-fetch-site");
    if fetch_site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
        return Err(CrossOrigin::SiteNotSame);
    }
    // A page without a referrer sends `null` even to itself, and a sandboxed frame of anybody does too.
    let ours = |origin: &[u8]| {
        origin == visit.site.origin().as_bytes()
            || (origin == b"null" && fetch_site == Some(b"same-origin"))
    };
    match fields.first("origin") {
        Some(origin) if !ours(origin) => Err(CrossOrigin::OriginNotAllowed),
        _ => Ok(()),
    }
}

impl Seat {
    fn take(shared: &Arc<Shared>, key: StoreKey) -> Option<Self> {
        let mut open = shared.event_streams.open();
        let of_session = open.of.get(&key).copied().unwrap_or(0);
        if of_session >= MOST_OF_SESSION || open.all >= MOST {
            return None;
        }
        open.of.insert(key, of_session + 1);
        open.all += 1;
        Some(Self {
            shared: Arc::clone(shared),
            key,
        })
    }
}

impl EventStreams {
    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.shared.event_streams.open();
        open.all = open.all.saturating_sub(1);
        let left = open
            .of
            .get(&self.key)
            .map_or(0, |count| count.saturating_sub(1));
        match left {
            0 => open.of.remove(&self.key),
            left => open.of.insert(self.key, left),
        };
    }
}

/// What to say next, and who says what comes after it.
type Next = Pin<Box<dyn Future<Output = Option<(Teller, Bytes)>>>>;

struct Events(Next);

impl ByteStream for Events {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        Poll::Ready(ready!(self.0.as_mut().poll(cx)).map(|(teller, text)| {
            self.0 = Box::pin(teller.next());
            Ok(text)
        }))
    }
}

struct Teller {
    watch: Watch,
    seat: Seat,
    spoke: Instant,
    /// What the page was told last.
    known: Option<Ends>,
    /// Whether it was told that the end is near.
    announced: bool,
    /// Whether it was told that the session ended.
    over: bool,
}

impl Teller {
    async fn next(mut self) -> Option<(Self, Bytes)> {
        loop {
            if self.over || self.seat.shared.stopping.load(Ordering::Relaxed) {
                return None;
            }
            let text = match self.watch.look().await {
                Ok(Some(stored)) => self.about(&stored),
                // The store can't be asked: nothing is known, and nothing has ended.
                Ok(None) => None,
                Err(why) => {
                    self.over = true;
                    let reason = self.reason(why).code();
                    Some(event("ended", &json!({ "reason": reason })))
                }
            };
            let text = text.or_else(|| {
                let silent = self.spoke.elapsed() >= HEARTBEAT;
                silent.then(|| Bytes::from_static(b":\n\n"))
            });
            if let Some(text) = text {
                self.spoke = Instant::now();
                return Some((self, text));
            }
            self.watch.wait().await;
        }
    }

    /// What there is to say of a live session.
    fn about(&mut self, stored: &Stored) -> Option<Bytes> {
        let shared = &self.seat.shared;
        let (plan, now) = (shared.plan.load(), shared.now());
        let lifetimes = plan.gate.lifetimes();
        let ends = Ends::of(stored.record(), stored.last_seen(), lifetimes);
        let first = self.known.replace(ends).is_none();
        let is_near = now + ahead(lifetimes) >= ends.first();
        let was_near = std::mem::replace(&mut self.announced, is_near);
        if is_near && !was_near {
            let text = event("ending", &times(ends, now, Some(near_end(ends))));
            return Some(match first {
                true => [RETRY.as_bytes(), &text].concat().into(),
                false => text,
            });
        }
        let text = event("session", &times(ends, now, None));
        if first {
            return Some([RETRY.as_bytes(), &text].concat().into());
        }
        (was_near && !is_near).then_some(text)
    }

    /// A session that ran out may have been swept before anybody looked.
    fn reason(&self, why: EndReason) -> EndReason {
        match (why, self.known) {
            (EndReason::Gone, Some(ends)) if ends.first() <= self.seat.shared.now() => {
                near_end(ends)
            }
            (why, _) => why,
        }
    }
}

/// Of which of its ends a session ends.
fn near_end(ends: Ends) -> EndReason {
    match ends.absolute <= ends.idle {
        true => EndReason::Expired,
        false => EndReason::Idle,
    }
}

fn ahead(lifetimes: &Lifetimes) -> Duration {
    AHEAD.min(lifetimes.idle() / 4)
}

fn times(ends: Ends, now: UnixTime, reason: Option<EndReason>) -> Value {
    let times = [
        ("now", now),
        ("idle_ends_at", ends.idle),
        ("ends_at", ends.absolute),
    ];
    let times = times
        .into_iter()
        .map(|(name, at)| (name.to_owned(), at.as_secs().into()));
    let reason = reason.map(|reason| ("reason".to_owned(), reason.code().into()));
    Value::Object(times.chain(reason).collect())
}

/// JSON has no line ends, so it is one line of data.
fn event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests;

//! Who am I: what a page may know about the person in front of it, and until when. Never a token.
//!
//! Asking does not keep a session from ending; a `POST` of our own page does.

use serde_json::json;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::origin::CrossOrigin;
use vestibule_oidc::time::UnixTime;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::Record;

use super::{Visit, display_name};
use crate::exchange::Response;
use crate::respond::{self, Context};

/// When a session ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    /// If nobody uses it any more.
    pub(super) idle: UnixTime,
    /// However busy it is.
    pub(super) absolute: UnixTime,
}

impl Ends {
    pub(super) fn of(record: &Record, last_seen: UnixTime, lifetimes: &Lifetimes) -> Self {
        Self {
            idle: last_seen + lifetimes.idle(),
            absolute: record.created_at() + lifetimes.absolute(),
        }
    }

    /// The earlier of the two.
    pub(super) fn first(self) -> UnixTime {
        self.idle.min(self.absolute)
    }
}

/// Answers GET.
pub(super) fn endpoint(visit: &Visit<'_>, context: &Context<'_>) -> Response {
    answer(visit, None, context)
}

/// Answers POST: whoever asks so is still there. Only our own pages may say that: another site could keep a session from
/// ending for as long as its page is open.
pub(super) fn touch(visit: &Visit<'_>, context: &Context<'_>) -> Response {
    if !visit.is_same_origin() {
        let why = CrossOrigin::SiteNotSame;
        return respond::cross_origin(why, context);
    }
    if let (Some(_), Some(handle)) = (visit.session(), &visit.handle) {
        visit.shared.store.touch(&handle.store_key(), visit.now);
    }
    answer(visit, Some(visit.now), context)
}

fn answer(visit: &Visit<'_>, used: Option<UnixTime>, context: &Context<'_>) -> Response {
    if matches!(visit.evidence, Evidence::StoreUnavailable) {
        return respond::failed(&respond::Failure::store(), context);
    }
    let Some(stored) = visit.session() else {
        return respond::json(200, &json!({ "signed_in": false }), context);
    };
    let record = stored.record();
    let seen = used.map_or(stored.last_seen(), |used| used.max(stored.last_seen()));
    let ends = Ends::of(record, seen, visit.plan.gate.lifetimes());
    let body = json!({
        "signed_in": true,
        "provider": record.provider(),
        "issuer": record.issuer(),
        "subject": record.subject(),
        "name": display_name(record),
        "signed_in_at": record.created_at().as_secs(),
        "idle_ends_at": ends.idle.as_secs(),
        "ends_at": ends.absolute.as_secs(),
        "expires_at": ends.first().as_secs(),
        "now": visit.now.as_secs(),
    });
    respond::json(200, &body, context)
}

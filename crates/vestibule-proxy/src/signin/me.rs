//! Who am I: what a page may know about the person in front of it. Never a token, and asking does
//! not keep a session from ending.

use serde_json::json;
use vestibule_gate::evidence::Evidence;

use super::{Visit, display_name};
use crate::exchange::Response;
use crate::respond::{self, Context};

/// Answers `me`.
pub(super) fn endpoint(visit: &Visit<'_>, context: &Context<'_>) -> Response {
    if matches!(visit.evidence, Evidence::StoreUnavailable) {
        return respond::failed(&respond::Failure::store(), context);
    }
    let Some(stored) = visit.session() else {
        return respond::json(200, &json!({ "signed_in": false }), context);
    };
    let record = stored.record();
    let lifetimes = visit.plan.gate.lifetimes();
    let ends =
        (record.created_at() + lifetimes.absolute()).min(stored.last_seen() + lifetimes.idle());
    let body = json!({
        "signed_in": true,
        "provider": record.provider(),
        "issuer": record.issuer(),
        "subject": record.subject(),
        "name": display_name(record),
        "signed_in_at": record.created_at().as_secs(),
        "expires_at": ends.as_secs(),
    });
    respond::json(200, &body, context)
}

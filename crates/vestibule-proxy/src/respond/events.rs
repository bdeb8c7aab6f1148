//! Answers whoever wants to hear of the end of a session.

use serde_json::Map;
use vestibule_gate::fields::{Fields, ResponseHead};
use vestibule_oidc::fault::Fault;

use super::{Context, Failure, answer, say};
use crate::body::Body;
use crate::exchange::Response;

/// The stream.
#[must_use]
pub fn events(body: Body) -> Response {
    let mut fields = Fields::with_capacity(10);
    fields.push("Content-Type", "text/event-stream");
    // nginx would keep it until its buffer is full.
    fields.push("X-Accel-Buffering", "no");
    fields.push(
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'",
    );
    answer::own_fields(&mut fields);
    let head = ResponseHead {
        status: 200,
        fields,
    };
    Response::new(head, body)
}

/// There are as many streams as there may be.
#[must_use]
pub fn no_seat(context: &Context<'_>) -> Response {
    let message = "Too many pages are waiting for the end of a session. Ask /.vestibule/me now and then instead.";
    let failure = Failure::new("too_many_event_streams", Fault::Client, message).temporary();
    say(503, &failure, Map::new(), context)
}

//! Answers a provider that ends sessions: server to server, and in a frame of its page.

use serde_json::json;
use vestibule_gate::fields::{Fields, ResponseHead};

use super::Context;
use super::answer;
use crate::body::Body;
use crate::exchange::Response;
use crate::provider;
use crate::signin::BackChannelError;

/// The sessions are gone (OIDC Back-Channel Logout §2.8).
#[must_use]
pub fn logged_out() -> Response {
    let mut fields = Fields::with_capacity(4);
    answer::own_fields(&mut fields);
    empty(fields)
}

/// The sessions are gone, in a frame that pages of these origins alone may hold (OIDC Front-Channel
/// Logout §2, CSP Level 3).
#[must_use]
pub fn logged_out_in_frame(origins: &[String]) -> Response {
    let mut fields = Fields::with_capacity(6);
    let policy = format!(
        "default-src 'none'; frame-ancestors {}",
        match origins {
            [] => "'none'".to_owned(),
            origins => origins.join(" "),
        }
    );
    fields.push("Content-Security-Policy", policy);
    answer::own_fields(&mut fields);
    empty(fields)
}

fn empty(fields: Fields) -> Response {
    let head = ResponseHead {
        status: 200,
        fields,
    };
    Response::new(head, Body::from(""))
}

/// The logout did not happen (OIDC Back-Channel Logout §2.8): 400 for a request that is wrong, 503 for
/// one that may be sent again.
#[must_use]
pub fn logout_refused(error: &BackChannelError, context: &Context<'_>) -> Response {
    let temporary = error.is_temporary();
    let body = json!({
        "error": if temporary { "temporarily_unavailable" } else { "invalid_request" },
        "error_description": error.public_message(),
        "code": error.code(),
        "incident": context.incident().to_string(),
    });
    let status = if temporary { 503 } else { 400 };
    let mut response = answer::json(status, &body, context);
    if temporary {
        let after = provider::RETRY_AFTER.as_secs().to_string();
        response.head.fields.set("Retry-After", after);
    }
    response
}

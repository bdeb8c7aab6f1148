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

/// One pixel that shows nothing (RFC 2083).
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\x0bIDATx\xdac`\0\x02\0\0\x05\0\x01\xe9\xfa\xdc\xd8\0\0\0\0IEND\xaeB`\x82";

/// The sessions are gone, for a page that waits for an image.
#[must_use]
pub fn logged_out_as_image() -> Response {
    let mut fields = Fields::with_capacity(7);
    fields.push("Content-Type", "image/png");
    // The page is the provider's, and tells from nothing but this that it is done.
    fields.push("Cross-Origin-Resource-Policy", "cross-origin");
    fields.push(
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'",
    );
    answer::own_fields(&mut fields);
    let head = ResponseHead {
        status: 200,
        fields,
    };
    Response::new(head, Body::from(PIXEL.to_vec()))
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
    response.because(error.code())
}

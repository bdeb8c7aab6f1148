//! The forms our own answers take, with the fields that keep them out of caches, frames and foreign
//! pages.

use serde_json::Value;
use vestibule_gate::fields::{Fields, ResponseHead};

use super::Context;
use crate::body::Body;
use crate::exchange::Response;
use crate::pages::Page;

/// Sends the browser elsewhere, always with a GET: RFC 9700 §4.12 warns of 307.
#[must_use]
pub fn redirect(location: &str) -> Response {
    let mut fields = Fields::with_capacity(6);
    fields.push("Location", location);
    own_fields(&mut fields);
    Response::new(
        ResponseHead {
            status: 303,
            fields,
        },
        Body::empty(),
    )
}

/// Answers with a page.
#[must_use]
pub fn page(status: u16, page: &Page, context: &Context<'_>) -> Response {
    let rendered = context.pages().render(page);
    let mut fields = Fields::with_capacity(12);
    fields.push("Content-Type", "text/html; charset=utf-8");
    fields.push("Content-Security-Policy", rendered.policy);
    fields.push("X-Frame-Options", "DENY");
    own_fields(&mut fields);
    let body = if context.is_head() {
        Body::omitted(rendered.html.len() as u64)
    } else {
        Body::from(rendered.html)
    };
    Response::new(ResponseHead { status, fields }, body)
}

/// Answers with JSON.
#[must_use]
pub fn json(status: u16, value: &Value, context: &Context<'_>) -> Response {
    let mut fields = Fields::with_capacity(12);
    fields.push("Content-Type", "application/json");
    fields.push(
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'",
    );
    own_fields(&mut fields);
    let text = value.to_string();
    let body = if context.is_head() {
        Body::omitted(text.len() as u64)
    } else {
        Body::from(text)
    };
    Response::new(ResponseHead { status, fields }, body)
}

/// What every answer of ours has.
pub(super) fn own_fields(fields: &mut Fields) {
    fields.push("Cache-Control", "no-store");
    fields.push("Referrer-Policy", "no-referrer");
    fields.push("X-Content-Type-Options", "nosniff");
    // The same address answers people and programs, with and without a session, differently.
    fields.push("Vary", "Cookie, Accept, Sec-Fetch-Mode, Sec-Fetch-Dest");
}

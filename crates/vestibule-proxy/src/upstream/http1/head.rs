//! Decides the bytes of a request head.

use vestibule_gate::fields::{Known, KnownSet};
use vestibule_gate::method::Method;
use vestibule_gate::request::Upgrade;
use vestibule_http1::write::{self, Unwritable};

use crate::body::Length;
use crate::upstream::Forward;
use crate::upstream::error::UpstreamError;
use crate::upstream::plan::UpstreamPlan;
use crate::upstream::request::MOST_BYTES;
use crate::wire::CONNECTION_FIELDS;

/// Written by us, whatever stands in the fields.
const OURS: KnownSet = CONNECTION_FIELDS.with(Known::Host);

/// Writes the head of a request whose body is of this length.
///
/// `Host` first (RFC 9110 §7.2), then the fields in the order and spelling they have, then the framing, which is always ours.
///
/// # Errors
/// [`UpstreamError::Unsendable`] and [`UpstreamError::HeadTooLarge`]; what is in `out` then must not be sent.
pub(in crate::upstream) fn write_head(
    head: &Forward,
    plan: &UpstreamPlan,
    length: Length,
    out: &mut Vec<u8>,
) -> Result<(), UpstreamError> {
    if !head.has_plain_target() {
        return Err(UpstreamError::Unsendable { what: "the target" });
    }
    head.count()?;
    let start = out.len();
    write_lines(head, plan, length, out)
        .map_err(|Unwritable(what)| UpstreamError::Unsendable { what })?;
    if out.len() - start > MOST_BYTES {
        return Err(head.too_large());
    }
    Ok(())
}

fn write_lines(
    head: &Forward,
    plan: &UpstreamPlan,
    length: Length,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    write::request_line(out, head.method.as_str().as_bytes(), &head.target)?;
    let host = head.fields.first_known(Known::Host);
    write::field(
        out,
        b"Host",
        host.unwrap_or_else(|| plan.authority().as_bytes()),
    )?;
    write::fields_without(out, &head.fields, OURS)?;
    write::fields_without(out, &head.identity, OURS)?;
    frame(&head.method, length, out);
    // Any other protocol than these, `h2c` first, would be a tunnel around all checks.
    match head.upgrade {
        Some(Upgrade::WebSocket) => {
            out.extend_from_slice(b"Connection: Upgrade\r\nUpgrade: websocket\r\n");
        }
        // RFC 9110 §10.1.4: TE goes with the connection option of its name.
        None if head.trailers => out.extend_from_slice(b"TE: trailers\r\nConnection: TE\r\n"),
        _ => {}
    }
    write::end(out);
    Ok(())
}

fn frame(method: &Method, length: Length, out: &mut Vec<u8>) {
    match length {
        Length::None | Length::Known(0) => {
            // RFC 9110 §8.6: a method that expects content says so even when there is none.
            if matches!(method, Method::Post | Method::Put | Method::Patch) {
                write::content_length(out, 0);
            }
        }
        Length::Known(length) => write::content_length(out, length),
        Length::Unknown => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
}

//! Decides the bytes of a request head.

use vestibule_gate::method::Method;
use vestibule_gate::request::Upgrade;
use vestibule_http1::write::{self, Unwritable};

use crate::body::Length;
use crate::upstream::error::UpstreamError;
use crate::upstream::plan::UpstreamPlan;
use crate::upstream::request::Head;

/// Writes the head of a request whose body is of this length.
///
/// `Host` first (RFC 9110 §7.2), then the fields in the order and spelling they have, then the framing, which is always ours.
///
/// # Errors
/// [`UpstreamError::Unsendable`] and [`UpstreamError::HeadTooLarge`]; what is in `out` then must not be sent.
pub(in crate::upstream) fn write_head(
    head: &Head,
    plan: &UpstreamPlan,
    length: Length,
    out: &mut Vec<u8>,
) -> Result<(), UpstreamError> {
    head.measure()?;
    if !head.has_plain_target() {
        return Err(UpstreamError::Unsendable { what: "the target" });
    }
    write_lines(head, plan, length, out)
        .map_err(|Unwritable(what)| UpstreamError::Unsendable { what })
}

fn write_lines(
    head: &Head,
    plan: &UpstreamPlan,
    length: Length,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    write::request_line(out, head.method.as_str().as_bytes(), &head.target)?;
    let host = head.fields.first("host");
    write::field(
        out,
        b"Host",
        host.unwrap_or_else(|| plan.authority().as_bytes()),
    )?;
    write::fields(out, &head.fields, |name| !is_ours(name))?;
    write::fields(out, &head.identity, |name| !is_ours(name))?;
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

/// Whether a field is `Host`, or of the connection or the framing. The length alone rules most names out.
fn is_ours(name: &[u8]) -> bool {
    let ours: &[&[u8]] = match name.len() {
        2 => &[b"te"],
        4 => &[b"host"],
        6 => &[b"expect"],
        7 => &[b"upgrade", b"trailer"],
        10 => &[b"connection", b"keep-alive"],
        14 => &[b"content-length", b"http2-settings"],
        16 => &[b"proxy-connection"],
        17 => &[b"transfer-encoding"],
        _ => return false,
    };
    ours.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::is_connection_field;

    #[test]
    fn what_belongs_to_a_connection_is_ours_in_any_case() {
        for name in [
            "connection",
            "content-length",
            "expect",
            "http2-settings",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ] {
            assert!(is_connection_field(name.as_bytes()), "{name}");
            assert!(is_ours(name.as_bytes()), "{name}");
            assert!(is_ours(name.to_uppercase().as_bytes()), "{name}");
        }
        assert!(is_ours(b"Host"));
        for name in ["cookie", "x-te", "content-type", "OIDC_access_token", ""] {
            assert!(!is_ours(name.as_bytes()), "{name}");
        }
    }
}

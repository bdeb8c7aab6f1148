//! Which fields of a raw head are admitted: sizes, names, values, repetitions.

use bytes::Bytes;

use super::{RawHead, ReadPolicy, Version};
use crate::fields::{Field, Fields, is_field_value, is_token};
use crate::refusal::Refusal;

pub(super) fn check_sizes(raw: &RawHead, policy: &ReadPolicy) -> Result<(), Refusal> {
    if raw.target.len() > policy.max_target_bytes {
        return Err(Refusal::TargetTooLong);
    }
    if raw.fields.len() > policy.max_fields {
        return Err(Refusal::TooManyFields);
    }
    // Each field costs `: ` and a line end, the request line two spaces, a version and a line end.
    let fields: usize = raw
        .fields
        .iter()
        .map(|field| field.name.len() + field.value.len() + 4)
        .sum();
    let line = raw.method.len() + raw.target.len() + 12;
    if line + fields + raw.authority.as_ref().map_or(0, Bytes::len) > policy.max_head_bytes {
        return Err(Refusal::HeadTooLarge);
    }
    Ok(())
}

/// Fields that may come once: what one server takes from the first and another from the last is
/// decided on by nobody.
pub(super) const SINGLE: [&str; 26] = [
    "host",
    "authorization",
    "proxy-authorization",
    "content-type",
    "content-range",
    "origin",
    "referer",
    "user-agent",
    "expect",
    "from",
    "date",
    "range",
    "if-range",
    "if-modified-since",
    "if-unmodified-since",
    "max-forwards",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-fetch-user",
    "sec-purpose",
    "sec-websocket-key",
    "sec-websocket-version",
    "access-control-request-method",
    "x-requested-with",
    "cookie",
];

/// RFC 9113 §8.2.2.
const CONNECTION_SPECIFIC: [&str; 5] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
];

pub(super) fn check_fields(version: Version, fields: &Fields) -> Result<(), Refusal> {
    let mut seen = 0_u32;
    for field in fields {
        if !is_token(&field.name) {
            return Err(Refusal::FieldName);
        }
        if !is_field_value(&field.value) {
            return Err(Refusal::FieldValue);
        }
        if version == Version::Http2 {
            check_http2_field(field)?;
        }
        let Some(at) = SINGLE.iter().position(|name| field.is(name)) else {
            continue;
        };
        let bit = 1 << at;
        if seen & bit != 0 {
            match SINGLE.get(at) {
                Some(&"host") => return Err(Refusal::HostRepeated),
                // RFC 9113 §8.2.3 lets HTTP/2 split the cookies; we join them.
                Some(&"cookie") if version == Version::Http2 => {}
                _ => return Err(Refusal::FieldRepeated),
            }
        }
        seen |= bit;
    }
    Ok(())
}

fn check_http2_field(field: &Field) -> Result<(), Refusal> {
    let forbidden = CONNECTION_SPECIFIC.iter().any(|name| field.is(name));
    let te = field.is("te") && !field.value.eq_ignore_ascii_case(b"trailers");
    if forbidden || te {
        Err(Refusal::FieldConnectionSpecific)
    } else {
        Ok(())
    }
}

/// Drops odd names and joins the cookies of HTTP/2.
pub(super) fn keep_fields(
    version: Version,
    mut fields: Fields,
    policy: &ReadPolicy,
    dropped: &mut Vec<Bytes>,
) -> Fields {
    if !policy.danger_keep_odd_names {
        fields.retain(|field| {
            let odd = memchr::memchr2(b'_', b'.', &field.name).is_some();
            if odd {
                dropped.push(field.name.clone());
            }
            !odd
        });
    }
    if version == Version::Http2 && fields.all("cookie").nth(1).is_some() {
        let joined = fields.all("cookie").fold(Vec::new(), |mut joined, value| {
            if !joined.is_empty() {
                joined.extend_from_slice(b"; ");
            }
            joined.extend_from_slice(value);
            joined
        });
        fields.set("cookie", joined);
    }
    fields
}

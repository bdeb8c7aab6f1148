//! Which fields of a raw head are admitted: sizes, names, values, repetitions.

use bytes::Bytes;

use super::{RawHead, ReadPolicy, Version};
use crate::fields::{Field, Fields, Names, is_field_value, is_token};
use crate::refusal::Refusal;

pub(super) fn check_sizes(raw: &RawHead, policy: &ReadPolicy) -> Result<(), Refusal> {
    if raw.target.len() > policy.max_target_bytes {
        return Err(Refusal::TargetTooLong);
    }
    if raw.fields.len() > policy.max_fields {
        return Err(Refusal::TooManyFields);
    }
    let fields = raw.fields.wire_bytes();
    // Two spaces, a version and a line end.
    let line = raw.method.len() + raw.target.len() + 12;
    if line + fields + raw.authority.as_ref().map_or(0, Bytes::len) > policy.max_head_bytes {
        return Err(Refusal::HeadTooLarge);
    }
    Ok(())
}

/// Fields that may come once: what one server takes from the first and another from the last is
/// decided on by nobody.
pub(super) const SINGLE: Names<26> = Names::new([
    "date",
    "from",
    "host",
    "range",
    "cookie",
    "expect",
    "origin",
    "referer",
    "if-range",
    "user-agent",
    "sec-purpose",
    "content-type",
    "max-forwards",
    "authorization",
    "content-range",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "x-requested-with",
    "if-modified-since",
    "sec-websocket-key",
    "if-unmodified-since",
    "proxy-authorization",
    "sec-websocket-version",
    "access-control-request-method",
]);

/// RFC 9113 §8.2.2.
const CONNECTION_SPECIFIC: Names<5> = Names::new([
    "upgrade",
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
]);

pub(super) fn check_fields(version: Version, fields: &Fields) -> Result<(), Refusal> {
    // Then the loop need not look at each byte again.
    let sound = fields.is_sound();
    let mut seen = 0_u32;
    for field in fields {
        if !sound && !is_token(field.name) {
            return Err(Refusal::FieldName);
        }
        if !sound && !is_field_value(field.value) {
            return Err(Refusal::FieldValue);
        }
        if version == Version::Http2 {
            check_http2_field(field)?;
        }
        let Some(at) = SINGLE.position(field.name) else {
            continue;
        };
        let bit = 1 << at;
        if seen & bit != 0 {
            match SINGLE.as_slice().get(at) {
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

fn check_http2_field(field: Field<'_>) -> Result<(), Refusal> {
    let forbidden = CONNECTION_SPECIFIC.contains(field.name);
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
    let odd = |name: &[u8]| {
        name.iter()
            .fold(false, |odd, byte| odd | matches!(byte, b'_' | b'.'))
    };
    if !policy.danger_keep_odd_names && fields.iter().any(|field| odd(field.name)) {
        fields.retain(|field| {
            let odd = odd(field.name);
            if odd {
                dropped.push(Bytes::copy_from_slice(field.name));
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

//! Which fields of a raw head are admitted: sizes, names, values, repetitions.

use bytes::Bytes;

use super::{RawHead, ReadPolicy, Version};
use crate::fields::{Field, Fields, Known, KnownSet, is_token};
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
pub(super) const SINGLE: KnownSet = KnownSet::of([
    Known::Date,
    Known::From,
    Known::Host,
    Known::Range,
    Known::Cookie,
    Known::Expect,
    Known::Origin,
    Known::Referer,
    Known::IfRange,
    Known::UserAgent,
    Known::SecPurpose,
    Known::ContentType,
    Known::MaxForwards,
    Known::Authorization,
    Known::ContentRange,
    Known::SecFetchDest,
    Known::SecFetchMode,
    Known::SecFetchSite,
    Known::SecFetchUser,
    Known::XRequestedWith,
    Known::IfModifiedSince,
    Known::SecWebsocketKey,
    Known::IfUnmodifiedSince,
    Known::ProxyAuthorization,
    Known::SecWebsocketVersion,
    Known::AccessControlRequestMethod,
]);

/// RFC 9113 §8.2.2.
const CONNECTION_SPECIFIC: KnownSet = KnownSet::of([
    Known::Connection,
    Known::KeepAlive,
    Known::ProxyConnection,
    Known::TransferEncoding,
    Known::Upgrade,
]);

const COOKIE: KnownSet = KnownSet::of([Known::Cookie]);

pub(super) fn check_fields(version: Version, fields: &Fields) -> Result<(), Refusal> {
    if !fields.is_sound() {
        let name = fields.iter().any(|field| !is_token(field.name));
        return Err(if name {
            Refusal::FieldName
        } else {
            Refusal::FieldValue
        });
    }
    let mut repeated = fields.repeated(SINGLE);
    if version == Version::Http2 {
        let mut te = fields.all_known(Known::Te);
        if fields.has(CONNECTION_SPECIFIC) || te.any(|te| !te.eq_ignore_ascii_case(b"trailers")) {
            return Err(Refusal::FieldConnectionSpecific);
        }
        // RFC 9113 §8.2.3 lets HTTP/2 split the cookies; we join them.
        repeated = repeated.without(COOKIE);
    }
    if repeated.contains(Known::Host) {
        return Err(Refusal::HostRepeated);
    }
    if !repeated.is_empty() {
        return Err(Refusal::FieldRepeated);
    }
    Ok(())
}

/// Drops odd names and joins the cookies of HTTP/2.
pub(super) fn keep_fields(
    version: Version,
    mut fields: Fields,
    policy: &ReadPolicy,
    dropped: &mut Vec<Bytes>,
) -> Fields {
    // No known name is odd.
    let odd = |field: Field<'_>| {
        field.known.is_none() && memchr::memchr2(b'_', b'.', field.name).is_some()
    };
    if !policy.danger_keep_odd_names && fields.iter().any(odd) {
        fields.retain(|field| {
            let odd = odd(field);
            if odd {
                dropped.push(Bytes::copy_from_slice(field.name));
            }
            !odd
        });
    }
    if version == Version::Http2 && fields.is_repeated(Known::Cookie) {
        let cookies = fields.all_known(Known::Cookie);
        let joined = cookies.fold(Vec::new(), |mut joined, value| {
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

//! The request target and the host, from all the places that may name one.

use bytes::Bytes;

use super::{RawHead, Version};
use crate::fields::Known;
use crate::host::{Host, ReadyHosts};
use crate::refusal::Refusal;

pub(super) struct Target {
    pub(super) authority: Option<Bytes>,
    pub(super) path: Bytes,
    pub(super) query: Option<Bytes>,
}

/// RFC 9112 §3.2: origin form, or absolute form in HTTP/1.
pub(super) fn read_target(raw: &RawHead) -> Result<Target, Refusal> {
    let target = &raw.target;
    for &byte in target {
        match byte {
            b'#' => return Err(Refusal::TargetFragment),
            0x21..=0x7e => {}
            _ => return Err(Refusal::TargetByte),
        }
    }
    if target.starts_with(b"/") {
        return Ok(split_query(None, target.clone()));
    }
    if raw.version == Version::Http2 {
        return Err(Refusal::TargetForm);
    }
    let scheme_end = memchr::memmem::find(target, b"://").ok_or(Refusal::TargetForm)?;
    let (scheme, rest) = target.split_at(scheme_end);
    if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
        return Err(Refusal::TargetForm);
    }
    let rest = target.slice_ref(rest).slice(3..);
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'\\'))
        .unwrap_or(rest.len());
    let authority = rest.slice(..end);
    let mut target = split_query(Some(authority), rest.slice(end..));
    if target.path.is_empty() {
        target.path = Bytes::from_static(b"/");
    }
    Ok(target)
}

fn split_query(authority: Option<Bytes>, target: Bytes) -> Target {
    match memchr::memchr(b'?', &target) {
        Some(at) => Target {
            authority,
            path: target.slice(..at),
            query: Some(target.slice(at + 1..)),
        },
        None => Target {
            authority,
            path: target,
            query: None,
        },
    }
}

/// RFC 9112 §3.2.2 would let the target win over `Host`; naming two hosts is refused instead.
pub(super) fn read_host(
    raw: &RawHead,
    in_target: Option<&[u8]>,
    ready: &ReadyHosts,
) -> Result<Host, Refusal> {
    let field = raw.fields.first_known(Known::Host);
    let authority = raw.authority.as_deref();
    if raw.version != Version::Http2 && field.is_none() {
        return Err(Refusal::HostMissing);
    }
    let mut named = [authority, field, in_target].into_iter().flatten();
    let parse = |bytes: &[u8]| ready.parse(bytes).map_err(|_| Refusal::HostMalformed);
    let host = parse(named.next().ok_or(Refusal::HostMissing)?)?;
    for other in named {
        if parse(other)? != host {
            return Err(Refusal::HostMismatch);
        }
    }
    Ok(host)
}

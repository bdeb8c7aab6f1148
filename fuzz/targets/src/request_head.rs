//! Target `request_head`: what was decided on is what is sent on.
//!
//! The input is a head as on the wire: a line `METHOD target`, then `name: value` lines.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use vestibule_gate::fields::Fields;
use vestibule_gate::request::{RawHead, ReadPolicy, Request, Scheme, Version, read};

/// The peer of every request here.
pub(crate) const PEER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 4711);

/// A request head.
pub fn request_head(input: &[u8]) {
    let Ok(request) = read(raw(input), &ReadPolicy::default()) else {
        return;
    };
    assert_eq!(
        request.client_ip(),
        PEER.ip(),
        "nobody else's word is believed"
    );
    for field in request.fields() {
        let breaks = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
        assert!(
            !field.name.iter().any(breaks) && !field.value.iter().any(breaks),
            "{field:?}"
        );
    }
    assert!(request.fields().all("host").count() <= 1);
    let again = read(sent_on(&request), &ReadPolicy::default());
    let again =
        again.unwrap_or_else(|refusal| unreachable!("refused later: {refusal:?} {request:?}"));
    assert_eq!(again.path(), request.path());
    assert_eq!(again.query(), request.query());
    assert_eq!(again.host(), request.host());
    assert_eq!(again.method().as_str(), request.method().as_str());
}

/// Reads the input's lines, believing anything.
fn raw(input: &[u8]) -> RawHead {
    let mut lines = input.split(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let (method, target) = split(first, b' ');
    let mut fields = Fields::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = split(line, b':');
        fields.push(name, value.trim_ascii());
    }
    RawHead {
        method: Bytes::copy_from_slice(method),
        target: Bytes::copy_from_slice(target),
        version: Version::Http11,
        scheme: Scheme::Http,
        authority: None,
        fields,
        peer: PEER,
    }
}

/// The head as it would go to an upstream that is one more of us.
fn sent_on(request: &Request) -> RawHead {
    let mut fields = Fields::new();
    fields.push("host", request.host().to_string());
    RawHead {
        method: Bytes::copy_from_slice(request.method().as_str().as_bytes()),
        target: request.path_and_query(),
        version: Version::Http11,
        scheme: request.scheme(),
        authority: None,
        fields,
        peer: PEER,
    }
}

fn split(line: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let at = line
        .iter()
        .position(|&byte| byte == separator)
        .unwrap_or(line.len());
    let (before, rest) = line.split_at(at);
    (before, rest.get(1..).unwrap_or_default())
}

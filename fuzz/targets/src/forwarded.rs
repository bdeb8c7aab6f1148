//! Target `forwarded`: strangers cannot say who they are, and trusted proxies only about strangers.
//!
//! The input is the value of both `X-Forwarded-For` and `Forwarded`.

use bytes::Bytes;
use vestibule_gate::fields::Fields;
use vestibule_gate::forwarded::ForwardedFamily;
use vestibule_gate::request::{RawHead, ReadPolicy, Scheme, Version, read};

use crate::request_head::PEER;

/// A forwarding field.
pub fn forwarded(input: &[u8]) {
    let head = head(input);
    if let Ok(request) = read(head.clone(), &ReadPolicy::default()) {
        assert!(request.hops().eq([PEER.ip()]));
        assert_eq!(request.scheme(), Scheme::Http);
        assert_eq!(request.host().to_string(), "site.example.com");
    }
    for forwarded_family in [ForwardedFamily::XForwarded, ForwardedFamily::Rfc7239] {
        let trusted = [PEER.ip().into()].to_vec();
        let policy = ReadPolicy {
            trusted_proxies: trusted.clone(),
            forwarded_family,
            ..ReadPolicy::default()
        };
        let Ok(request) = read(head.clone(), &policy) else {
            continue;
        };
        let hops: Vec<_> = request.hops().collect();
        assert_eq!(hops.first(), Some(&request.client_ip()));
        assert_eq!(hops.last(), Some(&PEER.ip()));
        for hop in hops.iter().skip(1) {
            assert!(
                trusted.iter().any(|network| network.contains(hop)),
                "{hops:?}"
            );
        }
    }
}

fn head(input: &[u8]) -> RawHead {
    let mut fields = Fields::new();
    fields.push("Host", "site.example.com");
    fields.push("X-Forwarded-For", input);
    fields.push("Forwarded", input);
    RawHead {
        method: Bytes::from_static(b"GET"),
        target: Bytes::from_static(b"/"),
        version: Version::Http11,
        scheme: Scheme::Http,
        authority: None,
        fields,
        peer: PEER,
    }
}

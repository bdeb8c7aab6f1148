//! Target `accept`: only a navigation is sent to sign in, whatever `Accept` says.

use bytes::Bytes;
use vestibule_gate::fields::Fields;
use vestibule_gate::navigation::{Audience, audience};
use vestibule_gate::request::{RawHead, ReadPolicy, Scheme, Version, read};

use crate::request_head::PEER;

/// The value of `Accept`.
pub fn accept(input: &[u8]) {
    let by_accept = judge("GET", input, None);
    let names_a_page = input
        .to_ascii_lowercase()
        .windows(b"html".len())
        .any(|part| part == b"html");
    assert!(names_a_page || by_accept != Some(Audience::Person));
    assert_ne!(judge("POST", input, None), Some(Audience::Person));
    assert_ne!(judge("GET", input, Some("cors")), Some(Audience::Person));
    assert_ne!(
        judge("GET", input, Some("navigate")),
        Some(Audience::Program)
    );
}

fn judge(method: &'static str, accept: &[u8], mode: Option<&'static str>) -> Option<Audience> {
    let mut fields = Fields::new();
    fields.push("Host", "site.example.com");
    fields.push("Accept", accept);
    if let Some(mode) = mode {
        fields.push("Sec-Fetch-Mode", mode);
    }
    let head = RawHead {
        method: Bytes::from_static(method.as_bytes()),
        target: Bytes::from_static(b"/"),
        version: Version::Http11,
        scheme: Scheme::Http,
        authority: None,
        fields,
        peer: PEER,
    };
    read(head, &ReadPolicy::default())
        .ok()
        .map(|request| audience(&request))
}

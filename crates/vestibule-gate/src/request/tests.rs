use super::admit::SINGLE;
use super::*;
use crate::fixture::{local, raw, read_default};
use proptest::prelude::*;

fn refused(head: RawHead) -> Option<Refusal> {
    read_default(head).err()
}

fn h2(target: &str, authority: Option<&str>, fields: &[(&str, &str)]) -> RawHead {
    let authority = authority.map(|text| Bytes::copy_from_slice(text.as_bytes()));
    RawHead {
        version: Version::Http2,
        authority,
        ..raw("GET", target, fields)
    }
}

#[test]
fn an_ordinary_request_is_read() {
    let request = read_default(local(
        "GET",
        "/foo//%62ar?x=%zz&y=/../",
        &[("Accept", "text/html"), ("X_Odd", "1"), ("x.odd", "2")],
    ))
    .unwrap();
    assert_eq!(request.path().as_str(), "/foo/bar");
    assert_eq!(request.query().unwrap().as_ref(), b"x=%zz&y=/../");
    assert_eq!(request.path_and_query().as_ref(), b"/foo/bar?x=%zz&y=/../");
    assert_eq!(request.host().to_string(), "localhost:8080");
    assert_eq!(request.client_ip().to_string(), "192.0.2.7");
    assert!(!request.fields().contains("x_odd") && !request.fields().contains("x.odd"));
    assert_eq!(request.dropped().len(), 2);
}

#[test]
fn hosts_that_are_not_one_plain_host_are_refused() {
    for (head, refusal) in [
        (raw("GET", "/", &[]), Refusal::HostMissing),
        (
            raw("GET", "/", &[("host", "a"), ("Host", "a")]),
            Refusal::HostRepeated,
        ),
        (raw("GET", "/", &[("host", "a@b")]), Refusal::HostMalformed),
        (raw("GET", "/", &[("host", "a/b")]), Refusal::HostMalformed),
        (raw("GET", "/", &[("host", "a b")]), Refusal::HostMalformed),
        (raw("GET", "/", &[("host", "")]), Refusal::HostMalformed),
        (raw("GET", "/", &[("host", "a, b")]), Refusal::HostMalformed),
        (
            raw("GET", "http://b/", &[("host", "a")]),
            Refusal::HostMismatch,
        ),
        (
            raw("GET", "http://a:81/", &[("host", "a")]),
            Refusal::HostMismatch,
        ),
        (
            raw("GET", "http://x@a/", &[("host", "a")]),
            Refusal::HostMalformed,
        ),
        (raw("GET", "http://a/", &[]), Refusal::HostMissing),
        (h2("/", None, &[]), Refusal::HostMissing),
        (h2("/", Some("a"), &[("host", "b")]), Refusal::HostMismatch),
        (h2("/", Some("u@a"), &[]), Refusal::HostMalformed),
    ] {
        let shown = format!("{head:?}");
        assert_eq!(refused(head), Some(refusal), "{shown}");
    }
    assert!(refused(raw("GET", "http://A.example/x", &[("host", "a.example.")])).is_none());
    assert!(refused(h2("/", Some("a"), &[("host", "A")])).is_none());
    assert!(refused(h2("/", None, &[("host", "a")])).is_none());
}

#[test]
fn targets_in_other_forms_are_refused() {
    for (target, refusal) in [
        ("", Refusal::TargetForm),
        ("*", Refusal::TargetForm),
        ("a:443", Refusal::TargetForm),
        ("ftp://localhost:8080/", Refusal::TargetForm),
        ("//x", Refusal::TargetForm),
        ("http://localhost:8080//x", Refusal::TargetForm),
        ("http://localhost:8080\\x", Refusal::TargetForm),
        ("/a#b", Refusal::TargetFragment),
        ("/a?b#c", Refusal::TargetFragment),
        ("/a?b c", Refusal::TargetByte),
        ("/a?\u{e9}", Refusal::TargetByte),
        ("/a?\r\nX: y", Refusal::TargetByte),
        ("/a\x7f", Refusal::TargetByte),
    ] {
        assert_eq!(
            refused(local("GET", target, &[])),
            Some(refusal),
            "{target:?}"
        );
    }
    assert_eq!(
        refused(local("OPTIONS", "*", &[])),
        Some(Refusal::TargetForm)
    );
    assert_eq!(
        refused(h2("http://a/", Some("a"), &[])),
        Some(Refusal::TargetForm)
    );
    let absolute = read_default(local("GET", "HTTP://localhost:8080?q", &[])).unwrap();
    assert_eq!(absolute.path_and_query().as_ref(), b"/?q");
}

#[test]
fn methods_and_versions_are_checked() {
    for (method, status) in [
        ("CONNECT", 405),
        ("TRACE", 405),
        ("TRACK", 405),
        ("get", 400),
        ("G(T", 400),
    ] {
        assert_eq!(
            refused(local(method, "/", &[])).map(Refusal::status),
            Some(status),
            "{method}"
        );
    }
    let unsupported = RawHead {
        version: Version::Unsupported,
        ..local("GET", "/", &[])
    };
    assert_eq!(refused(unsupported).map(Refusal::status), Some(505));
}

#[test]
fn cve_2025_64763_connect_is_refused_outright() {
    assert_eq!(
        refused(raw("CONNECT", "a:443", &[("host", "a:443")])),
        Some(Refusal::MethodRefused)
    );
}

#[test]
fn limits_are_kept() {
    let long = format!("/{}", "a".repeat(8 * 1024));
    assert_eq!(
        refused(local("GET", &long, &[])).map(Refusal::status),
        Some(414)
    );
    let many: Vec<_> = (0..100).map(|_| ("x", "y")).collect();
    assert_eq!(
        refused(local("GET", "/", &many)).map(Refusal::status),
        Some(431)
    );
    assert!(refused(local("GET", "/", &many[1..])).is_none());
    let big = "a".repeat(32 * 1024);
    assert_eq!(
        refused(local("GET", "/", &[("x", &big)])),
        Some(Refusal::HeadTooLarge)
    );
}

#[test]
fn cve_2025_58186_a_mebibyte_of_cookies_is_refused_before_it_is_looked_at() {
    let cookies = "a=b; ".repeat(1 << 18);
    assert_eq!(
        refused(local("GET", "/", &[("cookie", &cookies)])).map(Refusal::status),
        Some(431)
    );
}

#[test]
fn malformed_fields_are_refused() {
    for name in ["", "a b", "a:", "a\0", "\u{e9}", ":path", "a(b"] {
        assert_eq!(
            refused(local("GET", "/", &[(name, "x")])),
            Some(Refusal::FieldName),
            "{name:?}"
        );
    }
    for value in ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\x7f"] {
        assert_eq!(
            refused(local("GET", "/", &[("x", value)])),
            Some(Refusal::FieldValue),
            "{value:?}"
        );
    }
    assert!(refused(local("GET", "/", &[("x", "a\tb \u{e9}")])).is_none());
}

#[test]
fn cve_2025_64527_two_authorization_fields_are_refused() {
    let twice = [("authorization", "Bearer a"), ("Authorization", "Bearer b")];
    assert_eq!(
        refused(local("GET", "/", &twice)).map(Refusal::status),
        Some(400)
    );
}

#[test]
fn cve_2021_32777_repeated_single_fields_are_refused() {
    assert_eq!(SINGLE.iter().count(), 26);
    for name in SINGLE
        .iter()
        .map(Known::name)
        .filter(|name| !matches!(*name, "host" | "expect"))
    {
        let twice = [(name, "x"), (name, "x")];
        assert_eq!(
            refused(local("GET", "/", &twice)),
            Some(Refusal::FieldRepeated),
            "{name}"
        );
    }
    assert!(refused(local("GET", "/", &[("accept", "a"), ("accept", "b")])).is_none());
}

#[test]
fn cookies_are_joined_in_http_2_and_refused_twice_in_http_1() {
    let head = h2(
        "/",
        Some("a"),
        &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")],
    );
    let request = read_default(head).unwrap();
    assert_eq!(
        request.fields().all("cookie").collect::<Vec<_>>(),
        [&Bytes::from("a=1; b=2")]
    );
}

#[test]
fn http_2_has_no_connection_specific_fields() {
    for (name, value) in [
        ("connection", "close"),
        ("keep-alive", "x"),
        ("proxy-connection", "x"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("te", "gzip"),
    ] {
        let refusal = refused(h2("/", Some("a"), &[(name, value)]));
        assert_eq!(refusal, Some(Refusal::FieldConnectionSpecific), "{name}");
    }
    assert!(refused(h2("/", Some("a"), &[("te", "trailers")])).is_none());
}

#[test]
fn cve_2024_24791_only_one_expectation_is_understood() {
    for value in ["", "y 100-continue", "100-continue, x", "200-ok"] {
        let refusal = refused(local("POST", "/", &[("expect", value)]));
        assert_eq!(refusal.map(Refusal::status), Some(417), "{value}");
    }
    let request = read_default(local("POST", "/", &[("Expect", "100-Continue")])).unwrap();
    assert!(request.expects_continue());
    let old = RawHead {
        version: Version::Http10,
        ..local("POST", "/", &[("expect", "100-continue")])
    };
    assert!(!read_default(old).unwrap().expects_continue());
}

const HANDSHAKE: [(&str, &str); 4] = [
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "WebSocket"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-version", "13"),
];

#[test]
fn a_websocket_handshake_is_recognised_and_a_malformed_one_refused() {
    let request = read_default(local("GET", "/", &HANDSHAKE)).unwrap();
    assert_eq!(request.upgrade(), Some(Upgrade::WebSocket));
    assert_eq!(
        refused(local("POST", "/", &HANDSHAKE)),
        Some(Refusal::Upgrade)
    );
    assert_eq!(
        refused(local("GET", "/", &HANDSHAKE[..3])),
        Some(Refusal::Upgrade)
    );
    let mut with_body = HANDSHAKE.to_vec();
    with_body.push(("content-length", "3"));
    assert_eq!(
        refused(local("GET", "/", &with_body)),
        Some(Refusal::Upgrade)
    );
    assert_eq!(
        read_default(local("GET", "/", &HANDSHAKE[1..]))
            .unwrap()
            .upgrade(),
        None
    );
}

#[test]
fn cve_2026_88008_no_other_protocol_is_switched_to() {
    let h2c = [
        ("connection", "Upgrade, HTTP2-Settings"),
        ("upgrade", "h2c"),
        ("http2-settings", "x"),
    ];
    assert_eq!(
        read_default(local("GET", "/", &h2c)).unwrap().upgrade(),
        None
    );
}

#[test]
fn odd_names_can_be_kept_by_a_setting_with_a_warning_name() {
    let policy = ReadPolicy {
        danger_keep_odd_names: true,
        ..ReadPolicy::default()
    };
    let request = read(local("GET", "/", &[("x_y", "1")]), &policy).unwrap();
    assert!(request.fields().contains("x_y") && request.dropped().is_empty());
}

proptest! {
    #[test]
    fn any_head_is_read_without_panic(
        method in "[A-Za-z ]{0,8}",
        target in "[/a-z.%;?#:0-9]{0,30}",
        fields in prop::collection::vec(("[a-zA-Z_.-]{0,20}", "[ -~]{0,20}"), 0..6),
    ) {
        let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let _ = read_default(local(&method, &target, &fields));
    }

    #[test]
    fn what_is_written_again_is_read_as_the_same(target in "/[a-z/.%0-9;]{0,20}(\\?[ -\"$-~]{0,10})?") {
        if let Ok(request) = read_default(local("GET", &target, &[])) {
            let written = String::from_utf8(request.path_and_query().to_vec()).unwrap();
            let again = read_default(local("GET", &written, &[])).unwrap();
            prop_assert_eq!(request.path(), again.path());
            prop_assert_eq!(request.query(), again.query());
        }
    }
}

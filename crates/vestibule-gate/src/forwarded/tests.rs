use super::*;
use crate::fixture::{raw, read_default};
use crate::request::{ReadPolicy, Request, read};

fn policy(family: ForwardedFamily) -> ReadPolicy {
    ReadPolicy {
        trusted_proxies: vec![
            "192.0.2.0/24".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ],
        forwarded_family: family,
        forwarded_host: true,
        ..ReadPolicy::default()
    }
}

fn trusting(fields: &[(&str, &str)]) -> Result<Request, Refusal> {
    let mut all = vec![("host", "inner")];
    all.extend_from_slice(fields);
    read(raw("GET", "/", &all), &policy(ForwardedFamily::XForwarded))
}

fn trusting_7239(value: &str) -> Result<Request, Refusal> {
    let head = raw("GET", "/", &[("host", "inner"), ("forwarded", value)]);
    read(head, &policy(ForwardedFamily::Rfc7239))
}

fn hops(request: &Request) -> Vec<String> {
    request.hops().map(|hop| hop.to_string()).collect()
}

const FORGED: [(&str, &str); 8] = [
    ("x-forwarded-for", "10.0.0.1"),
    ("x-forwarded-host", "evil.test"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-uri", "/public"),
    ("x-forwarded-prefix", "/x"),
    ("x-real-ip", "10.0.0.1"),
    ("x-original-url", "/public"),
    ("forwarded", "for=10.0.0.1;host=evil.test;proto=https"),
];

/// oauth2-proxy #3506: an empty list of trusted proxies meant everybody. CVE-2023-36456: anybody could
/// say which address they came from.
#[test]
fn oauth2_proxy_3506_nobody_is_trusted_by_default() {
    for (name, value) in FORGED {
        let plain = read_default(raw("GET", "/", &[("host", "inner")])).unwrap();
        let forged = read_default(raw("GET", "/", &[("host", "inner"), (name, value)])).unwrap();
        assert!(forged.hops().eq(plain.hops()), "{name}");
        assert_eq!(forged.host(), plain.host(), "{name}");
        assert_eq!(forged.scheme(), plain.scheme(), "{name}");
        assert_eq!(forged.path(), plain.path(), "{name}");
    }
}

#[test]
fn cve_2024_45806_private_networks_are_not_trusted_unless_listed() {
    for peer in [
        "10.1.2.3:1",
        "127.0.0.1:1",
        "[::1]:1",
        "172.16.0.1:1",
        "192.168.0.1:1",
    ] {
        let mut head = raw(
            "GET",
            "/",
            &[("host", "inner"), ("x-forwarded-for", "1.2.3.4")],
        );
        head.peer = peer.parse().unwrap();
        let request = read(head.clone(), &ReadPolicy::default()).unwrap();
        assert_eq!(request.client_ip(), head.peer.ip());
    }
}

#[test]
fn oauth2_proxy_3478_the_client_is_found_from_the_right() {
    for (value, expected) in [
        ("198.51.100.9", vec!["198.51.100.9", "192.0.2.7"]),
        ("6.6.6.6, 198.51.100.9", vec!["198.51.100.9", "192.0.2.7"]),
        (
            "6.6.6.6, 198.51.100.9, 192.0.2.8",
            vec!["198.51.100.9", "192.0.2.8", "192.0.2.7"],
        ),
        (
            "192.0.2.9,192.0.2.8",
            vec!["192.0.2.9", "192.0.2.8", "192.0.2.7"],
        ),
        ("6.6.6.6, junk, 192.0.2.8", vec!["192.0.2.8", "192.0.2.7"]),
        ("unknown", vec!["192.0.2.7"]),
        ("", vec!["192.0.2.7"]),
        ("198.51.100.9:4711", vec!["198.51.100.9", "192.0.2.7"]),
        ("[2001:db9::1]:4711", vec!["2001:db9::1", "192.0.2.7"]),
        ("::ffff:198.51.100.9", vec!["198.51.100.9", "192.0.2.7"]),
    ] {
        let request = trusting(&[("x-forwarded-for", value)]).unwrap();
        assert_eq!(hops(&request), expected, "{value}");
    }
}

#[test]
fn several_fields_of_one_name_are_one_list() {
    let request = trusting(&[
        ("x-forwarded-for", "6.6.6.6, 198.51.100.9"),
        ("x-forwarded-for", "192.0.2.8"),
    ])
    .unwrap();
    assert_eq!(hops(&request), ["198.51.100.9", "192.0.2.8", "192.0.2.7"]);
}

#[test]
fn host_and_scheme_come_from_the_outermost_trusted_proxy() {
    let request = trusting(&[
        ("x-forwarded-for", "6.6.6.6, 198.51.100.9, 192.0.2.8"),
        ("x-forwarded-host", "evil.test, Portal.Example.com, inner"),
        ("x-forwarded-proto", "https, http"),
    ])
    .unwrap();
    assert_eq!(request.host().to_string(), "portal.example.com");
    assert_eq!(request.scheme(), Scheme::Https);
    let request = trusting(&[
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "a:8443"),
    ])
    .unwrap();
    assert_eq!(
        (request.scheme(), request.host().to_string()),
        (Scheme::Https, "a:8443".to_owned())
    );
}

#[test]
fn unreadable_words_of_a_trusted_proxy_are_refused() {
    for field in [
        ("x-forwarded-proto", "gopher"),
        ("x-forwarded-host", "a@b"),
        ("x-forwarded-host", "a/b"),
    ] {
        assert_eq!(
            trusting(&[field]).err(),
            Some(Refusal::Forwarded),
            "{field:?}"
        );
    }
}

#[test]
fn the_family_the_proxies_do_not_write_is_ignored() {
    let forged = [("forwarded", "for=6.6.6.6;host=evil.test")];
    let request = trusting(&forged).unwrap();
    assert_eq!(
        (hops(&request), request.host().to_string()),
        (vec!["192.0.2.7".to_owned()], "inner".to_owned())
    );
    let head = raw(
        "GET",
        "/",
        &[("host", "inner"), ("x-forwarded-for", "6.6.6.6")],
    );
    let request = read(head, &policy(ForwardedFamily::Rfc7239)).unwrap();
    assert_eq!(hops(&request), ["192.0.2.7"]);
}

#[test]
fn rfc_7239_is_read_from_the_right() {
    for (value, expected_hops, host, scheme) in [
        (
            "for=198.51.100.9",
            vec!["198.51.100.9", "192.0.2.7"],
            "inner",
            Scheme::Http,
        ),
        (
            "for=6.6.6.6;host=evil.test, For=\"198.51.100.9:80\";Host=\"a.test:8443\";PROTO=https, for=192.0.2.8;proto=http",
            vec!["198.51.100.9", "192.0.2.8", "192.0.2.7"],
            "a.test:8443",
            Scheme::Https,
        ),
        (
            "for=\"[2001:db9::1]:99\"; proto=https",
            vec!["2001:db9::1", "192.0.2.7"],
            "inner",
            Scheme::Https,
        ),
        (
            "for=_hidden;proto=https",
            vec!["192.0.2.7"],
            "inner",
            Scheme::Https,
        ),
        (
            "=,;\"\", for=198.51.100.9",
            vec!["198.51.100.9", "192.0.2.7"],
            "inner",
            Scheme::Http,
        ),
        (
            "for=198.51.100.9;ext=\"a,b;c\\\"\"",
            vec!["198.51.100.9", "192.0.2.7"],
            "inner",
            Scheme::Http,
        ),
    ] {
        let request = trusting_7239(value).unwrap();
        assert_eq!(hops(&request), expected_hops, "{value}");
        assert_eq!(request.host().to_string(), host, "{value}");
        assert_eq!(request.scheme(), scheme, "{value}");
    }
    for value in [
        "for=1.2.3.4;for=5.6.7.8",
        "for",
        "host=a@b",
        "proto=x",
        "for=\"1.2.3.4",
        "for=1.2.3.4\"",
    ] {
        assert_eq!(
            trusting_7239(value).err(),
            Some(Refusal::Forwarded),
            "{value}"
        );
    }
}

/// A proxy that passes the client's own field on would let the client choose between our sites.
#[test]
fn the_host_is_what_host_says_unless_a_setting_says_otherwise() {
    for family in [ForwardedFamily::XForwarded, ForwardedFamily::Rfc7239] {
        let careful = ReadPolicy {
            forwarded_host: false,
            ..policy(family)
        };
        let fields = [
            ("host", "inner"),
            ("x-forwarded-host", "other.test"),
            ("forwarded", "for=198.51.100.9;host=other.test"),
        ];
        let request = read(raw("GET", "/", &fields), &careful).unwrap();
        assert_eq!(request.host().to_string(), "inner");
    }
}

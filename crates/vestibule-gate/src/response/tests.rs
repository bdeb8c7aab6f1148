use super::*;
use crate::fixture::{gate, request, route};
use crate::path::PathPrefix;
use crate::route::{Place, Route};

fn with_matched(route: Route, test: impl FnOnce(&Matched<'_>)) {
    let target = route.prefix.as_str().to_owned();
    let gate = gate(vec![route]);
    let examined = gate.examine(&request("GET", &target, &[]));
    let Ok(Place::Route(matched)) = examined.place() else {
        panic!()
    };
    test(matched);
}

fn upstream() -> UpstreamOrigin {
    UpstreamOrigin {
        scheme: Scheme::Http,
        host: HostName::parse(b"api.internal.test").unwrap(),
        port: 1234,
    }
}

fn check_location(route: Route, cases: &[(&str, &str)]) {
    with_matched(route, |matched| {
        for (value, expected) in cases {
            let translated = location(value.as_bytes(), matched, &upstream());
            let translated =
                translated.map_or((*value).to_owned(), |v| String::from_utf8(v).unwrap());
            assert_eq!(translated, *expected, "{value}");
        }
    });
}

#[test]
fn redirects_of_the_upstream_come_back_through_the_route() {
    check_location(
        route("/foo"),
        &[
            (
                "http://api.internal.test:1234/bar?x#y",
                "http://localhost:8080/foo/bar?x#y",
            ),
            (
                "HTTP://API.internal.TEST.:1234/bar",
                "http://localhost:8080/foo/bar",
            ),
            (
                "http://api.internal.test:1234",
                "http://localhost:8080/foo/",
            ),
            (
                "http://api.internal.test:1234?x",
                "http://localhost:8080/foo/?x",
            ),
            (
                "//api.internal.test:1234/bar",
                "http://localhost:8080/foo/bar",
            ),
            ("/bar", "/foo/bar"),
            ("/", "/foo/"),
            ("/bar?next=/x", "/foo/bar?next=/x"),
            ("bar", "bar"),
            ("?x", "?x"),
            ("", ""),
            (
                "http://api.internal.test/bar",
                "http://api.internal.test/bar",
            ),
            (
                "https://api.internal.test:1234/bar",
                "https://api.internal.test:1234/bar",
            ),
            (
                "http://user@api.internal.test:1234/",
                "http://user@api.internal.test:1234/",
            ),
            (
                "https://login.example/authorize?u=http://api.internal.test:1234/",
                "https://login.example/authorize?u=http://api.internal.test:1234/",
            ),
            ("//login.example/", "//login.example/"),
            ("mailto:a@b", "mailto:a@b"),
            (
                "http://localhost:8080/foo/bar",
                "http://localhost:8080/foo/bar",
            ),
        ],
    );
    let base = PathPrefix::parse("/app").unwrap();
    check_location(
        Route {
            upstream_base: base.clone(),
            ..route("/foo")
        },
        &[
            ("/app/bar", "/foo/bar"),
            ("/app", "/foo"),
            ("/apple", "/apple"),
            ("/other", "/other"),
            (
                "http://api.internal.test:1234/app/x",
                "http://localhost:8080/foo/x",
            ),
            (
                "http://api.internal.test:1234/other",
                "http://api.internal.test:1234/other",
            ),
        ],
    );
    check_location(
        Route {
            upstream_base: base,
            ..route("/")
        },
        &[("/app/bar", "/bar"), ("/app", "/"), ("/app?x", "/?x")],
    );
    check_location(
        Route {
            keep_prefix: true,
            ..route("/foo")
        },
        &[
            ("/foo/bar", "/foo/bar"),
            (
                "http://api.internal.test:1234/foo/x",
                "http://localhost:8080/foo/x",
            ),
        ],
    );
}

fn check_cookie(route: Route, cases: &[(&str, &str)]) {
    with_matched(route, |matched| {
        for (value, expected) in cases {
            let translated = set_cookie(value.as_bytes(), matched, &upstream());
            let translated =
                translated.map_or((*value).to_owned(), |v| String::from_utf8(v).unwrap());
            assert_eq!(translated, *expected, "{value}");
        }
    });
}

#[test]
fn cookies_of_the_upstream_get_the_prefix_and_lose_its_host() {
    check_cookie(
        route("/foo"),
        &[
            ("a=b", "a=b"),
            ("a=b; Path=/", "a=b; Path=/foo"),
            ("a=b;path=/x/;Secure", "a=b; Path=/foo/x/;Secure"),
            ("a=b; Path=relative", "a=b; Path=relative"),
            ("a=b; Path=", "a=b; Path="),
            ("a=b; Domain=api.internal.test; HttpOnly", "a=b; HttpOnly"),
            ("a=b; domain=.Internal.TEST", "a=b"),
            ("a=b; Domain=other.test", "a=b; Domain=other.test"),
            ("a=b; Domain=localhost", "a=b; Domain=localhost"),
            ("a=\"Path=/\"; Path=/", "a=\"Path=/\"; Path=/foo"),
            ("__Host-a=b; Path=/; Secure", "__Host-a=b; Path=/; Secure"),
            ("", ""),
            (";;", ";;"),
        ],
    );
    let base = PathPrefix::parse("/app").unwrap();
    check_cookie(
        Route {
            upstream_base: base.clone(),
            ..route("/foo")
        },
        &[
            ("a=b; Path=/app", "a=b; Path=/foo"),
            ("a=b; Path=/app/x", "a=b; Path=/foo/x"),
            ("a=b; Path=/", "a=b; Path=/foo"),
            ("a=b; Path=/other", "a=b; Path=/other"),
            ("a=b; Path=/ap", "a=b; Path=/ap"),
        ],
    );
    check_cookie(
        Route {
            upstream_base: base,
            ..route("/")
        },
        &[
            ("a=b; Path=/app", "a=b; Path=/"),
            ("a=b; Path=/app/x", "a=b; Path=/x"),
        ],
    );
    check_cookie(
        route("/"),
        &[
            ("a=b; Path=/", "a=b; Path=/"),
            ("a=b; Path=/x", "a=b; Path=/x"),
        ],
    );
    check_cookie(
        Route {
            keep_prefix: true,
            ..route("/foo")
        },
        &[("a=b; Path=/foo", "a=b; Path=/foo")],
    );
}

#[test]
fn what_belongs_to_one_connection_and_cookies_in_our_name_stay_behind() {
    let mut fields = Fields::new();
    for (name, value) in [
        ("Connection", "X-Hop, close"),
        ("X-Hop", "1"),
        ("Keep-Alive", "x"),
        ("Transfer-Encoding", "chunked"),
        ("Trailer", "x"),
        ("Upgrade", "h2c"),
        ("Proxy-Authenticate", "Basic"),
        ("Alt-Svc", "h3=\":443\""),
        ("Set-Cookie", "vestibule-8080=x; Path=/"),
        ("Set-Cookie", "__Host-vestibule=x; Path=/; Secure"),
        ("Set-Cookie", "app=1"),
        ("Content-Type", "text/html"),
    ] {
        fields.push(name, value);
    }
    clean(&mut fields);
    let left: Vec<_> = fields.iter().map(|field| field.name).collect();
    assert_eq!(left, [&b"Set-Cookie"[..], b"Content-Type"]);
    assert_eq!(fields.first("set-cookie").unwrap(), b"app=1");
}

#[test]
fn an_answer_is_translated_as_a_whole() {
    with_matched(route("/foo"), |matched| {
        let mut fields = Fields::new();
        fields.push("location", "/x");
        fields.push("Content-Location", "/y");
        fields.push("set-cookie", "a=b; Path=/");
        fields.push("x-other", "/x");
        translate(&mut fields, matched, &upstream());
        let values: Vec<_> = fields.iter().map(|field| field.value).collect();
        assert_eq!(
            values,
            [&b"/foo/x"[..], b"/foo/y", b"a=b; Path=/foo", b"/x"]
        );
    });
}

use super::*;
use crate::fixture::{request, route, site};

const UPGRADE: [(&str, &str); 4] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-version", "13"),
];

fn open_route() -> Route {
    Route {
        allowed_origins: vec!["https://app.example".to_owned(), "null".to_owned()],
        ..route("/")
    }
}

fn check(method: &str, fields: &[(&str, &str)], expected: Result<(), CrossOrigin>) {
    let request = request(method, "/", fields);
    assert_eq!(
        check_same_origin(&request, &site(), &open_route()),
        expected,
        "{method} {fields:?}"
    );
}

#[test]
fn unsafe_methods_need_proof_of_the_same_origin() {
    use CrossOrigin::{NoProof, OriginNotAllowed, SiteNotSame};
    let own = ("origin", "http://localhost:8080");
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
        check(method, &[], Err(NoProof));
        check(method, &[own], Ok(()));
        check(method, &[own, ("sec-fetch-site", "same-origin")], Ok(()));
        check(method, &[("sec-fetch-site", "same-origin")], Ok(()));
        let hidden = ("origin", "null");
        check(method, &[hidden, ("sec-fetch-site", "same-origin")], Ok(()));
        check(
            method,
            &[hidden, ("sec-fetch-site", "cross-site")],
            Err(OriginNotAllowed),
        );
        check(
            method,
            &[hidden, ("sec-fetch-site", "none")],
            Err(OriginNotAllowed),
        );
        check(method, &[("sec-fetch-site", "none")], Ok(()));
        check(
            method,
            &[("sec-fetch-site", "cross-site")],
            Err(SiteNotSame),
        );
        check(method, &[("sec-fetch-site", "same-site")], Err(SiteNotSame));
        check(
            method,
            &[("sec-fetch-site", "Same-Origin")],
            Err(SiteNotSame),
        );
        check(
            method,
            &[own, ("sec-fetch-site", "cross-site")],
            Err(SiteNotSame),
        );
        check(
            method,
            &[
                ("origin", "https://app.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            Ok(()),
        );
        for origin in [
            "null",
            "https://evil.test",
            "http://localhost",
            "https://localhost:8080",
            "http://localhost:8080.evil.test",
            "",
        ] {
            check(method, &[("origin", origin)], Err(OriginNotAllowed));
            if origin == "null" {
                continue;
            }
            check(
                method,
                &[("origin", origin), ("sec-fetch-site", "same-origin")],
                Err(OriginNotAllowed),
            );
        }
    }
}

#[test]
fn safe_methods_need_no_proof() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        check(
            method,
            &[
                ("origin", "https://evil.test"),
                ("sec-fetch-site", "cross-site"),
            ],
            Ok(()),
        );
    }
}

#[test]
fn websockets_need_proof_of_the_same_origin() {
    check("GET", &UPGRADE, Err(CrossOrigin::NoProof));
    let mut forged = UPGRADE.to_vec();
    forged.push(("origin", "https://evil.test"));
    check("GET", &forged, Err(CrossOrigin::OriginNotAllowed));
    let mut own = UPGRADE.to_vec();
    own.push(("origin", "http://localhost:8080"));
    check("GET", &own, Ok(()));
}

#[test]
fn the_rule_can_be_switched_off_for_a_route() {
    let route = Route {
        danger_any_origin: true,
        ..route("/")
    };
    assert_eq!(
        check_same_origin(&request("POST", "/", &[]), &site(), &route),
        Ok(())
    );
}

#[test]
fn scripts_of_allowed_origins_may_read_our_answers() {
    let of = |origin: &str| Cors::of(&request("GET", "/", &[("origin", origin)]), &open_route());
    let fields = of("https://app.example").unwrap().fields();
    assert_eq!(
        fields.first("access-control-allow-origin").unwrap(),
        b"https://app.example"
    );
    assert_eq!(
        fields.first("access-control-allow-credentials").unwrap(),
        b"true"
    );
    assert_eq!(fields.first("vary").unwrap(), b"Origin");
    for origin in [
        "https://evil.test",
        "null",
        "https://app.example.evil.test",
        "https://APP.example",
        "",
    ] {
        assert_eq!(of(origin), None, "{origin}");
    }
}

#[test]
fn a_preflight_is_one_only_with_all_its_fields() {
    let preflight = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-one,x-two"),
    ];
    let fields = Cors::of_preflight(&request("OPTIONS", "/", &preflight), &open_route())
        .unwrap()
        .fields();
    assert_eq!(
        fields.first("access-control-allow-methods").unwrap(),
        b"PUT"
    );
    assert_eq!(
        fields.first("access-control-allow-headers").unwrap(),
        b"x-one,x-two"
    );
    assert!(Cors::of_preflight(&request("OPTIONS", "/", &preflight[..1]), &open_route()).is_none());
    assert!(Cors::of_preflight(&request("OPTIONS", "/", &preflight[1..]), &open_route()).is_none());
    assert!(Cors::of_preflight(&request("GET", "/", &preflight), &open_route()).is_none());
    assert!(Cors::of_preflight(&request("OPTIONS", "/", &preflight), &route("/")).is_none());
}

#[test]
fn an_upstreams_own_leave_is_not_touched() {
    let cors = Cors::of(
        &request("GET", "/", &[("origin", "https://app.example")]),
        &open_route(),
    )
    .unwrap();
    let mut own = Fields::new();
    own.push("Access-Control-Allow-Origin", "*");
    let before = own.clone();
    cors.complete(&mut own);
    assert_eq!(own, before);
    let mut none = Fields::new();
    cors.complete(&mut none);
    assert_eq!(
        none.first("access-control-allow-origin").unwrap(),
        b"https://app.example"
    );
}

#[test]
fn scripts_of_allowed_origins_may_read_why_they_are_turned_away() {
    let request = request("GET", "/", &[("origin", "https://app.example")]);
    let cors = Cors::of(&request, &open_route()).unwrap();
    for (challenged, own, expected) in [
        (true, None, Some("WWW-Authenticate")),
        (true, Some("X-Total"), Some("X-Total")),
        (false, None, None),
    ] {
        let mut fields = Fields::new();
        if challenged {
            fields.push("WWW-Authenticate", "Vestibule error=\"no_session\"");
        }
        if let Some(own) = own {
            fields.push("Access-Control-Expose-Headers", own);
        }
        cors.complete(&mut fields);
        let exposed: Vec<_> = fields.all("access-control-expose-headers").collect();
        assert_eq!(exposed, Vec::from_iter(expected.map(str::as_bytes)));
    }
}

#[test]
fn an_unsafe_method_needs_the_header_that_the_route_asks_for() {
    let route = Route {
        anti_forgery_header: Some("X-CSRF".into()),
        // It is asked for whatever else the route allows.
        danger_any_origin: true,
        ..route("/")
    };
    let missing = Err(CrossOrigin::HeaderMissing);
    let check = |method: &str, fields: &[(&str, &str)], expected| {
        let found = check_anti_forgery(&request(method, "/", fields), &route);
        assert_eq!(found, expected, "{method} {fields:?}");
    };
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        check(method, &[], missing);
        check(method, &[("x-csrf", "")], missing);
        check(method, &[("x-csrf-token", "1")], missing);
        check(method, &[("sec-fetch-site", "same-origin")], missing);
        check(method, &[("x-csrf", "1")], Ok(()));
        check(method, &[("X-Csrf", "1")], Ok(()));
    }
    for method in ["GET", "HEAD", "OPTIONS"] {
        check(method, &[], Ok(()));
    }
    check("GET", &UPGRADE, Ok(()));
}

use super::*;
use crate::fixture::{
    decide, gate, local, public, raw, read_default, request, route, session, site,
};
use crate::{Gate, GateError, GateSettings};
use vestibule_session::lifetime::Lifetimes;

fn found(gate: &Gate, request: &Request) -> Result<Option<(String, String)>, Refusal> {
    Ok(match gate.examine(request).place()? {
        Place::Route(matched) => Some((
            matched.route().name.to_string(),
            matched.upstream_path().to_string(),
        )),
        Place::Own(_) => Some(("own".to_owned(), String::new())),
        Place::Nowhere(_) => None,
    })
}

fn check(gate: &Gate, target: &str, expected: Option<(&str, &str)>) {
    let found = found(gate, &request("GET", target, &[])).unwrap();
    let found = found
        .as_ref()
        .map(|(name, path)| (name.as_str(), path.as_str()));
    assert_eq!(found, expected, "{target}");
}

#[test]
fn the_longest_prefix_wins_and_is_removed() {
    let gate = gate(vec![route("/"), route("/foo"), route("/foo/bar")]);
    check(&gate, "/", Some(("/", "/")));
    check(&gate, "/foobar", Some(("/", "/foobar")));
    check(&gate, "/foo", Some(("/foo", "/")));
    check(&gate, "/foo/", Some(("/foo", "/")));
    check(&gate, "/foo/x?y", Some(("/foo", "/x")));
    check(&gate, "/foo/bar/x", Some(("/foo/bar", "/x")));
    check(&gate, "/x/../foo/./bar", Some(("/foo/bar", "/")));
    check(&gate, "/%66oo/x", Some(("/foo", "/x")));
}

#[test]
fn no_route_is_no_route() {
    let gate = gate(vec![route("/foo")]);
    check(&gate, "/", None);
    check(&gate, "/foobar", None);
}

#[test]
fn what_a_route_leaves_out_is_nobodys_and_no_shorter_route_takes_it() {
    let except = ["/foo/own", "/foo/b/c"].map(|path| PathPrefix::parse(path).unwrap());
    let gate = gate(vec![
        public("/"),
        Route {
            except: except.to_vec(),
            ..route("/foo")
        },
        route("/foo/own/api"),
    ]);
    check(&gate, "/foo/x", Some(("/foo", "/x")));
    check(&gate, "/foo/owner", Some(("/foo", "/owner")));
    check(&gate, "/foo/b", Some(("/foo", "/b")));
    check(&gate, "/foo/own", None);
    check(&gate, "/foo/own/x", None);
    check(&gate, "/foo/%6fwn/x", None);
    check(&gate, "/foo/x/../own", None);
    check(&gate, "/foo/b/c/d", None);
    check(&gate, "/foo/own/api/x", Some(("/foo/own/api", "/x")));
    let cut = found(&gate, &request("GET", "/foo/own;v=1/x", &[]));
    assert_eq!(cut.unwrap_err(), Refusal::RouteAmbiguous);
}

#[test]
fn the_prefix_stays_where_asked_and_the_upstreams_own_path_comes_first() {
    let base = PathPrefix::parse("/app/v1/").unwrap();
    let gate = gate(vec![
        Route {
            keep_prefix: true,
            ..route("/keep")
        },
        Route {
            upstream_base: base.clone(),
            ..route("/foo")
        },
        Route {
            upstream_base: base,
            keep_prefix: true,
            ..route("/both")
        },
    ]);
    check(&gate, "/keep/x", Some(("/keep", "/keep/x")));
    check(&gate, "/foo/x", Some(("/foo", "/app/v1/x")));
    check(&gate, "/foo", Some(("/foo", "/app/v1")));
    check(&gate, "/foo/", Some(("/foo", "/app/v1/")));
    check(&gate, "/both/x", Some(("/both", "/app/v1/both/x")));
}

#[test]
fn people_without_a_page_go_where_the_app_of_their_site_begins() {
    let here = site();
    for (routes, home) in [
        (vec![route("/foo"), public("/")], "/"),
        (
            vec![public("/health"), route("/orders"), route("/foo")],
            "/orders/",
        ),
        (vec![public("/health")], "/"),
    ] {
        assert_eq!(gate(routes).home(&here).as_str(), home);
    }
}

#[test]
fn a_site_begins_with_its_own_routes() {
    let sites = ["a.example.com", "b.example.com"].map(|host| Site::https(host, 443).unwrap());
    let of_b = Route {
        host: Some(Host::parse(b"b.example.com").unwrap()),
        ..route("/b")
    };
    let hour = std::time::Duration::from_secs(3600);
    let gate = Gate::new(GateSettings {
        sites: sites.to_vec(),
        routes: vec![of_b, route("/foo")],
        lifetimes: Lifetimes::new(hour, hour).unwrap(),
    })
    .unwrap();
    assert_eq!(
        sites.map(|site| gate.home(&site).as_str().to_owned()),
        ["/foo/", "/b/"]
    );
}

#[test]
fn a_route_for_the_host_comes_before_one_for_any() {
    let sites = vec![
        Site::https("a.example.com", 443).unwrap(),
        Site::https("b.example.com", 443).unwrap(),
        Site::https("b.example.com", 8443).unwrap(),
    ];
    let host = |name: &str| Some(Host::parse(name.as_bytes()).unwrap());
    let named = |name: &str, host: Option<Host>, prefix: &str| Route {
        name: name.into(),
        host,
        ..route(prefix)
    };
    let routes = vec![
        named("any-long", None, "/foo/bar"),
        named("b-root", host("b.example.com"), "/"),
        named("b-port", host("b.example.com:8443"), "/"),
        named("any", None, "/"),
    ];
    let lifetimes = Lifetimes::new(
        std::time::Duration::from_secs(60),
        std::time::Duration::from_secs(60),
    )
    .unwrap();
    let gate = Gate::new(GateSettings {
        sites,
        routes,
        lifetimes,
    })
    .unwrap();
    for (host, expected) in [
        ("a.example.com", "any-long"),
        ("B.example.com", "b-root"),
        ("b.example.com.:443", "b-root"),
        ("b.example.com:8443", "b-port"),
    ] {
        let request = read_default(raw("GET", "/foo/bar/x", &[("host", host)])).unwrap();
        assert_eq!(
            found(&gate, &request).unwrap().unwrap().0,
            expected,
            "{host}"
        );
    }
    let other = read_default(raw("GET", "/", &[("host", "c.example.com")])).unwrap();
    assert_eq!(found(&gate, &other), Err(Refusal::HostUnknown));
}

#[test]
fn routes_that_cannot_be_told_apart_are_an_error() {
    let error = |routes| RouteTable::new(routes).unwrap_err();
    for (one, other) in [("/foo", "/foo/"), ("/a:b", "/a%3Ab"), ("/", "/")] {
        let routes = vec![route(one), route(other)];
        assert!(
            matches!(error(routes), RouteTableError::Duplicate { .. }),
            "{one} {other}"
        );
    }
    for prefix in ["/.vestibule", "/.vestibule/x"] {
        assert!(matches!(
            error(vec![route(prefix)]),
            RouteTableError::Reserved { .. }
        ));
    }
    let unknown = Route {
        host: Some(Host::parse(b"other.example").unwrap()),
        ..route("/")
    };
    let lifetimes = Lifetimes::new(
        std::time::Duration::from_secs(60),
        std::time::Duration::from_secs(60),
    )
    .unwrap();
    let made = Gate::new(GateSettings {
        sites: vec![site()],
        routes: vec![unknown],
        lifetimes,
    });
    assert!(matches!(made.unwrap_err(), GateError::UnknownHost { .. }));
}

#[test]
fn our_own_endpoints_are_no_routes() {
    let gate = gate(vec![public("/")]);
    for target in [
        "/.vestibule",
        "/.vestibule/me",
        "/x/../.vestibule/me",
        "/%2evestibule/me",
    ] {
        check(&gate, target, Some(("own", "")));
    }
    check(&gate, "/.vestibules", Some(("/", "/.vestibules")));
}

#[test]
fn path_parameters_do_not_move_a_request_to_another_route() {
    let gate = gate(vec![public("/"), route("/admin")]);
    for target in [
        "/admin;x/y",
        "/admin;x",
        "/;x/admin",
        "/admin%3bx/y",
        "/;/admin",
        "/.vestibule;x/me",
    ] {
        let refusal = found(&gate, &request("GET", target, &[]));
        assert_eq!(refusal, Err(Refusal::RouteAmbiguous), "{target}");
    }
    check(&gate, "/admin/a;x=1/y", Some(("/admin", "/a;x=1/y")));
    check(&gate, "/shop/item;v=1", Some(("/", "/shop/item;v=1")));
}

/// The advisories of one family: the path that was judged was not the path that was sent on. Every
/// spelling of a protected path is either protected or refused.
#[test]
fn path_advisories_no_spelling_of_a_protected_path_is_public() {
    let gate = gate(vec![public("/public"), public("/"), route("/admin")]);
    let (starts, separators, tails) = (
        [
            "/",
            "/public/../",
            "/public/%2e%2e/",
            "/x/..%2f",
            "/public/..;/",
            "/public/;/../",
            "/./",
            "/.//",
            "//",
            "/public/..%5c",
            "/public/..\\",
            "/%2f",
            "/%252e%252e/",
            "/public/.%2e/",
            "/;/",
            "/%61%64/../",
        ],
        ["admin", "%61dmin", "adm%69n", "admin;x", "admin%3b"],
        [
            "",
            "/",
            "/x",
            "/x%2fy",
            "//x",
            "/?x=/public",
            "#/public",
            "/%23/public",
            ";/public",
        ],
    );
    for start in starts {
        for name in separators {
            for tail in tails {
                let target = format!("{start}{name}{tail}");
                let Ok(request) = read_default(local("GET", &target, &[])) else {
                    continue;
                };
                let (decision, _) = decide(&gate, &request, session());
                assert!(
                    !matches!(decision, crate::decision::Decision::Forward(_)),
                    "{target}"
                );
            }
        }
    }
}

#[test]
fn cve_2025_54576_the_query_decides_nothing() {
    let gate = gate(vec![public("/status"), route("/api")]);
    for target in [
        "/api/private?x=/status",
        "/api?/../status",
        "/api/x?y=//status#",
    ] {
        let Ok(request) = read_default(local("GET", target, &[])) else {
            continue;
        };
        assert_eq!(
            decide(&gate, &request, session()).0.status(),
            Some(401),
            "{target}"
        );
    }
}

#[test]
fn cve_2026_40575_a_forwarded_path_of_a_stranger_changes_nothing() {
    let gate = gate(vec![public("/public"), route("/api")]);
    let forged = [
        ("x-forwarded-uri", "/public"),
        ("x-original-url", "/public"),
        ("x-rewrite-url", "/public"),
    ];
    let request = request("GET", "/api/x", &forged);
    assert_eq!(decide(&gate, &request, session()).0.status(), Some(401));
}

#[test]
fn cve_2023_33189_the_upstream_comes_from_the_same_match_as_the_rules() {
    let gate = gate(vec![
        public("/"),
        Route {
            upstream: UpstreamId(7),
            ..route("/admin")
        },
    ]);
    let place = gate.examine(&request("GET", "/a/../admin/x", &[]));
    let Ok(Place::Route(matched)) = place.place() else {
        panic!()
    };
    assert_eq!(matched.route().upstream, UpstreamId(7));
    assert!(!matched.route().is_public());
}

#[test]
fn cve_2026_34457_a_user_agent_opens_nothing() {
    let gate = gate(vec![route("/")]);
    for agent in ["kube-probe/1.30", "GoogleHC/1.0", "ELB-HealthChecker/2.0"] {
        let request = request("GET", "/anything", &[("user-agent", agent)]);
        assert_eq!(
            decide(&gate, &request, session()).0.status(),
            Some(401),
            "{agent}"
        );
    }
}

/// CVE-2026-40912, and CVE-2025-66490, CVE-2025-32431, CVE-2025-47952, CVE-2026-48020, CVE-2026-65600
/// and CVE-2026-67309 before and after it: what was left after a rewrite meant another place than the
/// one that was decided on.
#[test]
fn cve_2026_40912_a_rewrite_leaves_nothing_to_resolve() {
    let gate = gate(vec![
        route("/foo"),
        Route {
            upstream_base: PathPrefix::parse("/app").unwrap(),
            ..route("/based")
        },
        public("/public"),
    ]);
    check(&gate, "/foo/../public/x", Some(("/public", "/x")));
    check(&gate, "/foo/%2e%2e/public/x", Some(("/public", "/x")));
    check(&gate, "/public/../foo/x", Some(("/foo", "/x")));
    check(&gate, "/foo//evil.test", Some(("/foo", "/evil.test")));
    check(&gate, "/foo/.//evil.test", Some(("/foo", "/evil.test")));
    check(&gate, "/based/a/../b", Some(("/based", "/app/b")));
    check(&gate, "/based/../../secret", None);
    check(&gate, "/foo/x/../../..", None);
    for target in [
        "/foo/..%2fpublic/x",
        "/foo/%2e%2e%2fpublic",
        "/based/..%5csecret",
        "/foo%2f../public",
        "/foo/..;/public",
        "/foo/%252e%252e/public",
    ] {
        assert!(read_default(local("GET", target, &[])).is_err(), "{target}");
    }
}

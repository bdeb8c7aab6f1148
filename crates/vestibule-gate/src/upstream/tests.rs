use super::*;
use crate::Gate;
use crate::authorize::authorize_public;
use crate::claims::ClaimPath;
use crate::decision::Decision;
use crate::evidence::Evidence;
use crate::fields::fold;
use crate::fixture::{
    cookie, decide, gate, line, local, person, public, request, route, session, stored,
};
use crate::headers::{
    HeaderName, HeaderPlan, ModAuthOpenidc, Oauth2Proxy, OwnHeader, Preset, Source,
};
use crate::path::PathPrefix;
use crate::request::{ReadPolicy, read};
use crate::route::Place;
use crate::rule::Rule;
use crate::user::UserForm;
use proptest::prelude::*;

/// A route with each preset, with own names, with the bearer, and a public one.
fn all_kinds() -> Gate {
    let apache = Preset::ModAuthOpenidc(ModAuthOpenidc::default());
    let oauth2 = Preset::Oauth2Proxy(Oauth2Proxy::default());
    let own = OwnHeader {
        name: HeaderName::parse("Remote-User").unwrap(),
        source: Source::User,
    };
    let plan = |presets, own, bearer| HeaderPlan {
        presets,
        own,
        bearer,
        ..HeaderPlan::default()
    };
    gate(vec![
        Route {
            headers: plan(vec![apache], vec![], true),
            ..route("/apache")
        },
        Route {
            headers: plan(vec![oauth2], vec![], false),
            ..route("/oauth2")
        },
        Route {
            headers: plan(vec![], vec![own], false),
            ..route("/own")
        },
        route("/plain"),
        public("/public"),
    ])
}

fn head_with(
    gate: &Gate,
    target: &str,
    fields: &[(&str, &str)],
    evidence: Evidence,
) -> UpstreamHead {
    let own_cookie = cookie();
    let mut all = vec![];
    if !fields
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("cookie"))
    {
        all.push(("cookie", own_cookie.as_str()));
    }
    all.extend_from_slice(fields);
    let request = request("GET", target, &all);
    let (decision, trace) = decide(gate, &request, evidence);
    let Decision::Forward(authorized) = decision else {
        panic!("{}", line(&trace))
    };
    let token = Token {
        value: "tok",
        token_type: "Bearer",
        expires_at: None,
        scope: None,
    };
    whole(gate, &authorized, &request, Some(token))
}

/// The head with the identity after it, as it goes out.
fn whole(
    gate: &Gate,
    authorized: &Authorized<'_>,
    request: &Request,
    token: Option<Token<'_>>,
) -> UpstreamHead {
    let mut head = gate.upstream_head(authorized, request);
    head.fields.extend_from(&authorized.identity_fields(token));
    head
}

fn head(gate: &Gate, target: &str, fields: &[(&str, &str)]) -> UpstreamHead {
    head_with(gate, target, fields, session())
}

fn values(head: &UpstreamHead, name: &str) -> Vec<String> {
    head.fields
        .all(name)
        .map(|value| String::from_utf8(value.to_vec()).unwrap())
        .collect()
}

#[test]
fn the_story_end_to_end() {
    let head = head(&all_kinds(), "/apache/whoami?x=1", &[("accept", "*/*")]);
    assert_eq!(head.target.as_ref(), b"/whoami?x=1");
    assert_eq!(values(&head, "OIDC_CLAIM_upn"), ["alice@example.com"]);
    assert_eq!(values(&head, "OIDC_access_token"), ["tok"]);
    assert_eq!(values(&head, "authorization"), ["Bearer tok"]);
    assert_eq!(values(&head, "accept"), ["*/*"]);
    assert_eq!(values(&head, "x-forwarded-prefix"), ["/apache"]);
    assert_eq!(values(&head, "cookie"), Vec::<String>::new());
}

const FORGED: [&str; 20] = [
    "OIDC_CLAIM_sub",
    "oidc-claim-admin",
    "OIDC-access-token",
    "O.I.D.C.claim-x",
    "X-Forwarded-User",
    "X_Forwarded_User",
    "x-forwarded-email",
    "X-Auth-Request-User",
    "X_Auth_Request_User",
    "X.Auth.Request.Groups",
    "xauthrequestuser",
    "Remote-User",
    "REMOTE_USER",
    "remote.user",
    "RemoteUser",
    "X-Forwarded-Prefix",
    "X-Forwarded-Unheard-Of",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Real_IP",
];

/// The advisories of one family: a client's header passed for one of ours, in another spelling or
/// on another kind of route.
#[test]
fn header_advisories_cve_2025_64484_cve_2026_33433_cve_2026_30851_cve_2017_6062_no_forged_name_passes()
 {
    let gate = all_kinds();
    for target in ["/apache", "/oauth2", "/own", "/plain", "/public"] {
        for name in FORGED {
            let head = head(&gate, target, &[(name, "forged-value")]);
            let passed = head
                .fields
                .iter()
                .any(|field| field.value == b"forged-value");
            assert!(!passed, "{name} on {target}");
        }
    }
}

/// The same when odd names are kept by a setting: scrubbing does not lean on their being dropped.
#[test]
fn cve_2025_64484_no_forged_name_passes_even_where_odd_names_do() {
    let gate = all_kinds();
    let policy = ReadPolicy {
        danger_keep_odd_names: true,
        ..ReadPolicy::default()
    };
    for target in ["/apache", "/oauth2", "/own", "/plain", "/public"] {
        for name in FORGED
            .into_iter()
            .chain(["content_length", "x_forwarded_for"])
        {
            let own_cookie = cookie();
            let fields = [
                ("cookie", own_cookie.as_str()),
                (name, "7"),
                ("x_kept", "7"),
            ];
            let request = read(local("GET", target, &fields), &policy).unwrap();
            let (decision, _) = decide(&gate, &request, session());
            let Decision::Forward(authorized) = decision else {
                panic!()
            };
            let head = whole(&gate, &authorized, &request, None);
            let passed: Vec<_> = head
                .fields
                .iter()
                .filter(|field| field.value == b"7")
                .collect();
            assert_eq!(passed.len(), 1, "{name} on {target}: {passed:?}");
            assert!(passed[0].is("x_kept"));
        }
    }
}

#[test]
fn cve_2026_52845_a_claim_that_is_absent_leaves_no_clients_header_in_its_place() {
    let mut nobody = person();
    nobody.claims.clear();
    let gate = gate(vec![Route {
        headers: HeaderPlan {
            own: vec![OwnHeader {
                name: HeaderName::parse("Remote-User").unwrap(),
                source: Source::Claims(vec![ClaimPath::new("upn")]),
            }],
            ..HeaderPlan::default()
        },
        ..route("/")
    }]);
    let head = head_with(
        &gate,
        "/",
        &[("remote-user", "admin")],
        Evidence::Session(stored(nobody)),
    );
    assert_eq!(values(&head, "remote-user"), Vec::<String>::new());
}

#[test]
fn cve_2024_45410_and_cve_2026_29054_connection_cannot_name_our_headers_away() {
    let names = "OIDC_access_token, Authorization, x-forwarded-for, X-REAL-IP, forwarded, x-mine, oidc_claim_sub";
    let head = head(
        &all_kinds(),
        "/apache",
        &[("connection", names), ("x-mine", "1"), ("x-kept", "1")],
    );
    for name in [
        "OIDC_access_token",
        "authorization",
        "x-forwarded-for",
        "x-real-ip",
        "forwarded",
        "OIDC_CLAIM_sub",
    ] {
        assert_eq!(values(&head, name).len(), 1, "{name}");
    }
    assert_eq!(values(&head, "x-mine").len(), 0);
    assert_eq!(values(&head, "x-kept").len(), 1);
}

#[test]
fn hop_by_hop_framing_and_expectation_do_not_pass() {
    let fields = [
        ("connection", "close"),
        ("keep-alive", "x"),
        ("proxy-connection", "x"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("upgrade", "h2c"),
        ("http2-settings", "x"),
        ("proxy-authorization", "x"),
        ("proxy", "http://evil.test"),
        ("content-length", "5"),
        ("expect", "100-continue"),
    ];
    let head = head(&all_kinds(), "/plain", &fields);
    for (name, _) in fields {
        assert!(!head.fields.contains(name), "{name}");
    }
    assert!(!head.fields.contains("host"));
    assert_eq!(head.body, BodyFraming::Length(5));
}

#[test]
fn the_forwarding_fields_are_ours_alone() {
    let forged = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "1"),
        ("forwarded", "for=6.6.6.6"),
    ];
    let head = head(&all_kinds(), "/plain/x", &forged);
    for (name, value) in [
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-host", "localhost:8080"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "8080"),
        ("x-forwarded-prefix", "/plain"),
        ("x-real-ip", "192.0.2.7"),
        (
            "forwarded",
            "for=192.0.2.7;host=\"localhost:8080\";proto=http",
        ),
    ] {
        assert_eq!(values(&head, name), [value], "{name}");
    }
}

#[test]
fn our_cookies_stay_here_and_others_pass() {
    let with_own = format!("a=b; {}; c=d", cookie());
    let passed = head(&all_kinds(), "/plain", &[("cookie", with_own.as_str())]);
    assert_eq!(values(&passed, "cookie"), ["a=b; c=d"]);
    let public = head(&all_kinds(), "/public", &[("cookie", with_own.as_str())]);
    assert_eq!(values(&public, "cookie"), ["a=b; c=d"]);
}

#[test]
fn cookies_that_a_route_names_stay_here() {
    let gate = gate(vec![Route {
        strip_cookies: vec!["theme".to_owned()],
        ..route("/plain")
    }]);
    let with_own = format!("a=b; {}; theme=dark; c=d", cookie());
    let passed = head(&gate, "/plain", &[("cookie", with_own.as_str())]);
    assert_eq!(values(&passed, "cookie"), ["a=b; c=d"]);
}

#[test]
fn the_user_is_named_as_the_route_has_it() {
    let own = OwnHeader {
        name: HeaderName::parse("X-User").unwrap(),
        source: Source::User,
    };
    let of = |user_form: UserForm| {
        gate(vec![Route {
            headers: HeaderPlan {
                own: vec![own.clone()],
                ..HeaderPlan::default()
            },
            user_form,
            ..route("/own")
        }])
    };
    let whole = head(&of(UserForm::default()), "/own", &[]);
    let [name] = &values(&whole, "x-user")[..] else {
        panic!("one name")
    };
    let form = UserForm {
        with_issuer: true,
        ..UserForm::default()
    };
    let [named] = &values(&head(&of(form), "/own", &[]), "x-user")[..] else {
        panic!("one name")
    };
    assert!(named.starts_with(&format!("{name}@")), "{named}");
}

#[test]
fn names_that_upstreams_believe_go_even_where_no_route_sets_them() {
    let gate = gate(vec![route("/plain"), public("/public")]);
    for target in ["/plain/x", "/public/x"] {
        for name in [
            "Remote-User",
            "REMOTE-USER",
            "X-Remote-User",
            "X-WebAuth-User",
            "OIDC-Claim-Sub",
            "X-Auth-Request-Email",
            "X-MS-CLIENT-PRINCIPAL",
            "X-MS-CLIENT-PRINCIPAL-NAME",
            "X-MS-TOKEN-AAD-ACCESS-TOKEN",
        ] {
            let head = head(&gate, target, &[(name, "admin"), ("x-harmless", "1")]);
            assert!(values(&head, name).is_empty(), "{target} {name}");
            assert_eq!(values(&head, "x-harmless"), ["1"]);
        }
    }
}

#[test]
fn a_public_route_tells_nothing_about_a_person_and_passes_authorization() {
    let passed = head(&all_kinds(), "/public", &[("authorization", "Basic eA==")]);
    assert_eq!(values(&passed, "authorization"), ["Basic eA=="]);
    assert!(
        !passed
            .fields
            .iter()
            .any(|field| fold(field.name).starts_with(b"oidc"))
    );
    let plan = HeaderPlan {
        bearer: true,
        ..HeaderPlan::default()
    };
    let own = gate(vec![Route {
        headers: plan,
        ..public("/")
    }]);
    let passed = head(&own, "/", &[("authorization", "Basic eA==")]);
    assert_eq!(values(&passed, "authorization"), Vec::<String>::new());
}

#[test]
fn a_rule_on_methods_is_not_got_round_by_another_field() {
    let rule = Rule::Not(Box::new(Rule::Method {
        any_of: vec![Method::Delete],
    }));
    let gate = gate(vec![
        Route {
            require: Requirement::Rules(rule),
            ..route("/ruled")
        },
        route("/"),
    ]);
    let field = [("x-http-method-override", "DELETE")];
    assert!(
        !head(&gate, "/ruled", &field)
            .fields
            .contains("x-http-method-override")
    );
    assert!(
        head(&gate, "/", &field)
            .fields
            .contains("x-http-method-override")
    );
}

#[test]
fn websockets_are_asked_for_only_where_the_route_has_them() {
    let handshake = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
        ("origin", "http://localhost:8080"),
    ];
    let gate = gate(vec![
        route("/ws"),
        Route {
            websocket: false,
            ..route("/")
        },
    ]);
    let asked = head(&gate, "/ws", &handshake);
    assert_eq!(asked.upgrade, Some(Upgrade::WebSocket));
    assert_eq!(values(&asked, "connection"), ["Upgrade"]);
    assert_eq!(values(&asked, "upgrade"), ["websocket"]);
    let plain = head(&gate, "/", &handshake);
    assert!(plain.upgrade.is_none() && !plain.fields.contains("upgrade"));
}

#[test]
fn only_a_public_route_is_public() {
    let gate = all_kinds();
    let examined = gate.examine(&request("GET", "/plain", &[]));
    let Ok(Place::Route(matched)) = examined.place() else {
        panic!()
    };
    assert!(authorize_public(matched.clone()).is_err());
}

#[test]
fn the_upstreams_base_comes_before_the_rest() {
    let base = PathPrefix::parse("/app").unwrap();
    let gate = gate(vec![Route {
        upstream_base: base,
        ..route("/foo")
    }]);
    assert_eq!(head(&gate, "/foo/x?y", &[]).target.as_ref(), b"/app/x?y");
}

fn spelling(name: &'static str) -> impl Strategy<Value = String> {
    let letters: Vec<char> = name.chars().collect();
    prop::collection::vec((any::<bool>(), 0..5_usize), letters.len()).prop_map(move |choices| {
        let mut out = String::new();
        for (letter, (upper, sign)) in letters.iter().zip(choices) {
            if letter.is_ascii_alphanumeric() {
                out.push(if upper {
                    letter.to_ascii_uppercase()
                } else {
                    letter.to_ascii_lowercase()
                });
            } else {
                out.push(['-', '_', '.', '+', '~'][sign]);
            }
        }
        out
    })
}

proptest! {
    /// Whatever a client writes, the fields that fold to an identity name are the ones we wrote.
    #[test]
    fn no_folded_identity_name_but_ours_is_sent_on(
        names in prop::collection::vec(
            prop_oneof![
                spelling("OIDC_CLAIM_sub"), spelling("OIDC_access_token"), spelling("X-Forwarded-User"),
                spelling("X-Auth-Request-Email"), spelling("Remote-User"), "[a-zA-Z_.-]{1,12}",
            ], 0..6),
        target in prop::sample::select(vec!["/apache/x", "/oauth2", "/own/y", "/plain", "/public"]),
        connection in prop::sample::select(vec!["close", "OIDC_access_token", "Remote-User, x"]),
    ) {
        let gate = all_kinds();
        let clean = head(&gate, target, &[]);
        let mut fields: Vec<_> = names.iter().filter(|name| !name.eq_ignore_ascii_case("te")
            && !name.eq_ignore_ascii_case("host")).map(|name| (name.as_str(), "forged")).collect();
        fields.push(("connection", connection));
        let dirty = head(&gate, target, &fields);
        let identity = |head: &UpstreamHead| -> Vec<(Vec<u8>, Vec<u8>)> {
            head.fields.iter().map(|field| (fold(field.name), field.value.to_vec())).filter(|(name, _)| {
                name.starts_with(b"oidc") || name.starts_with(b"xauthrequest") || name.starts_with(b"xforwarded")
                    || name == b"remoteuser" || name == b"authorization"
            }).collect()
        };
        prop_assert_eq!(identity(&clean), identity(&dirty));
    }
}

/// CVE-2022-2880 and CVE-2026-39825: a query that the proxy read in one way and the upstream in another.
#[test]
fn cve_2022_2880_a_query_is_passed_on_byte_for_byte() {
    for query in [
        "a=1;b=2&a=3",
        "a=%zz&b=%&c=%4",
        "x=%00&y=%2f..%2F",
        "/../public",
        "&&==&",
        "?",
        "",
    ] {
        let target = format!("/plain/x?{query}");
        let head = head(&all_kinds(), &target, &[]);
        let expected = format!("/x?{query}");
        assert_eq!(head.target.as_ref(), expected.as_bytes());
    }
}

#[test]
fn the_host_of_the_site_is_passed_where_the_route_keeps_it() {
    for keep_host in [false, true] {
        let gate = gate(vec![Route {
            keep_host,
            ..route("/")
        }]);
        let head = head(&gate, "/", &[]);
        let host = values(&head, "host");
        let site = values(&head, "x-forwarded-host");
        assert_eq!(host, if keep_host { site } else { Vec::new() });
    }
}

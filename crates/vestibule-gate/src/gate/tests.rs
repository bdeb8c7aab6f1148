use super::*;
use crate::authenticate::{SignedOut, find_session};
use crate::claims::ClaimPath;
use crate::fixture::{
    NOW, cookie, decide, gate, handle, line, local, person, public, read_default, request, route,
    session, site, stored,
};
use crate::method::Method;
use crate::rule::{ClaimValue, Requirement, Rule};
use crate::user::{Part, UserForm};
use vestibule_session::record::fixture::RecordFixture;

const PAGE: [(&str, &str); 2] = [
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

fn kind(
    gate: &Gate,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
    evidence: Evidence,
) -> (&'static str, &'static str) {
    let request = request(method, target, fields);
    let (decision, _) = decide(gate, &request, evidence);
    (decision.kind().as_str(), decision.code())
}

fn with_cookie<'a>(cookie: &'a str, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![("cookie", cookie)];
    all.extend_from_slice(fields);
    all
}

#[test]
fn a_signed_in_person_passes() {
    let cookie = cookie();
    let gate = gate(vec![route("/")]);
    assert_eq!(
        kind(&gate, "GET", "/", &with_cookie(&cookie, &[]), session()),
        ("forward", "forward")
    );
}

#[test]
fn a_signed_out_person_is_sent_to_sign_in_and_a_program_is_told() {
    let gate = gate(vec![route("/")]);
    for (method, fields, expected) in [
        ("GET", &PAGE[..], "sign_in"),
        ("HEAD", &PAGE[..], "sign_in"),
        ("POST", &PAGE[..], "challenge"),
        ("GET", &[], "challenge"),
        ("GET", &[("sec-fetch-mode", "navigate")], "sign_in"),
        (
            "GET",
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
            "challenge",
        ),
        (
            "GET",
            &[("sec-fetch-mode", "cors"), ("accept", "text/html")],
            "challenge",
        ),
        (
            "GET",
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
            "challenge",
        ),
        (
            "GET",
            &[PAGE[0], PAGE[1], ("sec-purpose", "prefetch;prerender")],
            "challenge",
        ),
        (
            "GET",
            &[("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")],
            "sign_in",
        ),
        ("GET", &[("accept", "Application/XHTML+XML")], "sign_in"),
        ("GET", &[("accept", "text/html;q=0, */*")], "challenge"),
        ("GET", &[("accept", "*/*")], "challenge"),
        ("GET", &[("accept", "application/json")], "challenge"),
        (
            "GET",
            &[
                ("accept", "text/html"),
                ("x-requested-with", "XMLHttpRequest"),
            ],
            "challenge",
        ),
        ("POST", &[("accept", "text/html")], "challenge"),
        ("OPTIONS", &[("accept", "text/html")], "challenge"),
    ] {
        assert_eq!(
            kind(&gate, method, "/", fields, session()),
            (expected, "no_session"),
            "{method} {fields:?}"
        );
    }
}

#[test]
fn oauth2_proxy_1784_an_unsafe_method_is_never_redirected() {
    let gate = gate(vec![route("/")]);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let all = [PAGE[0], PAGE[1], ("accept", "text/html")];
        assert_eq!(
            kind(&gate, method, "/", &all, session()).0,
            "challenge",
            "{method}"
        );
    }
}

#[test]
fn each_way_to_be_signed_out_has_its_own_reason() {
    let cookie = cookie();
    let other_site = RecordFixture {
        site: "https://other.example".to_owned(),
        ..person()
    };
    let old = RecordFixture {
        created_at: UnixTime(NOW.0 - 3600),
        ..person()
    };
    let idle = RecordFixture {
        created_at: UnixTime(NOW.0 - 600),
        ..person()
    };
    let future = RecordFixture {
        created_at: UnixTime(NOW.0 + 100_000),
        ..person()
    };
    let gate = gate(vec![
        route("/"),
        Route {
            provider: Some("partner".to_owned()),
            ..route("/partner")
        },
    ]);
    for (target, evidence, reason) in [
        ("/", Evidence::NoSession, "session_unknown"),
        (
            "/",
            Evidence::Session(stored(other_site)),
            "session_of_other_site",
        ),
        ("/", Evidence::Session(stored(old)), "session_over"),
        ("/", Evidence::Session(stored(idle)), "session_idle"),
        (
            "/",
            Evidence::Session(stored(future)),
            "session_from_the_future",
        ),
        ("/partner", session(), "session_of_other_provider"),
    ] {
        assert_eq!(
            kind(&gate, "GET", target, &with_cookie(&cookie, &PAGE), evidence),
            ("sign_in", reason)
        );
    }
    let name = site().cookies().session().to_owned();
    let malformed = format!("{name}=x");
    let ambiguous = format!(
        "{cookie}; {name}={}",
        Handle::from_entropy([8; 32]).encoded().as_str()
    );
    for (cookie, reason) in [
        (malformed, "session_cookie_malformed"),
        (ambiguous, "session_cookie_ambiguous"),
    ] {
        assert_eq!(
            kind(&gate, "GET", "/", &with_cookie(&cookie, &PAGE), session()),
            ("sign_in", reason)
        );
    }
}

#[test]
fn cve_2026_25748_no_mutation_of_a_cookie_lets_anyone_in() {
    let cookie = cookie();
    let gate = gate(vec![route("/")]);
    for at in 0..cookie.len() {
        for replacement in ["", "!", "A", ";", "=", " "] {
            let mut mutated = cookie.clone();
            mutated.replace_range(at..=at, replacement);
            if mutated == cookie || mutated.starts_with(&format!("{cookie};")) {
                continue;
            }
            let request = request("GET", "/", &[("cookie", &mutated)]);
            let examined = gate.examine(&request);
            assert_ne!(examined.handle(), Some(&handle()), "{mutated}");
            // A handle that reads is one the store does not know.
            let (decision, _) = gate.decide(&request, examined, Evidence::NoSession, NOW);
            assert_eq!(decision.status(), Some(401), "{mutated}");
        }
    }
}

#[test]
fn oauth2_proxy_1630_a_store_that_cannot_be_asked_is_not_a_signed_out_person() {
    let cookie = cookie();
    let gate = gate(vec![route("/"), public("/public")]);
    let fields = with_cookie(&cookie, &PAGE);
    for evidence in [Evidence::StoreUnavailable, Evidence::NotAsked] {
        assert_eq!(
            kind(&gate, "GET", "/", &fields, evidence),
            ("unavailable", "store_unavailable")
        );
    }
    assert_eq!(
        kind(&gate, "GET", "/public", &fields, Evidence::StoreUnavailable).0,
        "forward"
    );
    assert_eq!(
        kind(&gate, "GET", "/", &PAGE, Evidence::StoreUnavailable).0,
        "sign_in"
    );
}

#[test]
fn cve_2022_29226_an_authorization_field_grants_nothing_and_hides_no_session() {
    let cookie = cookie();
    let gate = gate(vec![route("/"), public("/public")]);
    for (value, expected) in [
        ("Bearer x", ("challenge", "authorization_not_accepted")),
        (
            "bearer abc.def.ghi",
            ("challenge", "authorization_not_accepted"),
        ),
        ("Basic eDp5", ("challenge", "authorization_not_accepted")),
        ("Negotiate", ("challenge", "authorization_not_accepted")),
        ("Bearer", ("bad_credential", "authorization_malformed")),
        ("Bearer a b", ("bad_credential", "authorization_malformed")),
        ("Bearer ==", ("bad_credential", "authorization_malformed")),
        ("Bearer a=b", ("bad_credential", "authorization_malformed")),
        ("", ("bad_credential", "authorization_malformed")),
        ("a,b c", ("bad_credential", "authorization_malformed")),
    ] {
        let fields = [("authorization", value)];
        assert_eq!(
            kind(&gate, "GET", "/", &fields, session()),
            expected,
            "{value}"
        );
        let both = with_cookie(&cookie, &fields);
        assert_eq!(
            kind(&gate, "GET", "/", &both, session()),
            expected,
            "{value} beside a session"
        );
        assert_eq!(
            kind(&gate, "GET", "/public", &fields, session()).0,
            "forward",
            "{value}"
        );
    }
    for target in ["/?token=x", "/?access_token=x"] {
        assert_eq!(kind(&gate, "GET", target, &[], session()).0, "challenge");
    }
}

/// Nothing is proved by it there, and a sign-out has to end something.
#[test]
fn an_authorization_field_hides_no_session_from_our_own_endpoints() {
    let gate = gate(vec![route("/")]);
    let cookie = cookie();
    for value in ["Bearer x", "Basic eDp5", "Negotiate", "Bearer ==", ""] {
        for target in ["/.vestibule/sign-out", "/.vestibule/me"] {
            let fields = with_cookie(&cookie, &[("authorization", value)]);
            let request = request("POST", target, &fields);
            let examined = gate.examine(&request);
            assert_eq!(examined.own_handle(), Some(handle()), "{value} {target}");
        }
    }
}

fn ruled(rule: Rule) -> Gate {
    gate(vec![Route {
        require: Requirement::Rules(rule),
        ..route("/")
    }])
}

#[test]
fn rules_decide_once_somebody_is_signed_in() {
    let cookie = cookie();
    let claim = |text: &str| Rule::Claim {
        path: ClaimPath::new("upn"),
        any_of: vec![ClaimValue::Text(text.to_owned())],
    };
    let fields = with_cookie(&cookie, &PAGE);
    assert_eq!(
        kind(
            &ruled(claim("alice@example.com")),
            "GET",
            "/",
            &fields,
            session()
        )
        .0,
        "forward"
    );
    let forbidden = kind(
        &ruled(claim("bob@example.com")),
        "GET",
        "/",
        &fields,
        session(),
    );
    assert_eq!(forbidden, ("forbid", "claim_differs"));
    assert_eq!(
        kind(
            &ruled(claim("alice@example.com")),
            "GET",
            "/",
            &PAGE,
            session()
        )
        .0,
        "sign_in"
    );
    let everywhere = Rule::Network {
        any_of: vec!["0.0.0.0/0".parse().unwrap()],
    };
    assert_eq!(
        kind(&ruled(everywhere), "GET", "/", &PAGE, session()).0,
        "sign_in"
    );
    let group = Rule::Group {
        any_of: vec!["g".to_owned()],
    };
    let many = person().claim("_claim_names", serde_json::json!({"groups": "src1"}));
    let evidence = Evidence::Session(stored(many));
    assert_eq!(
        kind(&ruled(group), "GET", "/", &fields, evidence),
        ("forbid", "groups_overage")
    );
}

#[test]
fn cve_2021_41230_rules_read_the_claims_of_the_record_they_are_given() {
    let cookie = cookie();
    let gate = ruled(Rule::Group {
        any_of: vec!["g".to_owned()],
    });
    let fields = with_cookie(&cookie, &[]);
    let groups = |list: &[&str]| {
        Evidence::Session(stored(person().claim("groups", serde_json::json!(list))))
    };
    assert_eq!(
        kind(&gate, "GET", "/", &fields, groups(&["g"])).0,
        "forward"
    );
    assert_eq!(kind(&gate, "GET", "/", &fields, groups(&["h"])).0, "forbid");
}

#[test]
fn a_session_is_not_used_by_pages_of_other_origins() {
    let cookie = cookie();
    let gate = gate(vec![route("/"), public("/public")]);
    let from = |origin| with_cookie(&cookie, &[("origin", origin)]);
    assert_eq!(
        kind(
            &gate,
            "POST",
            "/",
            &from("http://localhost:8080"),
            session()
        )
        .0,
        "forward"
    );
    let evil = kind(&gate, "POST", "/", &from("https://evil.test"), session());
    assert_eq!(evil, ("cross_origin", "origin_not_allowed"));
    assert_eq!(
        kind(&gate, "POST", "/", &with_cookie(&cookie, &[]), session()).1,
        "origin_missing"
    );
    assert_eq!(
        kind(&gate, "GET", "/", &from("https://evil.test"), session()).0,
        "forward"
    );
    assert_eq!(
        kind(
            &gate,
            "POST",
            "/public",
            &from("https://evil.test"),
            session()
        )
        .0,
        "forward"
    );
}

#[test]
fn options_is_not_let_through_and_preflights_are_answered_for_allowed_origins() {
    let open = Route {
        allowed_origins: vec!["https://app.example".to_owned()],
        ..route("/open")
    };
    let gate = gate(vec![open, route("/closed"), public("/public")]);
    let preflight = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "PUT"),
    ];
    assert_eq!(
        kind(&gate, "OPTIONS", "/open", &preflight, session()).0,
        "preflight"
    );
    assert_eq!(
        kind(&gate, "OPTIONS", "/closed", &preflight, session()).0,
        "challenge"
    );
    assert_eq!(
        kind(&gate, "OPTIONS", "/public", &preflight, session()).0,
        "forward"
    );
    assert_eq!(
        kind(&gate, "OPTIONS", "/open", &preflight[..1], session()).0,
        "challenge"
    );
    let evil = [
        ("origin", "https://evil.test"),
        ("access-control-request-method", "PUT"),
    ];
    assert_eq!(
        kind(&gate, "OPTIONS", "/open", &evil, session()).0,
        "challenge"
    );
}

#[test]
fn a_challenge_says_why_and_where_to_sign_in() {
    let gate = gate(vec![route("/")]);
    let request = request("GET", "/", &[]);
    let (decision, _) = decide(&gate, &request, session());
    let Decision::Challenge { why, .. } = decision else {
        panic!()
    };
    assert_eq!(
        why.www_authenticate(),
        "Vestibule error=\"no_session\", sign_in=\"/.vestibule/sign-in\""
    );
}

#[test]
fn places_without_a_route_have_their_own_decisions() {
    let gate = gate(vec![route("/foo")]);
    assert_eq!(kind(&gate, "GET", "/", &[], session()).0, "not_found");
    assert_eq!(
        kind(&gate, "GET", "/.vestibule/callback?code=x", &[], session()).0,
        "own"
    );
    let other = read_default(crate::fixture::raw(
        "GET",
        "/foo",
        &[("host", "other.example")],
    ))
    .unwrap();
    let (decision, trace) = decide(&gate, &other, session());
    assert_eq!(
        (decision.code(), decision.status()),
        ("host_unknown", Some(421))
    );
    assert_eq!(
        trace.outcome(Stage::Route),
        Some(Outcome::Refused(Refusal::HostUnknown))
    );
    let Decision::Refuse(refusal) = decision else {
        panic!()
    };
    assert!(!refusal.public_message().contains("localhost"));
}

#[test]
fn own_endpoints_find_the_session_by_the_same_rules() {
    let gate = gate(vec![route("/foo")]);
    let cookie = cookie();
    let request = request("GET", "/.vestibule/me", &[("cookie", &cookie)]);
    let examined = gate.examine(&request);
    assert_eq!(examined.handle(), Some(&handle()));
    let find = |evidence| {
        find_session(
            &site(),
            None,
            examined.credential(),
            evidence,
            gate.lifetimes(),
            NOW,
        )
        .map(|_| ())
    };
    assert_eq!(find(session()), Ok(()));
    assert_eq!(
        find(Evidence::NoSession),
        Err(NotAuthenticated::SignedOut(SignedOut::SessionUnknown))
    );
    assert_eq!(
        find(Evidence::StoreUnavailable),
        Err(NotAuthenticated::StoreUnavailable)
    );
}

#[test]
fn the_trace_tells_every_stage_and_no_secret() {
    let cookie = cookie();
    let rule = Rule::Not(Box::new(Rule::Claim {
        path: ClaimPath::new("upn"),
        any_of: vec![ClaimValue::Text("alice@example.com".to_owned())],
    }));
    let request = request(
        "GET",
        "/x?code=hush",
        &[("cookie", &cookie), ("x_odd", "hush")],
    );
    let gate = ruled(rule);
    let (decision, trace) = decide(&gate, &request, session());
    assert_eq!(
        (decision.kind().as_str(), decision.code(), decision.status()),
        ("forbid", "claim_matches", Some(403))
    );
    assert_eq!(
        line(&trace),
        "read=fields_dropped route=found credential=session evidence=session authenticate=signed_in \
         authorize=claim_matches decide=forbid"
    );
    let json = trace.to_json();
    assert_eq!(json[5]["rule"]["reason"], "not");
    assert_eq!(json[5]["rule"]["parts"][0]["claim"], "upn");
    let text = json.to_string();
    for secret in ["hush", "alice", handle().encoded().as_str()] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn the_trace_names_a_few_dropped_fields_and_only_their_beginnings() {
    let cookie = cookie();
    let names: Vec<String> = (0..20)
        .map(|number| format!("x_{number}_{}", "y".repeat(200)))
        .collect();
    let mut fields = vec![("cookie", cookie.as_str())];
    fields.extend(names.iter().map(|name| (name.as_str(), "1")));
    let request = request("GET", "/x", &fields);
    assert_eq!(request.dropped().len(), 20);
    let (_, trace) = decide(&gate(vec![]), &request, session());
    let json = trace.to_json();
    let about = json[0]["detail"].as_str().unwrap();
    assert!(about.len() < 8 * 70 + 20, "{about}");
    assert!(
        about.starts_with("x_0_yyy") && about.ends_with(" and 12 more"),
        "{about}"
    );
    assert!(!about.contains("x_8_"), "{about}");
}

#[test]
fn a_refused_request_has_a_trace_too() {
    let refusal = read_default(local("TRACE", "/", &[])).unwrap_err();
    assert_eq!(
        line(&Trace::refused(refusal)),
        "read=method_refused decide=refuse"
    );
}

#[test]
fn a_callback_path_takes_answers_and_nothing_else() {
    let path = |posted| crate::callback_path::CallbackPath::new("/foo", posted).unwrap();
    let of = |posted, method, target| {
        let gate = gate(vec![route("/foo"), public("/")]).with_callback_paths(vec![path(posted)]);
        let cookie = cookie();
        let fields = [("cookie", cookie.as_str())];
        let request = request(method, target, &fields);
        let (decision, _) = decide(&gate, &request, session());
        decision.kind().as_str()
    };
    let answer = "/foo?code=a&state=b";
    assert_eq!(of(false, "GET", answer), "own");
    assert_eq!(of(false, "GET", "/%66oo?error=a&state=b"), "own");
    for target in [
        "/foo",
        "/foo?x=1",
        "/foo/?code=a&state=b",
        "/foo/x?code=a&state=b",
        "/FOO?code=a&state=b",
    ] {
        assert_eq!(of(false, "GET", target), "forward", "{target}");
    }
    assert_eq!(of(true, "POST", "/foo"), "own");
    assert_ne!(of(false, "POST", answer), "own");
    assert_ne!(of(true, "PUT", answer), "own");
}

#[test]
fn a_gate_needs_a_site() {
    let lifetimes = *gate(vec![]).lifetimes();
    let made = Gate::new(GateSettings {
        sites: vec![],
        routes: vec![],
        lifetimes,
    });
    assert_eq!(made.unwrap_err(), GateError::NoSite);
}

proptest::proptest! {
    /// Deciding, writing the target again, reading and deciding again gives the same decision.
    #[test]
    fn what_is_written_again_is_decided_the_same(target in "/(admin|public|x|[.]{1,2}|%61|;|/|%2[eE]|[?]){0,8}") {
        let gate = gate(vec![public("/"), public("/public"), route("/admin")]);
        if let Ok(request) = read_default(local("GET", &target, &[])) {
            let written = String::from_utf8(request.path_and_query().to_vec()).unwrap();
            let again = read_default(local("GET", &written, &[])).unwrap();
            let (first, first_trace) = decide(&gate, &request, session());
            let (second, second_trace) = decide(&gate, &again, session());
            proptest::prop_assert_eq!((first.kind(), first.code()), (second.kind(), second.code()));
            proptest::prop_assert_eq!(first_trace, second_trace);
        }
    }
}

#[test]
fn an_upstream_is_never_told_no_groups_for_want_of_knowing() {
    use crate::headers::{
        HeaderName, HeaderPlan, ModAuthOpenidc, Oauth2Proxy, OwnHeader, Preset, Source,
    };
    use vestibule_session::record::{Groups, GroupsUnknown};

    let own = |claim: &str| HeaderPlan {
        own: vec![OwnHeader {
            name: HeaderName::parse("X-Groups").unwrap(),
            source: Source::Claims(vec![crate::claims::ClaimPath::new(claim)]),
        }],
        ..HeaderPlan::default()
    };
    let preset = |preset: Preset| HeaderPlan {
        presets: vec![preset],
        ..HeaderPlan::default()
    };
    let group = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101";
    let all = Groups::all([group.to_owned()], NOW);
    let some = Groups::of([group.to_owned()], [group.to_owned()], NOW);
    let unknown = Groups::unknown(GroupsUnknown::Forbidden, NOW);
    let (allowed, refused) = (("forward", ""), ("forbid", "groups_overage"));
    for (headers, groups, expected) in [
        (own("groups"), None, refused),
        (own("groups"), Some(&unknown), refused),
        (own("groups"), Some(&some), refused),
        (own("groups"), Some(&all), allowed),
        (own("upn"), None, allowed),
        (
            preset(Preset::Oauth2Proxy(Oauth2Proxy::default())),
            None,
            refused,
        ),
        (
            preset(Preset::ModAuthOpenidc(ModAuthOpenidc::default())),
            None,
            allowed,
        ),
    ] {
        let what = format!("{headers:?} {groups:?}");
        let mut route = route("/");
        route.headers = headers;
        let gate = gate(vec![route]);
        let mut fixture = person().claim("_claim_names", serde_json::json!({"groups": "src1"}));
        fixture.groups = groups.cloned();
        let cookie = cookie();
        let mut fields = PAGE.to_vec();
        fields.push(("cookie", cookie.as_str()));
        let evidence = Evidence::Session(stored(fixture));
        let found = kind(&gate, "GET", "/", &fields, evidence);
        assert_eq!(found.0, expected.0, "{what}");
        if expected == refused {
            assert_eq!(found, refused, "{what}");
        }
    }
}

#[test]
fn the_anti_forgery_header_is_asked_of_who_is_signed_in_and_says_nothing_of_who_is_not() {
    let route = Route {
        anti_forgery_header: Some("X-CSRF".into()),
        ..route("/app")
    };
    let gate = gate(vec![route]);
    let cookie = cookie();
    let ours = ("sec-fetch-site", "same-origin");
    let signed_in = ("cookie", cookie.as_str());
    for (fields, expected) in [
        (&[ours, signed_in][..], "anti_forgery_header_missing"),
        (&[ours, signed_in, ("x-csrf", "1")], "forward"),
        // It takes the place of no other proof.
        (&[signed_in, ("x-csrf", "1")], "origin_missing"),
        (&[ours], "no_session"),
    ] {
        let request = request("POST", "/app", fields);
        let (decision, _) = decide(&gate, &request, session());
        assert_eq!(decision.code(), expected, "{fields:?}");
    }
}

#[test]
fn whoever_lacks_the_claim_that_names_people_passes_on_no_route_that_asks_who_they_are() {
    let without = |end: &str| UserForm {
        part: Part::Without(end.to_owned()),
        ..UserForm::default()
    };
    let rule = || {
        Requirement::Rules(Rule::Method {
            any_of: vec![Method::Get],
        })
    };
    let whole = UserForm::default;
    for (require, user, user_form, passes) in [
        (Requirement::SignedIn, "upn", whole(), true),
        (Requirement::SignedIn, "email", whole(), false),
        (Requirement::Anyone, "email", whole(), false),
        (rule(), "email", whole(), false),
        (Requirement::Public, "email", whole(), true),
        (Requirement::SignedIn, "upn", without("@example.com"), true),
        (
            Requirement::SignedIn,
            "upn",
            without("@another.example"),
            false,
        ),
    ] {
        let gate = gate(vec![Route {
            require,
            user: vec![ClaimPath::new(user)],
            user_form,
            ..route("/")
        }]);
        let request = request("GET", "/", &[("cookie", &cookie())]);
        let (decision, trace) = decide(&gate, &request, session());
        let code = match passes {
            true => "forward",
            false => "user_missing",
        };
        assert_eq!(decision.code(), code, "{user} {}", line(&trace));
    }
    // A name to fall back on.
    let gate = gate(vec![Route {
        user: vec![ClaimPath::new("email"), ClaimPath::new("sub")],
        ..route("/")
    }]);
    let request = request("GET", "/", &[("cookie", &cookie())]);
    assert_eq!(decide(&gate, &request, session()).0.code(), "forward");
}

use super::*;
use crate::decision::Decision;
use crate::evidence::Evidence;
use crate::fields::Fields;
use crate::fixture::{cookie, decide, gate, request, route, session};
use crate::headers::{ModAuthOpenidc, Preset};
use crate::route::Route;
use crate::rule::{Requirement, Rule};

const PAGE: [(&str, &str); 2] = [
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

fn anyone() -> Route {
    let mut route = route("/");
    route.require = Requirement::Anyone;
    route.headers.presets = vec![Preset::ModAuthOpenidc(ModAuthOpenidc::default())];
    route
}

fn decided(
    route: Route,
    fields: &[(&str, &str)],
    evidence: Evidence,
) -> (&'static str, Option<u16>) {
    let gate = gate(vec![route]);
    let request = request("GET", "/", fields);
    let (decision, _) = decide(&gate, &request, evidence);
    (decision.kind(), decision.status())
}

/// What the upstream is told, the client's fields that are left included.
fn told(fields: &[(&str, &str)], evidence: Evidence) -> Fields {
    let gate = gate(vec![anyone()]);
    let request = request("GET", "/", fields);
    let (decision, _) = decide(&gate, &request, evidence);
    let Decision::Forward(authorized) = decision else {
        panic!("{decision:?}")
    };
    let mut fields = gate.upstream_head(&authorized, &request).fields;
    if authorized.session().is_some() {
        fields.extend_from(&authorized.identity_fields(None));
    }
    fields
}

#[test]
fn cve_2017_6062_for_anyone_nobody_is_told_of_who_is_not_signed_in() {
    let cookie = cookie();
    let forged = [
        ("oidc_claim_sub", "admin"),
        ("OIDC-CLAIM-sub", "admin"),
        ("OIDC_access_token", "forged"),
    ];
    for brought in [None, Some("unknown"), Some("live")] {
        let mut fields = forged.to_vec();
        fields.extend(brought.map(|_| ("cookie", &*cookie)));
        let evidence = match brought {
            Some("live") => session(),
            _ => Evidence::NoSession,
        };
        let told = told(&fields, evidence);
        let subject = told.first("OIDC_CLAIM_sub").map(<[u8]>::to_vec);
        let expected = (brought == Some("live")).then(|| b"alice".to_vec());
        assert_eq!(subject, expected, "{brought:?}");
        assert!(told.first("OIDC_access_token").is_none());
        assert!(told.first("OIDC-CLAIM-sub").is_none());
    }
}

/// Neither a credential that is wrong nor a store that is down makes a person nobody.
#[test]
fn for_anyone_what_is_wrong_is_not_taken_for_nobody() {
    let cookie = cookie();
    let signed_in = ("cookie", &*cookie);
    for (fields, evidence, expected) in [
        (
            vec![("authorization", "Bearer x")],
            Evidence::NotAsked,
            "challenge",
        ),
        (
            vec![("authorization", "Bearer")],
            Evidence::NotAsked,
            "bad_credential",
        ),
        (vec![signed_in], Evidence::StoreUnavailable, "unavailable"),
        (vec![signed_in], Evidence::NoSession, "forward"),
        (vec![], Evidence::NotAsked, "forward"),
    ] {
        assert_eq!(
            decided(anyone(), &fields, evidence).0,
            expected,
            "{fields:?}"
        );
    }
    let gate = gate(vec![anyone()]);
    let across = [
        signed_in,
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.test"),
    ];
    let posted = request("POST", "/", &across);
    assert_eq!(decide(&gate, &posted, session()).0.kind(), "cross_origin");
}

#[test]
fn no_other_route_lets_nobody_through() {
    let rules = Requirement::Rules(Rule::All(Vec::new()));
    for require in [Requirement::SignedIn, rules] {
        let route = Route {
            require,
            ..route("/")
        };
        assert_eq!(decided(route, &[], Evidence::NotAsked).0, "challenge");
    }
}

#[test]
fn with_a_status_nobody_is_sent_to_sign_in() {
    for (status, number) in [
        (SignedOutStatus::Unauthorized, 401),
        (SignedOutStatus::ProxyAuthenticationRequired, 407),
        (SignedOutStatus::Gone, 410),
    ] {
        for fields in [&PAGE[..], &[]] {
            let route = Route {
                when_signed_out: WhenSignedOut::Status(status),
                keep_post: Some(1024),
                ..route("/")
            };
            let found = decided(route, fields, Evidence::NotAsked);
            assert_eq!(found, ("challenge", Some(number)), "{fields:?}");
        }
    }
}

#[test]
fn who_may_not_pass_gets_what_the_route_says() {
    let cookie = cookie();
    let program = [("cookie", &*cookie)];
    let person = [program[0], PAGE[0], PAGE[1]];
    for (answer, for_person, for_program) in [
        (WhenNotAllowed::Forbidden, 403, 403),
        (WhenNotAllowed::Unauthorized, 401, 401),
        (WhenNotAllowed::SignIn, 303, 403),
        (WhenNotAllowed::Elsewhere("/no".into()), 303, 403),
    ] {
        for (fields, status) in [(&person[..], for_person), (&program[..], for_program)] {
            let any_of = vec!["nobody".to_owned()];
            let route = Route {
                require: Requirement::Rules(Rule::Group { any_of }),
                when_not_allowed: answer.clone(),
                ..route("/")
            };
            let found = decided(route, fields, session());
            assert_eq!(found, ("forbid", Some(status)), "{answer:?}");
        }
    }
}

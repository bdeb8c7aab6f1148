use vestibule_session::record::Groups;

use super::*;
use crate::decision::{Decision, Kind};
use crate::evidence::Evidence;
use crate::fields::Fields;
use crate::fixture::{NOW, cookie, decide, gate, person, request, route, session, stored};
use crate::headers::{ModAuthOpenidc, Preset};
use crate::method::Method;
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
    (decision.kind().as_str(), decision.status())
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
    assert_eq!(
        decide(&gate, &posted, session()).0.kind(),
        Kind::CrossOrigin
    );
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

/// What a person and a program get who are signed in with this session, where the route says `said` of whom it refuses.
fn refused(rule: &Rule, said: &WhenNotAllowed, session: &Evidence) -> [u16; 2] {
    let cookie = cookie();
    let program = [("cookie", &*cookie)];
    let person = [program[0], PAGE[0], PAGE[1]];
    [&person[..], &program[..]].map(|fields| {
        let route = Route {
            require: Requirement::Rules(rule.clone()),
            when_not_allowed: said.clone(),
            ..route("/")
        };
        let (kind, status) = decided(route, fields, session.clone());
        assert_eq!(kind, "forbid", "{said:?}");
        status.unwrap()
    })
}

fn of_a_group() -> Rule {
    let any_of = vec!["4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101".to_owned()];
    Rule::Group { any_of }
}

fn of_a_network() -> Rule {
    let any_of = vec!["10.0.0.0/8".parse().unwrap()];
    Rule::Network { any_of }
}

#[test]
fn who_may_not_pass_gets_what_the_route_says() {
    for (said, for_person, for_program) in [
        (WhenNotAllowed::Forbidden, 403, 403),
        (WhenNotAllowed::Unauthorized, 401, 401),
        (WhenNotAllowed::SignIn, 303, 403),
        (WhenNotAllowed::Elsewhere("/no".into()), 303, 403),
    ] {
        let found = refused(&of_a_group(), &said, &session());
        assert_eq!(found, [for_person, for_program], "{said:?}");
    }
}

#[test]
fn whom_another_account_would_not_help_is_not_sent_to_sign_in() {
    let several = |rules: fn(Vec<Rule>) -> Rule| rules(vec![of_a_group(), of_a_network()]);
    let not_here = Rule::Not(Box::new(Rule::Method {
        any_of: vec![Method::Get],
    }));
    for (rule, for_person) in [
        (of_a_group(), 303),
        (of_a_network(), 403),
        (not_here, 403),
        (Rule::All(vec![of_a_network()]), 403),
        // With another account it could pass by the group, wherever it is.
        (several(Rule::Any), 303),
    ] {
        let found = refused(&rule, &WhenNotAllowed::SignIn, &session());
        assert_eq!(found, [for_person, 403], "{rule:?}");
    }
    let elsewhere = WhenNotAllowed::Elsewhere("/no".into());
    assert_eq!(refused(&of_a_network(), &elsewhere, &session()), [303, 403]);
}

/// Neither an account nor a sign-in is lacking: whatever the route says, it is our answer.
#[test]
fn whose_groups_are_not_known_is_told_so() {
    let silent = GroupsUnknown::NoAnswer { status: None };
    for (why, status) in [
        (None, 403),
        (Some(GroupsUnknown::Forbidden), 403),
        (Some(silent), 503),
    ] {
        let mut person = person().claim("hasgroups", true);
        person.groups = why.map(|why| Groups::unknown(why, NOW));
        let session = Evidence::Session(stored(person));
        for said in [
            WhenNotAllowed::Forbidden,
            WhenNotAllowed::Unauthorized,
            WhenNotAllowed::SignIn,
            WhenNotAllowed::Elsewhere("/no".into()),
        ] {
            let found = refused(&of_a_group(), &said, &session);
            assert_eq!(found, [status; 2], "{said:?} {why:?}");
        }
    }
}

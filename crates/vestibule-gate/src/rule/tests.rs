use super::*;
use crate::fixture::object;
use vestibule_session::claims::ClaimsSet;

fn judged(rule: &Rule, claims: &str) -> Judgement {
    let id_token = object(claims);
    let subject = Subject {
        claims: Claims {
            id_token: &id_token,
            userinfo: None,
            access_token: None,
            groups: None,
        },
        granted_scopes: vec!["openid", "read"],
        method: &Method::Get,
        client_ip: "10.1.2.3".parse().unwrap(),
    };
    judge(rule, &subject)
}

fn claim(path: &str, text: &str) -> Rule {
    Rule::Claim {
        path: ClaimPath::new(path),
        any_of: vec![ClaimValue::Text(text.to_owned())],
    }
}

fn pattern(path: &str, text: &str) -> Rule {
    Rule::Pattern {
        path: ClaimPath::new(path),
        pattern: Pattern::compile(text).unwrap(),
    }
}

fn group(name: &str) -> Rule {
    Rule::Group {
        any_of: vec!["other".to_owned(), name.to_owned()],
    }
}

fn check(rule: &Rule, claims: &str, verdict: Verdict, code: &str) {
    let judgement = judged(rule, claims);
    assert_eq!(
        (judgement.verdict, judgement.decisive().reason.code()),
        (verdict, code),
        "{rule:?} {claims}"
    );
}

use Verdict::{Fails, Holds, Unknown};

#[test]
fn claims_are_compared_exactly_and_by_type() {
    let rule = claim("dept", "it");
    check(&rule, r#"{"dept":"it"}"#, Holds, "claim_matches");
    check(&rule, r#"{"dept":["hr","it"]}"#, Holds, "claim_matches");
    for other in [
        r#"{"dept":"IT"}"#,
        r#"{"dept":"it "}"#,
        r#"{"dept":"itx"}"#,
        r#"{"dept":[]}"#,
    ] {
        check(&rule, other, Fails, "claim_differs");
    }
    for other in [
        r#"{"dept":[["it"]]}"#,
        r#"{"dept":["hr",{"it":1}]}"#,
        r#"{"dept":{"it":1}}"#,
        r#"{"dept":1}"#,
        r#"{"dept":true}"#,
    ] {
        check(&rule, other, Unknown, "claim_of_another_kind");
    }
    check(&rule, "{}", Unknown, "claim_missing");
    check(&rule, r#"{"dept":null}"#, Unknown, "claim_missing");
    let number = Rule::Claim {
        path: ClaimPath::new("n"),
        any_of: vec![ClaimValue::Integer(42)],
    };
    check(&number, r#"{"n":42}"#, Holds, "claim_matches");
    check(&number, r#"{"n":42.5}"#, Fails, "claim_differs");
    check(&number, r#"{"n":"42"}"#, Unknown, "claim_of_another_kind");
    let truth = Rule::Claim {
        path: ClaimPath::new("b"),
        any_of: vec![ClaimValue::Boolean(true)],
    };
    check(&truth, r#"{"b":true}"#, Holds, "claim_matches");
    check(&truth, r#"{"b":false}"#, Fails, "claim_differs");
    check(&truth, r#"{"b":"true"}"#, Unknown, "claim_of_another_kind");
    let either = Rule::Claim {
        path: ClaimPath::new("b"),
        any_of: vec![
            ClaimValue::Boolean(true),
            ClaimValue::Text("yes".to_owned()),
        ],
    };
    check(&either, r#"{"b":"no"}"#, Fails, "claim_differs");
    check(
        &either,
        r#"{"b":["no",false,"yes"]}"#,
        Holds,
        "claim_matches",
    );
    check(&either, r#"{"b":0}"#, Unknown, "claim_of_another_kind");
    check(
        &claim("realm_access.roles", "admin"),
        r#"{"realm_access":{"roles":["admin"]}}"#,
        Holds,
        "claim_matches",
    );
}

#[test]
fn cve_2021_21411_each_kind_of_rule_turns_people_away() {
    let roles = Rule::Role {
        any_of: vec!["admin".to_owned()],
    };
    let scope = Rule::Scope {
        any_of: vec!["write".to_owned()],
    };
    let method = Rule::Method {
        any_of: vec![Method::Post],
    };
    let network = Rule::Network {
        any_of: vec!["10.2.0.0/16".parse().unwrap()],
    };
    check(&group("a"), r#"{"groups":["b"]}"#, Fails, "claim_differs");
    check(&roles, r#"{"roles":["user"]}"#, Fails, "claim_differs");
    check(&scope, "{}", Fails, "scope_not_granted");
    check(&method, "{}", Fails, "method_differs");
    check(&network, "{}", Fails, "network_differs");
    check(&claim("x", "y"), "{}", Unknown, "claim_missing");
    check(&Rule::All(vec![]), "{}", Unknown, "no_rules");
    check(&Rule::Any(vec![]), "{}", Unknown, "no_rules");
}

#[test]
fn each_kind_of_rule_lets_the_right_people_through() {
    check(&group("a"), r#"{"groups":["a"]}"#, Holds, "claim_matches");
    check(
        &Rule::Role {
            any_of: vec!["admin".to_owned()],
        },
        r#"{"roles":"admin"}"#,
        Holds,
        "claim_matches",
    );
    check(
        &Rule::Scope {
            any_of: vec!["read".to_owned()],
        },
        "{}",
        Holds,
        "scope_granted",
    );
    check(
        &Rule::Method {
            any_of: vec![Method::Get],
        },
        "{}",
        Holds,
        "method_matches",
    );
    check(
        &Rule::Network {
            any_of: vec!["10.1.0.0/16".parse().unwrap()],
        },
        "{}",
        Holds,
        "network_matches",
    );
}

#[test]
fn what_is_missing_is_not_made_a_yes_by_not() {
    let not = |rule: Rule| Rule::Not(Box::new(rule));
    check(
        &not(claim("dept", "it")),
        r#"{"dept":"hr"}"#,
        Holds,
        "claim_differs",
    );
    check(
        &not(claim("dept", "it")),
        r#"{"dept":"it"}"#,
        Fails,
        "claim_matches",
    );
    check(&not(claim("dept", "it")), "{}", Unknown, "claim_missing");
    check(
        &not(not(claim("dept", "it"))),
        "{}",
        Unknown,
        "claim_missing",
    );
    check(
        &not(group("contractors")),
        r#"{"_claim_names":{"groups":"src1"}}"#,
        Unknown,
        "groups_overage",
    );
    check(&not(Rule::All(vec![])), "{}", Unknown, "no_rules");
}

#[test]
fn what_can_not_be_compared_is_not_made_a_yes_by_not() {
    let not = |rule: Rule| Rule::Not(Box::new(rule));
    let role = Rule::Role {
        any_of: vec!["banned".to_owned()],
    };
    for (rule, claims) in [
        (group("7"), r#"{"groups":[7]}"#),
        (group("banned"), r#"{"groups":["staff",{"name":"banned"}]}"#),
        (group("banned"), r#"{"groups":{"banned":true}}"#),
        (role.clone(), r#"{"roles":[["banned"]]}"#),
        (role, r#"{"roles":false}"#),
        (claim("blocked", "yes"), r#"{"blocked":true}"#),
    ] {
        check(&not(rule), claims, Unknown, "claim_of_another_kind");
    }
    check(
        &not(group("banned")),
        r#"{"groups":[]}"#,
        Holds,
        "claim_differs",
    );
    check(
        &not(group("banned")),
        r#"{"groups":["banned",1]}"#,
        Fails,
        "claim_matches",
    );
}

#[test]
fn groups_left_out_for_their_number_have_their_own_reason() {
    for claims in [
        r#"{"_claim_names":{"groups":"src1"},"_claim_sources":{}}"#,
        r#"{"hasgroups":true}"#,
        r#"{"groups":["b"],"hasgroups":true}"#,
    ] {
        check(&group("a"), claims, Unknown, "groups_overage");
    }
    check(
        &group("a"),
        r#"{"groups":["a"],"_claim_names":{"groups":"src1"}}"#,
        Holds,
        "claim_matches",
    );
    check(
        &group("a"),
        r#"{"_claim_names":{"roles":"src1"}}"#,
        Unknown,
        "claim_missing",
    );
    check(
        &group("a"),
        r#"{"hasgroups":"true"}"#,
        Unknown,
        "claim_missing",
    );
}

#[test]
fn all_and_any_follow_three_valued_logic() {
    let (holds, fails, unknown) = (
        Rule::Method {
            any_of: vec![Method::Get],
        },
        Rule::Method {
            any_of: vec![Method::Post],
        },
        claim("absent", "x"),
    );
    for (rules, all, any) in [
        (vec![&holds, &holds], Holds, Holds),
        (vec![&holds, &fails], Fails, Holds),
        (vec![&fails, &holds], Fails, Holds),
        (vec![&holds, &unknown], Unknown, Holds),
        (vec![&unknown, &holds], Unknown, Holds),
        (vec![&fails, &unknown], Fails, Unknown),
        (vec![&unknown, &fails], Fails, Unknown),
        (vec![&fails, &fails], Fails, Fails),
    ] {
        let rules: Vec<Rule> = rules.into_iter().cloned().collect();
        assert_eq!(
            judged(&Rule::All(rules.clone()), "{}").verdict,
            all,
            "all {rules:?}"
        );
        assert_eq!(
            judged(&Rule::Any(rules.clone()), "{}").verdict,
            any,
            "any {rules:?}"
        );
    }
}

#[test]
fn scopes_of_a_verified_access_token_count() {
    let (id_token, access) = (
        ClaimsSet::default(),
        object(r#"{"scp":"files.read files.write"}"#),
    );
    let subject = Subject {
        claims: Claims {
            id_token: &id_token,
            userinfo: None,
            access_token: Some(&access),
            groups: None,
        },
        granted_scopes: vec![],
        method: &Method::Get,
        client_ip: "10.1.2.3".parse().unwrap(),
    };
    let judgement = judge(
        &Rule::Scope {
            any_of: vec!["files.write".to_owned()],
        },
        &subject,
    );
    assert_eq!(judgement.verdict, Holds);
}

#[test]
fn a_pattern_is_looked_for_in_texts_and_in_nothing_else() {
    let rule = pattern("mail", r"@example\.com$");
    for holds in [
        r#"{"mail":"ada@example.com"}"#,
        r#"{"mail":["x","ada@example.com"]}"#,
        r#"{"mail":[7,"ada@example.com"]}"#,
    ] {
        check(&rule, holds, Holds, "claim_matches");
    }
    for fails in [
        r#"{"mail":"ada@example.com.evil.org"}"#,
        r#"{"mail":"ada@exampleXcom"}"#,
        r#"{"mail":""}"#,
        r#"{"mail":[]}"#,
    ] {
        check(&rule, fails, Fails, "claim_differs");
    }
    // As in Apache no number, boolean or object has a pattern in it; nor is it known not to.
    let any = pattern("mail", ".");
    for unknown in [
        r#"{"mail":7}"#,
        r#"{"mail":true}"#,
        r#"{"mail":{"a":"b"}}"#,
        r#"{"mail":[["x"]]}"#,
    ] {
        check(&any, unknown, Unknown, "claim_of_another_kind");
    }
    check(&any, r#"{"email":"x"}"#, Unknown, "claim_missing");
    let not = Rule::Not(Box::new(any));
    check(&not, r#"{"mail":7}"#, Unknown, "claim_of_another_kind");
    let nested = pattern("realm_access.roles", "^adm");
    let claims = r#"{"realm_access":{"roles":["user","admin"]}}"#;
    check(&nested, claims, Holds, "claim_matches");
}

mod directory {
    //! Groups that did not fit into the token, as the directory told them.

    use vestibule_oidc::time::UnixTime;
    use vestibule_session::record::{Groups, GroupsUnknown};

    use super::*;

    const A: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101";
    const B: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a102";
    const OVER: &str = r#"{"_claim_names":{"groups":"src1"}}"#;

    fn judged(rule: &Rule, claims: &str, groups: &Groups) -> (Verdict, &'static str) {
        let id_token = object(claims);
        let subject = Subject {
            claims: Claims {
                id_token: &id_token,
                userinfo: None,
                access_token: None,
                groups: Some(groups),
            },
            granted_scopes: Vec::new(),
            method: &Method::Get,
            client_ip: "10.1.2.3".parse().unwrap(),
        };
        let judgement = judge(rule, &subject);
        (judgement.verdict, judgement.decisive().reason.code())
    }

    fn in_any(groups: &[&str]) -> Rule {
        Rule::Group {
            any_of: groups.iter().map(|group| (*group).to_owned()).collect(),
        }
    }

    fn not(rule: Rule) -> Rule {
        Rule::Not(Box::new(rule))
    }

    #[test]
    fn groups_that_did_not_fit_are_what_the_directory_said() {
        let now = UnixTime(1);
        let text = |group: &str| vec![group.to_owned()];
        let all = Groups::all(text(A), now);
        let asked_a = Groups::of(text(A), text(A), now);
        let asked_b = Groups::of(text(B), Vec::new(), now);
        let unknown = Groups::unknown(GroupsUnknown::Forbidden, now);
        for (rule, groups, expected) in [
            (in_any(&[B, A]), &all, (Holds, "claim_matches")),
            (in_any(&[A]), &asked_a, (Holds, "claim_matches")),
            (claim("groups", A), &all, (Holds, "claim_matches")),
            (in_any(&[B]), &all, (Fails, "claim_differs")),
            (claim("groups", B), &asked_b, (Fails, "claim_differs")),
            (not(in_any(&[B])), &asked_b, (Holds, "claim_differs")),
            // Not asked about, or no id of the directory's: not known, whatever is made of it.
            (in_any(&[B]), &asked_a, (Unknown, "groups_overage")),
            (in_any(&[A, B]), &asked_b, (Unknown, "groups_overage")),
            (not(in_any(&[B])), &asked_a, (Unknown, "groups_overage")),
            (not(in_any(&["Finance"])), &all, (Unknown, "groups_overage")),
            (in_any(&[A]), &unknown, (Unknown, "groups_overage")),
            (not(in_any(&[A])), &unknown, (Unknown, "groups_overage")),
            (pattern("groups", "^4d7a"), &all, (Holds, "claim_matches")),
            (pattern("groups", "^Fin"), &all, (Unknown, "groups_overage")),
            (
                not(pattern("groups", "^Fin")),
                &all,
                (Unknown, "groups_overage"),
            ),
            (
                not(pattern("groups", "^Fin")),
                &unknown,
                (Unknown, "groups_overage"),
            ),
        ] {
            assert_eq!(judged(&rule, OVER, groups), expected, "{rule:?} {groups:?}");
        }
    }

    #[test]
    fn the_directory_counts_only_where_a_token_points_to_it() {
        let all = Groups::of(vec![A.to_owned()], vec![A.to_owned()], UnixTime(1));
        let rule = in_any(&[A]);
        assert_eq!(judged(&rule, "{}", &all), (Unknown, "claim_missing"));
        let inside = r#"{"groups":["x"]}"#;
        assert_eq!(judged(&rule, inside, &all), (Fails, "claim_differs"));
    }

    #[test]
    fn every_group_a_rule_names_is_found() {
        let rule = Rule::Any(vec![
            in_any(&["a", "b"]),
            not(Rule::All(vec![claim("groups", "c"), claim("roles", "d")])),
        ]);
        let mut named = Vec::new();
        rule.for_each_group(&mut |group| named.push(group.to_owned()));
        assert_eq!(named, ["a", "b", "c"]);
        assert!(!rule.looks_at_all_groups());
        let by_pattern = not(Rule::Any(vec![rule, pattern("groups", "x")]));
        assert!(by_pattern.looks_at_all_groups());
        assert!(!not(pattern("roles", "x")).looks_at_all_groups());
    }
}

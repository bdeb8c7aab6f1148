use serde_json::json;

use crate::Evidence;
use crate::evidence::{
    ClaimRule, Grant, Probe, ProbeOutcome, ProbeTarget, Product, ProviderError, Token,
};
use crate::testing::{
    API, RowCase, TENANT, USER, case, entra_id_token, evidence, object, provider, route, settings,
    texts, with,
};

fn graph(status: u16) -> Vec<Probe> {
    let outcome = ProbeOutcome::Http {
        status,
        content_type: None,
        first_char: None,
    };
    vec![Probe::new(
        ProbeTarget::Graph,
        "https://graph.microsoft.com/v1.0/me/transitiveMemberOf",
        outcome,
    )]
}

/// Entra's refusal of a token for Graph.
fn refused(number: Option<u32>) -> ProviderError {
    ProviderError {
        aadsts: number.into_iter().collect(),
        grant: Some(Grant::Groups),
        ..ProviderError::default()
    }
}

/// A rule on these groups, and an ID token with these claims.
fn ruled(values: &[&str], claims: serde_json::Value) -> Evidence {
    evidence(|e| {
        route(e).rules = vec![ClaimRule::new("groups", texts(values))];
        e.id_token = Some(entra_id_token(claims));
    })
}

/// A rule on this claim, and an ID token with these.
fn claimed(claim: &str, claims: serde_json::Value) -> Evidence {
    evidence(|e| {
        route(e).rules = vec![ClaimRule::new(claim, texts(&["a"]))];
        e.id_token = Some(entra_id_token(claims));
    })
}

/// An ID token of no product that is known.
fn elsewhere(claims: serde_json::Value) -> Token {
    let mut all = object(json!({ "iss": "https://id.example", "sub": "ada" }));
    all.extend(object(claims));
    Token::jwt(serde_json::Map::new(), all)
}

/// Settings with a rule on groups, by which Graph is asked for them.
fn asking(scopes: &[&str], by_app: bool) -> Evidence {
    evidence(|e| {
        provider(e).scopes = Some(texts(scopes));
        provider(e).graph_application = Some(by_app);
        route(e).rules = vec![ClaimRule::new("groups", texts(&[USER]))];
    })
}

/// Where we ask for them ourselves it is no trouble, and the finding says what the question needs.
#[test]
fn groups_that_are_asked_for_are_no_warning() {
    let over = json!({ "hasgroups": true });
    let known = |by_app, token| {
        with(&asking(&["openid", "offline_access"], by_app), |e| {
            e.id_token = Some(token);
        })
    };
    for (by_app, words) in [(false, "`User.Read`"), (true, "`GroupMember.Read.All`")] {
        let findings = crate::diagnose(&known(by_app, entra_id_token(over.clone())));
        assert_eq!(findings[0].code, "VST-TOKEN-GROUPS-OVERAGE");
        assert_eq!(findings[0].severity, crate::Severity::Info, "{findings:?}");
        assert!(findings[0].change[0].text.contains(words), "{findings:?}");
    }
    let mut elsewhere = known(false, entra_id_token(over));
    provider(&mut elsewhere).graph_application = None;
    let findings = crate::diagnose(&elsewhere);
    assert_eq!(
        findings[0].severity,
        crate::Severity::Warning,
        "{findings:?}"
    );
}

pub(super) fn all() -> Vec<RowCase> {
    let over = json!({
        "_claim_names": { "groups": "src1" },
        "_claim_sources": { "src1": { "endpoint": "https://graph.windows.net/x" } },
    });
    let overage = ruled(&[USER], over.clone());
    vec![
        case("VST-TOKEN-GROUPS-FORBIDDEN")
            .shows(with(&overage, |e| e.probes = graph(403)))
            .silent(with(&overage, |e| e.probes = graph(200)))
            .says("answers 403"),
        case("VST-TOKEN-GROUPS-NO-TOKEN")
            .shows(with(&overage, |e| {
                e.provider_error = Some(refused(Some(65_001)))
            }))
            .shows(with(&overage, |e| e.provider_error = Some(refused(None))))
            .silent(with(&overage, |e| {
                let mut refresh = refused(Some(65_001));
                refresh.grant = Some(Grant::Refresh);
                e.provider_error = Some(refresh);
            }))
            .says("Microsoft Graph"),
        case("VST-TOKEN-GROUPS-NO-TOKEN")
            .shows(asking(&["openid", "profile"], false))
            .silent(asking(&["openid", "offline_access"], false))
            .silent(asking(&["openid", "profile"], true))
            .line("scopes = [\"openid\", \"profile\", \"offline_access\"]"),
        case("VST-TOKEN-GROUPS-FORBIDDEN")
            .shows(Evidence::of_text(
                "GET https://graph.microsoft.com/v1.0/me/memberOf: Authorization_RequestDenied: Insufficient privileges to \
                 complete the operation.",
            ))
            .silent(Evidence::of_text("Insufficient privileges to complete the operation."))
            .says("not enough permissions"),
        case("VST-TOKEN-GROUPS-UNKNOWN")
            .shows(evidence(|e| {
                route(e).header_claims = texts(&["groups"]);
                e.probes = graph(500);
            }))
            .silent(evidence(|e| {
                route(e).header_claims = texts(&["upn"]);
                e.probes = graph(500);
            }))
            .shows(with(&overage, |e| e.probes = graph(503)))
            .shows(with(&overage, |e| {
                e.probes = graph(200);
                e.probes[0].outcome = ProbeOutcome::TimedOut;
            }))
            .silent(with(&overage, |e| e.probes = graph(200)))
            .silent(with(&overage, |e| e.probes = graph(403))),
        case("VST-TOKEN-GROUPS-OLD-URL")
            .shows(Evidence::of_text(
                "GET https://graph.windows.net/x/users/y/getMemberObjects: 410 Gone",
            ))
            .silent(Evidence::of_text(
                "GET https://graph.microsoft.com/v1.0/me: 200",
            ))
            .silent(ruled(&[USER], over.clone())),
        case("VST-TOKEN-GROUPS-OVERAGE")
            .shows(Evidence::of_text(
                r#"{"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"https://graph.microsoft.com/v1.0/users/x/getMemberObjects"}}}"#,
            ))
            .silent(Evidence::of_text(r#"{"_claim_names":{"roles":"src1"},"_claim_sources":{"src1":{}}}"#)),
        case("VST-TOKEN-GROUPS-OVERAGE")
            .shows(overage)
            .shows(evidence(|e| {
                e.id_token = Some(entra_id_token(json!({ "hasgroups": true })))
            }))
            .silent(ruled(&[USER], json!({ "groups": [USER] })))
            .says("do not fit"),
        case("VST-TOKEN-NO-GROUPS")
            .shows(ruled(&[USER], json!({})))
            .shows(with(&ruled(&[USER], json!({})), |e| {
                provider(e).issuer = Some("http://127.0.0.1:8081/t/v2.0".to_owned());
                provider(e).product = Some(Product::Entra);
                route(e).user_claims = texts(&["sub"]);
                let own = json!({ "iss": "http://127.0.0.1:8081/t/v2.0", "sub": "ada" });
                e.id_token = Some(Token::jwt(serde_json::Map::new(), object(own)));
            }))
            .silent(ruled(&[USER], json!({ "groups": [TENANT] })))
            .silent(ruled(&[USER], over)),
        case("VST-TOKEN-RULE-CLAIM")
            .shows(claimed("department", json!({})))
            .shows(with(&claimed("staff.level", json!({ "level": 7 })), |e| {
                provider(e).issuer = Some("https://id.example".to_owned());
                route(e).user_claims = texts(&["sub"]);
                e.id_token = Some(elsewhere(json!({ "level": 7 })));
            }))
            .silent(claimed("department", json!({ "department": "sales" })))
            .silent(claimed("staff.level", json!({ "staff": {} })))
            .silent(claimed("scp", json!({}))),
        case("VST-TOKEN-GROUP-NAMES")
            .shows(evidence(|e| {
                e.settings = Some(settings());
                route(e).rules = vec![ClaimRule::new("groups", texts(&["Admins"]))];
            }))
            .silent(evidence(|e| {
                e.settings = Some(settings());
                route(e).rules = vec![ClaimRule::new("groups", texts(&[API]))];
            }))
            .silent(evidence(|e| {
                e.settings = Some(settings());
                provider(e).issuer = Some("https://id.example".to_owned());
                route(e).rules = vec![ClaimRule::new("groups", texts(&["Admins"]))];
            }))
            .says("`Admins`"),
        case("VST-TOKEN-GROUP-NAMES")
            .shows(ruled(&["Finance"], json!({ "groups": [USER] })))
            .shows(ruled(&[USER], json!({ "groups": ["Finance"] })))
            .silent(ruled(&["Finance"], json!({ "groups": ["Sales"] })))
            .silent(ruled(&[TENANT], json!({ "groups": [USER] }))),
        case("VST-TOKEN-GROUPS-SCOPE")
            .shows(evidence(|e| {
                provider(e).scopes = Some(texts(&["openid", "offline_access", "groups"]));
            }))
            .silent(evidence(|e| {
                let provider = provider(e);
                provider.scopes = Some(texts(&["openid", "offline_access", "groups"]));
                provider.issuer = Some("https://contoso.okta.com/oauth2/default".to_owned());
            }))
            .line("scopes = [\"openid\", \"offline_access\"]"),
    ]
}

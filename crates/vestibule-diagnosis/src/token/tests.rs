use serde_json::{Value, json};
use vestibule_oidc::access_token::TokenShape;

use super::*;
use crate::{Confidence, Place, Severity};

const API: &str = "9e59d98b-d747-4a9a-96fd-178f04d08b02";
const CURE: &str =
    "access_token = { scope = \"api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default\" }";

fn jwt(header: Value, claims: Value) -> TokenEvidence {
    let object = |value: Value| value.as_object().unwrap().clone();
    let mut evidence = TokenEvidence::of("x");
    evidence.shape = TokenShape::Jwt {
        header: object(header),
        claims: object(claims),
    };
    evidence.api = Some(API.to_owned());
    evidence.audiences = vec![API.to_owned()];
    evidence
}

fn codes(evidence: &TokenEvidence) -> Vec<&'static str> {
    judge(evidence)
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

fn lines(evidence: &TokenEvidence) -> Vec<String> {
    judge(evidence)
        .into_iter()
        .flat_map(|f| f.change)
        .filter_map(|change| change.line)
        .collect()
}

#[test]
fn a_token_the_api_can_use_has_no_finding() {
    assert_eq!(
        codes(&jwt(json!({ "alg": "RS256" }), json!({ "aud": API }))),
        [""; 0]
    );
    assert_eq!(
        codes(&jwt(
            json!({ "alg": "RS256" }),
            json!({ "aud": ["x", API] })
        )),
        [""; 0]
    );
    let mut unknown = jwt(json!({ "alg": "RS256" }), json!({ "aud": "x" }));
    unknown.audiences.clear();
    assert_eq!(
        codes(&unknown),
        [""; 0],
        "nobody said which audience is right"
    );
    for text in ["", "opaque-reference", "a.b.c"] {
        assert_eq!(codes(&TokenEvidence::of(text)), [""; 0], "{text}");
    }
}

#[test]
fn a_graph_token_is_named_once_and_cured_by_the_apis_scope() {
    let graph = "00000003-0000-0000-c000-000000000000";
    for (header, aud, confidence) in [
        (
            json!({ "alg": "RS256", "nonce": "n" }),
            graph,
            Confidence::Certain,
        ),
        (
            json!({ "alg": "RS256" }),
            "https://graph.microsoft.com/",
            Confidence::Certain,
        ),
        (
            json!({ "alg": "RS256" }),
            "https://graph.microsoft.us",
            Confidence::Certain,
        ),
        (
            json!({ "alg": "RS256", "nonce": "n" }),
            API,
            Confidence::Likely,
        ),
    ] {
        let evidence = jwt(header, json!({ "aud": aud }));
        let findings = judge(&evidence);
        assert_eq!(codes(&evidence), ["VST-TOKEN-GRAPH"], "{aud}");
        assert_eq!(
            (findings[0].confidence, findings[0].severity),
            (confidence, Severity::Error)
        );
        assert_eq!(lines(&evidence), [CURE]);
        assert_eq!(findings[0].change[0].place, Place::Config);
        assert!(findings[0].change[1].name.ends_with("Application ID URI"));
    }
}

#[test]
fn opaque_tokens_of_microsofts_are_told_apart() {
    let mut personal = TokenEvidence::of("EwBwA8l6BAAUO9chh8cJscQLmU");
    personal.api = Some(format!("api://{API}"));
    personal.route = Some("/foo".to_owned());
    personal.scopes = vec!["openid".to_owned(), "profile".to_owned()];
    assert_eq!(codes(&personal), ["VST-TOKEN-OPAQUE-PERSONAL"]);
    assert_eq!(
        lines(&personal),
        [CURE, "\"requestedAccessTokenVersion\": 2"]
    );
    let finding = &judge(&personal)[0];
    assert!(
        finding
            .seen
            .starts_with("The access token for /foo is not a JWT: 26 bytes")
    );
    assert!(
        finding
            .why
            .starts_with("The scopes asked for are `openid profile`.")
    );
    assert!(
        !finding.seen.contains("EwBw"),
        "no part of the token is shown"
    );

    let v1 = TokenEvidence::of("AQABAAAAAAD4Q");
    assert_eq!(codes(&v1), ["VST-TOKEN-OPAQUE-V1"]);
    assert_eq!(
        lines(&v1),
        [
            "issuer = \"https://login.microsoftonline.com/<tenant id>/v2.0\"",
            "access_token = { scope = \"api://<the API's application id>/.default\" }",
        ]
    );
}

#[test]
fn a_token_for_another_api_is_named_with_both_audiences() {
    let evidence = jwt(json!({ "alg": "RS256" }), json!({ "aud": "api://other" }));
    let finding = &judge(&evidence)[0];
    assert_eq!(finding.code, "VST-TOKEN-AUDIENCE");
    assert!(finding.seen.contains("`api://other`") && finding.seen.contains(API));
    assert_eq!(lines(&evidence), [CURE]);
}

#[test]
fn another_name_of_the_same_api_is_not_another_api() {
    for aud in [
        format!("api://{API}"),
        format!("api://{API}/"),
        format!("{API}/"),
    ] {
        let evidence = jwt(json!({ "alg": "RS256" }), json!({ "aud": aud }));
        let finding = &judge(&evidence)[0];
        assert_eq!(finding.code, "VST-TOKEN-AUDIENCE");
        assert_eq!(finding.change[0].place, Place::Api);
        assert_eq!(lines(&evidence), ["\"requestedAccessTokenVersion\": 2"]);
    }
}

#[test]
fn whoever_came_from_apache_is_told_the_directive() {
    let mut evidence = TokenEvidence::of("EwBwA8l6");
    evidence.from_apache = true;
    evidence.api = Some(API.to_owned());
    let change = &judge(&evidence)[0].change[0];
    assert_eq!(
        (change.place, change.name.as_str()),
        (Place::Apache, "OIDCScope")
    );
    let line = format!("OIDCScope \"openid profile offline_access api://{API}/.default\"");
    assert_eq!(change.line.as_deref(), Some(line.as_str()));
}

#[test]
fn a_finding_is_plain_json() {
    let value = serde_json::to_value(&judge(&TokenEvidence::of("EwBwA8l6"))[0]).unwrap();
    for (name, kind) in [
        ("code", "VST-TOKEN-OPAQUE-PERSONAL"),
        ("severity", "error"),
        ("confidence", "likely"),
    ] {
        assert_eq!(value[name], kind);
    }
    assert_eq!(value["change"][0]["place"], "config");
    assert!(value["change"][1].get("line").is_none());
    assert!(value["seen"].is_string() && value["why"].is_string() && value["source"].is_string());
}

#[test]
fn text_from_the_token_is_shown_short_and_without_control_characters() {
    let aud = format!("evil\u{1b}[2J\n{}", "x".repeat(4000));
    let finding = &judge(&jwt(json!({ "alg": "RS256" }), json!({ "aud": aud })))[0];
    assert!(finding.seen.len() < 400 && !finding.seen.contains(char::is_control));
}

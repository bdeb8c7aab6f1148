use serde_json::json;

use crate::Evidence;
use crate::evidence::{AskedToken, Role, Token};
use crate::testing::{
    API, CLIENT, RowCase, api, case, entra_id_token, entra_token, entra_v1_token, evidence, jwt,
    provider, route, settings, texts, with,
};

const CURE: &str =
    "access_token = { scope = \"api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default\" }";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

fn given(token: Token) -> Evidence {
    evidence(|e| {
        e.token = Some(token);
        e.api = Some(api());
    })
}

pub(super) fn all() -> Vec<RowCase> {
    let graph = |aud: &str, header| given(jwt(header, json!({ "aud": aud, "ver": "1.0" })));
    let signs_in = evidence(|e| {
        e.settings = Some(settings());
        route(e).token = Some(AskedToken::SignIn);
    });
    vec![
        case("VST-TOKEN-GRAPH")
            .shows(graph(GRAPH, json!({ "alg": "RS256", "nonce": "n" })))
            .shows(graph(
                "https://graph.microsoft.com/",
                json!({ "alg": "RS256" }),
            ))
            .shows(graph(
                "https://graph.microsoft.us",
                json!({ "alg": "RS256" }),
            ))
            .shows(graph(API, json!({ "alg": "RS256", "nonce": "n" })))
            .silent(given(entra_token(
                json!({ "nonce": "in the payload", "aud": API }),
            )))
            .silent(graph(
                "https://graph.microsoft.com.example",
                json!({ "alg": "RS256" }),
            ))
            .line(CURE),
        case("VST-TOKEN-ID-AS-ACCESS")
            .shows(given(entra_id_token(json!({})).role(Role::Access)))
            .shows(given(jwt(
                json!({ "alg": "RS256" }),
                json!({ "aud": CLIENT, "token_use": "id" }),
            )))
            .silent(given(entra_id_token(json!({})).role(Role::Id)))
            .silent(given(entra_token(json!({ "nonce": "x" }))))
            .line(CURE),
        case("VST-TOKEN-ACCESS-AS-ID")
            .shows(evidence(|e| {
                e.id_token = Some(entra_token(json!({})).role(Role::Id))
            }))
            .silent(evidence(|e| {
                e.id_token = Some(entra_id_token(json!({ "roles": ["x"] })))
            }))
            .says("scopes and no `nonce`"),
        case("VST-TOKEN-AUDIENCE-NAME")
            .shows(given(entra_v1_token(json!({}))))
            .shows(given(entra_v1_token(
                json!({ "aud": format!("api://{API}/") }),
            )))
            .shows(given(entra_v1_token(json!({ "aud": format!("{API}/") }))))
            .silent(given(entra_v1_token(json!({ "aud": "api://other" }))))
            .silent(given(entra_token(json!({}))))
            .line("\"requestedAccessTokenVersion\": 2"),
        case("VST-TOKEN-AUDIENCE")
            .shows(given(entra_v1_token(json!({ "aud": "api://other" }))))
            .says("`api://other`")
            .says(API)
            .line(CURE)
            .silent(given(entra_v1_token(json!({}))))
            .silent(with(&given(entra_token(json!({ "aud": "x" }))), |e| {
                e.api.as_mut().unwrap().audiences.clear();
            })),
        case("VST-TOKEN-MIXED-ACCOUNTS")
            .shows(signs_in.clone())
            .silent(with(&signs_in, |e| {
                provider(e).scopes = Some(texts(&["openid", "api://x/read"]));
            }))
            .silent(with(&signs_in, |e| {
                provider(e).issuer = Some("https://id.example".to_owned());
            }))
            .says("none of an API"),
    ]
}

#[test]
fn a_nonce_in_the_header_alone_is_only_observed() {
    let findings = crate::diagnose(&given(jwt(
        json!({ "alg": "RS256", "nonce": "n" }),
        json!({ "aud": API }),
    )));
    assert_eq!(findings[0].confidence, crate::Confidence::Observed);
}

#[test]
fn text_from_the_token_is_shown_short_and_without_control_characters() {
    let aud = format!("evil\u{1b}[2J\n{}", "x".repeat(4000));
    let finding = &crate::diagnose(&given(entra_token(json!({ "aud": aud }))))[0];
    assert!(finding.seen.len() < 400 && !finding.seen.contains(char::is_control));
}

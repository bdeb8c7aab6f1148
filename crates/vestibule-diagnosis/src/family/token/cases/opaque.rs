use serde_json::json;

use crate::Evidence;
use crate::evidence::{AskedToken, Origin, Role, Token};
use crate::testing::{API, RowCase, api, case, entra_token, evidence, jwt, route, settings, with};

const CURE: &str =
    "access_token = { scope = \"api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default\" }";

fn token(text: &str) -> Evidence {
    evidence(|e| {
        e.token = Some(Token::of(text).role(Role::Access));
        e.api = Some(api());
        e.route = Some("/foo".to_owned());
    })
}

/// A header and a payload as they stand in a token: `{"alg":"RS256"}`, `{"aud":…}`.
const HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";
const PAYLOAD: &str = "eyJhdWQiOiI5ZTU5ZDk4Yi1kNzQ3LTRhOWEtOTZmZC0xNzhmMDRkMDhiMDIifQ";

pub(super) fn all() -> Vec<RowCase> {
    let whole = format!("{HEADER}.{PAYLOAD}.{}", "A".repeat(342));
    vec![
        case("VST-TOKEN-OPAQUE-PERSONAL")
            .shows(token("EwBwA8l6BAAUO9chh8cJscQLmU"))
            .shows(with(&token("EwA4A8l6BAAUO9chh8cJscQLmU"), |e| {
                route(e).token = Some(AskedToken::SignIn);
            }))
            .silent(token("EaBwA8l6BAAUO9chh8cJscQLmU"))
            .says("is not a JWT: 26 bytes")
            .line(CURE)
            .line("\"requestedAccessTokenVersion\": 2"),
        case("VST-TOKEN-OPAQUE-PERSONAL")
            .shows(with(&token("EwBwA8l6BAAUO9chh8cJscQLmU"), |e| {
                e.settings.get_or_insert_default().origin = Some(Origin::Apache);
            }))
            .silent(token(&whole))
            .line(format!(
                "OIDCScope \"openid profile offline_access api://{API}/.default\""
            )),
        case("VST-TOKEN-OPAQUE-V1")
            .shows(token("AQABAAAAAAD4Q"))
            .shows(token("PAQABAAAAAAD4Q"))
            .silent(token("0.ASgABC.AQABAAIAAAAx"))
            .says("no `resource` is named")
            .line("issuer = \"https://login.microsoftonline.com/<tenant id>/v2.0\""),
        case("VST-TOKEN-CODE-OR-REFRESH")
            .shows(token("0.ASgABC.AQABAAIAAAAx"))
            .shows(token("1.ASgABC"))
            .silent(token("2.ASgABC.AQABAAIAAAAx"))
            .says("an authorization code or a refresh token"),
        case("VST-TOKEN-ENCRYPTED")
            .shows(token(
                "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA",
            ))
            .silent(token(&format!("{HEADER}..AAAA.AAAA.AAAA")))
            .says("five parts"),
        case("VST-TOKEN-TRUNCATED")
            .shows(token(&format!("{HEADER}.{PAYLOAD}")))
            .shows(token(&format!("{HEADER}.{PAYLOAD}.{}", "A".repeat(200))))
            .silent(token(&whole)),
        case("VST-TOKEN-WRAPPED")
            .shows(token(&format!("\"{whole}\"")))
            .shows(token(&format!("Bearer {whole}")))
            .silent(token(&whole))
            .silent(evidence(|e| {
                e.token = Some(Token::of(&format!("Bearer {whole}\n")))
            }))
            .says("around it"),
        case("VST-TOKEN-RESPONSE")
            .shows(token(r#"{"token_type":"Bearer","access_token":"x"}"#))
            .silent(token(r#"{"token_type":"#)),
        case("VST-TOKEN-UNSIGNED")
            .shows(token(&format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.")))
            .silent(token(&whole))
            .says("`alg: none`"),
        case("VST-TOKEN-OPAQUE")
            .shows(token("xZ3kP0q8sT1vW2yA"))
            .shows(token("a.b.c"))
            .silent(with(&token("xZ3kP0q8sT1vW2yA"), |e| {
                e.api.as_mut().unwrap().takes_opaque = Some(true);
            }))
            .silent(token(""))
            .says("is not a JWT"),
    ]
}

#[test]
fn an_opaque_token_is_an_error_only_where_a_jwt_is_expected() {
    let severity = |e: &Evidence| crate::diagnose(e)[0].severity;
    let alone = evidence(|e| e.token = Some(Token::of("xZ3kP0q8sT1vW2yA")));
    assert_eq!(severity(&alone), crate::Severity::Info);
    assert_eq!(severity(&token("xZ3kP0q8sT1vW2yA")), crate::Severity::Error);
}

#[test]
fn a_token_the_api_can_use_has_no_finding() {
    for token in [
        entra_token(json!({})),
        entra_token(json!({ "aud": ["x", API] })),
        jwt(json!({ "alg": "ES256" }), json!({ "aud": API })),
    ] {
        let healthy = evidence(|e| {
            e.token = Some(token);
            e.api = Some(api());
            e.settings = Some(settings());
        });
        assert_eq!(crate::diagnose(&healthy), []);
    }
}

use serde_json::json;

use crate::Evidence;
use crate::evidence::{Api, AskedToken, Origin, Role, Token};
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
const PAYLOAD: &str =
    "eyJhdWQiOiI5ZTU5ZDk4Yi1kNzQ3LTRhOWEtOTZmZC0xNzhmMDRkMDhiMDIiLCJleHAiOjQwMDAwMDAwMDB9";

/// A whole JWT for the API of the tests, in another base64.
const IN_BASE64: &str = concat!(
    "ZXlKaGJHY2lPaUpGVXpJMU5pSjkuZXlKaGRXUWlPaUk1WlRVNVpEazRZaTFrTnpRM0xUUmhPV0V0T1RabVpDMHhOemhtTURSa01E",
    "aGlNRElpTENKbGVIQWlPalF3TURBd01EQXdNREI5LkFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB",
    "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB",
);

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
            .silent(token(&whole))
            .silent(token(&format!("{whole}\n")))
            .silent(token(&format!("Bearer {whole}")))
            .silent(token(&format!("OIDC_access_token: {whole}\r\n")))
            .silent(evidence(|e| {
                e.token = Some(Token::of(&format!("Bearer {whole}\n")))
            }))
            .shows(token(&format!("Bearer Bearer {whole}")))
            .shows(token(&format!("Bearer%20{whole}")))
            .shows(token(&whole.replace('.', "%2E")))
            .shows(token(&format!("{HEADER}==.{PAYLOAD}=.{}", "A".repeat(342))))
            .shows(token(&format!("{whole}\u{200b}")))
            .shows(token(&format!("{whole},")))
            .shows(evidence(|e| e.token = Some(Token::of(&format!("Bearer Bearer {whole}")))))
            .says("came with"),
        case("VST-TOKEN-TRUNCATED")
            .shows(token("eyJhbGciOiJSUzI1NiJ9"))
            .shows(token("OIDC_access_token: eyJ0eXAiOi...."))
            .shows(token(&format!("{HEADER}.{}…", &PAYLOAD[..20])))
            .silent(token(&format!("Bearer {whole}")))
            .line("vestibule explain --file FILE"),
        case("VST-TOKEN-DAMAGED")
            .shows(token(&format!("{}.{PAYLOAD}.{}", &HEADER[3..], "A".repeat(342))))
            .shows(token(&format!("{HEADER}.{}.{}", &PAYLOAD[2..], "A".repeat(342))))
            .shows(token(&format!("{PAYLOAD}.{}", "A".repeat(342))))
            .silent(token(&whole))
            .silent(token("a.b.c"))
            .says("can't be read"),
        case("VST-TOKEN-SAML")
            .shows(token("PHNhbWw6QXNzZXJ0aW9uIElEPSJfMSI+PC9zYW1sOkFzc2VydGlvbj4="))
            .silent(token("PGh0bWw+PGJvZHk+PC9ib2R5PjwvaHRtbD4=")),
        case("VST-TOKEN-TOO-LONG")
            .shows(token(&"a".repeat(70 << 10)))
            .silent(token(&"a".repeat(60 << 10)))
            .says("70 KiB"),
        case("VST-TOKEN-SHARED-SECRET")
            .shows(evidence(|e| e.token = Some(jwt(json!({ "alg": "HS256" }), json!({ "exp": 1, "aud": "x" })))))
            .silent(evidence(|e| {
                e.token = Some(jwt(json!({ "alg": "HS256" }), json!({ "exp": 1 })));
                e.api = Some(Api {
                    algorithms: vec!["HS256".to_owned()],
                    ..Api::default()
                });
            }))
            .silent(evidence(|e| e.token = Some(jwt(json!({ "alg": "RS256" }), json!({ "exp": 1 })))))
            .silent(evidence(|e| {
                let refresh = json!({ "typ": "Refresh", "exp": 1, "iss": "https://id.example/realms/r" });
                e.token = Some(jwt(json!({ "alg": "HS256" }), refresh));
            })),
        case("VST-TOKEN-CODE-OR-REFRESH")
            .shows(evidence(|e| {
                let refresh = json!({ "typ": "Refresh", "exp": 1, "aud": "https://id.example/realms/r", "azp": "c",
                    "iss": "https://id.example/realms/r" });
                e.token = Some(jwt(json!({ "alg": "HS256", "kid": "k" }), refresh));
                e.api = Some(api());
            }))
            .shows(Evidence::of_text("OIDC_access_token: 0.ASgABCdefghij.AQABAAIAAAAxyzxyz"))
            .silent(Evidence::of_text(
                "https://portal.example.com/cb?code=0.ASgABCdefghij.AQABAAIAAAAxyzxyz&state=abc",
            ))
            .silent(Evidence::of_text("code: 0.ASgABCdefghij.AQABAAIAAAAxyzxyz"))
            .silent(Evidence::of_text("the value 0.ASgABCdefghij.AQABAAIAAAAxyzxyz arrived"))
            .silent(evidence(|e| {
                let bearer = json!({ "typ": "Bearer", "exp": 1, "iss": "https://id.example/realms/r" });
                e.token = Some(jwt(json!({ "alg": "RS256", "kid": "k" }), bearer));
            })),
        case("VST-TOKEN-NOT-JWT")
            .shows(Evidence::of_text("IDX12741: JWT must have three segments (JWS) or five segments (JWE)."))
            .shows(Evidence::of_text("jwt.exceptions.DecodeError: Not enough segments"))
            .silent(Evidence::of_text("the token has three segments"))
            .silent(token(&whole)),
        case("VST-TOKEN-CODE-OR-REFRESH")
            .shows(token("M.C507_BAY.2.U.12345678-1234-1234-1234-1234567890ab"))
            .shows(token("M.R3_SN1.-CdY1w9!Qx*ZkR0mV4tB7nLp"))
            .silent(token("M.C507.2.U.12345678-1234-1234-1234-1234567890ab"))
            .silent(Evidence::of_text(
                "https://portal.example.com/cb?code=M.C507_BAY.2.U.12345678-1234-1234-1234-1234567890ab&state=abc",
            ))
            .says("of a personal Microsoft account"),
        case("VST-TOKEN-SECRET")
            .shows(token("Abc8Q~abcdefghijklmnopqrstuvwxyz01234.x"))
            .shows(with(&token("Abc8Q~abcdefghijklmnopqrstuvwxyz01234.x"), |e| e.settings = Some(settings())))
            .shows(Evidence::of_text("Authorization: Bearer Abc8Q~abcdefghijklmnopqrstuvwxyz01234.x"))
            .silent(token("Abc8Qabcdefghijklmnopqrstuvwxyz01234.x"))
            .silent(Evidence::of_text("OIDCClientSecret Abc8Q~abcdefghijklmnopqrstuvwxyz01234.x"))
            .silent(Evidence::of_text("client_secret=Abc8Q~abcdefghijklmnopqrstuvwxyz01234.x"))
            .says("`Q~`"),
        case("VST-TOKEN-DAMAGED")
            .shows(token(&whole.to_lowercase()))
            .silent(token("eyjx.eyjy"))
            .says("capitals are gone"),
        case("VST-TOKEN-WRAPPED")
            .shows(token(IN_BASE64))
            .silent(token("ZXlKYWJj"))
            .says("another base64"),
        case("VST-TOKEN-EMPTY")
            .shows(Evidence::of_text(r#"{"token_type":"Bearer","scope":"openid","expires_in":3599,"access_token":""}"#))
            .silent(Evidence::of_text(r#"{"token_type":"Bearer","expires_in":3599}"#))
            .silent(Evidence::of_text(r#"{"token_type":"Bearer","expires_in":3599,"access_token":"x"}"#))
            .says("nothing in it"),
        case("VST-TOKEN-EMPTY")
            .shows(token(""))
            .silent(token("x"))
            .line(CURE),
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
            .shows(with(&token("xZ3kP0q8sT1vW2yA"), |e| e.settings = Some(settings())))
            .silent(with(&token("xZ3kP0q8sT1vW2yA"), |e| {
                e.api.as_mut().unwrap().takes_opaque = Some(true);
            }))
            .silent(token(""))
            .says("is not a JWT"),
    ]
}

#[test]
fn what_nobody_knows_is_not_said_to_be_known() {
    let alone = evidence(|e| e.token = Some(Token::of("xZ3kP0q8sT1vW2yA")));
    assert_eq!(
        crate::diagnose(&alone)[0].confidence,
        crate::Confidence::Inferred
    );
    let google = evidence(|e| {
        e.token = Some(Token::of("gho_16C7e42F292c6912E7710c838347Ae178B4a"));
    });
    assert!(
        crate::diagnose(&google)
            .iter()
            .all(|finding| !finding.why.contains("No scope"))
    );
    // Nobody said which scopes were asked for.
    let ticket = evidence(|e| e.token = Some(Token::of("EwBwA8l6BAAUO9chh8cJscQLmU")));
    assert!(
        crate::diagnose(&ticket)[0]
            .why
            .starts_with("For a personal"),
        "{:?}",
        crate::diagnose(&ticket)
    );
}

#[test]
fn copying_is_named_as_a_cause_where_somebody_copied() {
    let whole = format!("{HEADER}.{PAYLOAD}.{}", "A".repeat(342));
    let pasted = |text: &str| evidence(|e| e.token = Some(Token::of(text)));
    let first = |e: &Evidence| crate::diagnose(e).remove(0).change.remove(0).name;
    assert_eq!(first(&pasted(&whole[..whole.len() - 40])), "copying");
    assert_eq!(first(&pasted(&whole[15..])), "copying");
    // What a proxy sees nobody copied.
    let seen = evidence(|e| {
        e.token = Some(
            Token::of(&whole[..whole.len() - 40])
                .role(Role::Access)
                .just_issued(),
        );
    });
    let finding = crate::diagnose(&seen).remove(0);
    assert!(finding.change.iter().all(|change| change.name != "copying"));
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
        jwt(
            json!({ "alg": "ES256" }),
            json!({ "aud": API, "exp": 1_700_004_500 }),
        ),
    ] {
        let healthy = evidence(|e| {
            e.token = Some(token);
            e.api = Some(api());
            e.settings = Some(settings());
        });
        assert_eq!(crate::diagnose(&healthy), []);
    }
}

use serde_json::json;

use crate::Evidence;
use crate::evidence::{Api, AskedToken, Role, Token};
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
        // IdentityModel shows header and payload where it may; the key is only an echo.
        case("VST-TOKEN-GRAPH")
            .shows(Evidence::of_text(&format!(
                "IDX10501: Signature validation failed. Unable to match key: kid: 'abc'. token: \
                 '{{\"alg\":\"RS256\",\"kid\":\"abc\",\"nonce\":\"x\"}}.{{\"aud\":\"{GRAPH}\"}}'."
            )))
            .shows(Evidence::of_text(
                "IDX10511: Signature validation failed. token: \
                 '{\"alg\":\"RS256\",\"kid\":\"abc\",\"nonce\":\"x\"}.{\"aud\":\"https://graph.microsoft.com\",\"exp\":1}'.",
            ))
            .shows(Evidence::of_text(&format!(
                "AADSTS500131: Assertion audience does not match the Client app presenting the assertion. The audience in \
                 the assertion was '{GRAPH}' and the expected audience is 'api://{API}' or one of the Application Uris"
            )))
            .silent(Evidence::of_text(&format!(
                "IDX10501: Signature validation failed. token: '{{\"alg\":\"RS256\"}}.{{\"aud\":\"{API}\"}}'."
            )))
            .says("is for Microsoft Graph"),
        // What a page like jwt.ms shows of a token.
        case("VST-TOKEN-GRAPH")
            .shows(Evidence::of_text(&format!(
                r#"{{"aud": "{GRAPH}", "iss": "https://sts.windows.net/{API}/", "exp": 1795400000, "ver": "1.0", "tid": "{API}"}}"#
            )))
            .shows(Evidence::of_text(&format!(
                r#"{{"typ":"JWT","alg":"RS256","nonce":"n"}}.{{"aud":"{GRAPH}","iss":"https://sts.windows.net/{API}/","iat":1}}.[Signature]"#
            )))
            .silent(Evidence::of_text(&format!(
                r#"signed in: {{"aud": "{GRAPH}", "iss": "https://sts.windows.net/{API}/", "exp": 1795400000}}"#
            )))
            .says("The token is for Microsoft Graph"),
        case("VST-TOKEN-AUDIENCE")
            .shows(Evidence::of_text(
                r#"{"error":{"code":"InvalidAuthenticationToken","message":"Access token validation failure. Invalid audience."}}"#,
            ))
            .silent(Evidence::of_text("Access token validation failure."))
            .line("access_token = { scope = \"https://graph.microsoft.com/.default\" }")
            .says("the other way round"),
        case("VST-TOKEN-AUDIENCE")
            .shows(Evidence::of_text(&format!(
                "{{\"error\":{{\"code\":\"InvalidAuthenticationTokenAudience\",\"message\":\"The access token has been obtained for \
                 wrong audience or resource 'api://{API}'. It should exactly match with one of the allowed audiences \
                 'https://management.core.windows.net/','https://management.azure.com/'.\"}}}}"
            )))
            .silent(Evidence::of_text("calls 'https://management.azure.com/' with a token"))
            .line("access_token = { scope = \"https://management.azure.com/.default\" }")
            .says("Azure Resource Manager says"),
        case("VST-TOKEN-AUDIENCE")
            .shows(Evidence::of_text(
                "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com/.",
            ))
            .silent(Evidence::of_text("Expected https://vault.azure.net, found: https://management.azure.com/."))
            .line("access_token = { scope = \"https://vault.azure.net/.default\" }"),
        case("VST-TOKEN-AUDIENCE")
            .shows(Evidence::of_text(&format!(
                "{{ \"statusCode\": 401, \"message\": \"JWT Validation Failed: Claim value mismatch: aud={API}.. Access denied.\" }}"
            )))
            .silent(Evidence::of_text("claim aud: value in order"))
            .says("which audience the token has"),
        case("VST-TOKEN-GRAPH-FORBIDDEN")
            .shows(Evidence::of_text(
                r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}"#,
            ))
            .silent(Evidence::of_text(r#"{"error":{"code":"Request_ResourceNotFound","message":"no such group"}}"#))
            .silent(Evidence::of_text("getMemberObjects: Insufficient privileges to complete the operation."))
            .says("not enough permissions"),
        // By default Quarkus expects the client id of the sign-in.
        case("VST-TOKEN-GRAPH")
            .shows(Evidence::of_text(&format!(
                "io.quarkus.oidc: Token verification has failed: Audience (aud) claim [{GRAPH}] doesn't contain an acceptable \
                 identifier. Expected {CLIENT} as an aud value."
            )))
            .silent(Evidence::of_text("io.quarkus.oidc: Token verification has failed"))
            .line(format!("access_token = {{ scope = \"api://{CLIENT}/<scope>\" }}")),
        case("VST-TOKEN-AUDIENCE")
            .shows(evidence(|e| {
                e.settings = Some(settings());
                e.token = Some(entra_id_token(json!({ "aud": API })).role(Role::Id));
            }))
            .silent(evidence(|e| {
                e.settings = Some(settings());
                e.token = Some(entra_id_token(json!({})).role(Role::Id));
            }))
            .silent(evidence(|e| {
                e.settings = Some(settings());
                let claims = json!({ "iss": "https://accounts.google.com", "aud": "another" });
                e.token = Some(entra_id_token(claims).role(Role::Id));
            }))
            .says("ours is the client id"),
        case("VST-TOKEN-ACCESS-AS-ID")
            .shows(Evidence::of_text(&format!(
                "Error redeeming code during OAuth2 callback: could not verify id_token: audience from claim aud with value \
                 [{GRAPH}] does not match with any of allowed audiences map[{CLIENT}:{{}}]"
            )))
            .silent(Evidence::of_text(&format!("audience from claim aud with value [{GRAPH}]")))
            .says("A check of ID tokens expects"),
        case("VST-TOKEN-ID-AS-ACCESS")
            .shows(given(entra_id_token(json!({})).role(Role::Access)))
            .shows(given(jwt(
                json!({ "alg": "RS256" }),
                json!({ "aud": CLIENT, "at_hash": "x" }),
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
        case("VST-TOKEN-ACCESS-AS-ID")
            .shows(Evidence::of_text(&format!(
                "oidc: expected audience \"{CLIENT}\" got [\"api://{API}\"]"
            )))
            .shows(Evidence::of_text(&format!(
                "oidc_proto_validate_aud_and_azp: the configured client_id ({CLIENT}) did not match the \"aud\" claim \
                 value (api://{API}) in the id_token"
            )))
            .shows(Evidence::of_text(&format!(
                "oidc: expected audience \"{CLIENT}\" got [\"{GRAPH}\"]"
            )))
            .shows(Evidence::of_text(&format!("oidc: expected audience \"{CLIENT}\" got [\"{API}\"]")))
            .silent(Evidence::of_text(&format!("oidc: expected audience \"{API}\" got [\"api://{API}\"]")))
            .silent(Evidence::of_text("oidc: expected audience \"portal\" got [\"account\"]"))
            .says(CLIENT),
        case("VST-TOKEN-AUDIENCE-NAME")
            .shows(given(entra_v1_token(json!({}))))
            .shows(given(entra_v1_token(
                json!({ "aud": format!("api://{API}/") }),
            )))
            .shows(given(entra_v1_token(json!({ "aud": format!("{API}/") }))))
            .silent(given(entra_v1_token(json!({ "aud": "api://other" }))))
            .silent(given(entra_token(json!({}))))
            .says("names of one API"),
        case("VST-TOKEN-AUDIENCE-NAME")
            .shows(given(entra_v1_token(json!({}))))
            .silent(given(entra_token(json!({}))))
            .line("\"requestedAccessTokenVersion\": 2"),
        case("VST-TOKEN-GRAPH")
            .shows(Evidence::of_text(&format!(
                "IDX10214: Audience validation failed. Audiences: '{GRAPH}'. Did not match: \
                 validationParameters.ValidAudience: '{API}' or validationParameters.ValidAudiences: 'null'."
            )))
            .silent(Evidence::of_text("IDX10214: Audience validation failed. Audiences: 'x'."))
            .line(CURE),
        case("VST-TOKEN-MICROSOFT-API")
            .shows(graph("https://management.core.windows.net/", json!({ "alg": "RS256" })))
            .shows(graph("00000002-0000-0000-c000-000000000000", json!({ "alg": "RS256" })))
            .shows(graph("https://vault.azure.net", json!({ "alg": "RS256" })))
            .shows(Evidence::of_text("The audience 'https://vault.azure.net' is invalid"))
            .silent(graph("https://vault.azure.net.example", json!({ "alg": "RS256" })))
            .silent(with(&graph("https://vault.azure.net", json!({ "alg": "RS256" })), |e| {
                e.api.as_mut().unwrap().audiences = vec!["https://vault.azure.net".to_owned()];
            })),
        case("VST-TOKEN-AUDIENCE")
            .shows(Evidence::of_text("IDX10214: Audience validation failed."))
            .shows(Evidence::of_text("jwt.exceptions.InvalidAudienceError: Audience doesn't match"))
            .shows(Evidence::of_text("JWTClaimValidationFailed: unexpected \"aud\" claim value"))
            .silent(Evidence::of_text("the audience and the issuer fit"))
            .says("audience"),
        case("VST-TOKEN-AUDIENCE-NAME")
            .shows(Evidence::of_text(&format!(
                "IDX10214: Audience validation failed. Audiences: 'api://{API}'. Did not match: \
                 validationParameters.ValidAudience: '{API}'"
            )))
            .silent(Evidence::of_text(&format!("The audience 'api://{API}' is invalid")))
            .line(format!(
                "options.TokenValidationParameters.ValidAudiences = [\"{API}\", \"api://{API}\"];"
            )),
        case("VST-TOKEN-AUDIENCE-NAME")
            .shows(Evidence::of_text(&format!(
                "IDX10214: Audience validation failed. Audiences: '{API}'. Did not match: \
                 validationParameters.ValidAudience: 'api://{API}'"
            )))
            .silent(Evidence::of_text(&format!("The audience '{API}' is invalid")))
            .line(format!(
                "options.TokenValidationParameters.ValidAudiences = [\"api://{API}\", \"{API}\"];"
            )),
        case("VST-TOKEN-AUDIENCE")
            .shows(Evidence::of_text("jose.exceptions.JWTClaimsError: Invalid audience"))
            .shows(Evidence::of_text(&format!(
                "oidc_proto_validate_aud_and_azp: our configured client_id ({CLIENT}) could not be found in the array of \
                 values for \"aud\" claim"
            )))
            .silent(Evidence::of_text("jose.exceptions.JWTClaimsError: Invalid subject")),
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

/// The cure is that of the provider the token is of.
#[test]
fn each_provider_gets_its_own_cure() {
    let wrong = |iss: &str, more: serde_json::Value| {
        let mut claims =
            json!({ "iss": iss, "aud": "somebody", "azp": "portal", "scope": "openid", "exp": 1 });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        evidence(|e| {
            e.token = Some(jwt(json!({ "alg": "RS256", "kid": "k" }), claims));
            e.api = Some(Api {
                name: Some("https://api.mine".to_owned()),
                audiences: vec!["https://api.mine".to_owned()],
                ..Api::default()
            });
        })
    };
    for (iss, more, words) in [
        (
            "https://t.eu.auth0.com/",
            json!({}),
            "audience = \"https://api.mine\"",
        ),
        (
            "https://dev-1.okta.com/oauth2/default",
            json!({}),
            "Authorization Servers",
        ),
        (
            "https://accounts.google.com",
            json!({}),
            "Google's ID token",
        ),
        (
            "https://accounts.google.com",
            json!({ "nonce": "n", "scope": null }),
            "Google's ID token",
        ),
        ("https://id.example/realms/r", json!({}), "Add mapper"),
        (
            "https://id.example/realms/r",
            json!({ "typ": "ID", "scope": null }),
            "Add mapper",
        ),
        (
            "https://cognito-idp.eu-west-1.amazonaws.com/p",
            json!({ "token_use": "id" }),
            "Resource servers",
        ),
        (
            "https://x.my.salesforce.com",
            json!({}),
            "Salesforce's access tokens",
        ),
        (
            "https://auth.pingone.eu/x/as",
            json!({}),
            "Applications > Resources",
        ),
        (
            "https://contoso.b2clogin.com/x/v2.0/",
            json!({ "tfp": "B2C_1" }),
            "onmicrosoft.com/<API>",
        ),
        (
            "https://as.example",
            json!({}),
            "its identifier, audience or resource",
        ),
    ] {
        let findings = crate::diagnose(&wrong(iss, more));
        assert_eq!(findings.len(), 1, "{iss}: {findings:?}");
        let all = serde_json::to_string(&findings)
            .unwrap()
            .replace("\\\"", "\"");
        assert!(all.contains(words), "{iss}: {all}");
        let entra = all.contains("App registrations >") && !iss.contains("b2clogin");
        assert!(!entra, "{iss}: {all}");
        assert!(
            iss == "https://as.example" || !all.contains("api.mine/.default"),
            "{iss}: {all}"
        );
    }
}

/// A token of another product than people sign in with is not asked for again: it is the wrong one.
#[test]
fn a_token_of_another_product_is_one_finding() {
    let mixed = evidence(|e| {
        provider(e).issuer = Some("https://t.eu.auth0.com/".to_owned());
        e.token = Some(Token::of("ya29.a0AfH6SMBxxxxxxxxxxxxxxxxxxxx").role(Role::Access));
        e.api = Some(api());
    });
    let findings = crate::diagnose(&mixed);
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["VST-GOOGLE-OPAQUE"]);
}

#[test]
fn no_cure_asks_for_the_version_the_token_has() {
    let found = given(entra_token(json!({ "aud": API })));
    let wanted = with(&found, |e| {
        e.api.as_mut().unwrap().audiences = vec![format!("api://{API}")];
    });
    let findings = crate::diagnose(&wanted);
    assert_eq!(findings[0].code, "VST-TOKEN-AUDIENCE-NAME");
    assert!(
        findings[0]
            .change
            .iter()
            .all(|change| change.line.is_none()),
        "{findings:?}"
    );
}

/// What checks ID tokens is not to be given an access token for the client itself.
#[test]
fn no_cure_asks_for_a_scope_of_the_client() {
    for text in [
        format!("oidc: expected audience \"{CLIENT}\" got [\"api://{API}\"]"),
        format!("oidc: expected audience \"{CLIENT}\" got [\"{GRAPH}\"]"),
        format!(
            "our configured client_id ({CLIENT}) could not be found in the array of values for \"aud\" claim"
        ),
        format!(
            "the configured client_id ({CLIENT}) did not match the \"aud\" claim (api://{API}) in the id_token"
        ),
    ] {
        let findings = crate::diagnose(&Evidence::of_text(&text));
        let all = serde_json::to_string(&findings).unwrap();
        assert!(!all.contains(&format!("api://{CLIENT}")), "{text}: {all}");
        assert_eq!(findings.len(), 1, "{text}: {all}");
    }
}

/// The other version has the expected name in one direction alone.
#[test]
fn another_version_is_told_only_where_its_name_is_the_expected_one() {
    let log = |found: &str, own: &str| {
        Evidence::of_text(&format!(
            "IDX10214: Audience validation failed. Audiences: '{found}'. Did not match: \
             validationParameters.ValidAudience: '{own}' or validationParameters.ValidAudiences: 'null'."
        ))
    };
    let uri = format!("api://{API}");
    let other = with(&given(entra_v1_token(json!({ "aud": API }))), |e| {
        e.api.as_mut().unwrap().audiences = vec![uri.clone()];
    });
    for evidence in [log(API, &uri), log(&uri, API), other] {
        let findings = crate::diagnose(&evidence);
        assert_eq!(findings[0].code, "VST-TOKEN-AUDIENCE-NAME");
        let all = serde_json::to_string(&findings).unwrap();
        assert!(!all.contains("requestedAccessTokenVersion"), "{all}");
    }
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

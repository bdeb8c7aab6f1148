use serde_json::json;

use crate::Evidence;
use crate::evidence::{Failure, Keys, Metadata, Token};
use crate::testing::{
    API, CLIENT, RowCase, TENANT, case, entra_token, entra_v1_token, evidence, jwt, object, texts,
    with,
};

const ENTRA: &str = "https://login.microsoftonline.com/common/discovery/v2.0/keys";

/// A token, and these keys.
fn given(token: Token, keys: serde_json::Value) -> Evidence {
    evidence(|e| {
        e.token = Some(token);
        let mut keys = Keys::read(keys.to_string().as_bytes());
        keys.url = Some(ENTRA.to_owned());
        e.keys = Some(keys);
    })
}

fn key(kid: &str, issuer: &str) -> serde_json::Value {
    json!({ "keys": [{ "kty": "RSA", "kid": kid, "issuer": issuer }] })
}

pub(super) fn all() -> Vec<RowCase> {
    let v2 = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    let healthy = given(entra_token(json!({})), key("k1", template));
    let lacking = given(entra_token(json!({})), key("k2", template));
    let b2c = entra_token(json!({
        "iss": format!("https://contoso.b2clogin.com/{TENANT}/v2.0/"), "tfp": "B2C_1_in", "ver": "1.0",
    }));
    let ciam =
        entra_token(json!({ "iss": format!("https://{TENANT}.ciamlogin.com/{TENANT}/v2.0") }));
    let personal = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
    let cloud = with(&healthy, |e| {
        e.keys.as_mut().unwrap().keys.as_mut().unwrap()[0].cloud =
            Some("microsoftonline.us".to_owned());
        e.metadata = Some(Metadata::new(
            "https://x/y",
            object(json!({ "cloud_instance_name": "microsoftonline.com" })),
        ));
    });
    let no_kid = |claims| jwt(json!({ "alg": "RS256", "x5t": "k1" }), claims);
    let entra_claims = json!({ "aud": API, "iss": v2, "tid": TENANT, "scp": "x" });
    let failing = |failure| entra_token(json!({})).verified(Err(failure));
    vec![
        case("VST-KEYS-ROLLED")
            .shows(given(failing(Failure::UnknownKey), key("k1", template)))
            .silent(healthy.clone())
            .silent(given(failing(Failure::UnknownKey), key("k2", template))),
        case("VST-KEYS-APP")
            .shows(with(&lacking, |e| {
                e.keys.as_mut().unwrap().app_kids = Some(texts(&["k1"]));
            }))
            .silent(with(&lacking, |e| {
                e.keys.as_mut().unwrap().app_kids = Some(texts(&["k3"]));
            }))
            .says(format!("?appid={API}")),
        case("VST-KEYS-B2C")
            .shows(given(b2c.clone(), key("k2", template)))
            .silent(given(
                b2c,
                key(
                    "k1",
                    &format!("https://contoso.b2clogin.com/{TENANT}/v2.0/"),
                ),
            )),
        case("VST-KEYS-CIAM")
            .shows(given(ciam.clone(), key("k2", template)))
            .silent(with(&given(ciam, key("k2", template)), |e| {
                e.keys.as_mut().unwrap().url =
                    Some(format!("https://{TENANT}.ciamlogin.com/x/keys"));
            })),
        case("VST-KEYS-CLOUD")
            .shows(cloud.clone())
            .silent(with(&cloud, |e| {
                e.keys.as_mut().unwrap().keys.as_mut().unwrap()[0].cloud =
                    Some("microsoftonline.com".to_owned());
            })),
        case("VST-KEYS-FOREIGN-ISSUER")
            .shows(given(entra_token(json!({})), key("k1", personal)))
            .silent(healthy)
            .silent(given(
                entra_v1_token(json!({ "aud": CLIENT })),
                key("k1", template),
            ))
            // In every cloud, and at a provider of the same host.
            .silent(given(
                entra_v1_token(json!({})),
                key("k1", "https://login.microsoftonline.us/{tenantid}/v2.0"),
            ))
            .silent(given(
                entra_v1_token(json!({ "iss": format!("http://127.0.0.1:8081/{TENANT}/") })),
                key("k1", "http://127.0.0.1:8081/{tenantid}/v2.0"),
            ))
            .shows(given(
                entra_v1_token(json!({ "iss": format!("https://id.example/{TENANT}/") })),
                key("k1", template),
            )),
        case("VST-KEYS-NO-KID")
            .shows(evidence(|e| e.token = Some(no_kid(entra_claims.clone()))))
            .shows(Evidence::of_text(
                "IDX10517: Signature validation failed. The token's kid is missing.",
            ))
            .silent(evidence(|e| {
                e.token = Some(no_kid(json!({ "iss": "https://id.example" })))
            })),
        case("VST-KEYS-SIGNATURE")
            .shows(evidence(|e| e.token = Some(failing(Failure::BadSignature))))
            .shows(Evidence::of_text(
                "IDX10511: Signature validation failed. Keys tried: 'RsaSecurityKey'",
            ))
            .silent(evidence(|e| e.token = Some(failing(Failure::UnknownKey))))
            .silent(evidence(|e| {
                let graph = json!({ "aud": "https://graph.microsoft.com" });
                e.token = Some(entra_token(graph).verified(Err(Failure::BadSignature)));
            })),
        case("VST-KEYS-KID-MISSING")
            .shows(lacking.clone())
            .shows(Evidence::of_text(
                "IDX10503: Signature validation failed. Token does not have a kid match",
            ))
            .silent(with(&lacking, |e| e.keys = None))
            .silent(with(&lacking, |e| {
                let aud = json!({ "aud": "https://graph.microsoft.com" });
                e.token = Some(entra_token(aud));
            })),
        case("VST-KEYS-STORM")
            .shows(evidence(|e| e.counts.unknown_keys = 30))
            .silent(evidence(|e| e.counts.unknown_keys = 29)),
    ]
}

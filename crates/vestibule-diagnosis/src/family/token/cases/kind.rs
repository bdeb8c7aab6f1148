use serde_json::{Value, json};

use crate::Evidence;
use crate::evidence::Role;
use crate::testing::{
    API, CLIENT, RowCase, TENANT, api, case, entra_token, evidence, jwt, settings,
};

/// A JWT with this `typ` and these claims in the place of an access token.
fn given(typ: &str, claims: Value) -> Evidence {
    evidence(|e| {
        let header = json!({ "alg": "RS256", "kid": "k1", "typ": typ });
        e.token = Some(jwt(header, claims));
        e.api = Some(api());
        e.settings = Some(settings());
    })
}

pub(super) fn all() -> Vec<RowCase> {
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let endpoint = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    let event = "http://schemas.openid.net/event/backchannel-logout";
    let logout = json!({ "iss": issuer, "aud": CLIENT, "sid": "s", "jti": "j", "exp": null, "events": { event: {} } });
    let assertion = json!({ "iss": CLIENT, "sub": CLIENT, "aud": endpoint, "jti": "j" });
    vec![
        case("VST-TOKEN-OTHER-KIND")
            .shows(given("logout+jwt", logout.clone()))
            .shows(given("JWT", logout))
            .silent(given("JWT", json!({ "iss": issuer, "aud": CLIENT, "events": {} })))
            .says("is a logout token"),
        case("VST-TOKEN-OTHER-KIND")
            .shows(given("dpop+jwt", json!({ "jti": "j", "htm": "GET", "htu": "https://api.example/", "iat": 1 })))
            .silent(evidence(|e| {
                // An access token that is bound to a key is one.
                let bound = entra_token(json!({ "cnf": { "jkt": "x" } }));
                e.token = Some(bound);
                e.api = Some(api());
            }))
            .says("in the field `DPoP`"),
        case("VST-TOKEN-OTHER-KIND")
            .shows(given("pop", json!({ "at": "x", "ts": 1, "m": "GET", "u": "api.example", "nonce": "n" })))
            .silent(given("JWT", json!({ "aud": API, "scp": "read", "at": "x" })))
            .says("signed request"),
        case("VST-TOKEN-OTHER-KIND")
            .shows(given("JWT", assertion.clone()))
            .shows(evidence(|e| {
                let header = json!({ "alg": "RS256", "typ": "JWT", "x5t": "q" });
                e.token = Some(jwt(header, assertion).role(Role::Unknown));
            }))
            .silent(given("JWT", json!({ "iss": CLIENT, "sub": "ada", "aud": endpoint })))
            .says("a client assertion"),
        case("VST-TOKEN-OTHER-KIND")
            .shows(evidence(|e| {
                let cookie = json!({ "refresh_token": "canary", "is_primary": "true", "request_nonce": "x" });
                e.token = Some(jwt(json!({ "alg": "HS256", "ctx": "x" }), cookie));
            }))
            .silent(given("JWT", json!({ "aud": API, "scp": "read", "is_primary": "true" })))
            .says("Entra's own page"),
        case("VST-TOKEN-CRITICAL")
            .shows(evidence(|e| {
                let header = json!({ "alg": "RS256", "kid": "k1", "crit": ["b64"], "b64": false });
                e.token = Some(jwt(header, json!({ "aud": API, "scp": "read" })));
                e.api = Some(api());
            }))
            .shows(evidence(|e| {
                let header = json!({ "alg": "RS256", "kid": "k1", "crit": null });
                e.token = Some(jwt(header, json!({ "aud": API, "scp": "read" })));
            }))
            .silent(evidence(|e| {
                let header = json!({ "alg": "RS256", "kid": "k1", "b64": true });
                e.token = Some(jwt(header, json!({ "aud": API, "scp": "read" })));
            }))
            .says("which demands"),
    ]
}

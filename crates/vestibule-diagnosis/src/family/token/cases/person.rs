use serde_json::json;

use crate::testing::{
    RowCase, api, case, entra_id_token, entra_token, evidence, jwt, provider, route, settings,
    texts, with,
};

pub(super) fn all() -> Vec<RowCase> {
    let by_upn = evidence(|e| {
        route(e).user_claims = texts(&["upn"]);
        e.id_token = Some(entra_id_token(json!({})));
    });
    let optional = evidence(|e| route(e).user_claims = texts(&["upn"]));
    let guest = evidence(|e| {
        e.id_token = Some(entra_id_token(
            json!({ "upn": "ada_example.org#EXT#@contoso.com" }),
        ));
    });
    let two = evidence(|e| {
        route(e).user_claims = texts(&["sub"]);
        e.id_token = Some(entra_id_token(json!({})));
        e.token = Some(entra_token(json!({})));
    });
    vec![
        case("VST-TOKEN-USER-CLAIM")
            .shows(by_upn.clone())
            .silent(with(&by_upn, |e| {
                route(e).user_claims = texts(&["upn", "preferred_username"]);
            }))
            .silent(with(&by_upn, |e| {
                e.id_token = Some(entra_id_token(json!({ "upn": "ada@contoso.com" })));
            }))
            .line("user = \"oid\""),
        case("VST-TOKEN-USER-CLAIM")
            .shows(evidence(|e| {
                e.id_token = Some(jwt(json!({ "alg": "RS256" }), json!({ "sub": "x" })));
                provider(e).issuer = Some("https://id.example".to_owned());
                route(e).user_claims = texts(&["email"]);
            }))
            .shows(evidence(|e| {
                e.token = Some(jwt(json!({ "alg": "RS256" }), json!({ "sub": "x" })));
                let mut api = api();
                api.claims = texts(&["email"]);
                e.api = Some(api);
            }))
            .silent(evidence(|e| e.settings = Some(settings())))
            .line("user = \"sub\""),
        case("VST-TOKEN-OPTIONAL-CLAIM")
            .shows(optional.clone())
            .silent(with(&optional, |e| {
                route(e).user_claims = texts(&["upn", "oid"])
            }))
            .silent(with(&optional, |e| {
                provider(e).issuer = Some("https://id.example/v2.0".to_owned());
            }))
            .line("user = [\"upn\", \"oid\"]"),
        case("VST-TOKEN-OPTIONAL-CLAIM")
            .shows(with(&optional, |e| {
                e.settings.as_mut().unwrap().origin = Some(crate::evidence::Origin::Apache);
            }))
            .silent(with(&optional, |e| {
                route(e).user_claims = texts(&["preferred_username"]);
            }))
            .line("OIDCRemoteUserClaim preferred_username"),
        case("VST-TOKEN-GUEST-NAME")
            .shows(guest.clone())
            .silent(with(&guest, |e| route(e).user_claims = texts(&["oid"])))
            .silent(evidence(|e| {
                e.id_token = Some(entra_id_token(json!({ "upn": "ada@contoso.com" })));
            }))
            .line("user = \"oid\""),
        case("VST-TOKEN-SUBJECT")
            .shows(two.clone())
            .silent(with(&two, |e| route(e).user_claims = texts(&["oid"])))
            .silent(with(&two, |e| {
                e.token = Some(entra_token(json!({ "oid": "another" })))
            }))
            .line("user = \"oid\""),
    ]
}

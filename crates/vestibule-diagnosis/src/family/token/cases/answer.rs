use serde_json::json;

use crate::Evidence;
use crate::evidence::{Grant, TokenResponse};
use crate::testing::{CLIENT, RowCase, case, evidence, object, provider, texts, with};

fn answer(members: serde_json::Value, scopes: &[&str]) -> Evidence {
    let mut response = TokenResponse::read(&object(members));
    response.asked.scopes = Some(texts(scopes));
    evidence(|e| e.token_response = Some(response))
}

pub(super) fn all() -> Vec<RowCase> {
    let b2c = with(
        &answer(json!({ "id_token": "x" }), &["openid", "offline_access"]),
        |e| {
            let provider = provider(e);
            provider.issuer = Some("https://contoso.b2clogin.com/x/v2.0/".to_owned());
            provider.scopes = Some(texts(&["openid", "offline_access"]));
        },
    );
    let tokens = json!({ "access_token": "x", "token_type": "Bearer", "refresh_token": "x" });
    let no_refresh = json!({ "access_token": "x", "id_token": "x", "token_type": "Bearer" });
    let asked = |grant| {
        with(&answer(no_refresh.clone(), &["openid"]), |e| {
            e.token_response.as_mut().unwrap().asked.grant = Some(grant);
        })
    };
    vec![
        case("VST-TOKEN-NONE-B2C")
            .shows(b2c.clone())
            .silent(with(&b2c, |e| {
                provider(e).issuer = Some("https://id.example".to_owned());
            }))
            .line(format!(
                "scopes = [\"openid\", \"offline_access\", \"{CLIENT}\"]"
            )),
        case("VST-TOKEN-NO-ID-TOKEN")
            .shows(answer(tokens.clone(), &["profile"]))
            .silent(answer(tokens.clone(), &["openid", "profile"]))
            .silent(with(&answer(tokens.clone(), &["profile"]), |e| {
                e.token_response.as_mut().unwrap().asked.grant = Some(Grant::Refresh);
            }))
            .line("scopes = [\"profile\", \"openid\"]"),
        case("VST-TOKEN-NO-ID-TOKEN")
            .shows(with(
                &answer(tokens.clone(), &["openid", "offline_access"]),
                |e| {
                    e.token_response.as_mut().unwrap().asked.grant = Some(Grant::Code);
                },
            ))
            .silent(answer(tokens.clone(), &["openid", "offline_access"]))
            .says("though `openid` was asked for"),
        case("VST-TOKEN-NO-REFRESH")
            .shows(asked(Grant::Code))
            .silent(asked(Grant::ClientCredentials))
            .silent(answer(no_refresh, &["openid", "offline_access"]))
            .line("scopes = [\"openid\", \"offline_access\"]"),
    ]
}

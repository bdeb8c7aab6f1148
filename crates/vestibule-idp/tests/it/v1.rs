//! The v1.0 endpoints: `resource` in place of scopes, and the opaque token without it.

use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::bench::{API, Bench, CLIENT, REDIRECT, TENANT, claims, encoded, header, redemption};

fn authorize(more: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("client_id", CLIENT),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("nonce", "n"),
    ];
    fields.extend(more);
    format!("/{TENANT}/oauth2/authorize?{}", encoded(&fields))
}

async fn tokens(bench: &Bench, authorization: &[(&str, &str)], more: &[(&str, &str)]) -> Value {
    let url = bench.url(&authorize(authorization));
    let answer = bench.send(bench.form(&url, &[("account", "ada")])).await;
    let code = answer.sent_back()["code"].clone();
    let answer = bench
        .post(&format!("/{TENANT}/oauth2/token"), &redemption(&code, more))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_resource_gives_a_token_for_it_and_a_v1_id_token() {
    let bench = Bench::start().await;
    let slash = format!("{API}/");
    for (at_authorize, at_token, audience) in [
        (vec![("resource", API)], vec![], API),
        (vec![], vec![("resource", API)], API),
        (vec![("resource", slash.as_str())], vec![], slash.as_str()),
        (
            vec![("resource", API), ("scope", "ignored groups")],
            vec![],
            API,
        ),
    ] {
        let tokens = tokens(&bench, &at_authorize, &at_token).await;
        let access = claims(&tokens["access_token"]);
        assert_eq!(access["aud"], audience);
        assert_eq!(tokens["resource"], audience);
        let id = claims(&tokens["id_token"]);
        assert_eq!(id["ver"], "1.0");
        assert_eq!(id["iss"], format!("{}/sts/{TENANT}/", bench.idp.origin()));
        assert_eq!(id["upn"], "ada@contoso.localhost");
        assert_eq!(id["unique_name"], "ada@contoso.localhost");
        assert!(header(&tokens["id_token"])["x5t"].is_string());
        assert!(tokens["expires_in"].is_string(), "a number as a string");
        assert!(tokens["refresh_token"].is_string());
        let keys = format!("/{TENANT}/discovery/keys");
        bench
            .plain_check(tokens["access_token"].as_str().unwrap(), &keys)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn without_a_resource_the_token_is_opaque_and_good_for_v1_userinfo_alone() {
    let bench = Bench::start().await;
    let opaque = tokens(&bench, &[], &[]).await;
    let token = opaque["access_token"].as_str().unwrap();
    assert!(
        token.starts_with("AQABAAAA") && !token.contains('.'),
        "{token}"
    );
    let ask = |path: String, token: String| {
        let request = bench
            .http
            .get(bench.url(&path))
            .header(AUTHORIZATION, format!("Bearer {token}"));
        bench.send(request)
    };
    let userinfo = format!("/{TENANT}/openid/userinfo");
    let info = ask(userinfo.clone(), token.to_owned()).await.json();
    assert_eq!(info["sub"], claims(&opaque["id_token"])["sub"]);
    assert_eq!(
        ask("/graph/oidc/userinfo".to_owned(), token.to_owned())
            .await
            .status,
        401
    );
    let jwt = tokens(&bench, &[("resource", API)], &[]).await;
    let answer = ask(userinfo, jwt["access_token"].as_str().unwrap().to_owned()).await;
    assert_eq!(answer.number(), 90010);
}

#[tokio::test]
async fn v1_refuses_what_it_refuses_at_entra() {
    let bench = Bench::start().await;
    let url = bench.url(&authorize(&[("resource", API)]));
    let answer = bench.send(bench.form(&url, &[("account", "pia")])).await;
    assert!(answer.body.contains("AADSTS500201"), "{}", answer.body);
    let answer = bench.get(&authorize(&[("resource", "api://nobody")])).await;
    assert_eq!(answer.sent_back()["error"], "invalid_resource");
}

#[tokio::test]
async fn a_code_is_redeemed_at_the_version_it_came_from() {
    let bench = Bench::start().await;
    let code = bench.code("ada", &[]).await;
    let answer = bench
        .post(&format!("/{TENANT}/oauth2/token"), &redemption(&code, &[]))
        .await;
    assert_eq!(answer.json()["error"], "invalid_grant");
}

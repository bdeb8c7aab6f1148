//! Userinfo, and as much of Graph as there is.

use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::bench::{API, Answer, Bench, claims};

async fn ask(bench: &Bench, path: &str, token: &Value) -> Answer {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    bench
        .send(
            bench
                .http
                .get(bench.url(path))
                .header(AUTHORIZATION, bearer),
        )
        .await
}

#[tokio::test]
async fn graph_userinfo_takes_graph_tokens_and_names_the_id_tokens_subject() {
    let bench = Bench::start().await;
    for account in ["ada", "pia"] {
        let tokens = bench
            .tokens(account, &[("scope", "openid profile email")])
            .await;
        let answer = ask(&bench, "/graph/oidc/userinfo", &tokens["access_token"]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let info = answer.json();
        assert_eq!(info["sub"], claims(&tokens["id_token"])["sub"], "{account}");
        for member in ["name", "given_name", "family_name", "picture", "email"] {
            assert!(info[member].is_string(), "{member}");
        }
    }
    let tokens = bench.tokens("ada", &[("scope", "openid profile")]).await;
    let info = ask(&bench, "/graph/oidc/userinfo", &tokens["access_token"])
        .await
        .json();
    assert!(info.get("email").is_none(), "not asked for");
}

#[tokio::test]
async fn graph_userinfo_refuses_a_token_for_an_api_and_none_at_all() {
    let bench = Bench::start().await;
    let scope = format!("openid {API}/.default");
    let tokens = bench.tokens("ada", &[("scope", &scope)]).await;
    let answer = ask(&bench, "/graph/oidc/userinfo", &tokens["access_token"]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"]["code"], "InvalidAuthenticationToken");
    assert_eq!(bench.get("/graph/oidc/userinfo").await.status, 401);
}

#[tokio::test]
async fn a_graph_token_ends_with_its_lifetime() {
    let bench = Bench::start().await;
    let tokens = bench.tokens("ada", &[]).await;
    bench
        .idp
        .arm([vestibule_idp::Fault::ClockOffset { seconds: 5_500 }]);
    let answer = ask(&bench, "/graph/oidc/userinfo", &tokens["access_token"]).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn the_overage_pointer_and_the_group_list_lead_to_all_groups() {
    let bench = Bench::start().await;
    let tokens = bench.tokens("mina", &[]).await;
    let token = &tokens["access_token"];
    let endpoint = claims(&tokens["id_token"])["_claim_sources"]["src1"]["endpoint"]
        .as_str()
        .unwrap()
        .to_owned();
    let request = bench
        .http
        .post(endpoint)
        .header(AUTHORIZATION, format!("Bearer {}", token.as_str().unwrap()))
        .header("content-type", "application/json")
        .body(r#"{"securityEnabledOnly":true}"#);
    let all = bench.send(request).await.json();
    assert_eq!(all["value"].as_array().unwrap().len(), 250);

    let mut seen = 0;
    let mut next = Some("/graph/v1.0/me/transitiveMemberOf?$select=id&$top=100".to_owned());
    let mut pages = 0;
    while let Some(path) = next {
        let page = ask(&bench, &path, token).await.json();
        seen += page["value"].as_array().unwrap().len();
        pages += 1;
        next = page["@odata.nextLink"]
            .as_str()
            .map(|link| link.trim_start_matches(bench.idp.origin()).to_owned());
    }
    assert_eq!((seen, pages), (250, 3));
    let me = ask(&bench, "/graph/v1.0/me", token).await.json();
    assert_eq!(me["displayName"], "Mina Duarte");
    let other = "/graph/v1.0/users/00000000-0000-4000-8000-000000000000/memberOf";
    assert_eq!(ask(&bench, other, token).await.status, 403);
}

const GROUP: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a102";
const NOBODYS: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7afff";

async fn check(bench: &Bench, person: &str, token: &Value, groups: &Value) -> Answer {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let path = format!("/graph/v1.0/{person}/checkMemberGroups");
    let request = bench
        .http
        .post(bench.url(&path))
        .header(AUTHORIZATION, bearer)
        .header("content-type", "application/json")
        .body(serde_json::json!({ "groupIds": groups }).to_string());
    bench.send(request).await
}

#[tokio::test]
async fn twenty_groups_are_checked_at_once_and_each_is_a_guid() {
    let bench = Bench::start().await;
    let token = &bench.tokens("mina", &[]).await["access_token"];
    let answer = check(&bench, "me", token, &serde_json::json!([NOBODYS, GROUP])).await;
    assert_eq!(answer.json()["value"], serde_json::json!([GROUP]));
    for wrong in [vec![GROUP; 21], vec![], vec!["Finance"]] {
        let wrong = serde_json::json!(wrong);
        assert_eq!(
            check(&bench, "me", token, &wrong).await.status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn an_app_asks_about_others_with_its_own_permissions() {
    let bench = Bench::start().await;
    let tokens = bench.tokens("mina", &[("scope", "openid profile")]).await;
    let oid = claims(&tokens["id_token"])["oid"]
        .as_str()
        .unwrap()
        .to_owned();
    for (client, secret, status) in [
        (crate::bench::CLIENT, crate::bench::SECRET, 200),
        (
            crate::bench::STRICT_CLIENT,
            crate::bench::STRICT_SECRET,
            403,
        ),
    ] {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let path = format!("/{}/oauth2/v2.0/token", crate::bench::TENANT);
        let own = bench.post(&path, &fields).await.json();
        let asked = serde_json::json!([GROUP]);
        let answer = check(
            &bench,
            &format!("users/{oid}"),
            &own["access_token"],
            &asked,
        )
        .await;
        assert_eq!(answer.status, status, "{answer:?}");
        let me = check(&bench, "me", &own["access_token"], &asked).await;
        assert_eq!(me.status, 400);
    }
}

#[tokio::test]
async fn pages_of_groups_lead_astray_on_request() {
    let bench = Bench::start().await;
    let token = &bench.tokens("mina", &[]).await["access_token"];
    let path = "/graph/v1.0/me/transitiveMemberOf/microsoft.graph.group?$top=999";
    let whole = ask(&bench, path, token).await.json();
    assert_eq!(whole["value"].as_array().unwrap().len(), 250);
    assert!(whole.get("@odata.nextLink").is_none());
    for (to, prefix) in [
        (
            vestibule_idp::NextLink::SamePage,
            bench.idp.origin().to_owned(),
        ),
        (
            vestibule_idp::NextLink::AnotherHost,
            "https://graph.example".to_owned(),
        ),
    ] {
        let fault = vestibule_idp::Fault::NextLink { to };
        bench.idp.arm([vestibule_idp::ArmedFault {
            fault,
            times: Some(1),
        }]);
        let page = ask(&bench, path, token).await.json();
        let next = page["@odata.nextLink"].as_str().unwrap();
        assert!(next.starts_with(&prefix), "{next}");
    }
}

//! What is in the tokens, by who is signed in and what was asked for.

use serde_json::{Value, json};
use vestibule_idp::IdpSettings;

use crate::bench::{
    API, API_2, Bench, CLIENT, OTHER_TENANT, PERSONAL_TENANT, TENANT, claims, header,
};

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

async fn for_scope(bench: &Bench, account: &str, scope: &str) -> Value {
    bench.tokens(account, &[("scope", scope)]).await
}

#[tokio::test]
async fn an_api_left_alone_gets_v1_tokens_beside_v2_id_tokens() {
    let bench = Bench::start().await;
    let o = bench.idp.origin();
    let tokens = for_scope(&bench, "ada", &format!("openid profile {API}/.default")).await;
    let access = claims(&tokens["access_token"]);
    assert_eq!(access["ver"], "1.0");
    assert_eq!(access["iss"], format!("{o}/sts/{TENANT}/"));
    assert_eq!(access["aud"], API);
    assert_eq!(access["appid"], CLIENT);
    assert_eq!(access["appidacr"], "1");
    assert_eq!(access["scp"], "access_as_user read");
    assert_eq!(access["upn"], "ada@contoso.localhost");
    assert_eq!(access["tid"], TENANT);
    assert!(access.get("azp").is_none());
    let head = header(&tokens["access_token"]);
    assert_eq!(head["x5t"], head["kid"]);
    assert_eq!(head["typ"], "JWT");
    assert_eq!(head["alg"], "RS256");

    let id = claims(&tokens["id_token"]);
    assert_eq!(id["ver"], "2.0");
    assert_eq!(id["iss"], format!("{o}/{TENANT}/v2.0"));
    assert!(header(&tokens["id_token"]).get("x5t").is_none());
    assert_eq!(id["oid"], access["oid"]);
    assert_ne!(id["sub"], access["sub"], "the subject is pairwise");
    for claims in [&access, &id] {
        assert!(
            claims["local_test_token"]
                .as_str()
                .unwrap()
                .contains("vestibule-idp")
        );
    }
    assert_eq!(
        tokens["scope"],
        format!("{API}/access_as_user {API}/read {API}/.default")
    );
}

#[tokio::test]
async fn an_api_at_version_2_gets_v2_tokens_with_its_client_id_as_audience() {
    let bench = Bench::start().await;
    let tokens = for_scope(&bench, "ada", &format!("openid {API_2}/orders.read")).await;
    let access = claims(&tokens["access_token"]);
    assert_eq!(access["ver"], "2.0");
    assert_eq!(
        access["iss"],
        format!("{}/{TENANT}/v2.0", bench.idp.origin())
    );
    assert_eq!(access["aud"], API_2.trim_start_matches("api://"));
    assert_eq!(access["azp"], CLIENT);
    assert_eq!(access["azpacr"], "1");
    assert_eq!(access["scp"], "orders.read");
    assert_eq!(access["preferred_username"], "ada@contoso.localhost");
    assert!(access.get("upn").is_none() && access.get("appid").is_none());
    assert!(header(&tokens["access_token"]).get("x5t").is_none());
    assert_eq!(tokens["scope"], format!("{API_2}/orders.read"));
}

#[tokio::test]
async fn the_audience_of_a_v1_token_repeats_what_the_client_wrote() {
    let bench = Bench::start().await;
    let guid = API.trim_start_matches("api://");
    for (scope, audience) in [
        (format!("{guid}/.default"), guid),
        (format!("{API}/read"), API),
        (API.to_owned(), API),
    ] {
        let tokens = for_scope(&bench, "ada", &scope).await;
        assert_eq!(claims(&tokens["access_token"])["aud"], audience, "{scope}");
    }
}

#[tokio::test]
async fn the_bare_app_id_uri_works_as_it_did_for_the_person_in_the_story() {
    let bench = Bench::start().await;
    let tokens = for_scope(&bench, "ada", API).await;
    let access = claims(&tokens["access_token"]);
    assert_eq!(access["scp"], "access_as_user read");
    assert!(tokens.get("id_token").is_none(), "no openid, no ID token");
    assert!(
        tokens.get("refresh_token").is_none(),
        "no offline_access, no refresh token"
    );
}

#[tokio::test]
async fn without_an_api_scope_a_member_gets_a_graph_token_that_a_plain_check_refuses() {
    let bench = Bench::start().await;
    let tokens = for_scope(&bench, "ada", "openid profile").await;
    let token = &tokens["access_token"];
    let access = claims(token);
    assert_eq!(access["aud"], GRAPH);
    assert_eq!(access["ver"], "1.0");
    assert_eq!(
        access["iss"],
        format!("{}/sts/{TENANT}/", bench.idp.origin())
    );
    assert_eq!(access["scp"], "openid profile User.Read");
    assert_eq!(access["xms_st"]["sub"], claims(&tokens["id_token"])["sub"]);
    let head = header(token);
    assert!(head["nonce"].is_string());
    assert_eq!(head["x5t"], head["kid"]);
    // The key is there and everything looks right, and yet:
    let keys = format!("/{TENANT}/discovery/v2.0/keys");
    let refused = bench
        .plain_check(token.as_str().unwrap(), &keys)
        .await
        .unwrap_err();
    assert_eq!(refused, "InvalidSignature");
    assert_eq!(
        tokens["scope"], "openid profile https://graph.microsoft.com/User.Read",
        "wider than asked"
    );
}

#[tokio::test]
async fn without_an_api_scope_a_personal_account_gets_an_opaque_token() {
    let bench = Bench::start().await;
    for path in ["common", "consumers", TENANT] {
        let tokens = bench.tokens("pia", &[("tenant", path)]).await;
        let token = tokens["access_token"].as_str().unwrap();
        assert!(
            token.starts_with("EwB") && !token.contains('.'),
            "{path}: {token}"
        );
        assert!((600..700).contains(&token.len()));
    }
    let scope = format!("openid {API_2}/orders.read");
    let changes = [("tenant", "common"), ("scope", scope.as_str())];
    let tokens = bench.tokens("pia", &changes).await;
    let access = claims(&tokens["access_token"]);
    assert_eq!(
        (&access["ver"], &access["tid"]),
        (&json!("2.0"), &json!(PERSONAL_TENANT))
    );
}

#[tokio::test]
async fn a_guest_has_no_upn_but_an_idp_and_an_address() {
    let bench = Bench::start().await;
    let scope = format!("openid profile {API}/.default");
    let tokens = for_scope(&bench, "gus", &scope).await;
    for token in ["id_token", "access_token"] {
        let claims = claims(&tokens[token]);
        assert!(claims.get("upn").is_none(), "{token}");
        let home = format!("{}/sts/{OTHER_TENANT}/", bench.idp.origin());
        assert_eq!(claims["idp"], home, "{token}");
        assert_eq!(claims["email"], "gus@fabrikam.localhost", "{token}");
        assert_eq!(claims["tid"], TENANT);
    }
    let tokens = for_scope(&bench, "pia", &scope).await;
    assert_eq!(claims(&tokens["id_token"])["idp"], "live.com");
    assert_eq!(
        claims(&tokens["access_token"])["unique_name"],
        "live.com#pia@outlook.localhost"
    );
}

#[tokio::test]
async fn more_than_200_groups_leave_a_pointer_in_their_place() {
    let bench = Bench::start().await;
    let scope = format!("openid profile {API}/.default");
    let tokens = for_scope(&bench, "mina", &scope).await;
    for token in ["id_token", "access_token"] {
        let claims = claims(&tokens[token]);
        assert!(claims.get("groups").is_none(), "{token}");
        assert_eq!(claims["_claim_names"], json!({"groups": "src1"}));
        let endpoint = claims["_claim_sources"]["src1"]["endpoint"]
            .as_str()
            .unwrap();
        assert!(endpoint.ends_with("/getMemberObjects"), "{endpoint}");
        assert!(endpoint.starts_with(bench.idp.origin()));
    }
    let tokens = for_scope(&bench, "ada", &scope).await;
    assert_eq!(
        claims(&tokens["id_token"])["groups"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn roles_come_from_the_app_the_token_is_for() {
    let bench = Bench::start().await;
    let scope = format!("openid profile {API}/.default");
    let tokens = for_scope(&bench, "rafael", &scope).await;
    assert_eq!(
        claims(&tokens["id_token"])["roles"],
        json!(["Portal.Admin"])
    );
    assert_eq!(
        claims(&tokens["access_token"])["roles"],
        json!(["Demo.Admin"])
    );
    let tokens = for_scope(&bench, "ada", &scope).await;
    assert!(claims(&tokens["access_token"]).get("roles").is_none());
}

#[tokio::test]
async fn scopes_decide_what_a_v2_id_token_says() {
    let bench = Bench::start().await;
    let id = claims(&for_scope(&bench, "ada", "openid").await["id_token"]);
    for claim in ["name", "preferred_username", "oid", "email"] {
        assert!(id.get(claim).is_none(), "{claim}");
    }
    for claim in ["sub", "upn", "sid", "login_hint", "tid", "nonce"] {
        assert!(id.get(claim).is_some(), "{claim}");
    }
    let id = claims(&for_scope(&bench, "ada", "openid profile email").await["id_token"]);
    assert_eq!(id["preferred_username"], "ada@contoso.localhost");
    assert_eq!(id["email"], "ada.lindqvist@contoso.localhost");
}

#[tokio::test]
async fn upn_is_an_optional_claim() {
    let mut settings = IdpSettings::built_in();
    settings.apps[0].optional_claims.clear();
    let bench = Bench::start_with(settings).await;
    let id = claims(&for_scope(&bench, "ada", "openid profile").await["id_token"]);
    for claim in ["upn", "sid", "login_hint", "auth_time"] {
        assert!(id.get(claim).is_none(), "{claim}");
    }
}

#[tokio::test]
async fn lifetimes_are_entras() {
    let bench = Bench::start().await;
    let tokens = for_scope(&bench, "ada", &format!("openid {API}/.default")).await;
    let expires_in = tokens["expires_in"].as_i64().unwrap();
    assert!((3_600..=5_400).contains(&expires_in), "{expires_in}");
    assert_eq!(tokens["ext_expires_in"], tokens["expires_in"]);
    let access = claims(&tokens["access_token"]);
    let span = access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap();
    assert_eq!(span, expires_in + 300, "dated back five minutes");
    let id = claims(&tokens["id_token"]);
    assert_eq!(
        id["exp"].as_i64().unwrap() - id["nbf"].as_i64().unwrap(),
        3_900
    );
}

#[tokio::test]
async fn client_info_comes_when_asked_for() {
    let bench = Bench::start().await;
    let code = bench.code("ada", &[]).await;
    let fields = crate::bench::redemption(&code, &[("client_info", "1")]);
    let tokens = bench
        .post(&crate::bench::token_path(TENANT), &fields)
        .await
        .json();
    let padded = json!(format!(".{}", tokens["client_info"].as_str().unwrap()));
    assert_eq!(claims(&padded)["utid"], TENANT);
}

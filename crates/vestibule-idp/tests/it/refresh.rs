//! Refresh tokens: rotation, reuse, another resource, the end.

use vestibule_idp::{Fault, IdpSettings, RefreshReuse, Roll};

use crate::bench::{
    API, API_2, Bench, CLIENT, STRICT_CLIENT, STRICT_SECRET, TENANT, authorize, claims, token_path,
};

async fn first(bench: &Bench) -> String {
    let tokens = bench.tokens("ada", &[]).await;
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_use_gives_a_new_token_and_the_old_one_still_works() {
    let bench = Bench::start().await;
    let old = first(&bench).await;
    let tokens = bench.refresh(&old, &[]).await.json();
    let new = tokens["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    assert_eq!(bench.refresh(&old, &[]).await.status, 200);
    assert_eq!(bench.refresh(&new, &[]).await.status, 200);
    assert!(!old.starts_with("ey") && old.split('.').count() == 3);
}

#[tokio::test]
async fn a_refreshed_id_token_is_the_same_person_without_a_nonce() {
    let bench = Bench::start().await;
    let tokens = bench.tokens("ada", &[]).await;
    let before = claims(&tokens["id_token"]);
    let answer = bench
        .refresh(tokens["refresh_token"].as_str().unwrap(), &[])
        .await;
    let after = claims(&answer.json()["id_token"]);
    for claim in ["iss", "sub", "aud", "sid", "oid"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert!(after.get("nonce").is_none());
}

#[tokio::test]
async fn with_strict_rotation_a_second_use_ends_the_family() {
    let mut settings = IdpSettings::built_in();
    settings.tokens.refresh_reuse = RefreshReuse::RevokesAll;
    let bench = Bench::start_with(settings).await;
    let old = first(&bench).await;
    let new = bench.refresh(&old, &[]).await.json()["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = bench.refresh(&old, &[]).await;
    assert_eq!(answer.json()["error"], "invalid_grant");
    assert_eq!(
        bench.refresh(&new, &[]).await.number(),
        50173,
        "the new one is gone too"
    );
    let other = first(&bench).await;
    assert_eq!(
        bench.refresh(&other, &[]).await.status,
        200,
        "another sign-in is not"
    );
}

#[tokio::test]
async fn one_refresh_token_serves_every_resource_one_at_a_time() {
    let bench = Bench::start().await;
    let token = first(&bench).await;
    let scope = format!("openid {API_2}/.default");
    let tokens = bench.refresh(&token, &[("scope", &scope)]).await.json();
    assert_eq!(
        claims(&tokens["access_token"])["aud"],
        API_2.trim_start_matches("api://")
    );
    let scope = format!("{API}/.default");
    let tokens = bench.refresh(&token, &[("scope", &scope)]).await.json();
    assert_eq!(claims(&tokens["access_token"])["aud"], API);
    assert!(tokens.get("id_token").is_none(), "openid was not asked for");
    assert!(tokens["refresh_token"].is_string());
    let scope = format!("{API}/read {API_2}/orders.read");
    assert_eq!(
        bench.refresh(&token, &[("scope", &scope)]).await.number(),
        28000
    );
}

#[tokio::test]
async fn an_api_without_consent_is_refused_until_somebody_agrees() {
    let bench = Bench::start().await;
    let token = first(&bench).await;
    let no_consent = Fault::NoConsent {
        api: API_2.to_owned(),
    };
    bench.idp.arm([no_consent]);
    let scope = format!("{API_2}/.default");
    let refused = bench.refresh(&token, &[("scope", &scope)]).await;
    assert_eq!(refused.number(), 65001);
    assert_eq!(refused.json()["error"], "invalid_grant");
    assert_eq!(refused.json()["suberror"], "consent_required");
    let own = format!("{API}/.default");
    assert_eq!(bench.refresh(&token, &[("scope", &own)]).await.status, 200);
    // The refusal used nothing up.
    let asked = format!("openid offline_access {scope}");
    let page = bench.sign_in("ada", &[("scope", &asked)]).await;
    assert!(page.body.contains("Permissions requested"), "{}", page.body);
    let url = bench.url(&authorize(&[("scope", &asked)]));
    let agreed = bench.form(&url, &[("account", "ada"), ("decision", "accept")]);
    assert!(bench.send(agreed).await.sent_back().contains_key("code"));
    assert_eq!(
        bench.refresh(&token, &[("scope", &scope)]).await.status,
        200
    );
}

#[tokio::test]
async fn a_refusal_can_be_for_one_scope_alone() {
    let bench = Bench::start().await;
    let token = first(&bench).await;
    let (one, other) = (format!("{API}/.default"), format!("{API_2}/.default"));
    let refusal = Fault::TokenError {
        grant_type: Some("refresh_token".to_owned()),
        scope: Some(other.clone()),
        error: "interaction_required".to_owned(),
        aadsts: 50076,
        suberror: Some("basic_action".to_owned()),
        claims: None,
    };
    bench.idp.arm([refusal]);
    assert_eq!(bench.refresh(&token, &[("scope", &one)]).await.status, 200);
    let refused = bench.refresh(&token, &[("scope", &other)]).await;
    assert_eq!(refused.number(), 50076);
}

#[tokio::test]
async fn a_refresh_token_ends_unused_revoked_or_in_other_hands() {
    let bench = Bench::start().await;
    let token = first(&bench).await;
    assert_eq!(bench.refresh("1.x.y", &[]).await.number(), 9_002_313);
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", STRICT_CLIENT),
        ("client_secret", STRICT_SECRET),
        ("refresh_token", token.as_str()),
    ];
    let answer = bench.post(&token_path(TENANT), &fields).await;
    assert_eq!(answer.json()["suberror"], "client_mismatch");
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", token.as_str()),
    ];
    assert_eq!(
        bench.post(&token_path(TENANT), &fields).await.number(),
        7_000_218
    );
    bench.idp.arm([Fault::ClockOffset {
        seconds: 91 * 86_400,
    }]);
    assert_eq!(bench.refresh(&token, &[]).await.number(), 700_082);
    bench.idp.clear_faults();
    assert_eq!(bench.refresh(&token, &[]).await.status, 200);
    bench.idp.revoke_all();
    let answer = bench.refresh(&token, &[]).await;
    assert_eq!(answer.number(), 50173);
    assert_eq!(answer.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn refreshing_goes_on_over_a_change_of_keys() {
    let bench = Bench::start().await;
    let token = first(&bench).await;
    let kid = bench.idp.roll_keys(Roll::Emergency).unwrap();
    let tokens = bench.refresh(&token, &[]).await.json();
    assert_eq!(crate::bench::header(&tokens["id_token"])["kid"], kid);
}

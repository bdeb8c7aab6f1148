//! An ID token that proves nothing: nobody knows whose the access token beside it is, so nobody gets it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vestibule_oidc::issuer::{IssuerRule, ProviderKind};

use super::{PAST_EXPIRY, signed_in};
use crate::provider::call::CallError;
use crate::provider::fake::{ISSUER, TestKey, plan};
use crate::signin::rig::{Rig, SCOPE_B, START, get, key_b};

/// Longer than a failure answers for those who wait.
const HOLD_OFF: Duration = Duration::from_secs(3);

/// The claims of somebody else.
fn claims_of_mallory() -> Value {
    let now = START.as_secs();
    json!({"iss": ISSUER, "sub": "mallory", "aud": "client", "iat": now, "exp": now + 36000, "name": "Mallory"})
}

fn without_signature() -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({"alg": "none", "typ": "JWT"});
    format!("{}.{}.", part(head), part(claims_of_mallory()))
}

type Spoil = fn(&Rig);

const SPOILT: [(&str, Spoil); 5] = [
    ("signed by another key", |rig| {
        let token = TestKey::new("k1").sign(&claims_of_mallory());
        rig.grants().answer.insert("id_token", token.into());
    }),
    ("alg none", |rig| {
        let token = without_signature();
        rig.grants().answer.insert("id_token", token.into());
    }),
    ("garbage", |rig| {
        rig.grants().answer.insert("id_token", "garbage".into());
    }),
    ("expired", |rig| {
        rig.grants().claims.insert("exp", json!(1));
    }),
    ("of another access token", |rig| {
        rig.grants()
            .claims
            .insert("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"));
    }),
];

fn in_order(rig: &Rig) {
    rig.grants().answer.remove("id_token");
    rig.grants().claims.clear();
}

/// The provider takes every refresh token once: had the new one been lost, the next refresh would end the session.
#[tokio::test(start_paused = true)]
async fn its_access_token_is_nobodys_and_its_refresh_token_is_kept() {
    for (name, spoil) in SPOILT {
        let rig = Rig::new();
        let mut browser = signed_in(&rig).await;
        tokio::time::sleep(PAST_EXPIRY).await;
        spoil(&rig);
        for refreshes in 1..4 {
            let page = browser.go(&rig, "/app").await;
            assert_eq!(page.status, 502, "{name}: {}", page.body);
            assert!(
                page.body.contains("refresh_id_token"),
                "{name}: {}",
                page.body
            );
            assert!(page.set_cookies().is_empty(), "{name}");
            assert_eq!(rig.grants().refreshes, refreshes, "{name}");
            tokio::time::sleep(HOLD_OFF).await;
        }
        let me = browser.go(&rig, "/.vestibule/me").await.json();
        assert_eq!(
            (&me["signed_in"], &me["name"]),
            (&json!(true), &json!("Ann <b>Example</b>")),
            "{name}"
        );
        in_order(&rig);
        let page = browser.go(&rig, "/app").await;
        let seen = (page.status, page.body.as_str());
        assert_eq!(seen, (200, "access-token-5"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_is_told_what_is_wrong_with_it() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    let (_, spoil) = SPOILT[0];
    spoil(&rig);
    let ask = get("/app").with("Sec-Fetch-Mode", "cors");
    let answer = browser.send(&rig, ask).await.json();
    assert_eq!(answer["error"], "refresh_id_token", "{answer}");
    let finding = answer["findings"][0]["code"].as_str().unwrap();
    assert!(finding.starts_with("VST-KEYS-"), "{answer}");
    assert!(!answer.to_string().contains("mallory"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn it_costs_no_grant_per_request_and_a_token_that_still_works_is_used() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(Duration::from_secs(3550)).await;
    let (_, spoil) = SPOILT[1];
    spoil(&rig);
    for _ in 0..20 {
        assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(rig.grants().refreshes, 2);
    tokio::time::sleep(Duration::from_secs(60)).await;
    for _ in 0..50 {
        assert_eq!(browser.go(&rig, "/app").await.status, 502);
    }
    assert_eq!(rig.grants().refreshes, 3);
}

/// What an answer for one more API says about the person is as good as in any other.
#[tokio::test(start_paused = true)]
async fn it_costs_the_route_it_came_for_and_no_other() {
    let mut several = plan("main");
    several.issuer = IssuerRule::new(ISSUER, ProviderKind::Entra, Vec::new());
    several.more = vec![key_b()];
    let rig = Rig::with(vec![several]);
    let mut browser = signed_in(&rig).await;
    let (_, spoil) = SPOILT[0];
    spoil(&rig);
    assert_eq!(browser.go(&rig, "/b").await.status, 502);
    assert_eq!(rig.asked().last().unwrap(), &format!("scope={SCOPE_B}"));
    assert_eq!(browser.go(&rig, "/plain").await.status, 200);
    in_order(&rig);
    tokio::time::sleep(HOLD_OFF).await;
    assert_eq!(browser.go(&rig, "/b").await.status, 200);
}

/// A token that can't be verified yet is no worse for that: it is verified when the keys are there.
#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_had_cost_time_and_no_second_grant() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    // Those at hand are without the one that signs.
    let signs = rig.fake.knobs().keys.clone();
    rig.fake.knobs().keys = vec![TestKey::new("k2")];
    rig.reload(vec![plan("main")]);
    let now = rig.shared.plan.load_full();
    now.providers[0].keys().await.unwrap();
    rig.fake.knobs().keys = signs;
    rig.fake.knobs().jwks = Some(Err(CallError::Unreachable {
        reason: "connection refused".to_owned(),
    }));
    for _ in 0..3 {
        let page = browser.go(&rig, "/app").await;
        assert_eq!(page.status, 503, "{}", page.body);
        assert!(page.set_cookies().is_empty());
        tokio::time::sleep(HOLD_OFF).await;
    }
    rig.fake.knobs().jwks = None;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    assert_eq!(rig.grants().refreshes, 1);
}

/// Where browsers carry the sessions the new refresh token goes along with the very answer that has no token.
#[tokio::test(start_paused = true)]
async fn a_browser_that_carries_its_session_takes_the_refresh_token_along() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    let (_, spoil) = SPOILT[0];
    spoil(&rig);
    assert_eq!(browser.go(&rig, "/app").await.status, 502);
    in_order(&rig);
    // Another replica, or this one after a restart.
    let other = rig.replica();
    assert_eq!(browser.go(&other, "/app").await.body, "access-token-3");
}

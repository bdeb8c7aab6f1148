//! Claims of the sign-in's own access token in rules.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_session::handle::Handle;
use vestibule_session::store::Store as _;

use super::super::rig::{Browser, Rig};
use crate::provider::fake::{ISSUER, TestKey, plan};

const API: &str = "api://orders";

fn rig(audiences: &[&str]) -> Rig {
    let mut plan = plan("main");
    plan.access_token_audiences = audiences.iter().map(|one| (*one).to_owned()).collect();
    Rig::with(vec![plan])
}

/// The claims of an access token for the API, of somebody in the group.
fn claims(rig: &Rig) -> Value {
    json!({
        "iss": ISSUER, "aud": API, "sub": "ann", "exp": rig.now().as_secs() + 3600,
        "groups": ["members"],
    })
}

fn give(rig: &Rig, token: String) {
    rig.grants().answer.insert("access_token", token.into());
}

fn signed(rig: &Rig, claims: &Value) -> String {
    rig.fake.knobs().keys[0].clone().sign(claims)
}

async fn status_after_sign_in(rig: &Rig) -> u16 {
    let mut browser = Browser::default();
    let done = browser.sign_in(rig, "/members").await;
    assert_eq!(done.location(), "/members");
    browser.go(rig, "/members").await.status
}

#[tokio::test(start_paused = true)]
async fn rules_read_an_access_token_that_was_verified() {
    let rig = rig(&["another", API]);
    give(&rig, signed(&rig, &claims(&rig)));
    assert_eq!(status_after_sign_in(&rig).await, 200);
}

#[tokio::test(start_paused = true)]
async fn an_access_token_that_was_not_verified_says_nothing_and_hinders_nobody() {
    let changed = |name: &str, value: Value| {
        let rig = rig(&[API]);
        let mut claims = claims(&rig);
        claims[name] = value;
        give(&rig, signed(&rig, &claims));
        rig
    };
    let of_nobody = rig(&[]);
    give(&of_nobody, signed(&of_nobody, &claims(&of_nobody)));
    let foreign = rig(&[API]);
    give(&foreign, TestKey::new("k1").sign(&claims(&foreign)));
    let opaque = rig(&[API]);
    give(&opaque, "opaque".to_owned());
    for (why, rig) in [
        ("no audience is ours", of_nobody),
        ("another key", foreign),
        ("not a token", opaque),
        ("another audience", changed("aud", "api://others".into())),
        (
            "another issuer",
            changed("iss", "https://evil.example".into()),
        ),
        ("expired", changed("exp", 1.into())),
    ] {
        assert_eq!(status_after_sign_in(&rig).await, 403, "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_refreshed_access_token_does_not_say_counts_no_more() {
    let rig = rig(&[API]);
    give(&rig, signed(&rig, &claims(&rig)));
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/members").await;
    assert_eq!(browser.go(&rig, "/members").await.status, 200);
    tokio::time::sleep(Duration::from_secs(3601)).await;
    give(&rig, "opaque".to_owned());
    // The first request finds the old claims, and waits for the refresh that takes them away.
    browser.go(&rig, "/app").await;
    assert_eq!(browser.go(&rig, "/members").await.status, 403);
}

/// User info that the provider signs (OIDC Core §5.3.2): read like any other, where it is the provider's and for us.
#[tokio::test(start_paused = true)]
async fn signed_user_info_counts_if_the_provider_signed_it_for_us() {
    let mut settings = plan("main");
    settings.user_info = crate::provider::UserInfoUse::Always;
    let rig = Rig::with(vec![settings]);
    let info = |audience: &str| json!({ "iss": ISSUER, "aud": audience, "sub": "ann", "groups": ["members"] });
    let key = rig.fake.knobs().keys[0].clone();
    rig.fake.knobs().signed_user_info = Some(key.sign(&info("client")));
    assert_eq!(status_after_sign_in(&rig).await, 200);
    let other = TestKey::new("k1");
    for refused in [key.sign(&info("another")), other.sign(&info("client"))] {
        rig.fake.knobs().signed_user_info = Some(refused);
        let mut browser = Browser::default();
        let page = browser.sign_in(&rig, "/members").await;
        assert_eq!(page.status, 502);
        assert!(browser.session().is_none());
    }
    // Keys that are newer than those at hand are fetched once.
    let newer = TestKey::new("k2");
    rig.fake.knobs().keys.push(newer.clone());
    rig.fake.knobs().signed_user_info = Some(newer.sign(&info("client")));
    tokio::time::advance(Duration::from_secs(120)).await;
    assert_eq!(status_after_sign_in(&rig).await, 200);
}

/// Whoever asked for a signature believes nobody who gives none.
#[tokio::test(start_paused = true)]
async fn plain_user_info_says_nothing_where_it_has_to_be_signed() {
    let mut settings = plan("main");
    settings.user_info = crate::provider::UserInfoUse::WhenSigned;
    let rig = Rig::with(vec![settings]);
    rig.fake.knobs().user_info = Some(json!({ "sub": "ann", "groups": ["members"] }));
    assert_eq!(status_after_sign_in(&rig).await, 403);
    let key = rig.fake.knobs().keys[0].clone();
    let info = json!({ "iss": ISSUER, "aud": "client", "sub": "ann", "groups": ["members"] });
    rig.fake.knobs().signed_user_info = Some(key.sign(&info));
    assert_eq!(status_after_sign_in(&rig).await, 200);
}

/// A session is as large as upstreams make it: nobody else's keeps the token.
#[tokio::test(start_paused = true)]
async fn the_token_of_user_info_is_kept_for_the_upstreams_that_get_it_and_renewed() {
    for (name, keeps) in [("main", false), ("vouched", true)] {
        let mut settings = plan(name);
        settings.user_info = crate::provider::UserInfoUse::Always;
        let rig = Rig::with(vec![settings]);
        let key = rig.fake.knobs().keys[0].clone();
        let signed = |name: &str| {
            key.sign(&json!({ "iss": ISSUER, "aud": "client", "sub": "ann", "name": name }))
        };
        let give = |token: Option<String>| {
            let mut knobs = rig.fake.knobs();
            knobs.signed_user_info = token;
            knobs.user_info = Some(json!({ "sub": "ann" }));
        };
        let kept = async |browser: &Browser| {
            let handle = Handle::parse(browser.session().unwrap().as_bytes()).unwrap();
            let stored = rig.store.load(&handle.store_key()).await.unwrap().unwrap();
            let token = stored.record().userinfo_token();
            token.map(|token| token.expose().clone())
        };
        let first = signed("Ann");
        give(Some(first.clone()));
        let mut browser = Browser::default();
        browser.sign_in(&rig, "/app").await;
        assert_eq!(kept(&browser).await, keeps.then_some(first));
        let second = signed("Anne");
        for (given, after) in [
            (Some(second.clone()), Some(second.clone())),
            // Asked in vain: what was known stays.
            (Some("nonsense".to_owned()), Some(second)),
            (None, None),
        ] {
            give(given);
            tokio::time::sleep(Duration::from_secs(3601)).await;
            browser.go(&rig, "/app").await;
            assert_eq!(kept(&browser).await, after.filter(|_| keeps));
        }
    }
}

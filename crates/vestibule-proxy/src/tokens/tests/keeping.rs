//! No new refresh token is lost: not to a store in trouble, not to a stop, not to a kill.

use std::time::Duration;

use serde_json::json;

use super::{PAST_EXPIRY, signed_in};
use crate::provider::UserInfoUse;
use crate::provider::fake::{TestKey, plan};
use crate::signin::rig::{Rig, post};

/// What was granted and written since `from`, in order.
fn grants_and_writes(rig: &Rig, from: usize) -> Vec<String> {
    let mut log = rig.log().split_off(from);
    log.retain(|what| ["grant", "replace", "remove"].contains(&what.as_str()));
    log
}

#[tokio::test(start_paused = true)]
async fn the_old_refresh_token_is_never_sent_again_after_the_store_refused_the_new_one() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.store.fail_replaces(4);
    assert_eq!(browser.go(&rig, "/app").await.status, 503, "given up");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let page = browser.go(&rig, "/app").await;
    assert_eq!((page.status, page.body.as_str()), (200, "access-token-2"));
    assert_eq!(rig.grants().refreshes, 1, "what was granted was kept");
    // And the token that is in the store now is the one that works.
    tokio::time::sleep(PAST_EXPIRY).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-3");
}

#[tokio::test(start_paused = true)]
async fn unstored_tokens_reach_the_store_even_if_nobody_comes_back() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.store.fail_replaces(15);
    assert_eq!(browser.go(&rig, "/app").await.status, 503);
    assert!(
        !rig.shared.flights.all_landed(Duration::from_secs(1)).await,
        "a stop knows that something is missing"
    );
    assert!(rig.shared.flights.all_landed(Duration::from_secs(60)).await);
    let from = rig.log().len();
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    assert!(grants_and_writes(&rig, from).is_empty());
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn unstored_tokens_last_no_longer_than_their_expiry_counted_from_the_grant() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.store.fail_replaces(u32::MAX);
    assert_eq!(browser.go(&rig, "/app").await.status, 503);
    tokio::time::sleep(Duration::from_secs(3700)).await;
    rig.store.fail_replaces(0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-3");
    assert_eq!(rig.grants().refreshes, 2);
}

#[tokio::test(start_paused = true)]
async fn unstored_tokens_of_somebody_who_signed_out_are_forgotten() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.store.fail_replaces(u32::MAX);
    assert_eq!(browser.go(&rig, "/app").await.status, 503);
    let ask = post("/.vestibule/sign-out").with("Sec-Fetch-Site", "same-origin");
    assert_eq!(browser.send(&rig, ask).await.status, 303);
    assert!(rig.shared.flights.all_landed(Duration::from_secs(10)).await);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_the_refreshes_in_flight() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    assert!(rig.shared.flights.all_landed(Duration::ZERO).await);
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.fake.knobs().delay = Duration::from_secs(4);
    let asking = browser.go(&rig, "/app");
    let hung_up = tokio::time::timeout(Duration::from_secs(1), asking).await;
    assert!(hung_up.is_err());
    assert!(!rig.shared.flights.all_landed(Duration::from_secs(1)).await);
    let from = rig.log().len();
    assert!(rig.shared.flights.all_landed(Duration::from_secs(9)).await);
    let written = grants_and_writes(&rig, from);
    assert_eq!(written, ["grant", "replace", "replace"]);
}

/// Waiting for keys takes up to twenty seconds; a process that is killed meanwhile must not have the
/// only refresh token that works in its memory alone.
#[tokio::test(start_paused = true)]
async fn the_new_refresh_token_is_stored_before_keys_are_waited_for() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    // The keys at hand are not the one that the new ID token is signed with.
    let signs = rig.fake.knobs().keys.clone();
    rig.fake.knobs().keys = vec![TestKey::new("k2")];
    rig.reload(vec![plan("main")]);
    let plan = rig.shared.plan.load_full();
    plan.providers[0].keys().await.unwrap();
    rig.fake.knobs().keys = signs;
    rig.fake
        .knobs()
        .delays
        .insert("/keys", Duration::from_secs(8));
    let from = rig.log().len();
    let asking = browser.go(&rig, "/app");
    let hung_up = tokio::time::timeout(Duration::from_secs(1), asking).await;
    assert!(hung_up.is_err());
    assert_eq!(grants_and_writes(&rig, from), ["grant", "replace"]);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn an_access_token_is_not_used_before_the_id_token_beside_it_is_verified() {
    let mut with_user_info = plan("main");
    with_user_info.user_info = UserInfoUse::Always;
    let rig = Rig::with(vec![with_user_info]);
    rig.fake.knobs().user_info = Some(json!({ "sub": "ann" }));
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.fake.knobs().user_info = Some(json!({ "sub": "bob" }));
    rig.fake
        .knobs()
        .delays
        .insert("/userinfo", Duration::from_secs(5));
    let mut impatient = browser.clone();
    let asking = impatient.go(&rig, "/app");
    let hung_up = tokio::time::timeout(Duration::from_secs(1), asking).await;
    assert!(hung_up.is_err());
    // The answer is about somebody else, which nobody knows yet.
    assert_eq!(browser.go(&rig, "/app").await.status, 303);
    let me = browser.go(&rig, "/.vestibule/me").await;
    assert_eq!(me.json()["signed_in"], false);
}

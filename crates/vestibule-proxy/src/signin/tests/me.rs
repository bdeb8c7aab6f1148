//! Who am I, until when, and what keeps a session from ending.

use std::time::Duration;

use super::super::rig::{Browser, Rig, get, post};

const HOUR: i64 = 3600;

#[tokio::test(start_paused = true)]
async fn a_page_learns_when_the_session_ends_of_want_of_use_and_when_at_all() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let made = rig.now().as_secs();
    tokio::time::advance(Duration::from_secs(100)).await;
    let said = browser.go(&rig, "/.vestibule/me").await.json();
    let now = made + 100;
    assert_eq!(said["now"], now);
    assert_eq!(said["idle_ends_at"], made + 2 * HOUR);
    assert_eq!(said["expires_at"], said["idle_ends_at"]);
    assert!(said["ends_at"].as_i64().unwrap() > made + 2 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn only_a_post_of_our_own_page_is_a_use_of_the_session() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let made = rig.now().as_secs();
    tokio::time::advance(Duration::from_secs(HOUR as u64)).await;
    for ask in [
        post("/.vestibule/me"),
        post("/.vestibule/me").with("Sec-Fetch-Site", "cross-site"),
        post("/.vestibule/me").with("Sec-Fetch-Site", "same-site"),
        post("/.vestibule/me").with("Sec-Fetch-Site", "none"),
        post("/.vestibule/me").with("Origin", "https://evil.example.com"),
    ] {
        let reply = browser.send(&rig, ask).await;
        assert_eq!(reply.status, 403);
        assert!(reply.body.contains("fetch_site_not_same"), "{}", reply.body);
    }
    let asked = browser.send(&rig, get("/.vestibule/me?touch")).await.json();
    assert_eq!(asked["idle_ends_at"], made + 2 * HOUR, "asking is no use");
    let ours = post("/.vestibule/me").with("Sec-Fetch-Site", "same-origin");
    let used = browser.send(&rig, ours).await.json();
    assert_eq!(used["idle_ends_at"], made + 3 * HOUR);
    let asked = browser.send(&rig, get("/.vestibule/me")).await.json();
    assert_eq!(asked["idle_ends_at"], made + 3 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn nothing_brings_back_a_session_that_ended() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    tokio::time::advance(Duration::from_secs(2 * HOUR as u64)).await;
    let ours = || post("/.vestibule/me").with("Sec-Fetch-Site", "same-origin");
    let reply = browser.send(&rig, ours()).await;
    assert_eq!(reply.json()["signed_in"], false);
    assert_eq!(browser.go(&rig, "/app").await.status, 303);
    let nobody = Browser::default().send(&rig, ours()).await;
    assert_eq!(nobody.json()["signed_in"], false);
}

#[tokio::test(start_paused = true)]
async fn with_the_cookie_store_a_use_reaches_the_browser() {
    let rig = Rig::carrying();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    tokio::time::advance(Duration::from_secs(HOUR as u64)).await;
    let ours = post("/.vestibule/me").with("Sec-Fetch-Site", "same-origin");
    browser.send(&rig, ours).await;
    let elsewhere = rig.replica();
    tokio::time::advance(Duration::from_secs(HOUR as u64 + 60)).await;
    let reply = browser.go(&elsewhere, "/.vestibule/me").await;
    assert_eq!(reply.json()["signed_in"], true, "{}", reply.body);
}

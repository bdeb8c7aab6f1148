//! What holds for answers in the address holds for posted ones, which bring no cookie but that of
//! their flow.

use std::time::Duration;

use vestibule_oidc::authorization::ResponseMode;

use super::super::rig::{Browser, Rig};
use crate::provider::fake::plan;

fn rig() -> Rig {
    let mut form_post = plan("main");
    form_post.response_mode = ResponseMode::FormPost;
    Rig::with(vec![form_post])
}

async fn sign_in(browser: &mut Browser, rig: &Rig, target: &str) {
    let start = browser.go(rig, target).await;
    let callback = rig.at_provider(&start);
    assert_eq!(browser.posted(rig, &callback).await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn cve_2026_34454_a_live_session_is_replaced_when_the_new_sign_in_succeeds() {
    let rig = rig();
    let mut browser = Browser::default();
    sign_in(&mut browser, &rig, "/app").await;
    let mut before = browser.clone();
    let start = browser
        .go(&rig, "/.vestibule/sign-in?prompt=select_account")
        .await;
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    rig.grants().subject = "bob".to_owned();
    browser.posted(&rig, &rig.at_provider(&start)).await;
    let me = browser.go(&rig, "/.vestibule/me").await;
    assert_eq!(me.json()["subject"], "bob");
    let me = before.go(&rig, "/.vestibule/me").await;
    assert_eq!(me.json()["signed_in"], false, "the old session is over");
}

#[tokio::test(start_paused = true)]
async fn envoy_38919_a_browser_that_keeps_no_session_gets_a_page_and_not_an_endless_redirect() {
    let rig = rig();
    let mut browser = Browser::default();
    let mut rounds = 0;
    let page = loop {
        let start = browser.go(&rig, "/app").await;
        if start.status != 303 {
            break start;
        }
        browser.posted(&rig, &rig.at_provider(&start)).await;
        browser.jar.remove("__Host-vestibule");
        rounds += 1;
        assert!(rounds < 10);
        tokio::time::advance(Duration::from_secs(1)).await;
    };
    assert_eq!((rounds, page.status), (5, 500));
    assert!(page.body.contains("sign_in_loop"));
}

#[tokio::test(start_paused = true)]
async fn many_tabs_sign_in_at_once_and_an_evicted_one_falls_back_to_the_session() {
    let rig = rig();
    let mut browser = Browser::default();
    let mut callbacks = Vec::new();
    for tab in 0..7 {
        let start = browser.go(&rig, &format!("/app/{tab}")).await;
        callbacks.push(rig.at_provider(&start));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(browser.pending(), 5);
    for (tab, callback) in callbacks.iter().enumerate().rev().take(5) {
        let done = browser.posted(&rig, callback).await;
        assert_eq!(done.location(), format!("/app/{tab}"));
    }
    for callback in callbacks.iter().take(2) {
        let round = browser.posted(&rig, callback).await;
        assert!(round.location().starts_with("/.vestibule/callback?error="));
        assert!(!round.location().contains("code"), "{}", round.location());
        assert_eq!(browser.go(&rig, round.location()).await.location(), "/app/");
    }
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_browser_ends_on_a_page_after_one_round() {
    let rig = rig();
    let callback = rig.at_provider(&Browser::default().go(&rig, "/app").await);
    let mut victim = Browser::default();
    let round = victim.posted(&rig, &callback).await;
    let page = victim.go(&rig, round.location()).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("sign_in_not_started_here"));
    assert!(victim.session().is_none());
    assert_eq!(rig.grants().redeemed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_posted_again_leads_to_the_page_and_redeems_nothing() {
    let rig = rig();
    let mut browser = Browser::default();
    let callback = rig.at_provider(&browser.go(&rig, "/app/x").await);
    let mut copy = browser.clone();
    browser.posted(&rig, &callback).await;
    let again = copy.posted(&rig, &callback).await;
    assert_eq!(again.location(), "/app/x");
    assert!(copy.session().is_none() && copy.pending() == 0);
    assert_eq!(rig.grants().redeemed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_took_too_long_ends_on_a_page_after_one_round() {
    let rig = rig();
    let mut browser = Browser::default();
    let callback = rig.at_provider(&browser.go(&rig, "/app").await);
    tokio::time::sleep(Duration::from_secs(601)).await;
    let round = browser.posted(&rig, &callback).await;
    let page = browser.go(&rig, round.location()).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("sign_in_took_too_long"));
    assert_eq!(browser.pending(), 0);
}

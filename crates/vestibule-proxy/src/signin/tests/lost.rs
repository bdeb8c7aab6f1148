//! Answers of a provider to sign-ins that are not known here, where a page of the site is named for them.

use vestibule_session::return_to::ReturnTo;

use super::super::rig::{Browser, Rig, get};
use crate::provider::fake::plan;

fn rig() -> Rig {
    let mut plan = plan("main");
    plan.lost_sign_in_page = Some(ReturnTo::parse(b"/app/start?from=lost").unwrap());
    Rig::with(vec![plan])
}

const PAGE: &str = "/app/start?from=lost";
const STALE: &str = "/.vestibule/callback?code=x&state=y";

#[tokio::test(start_paused = true)]
async fn an_answer_to_no_sign_in_leads_to_the_page_and_nowhere_else() {
    let rig = rig();
    let mut browser = Browser::default();
    browser.jar.insert("theme".to_owned(), "dark".to_owned());
    for query in ["", "&iss=https://evil.example", "&return_to=//evil.example"] {
        let sent = browser.go(&rig, &format!("{STALE}{query}")).await;
        assert_eq!((sent.status, sent.location()), (303, PAGE), "{query}");
    }
    assert!(browser.session().is_none());
    assert_eq!(rig.grants().redeemed, 0, "nothing of the answer is used");
    // Of another browser, and one that took too long.
    let mut other = Browser::default();
    let callback = rig.at_provider(&other.go(&rig, "/app").await);
    assert_eq!(browser.go(&rig, &callback).await.location(), PAGE);
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    assert_eq!(other.go(&rig, &callback).await.location(), PAGE);
    assert_eq!(other.pending(), 0, "its cookie goes");
    assert_eq!(rig.grants().redeemed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_browser_without_any_cookie_gets_the_page_that_says_why() {
    let rig = rig();
    let told = Browser::default().go(&rig, STALE).await;
    assert_eq!(told.status, 400);
    assert!(told.body.contains("sign_in_not_started_here"));
    assert!(told.body.contains("%2Fapp%2Fstart"), "{}", told.body);
}

#[tokio::test(start_paused = true)]
async fn going_round_by_way_of_the_page_is_stopped() {
    let rig = rig();
    let mut browser = Browser::default();
    for _ in 0..8 {
        let start = browser.send(&rig, get("/app/start").navigating()).await;
        if start.status != 303 {
            assert!(start.body.contains("sign_in_loop"), "{}", start.body);
            return;
        }
        let callback = rig.at_provider(&start);
        browser.jar.retain(|name, _| name.ends_with(".loop"));
        browser.jar.insert("theme".to_owned(), "dark".to_owned());
        assert_eq!(browser.go(&rig, &callback).await.location(), PAGE);
    }
    panic!("nothing stops the loop");
}

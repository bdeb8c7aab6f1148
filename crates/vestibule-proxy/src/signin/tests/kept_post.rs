//! A form that meets a sign-in: who gets it back, how often, and what is never kept.

use std::time::Duration;

use super::super::rig::{Ask, Browser, ORIGIN, Reply, Rig, post};
use crate::provider::fake::plan;

const FORM: &str = "title=a+b&text=%3C%2Fform%3E%22%0D%0A&submit=x";

/// As a page of ours sends a form.
fn sent(target: &str, body: &str) -> Ask {
    post(target)
        .navigating()
        .with("Sec-Fetch-Site", "same-origin")
        .with("Origin", ORIGIN)
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(body)
}

/// The names and values of the hidden fields.
fn fields(reply: &Reply) -> Vec<(String, String)> {
    let text = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        text.replace("&quot;", "\"").replace("&amp;", "&")
    };
    let inputs = reply.body.split("<input type=\"hidden\" name=\"").skip(1);
    let pairs = inputs.map(|input| {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        (text(name), text(rest.split_once("\">").unwrap().0))
    });
    pairs.collect()
}

fn is_sent_again(reply: &Reply, action: &str) -> bool {
    let form = format!("method=\"post\" action=\"{action}\"");
    reply.status == 200 && reply.body.contains(&form)
}

#[tokio::test(start_paused = true)]
async fn a_form_that_met_a_sign_in_is_sent_again_as_it_was() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.send(&rig, sent("/forms/save?id=7", FORM)).await;
    let callback = rig.at_provider(&start);
    let page = browser.go(&rig, &callback).await;
    assert!(is_sent_again(&page, "/forms/save?id=7"), "{page:?}");
    let expected = [("title", "a b"), ("text", "</form>\"\r\n"), ("submit", "x")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(fields(&page), expected);
    assert!(page.body.contains("<script>"), "it sends itself");
    assert_eq!(page.field("referrer-policy"), Some("strict-origin"));
    assert!(browser.session().is_some());
    assert_eq!(browser.pending(), 0);
    // What the page then sends passes like any form of ours.
    let passed = browser.send(&rig, sent("/forms/save?id=7", FORM)).await;
    assert_eq!(
        (passed.status, passed.body.as_str()),
        (200, "access-token-1")
    );
}

#[tokio::test(start_paused = true)]
async fn a_form_is_sent_again_once() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.send(&rig, sent("/forms/save", FORM)).await;
    let callback = rig.at_provider(&start);
    let mut copy = browser.clone();
    browser.go(&rig, &callback).await;
    // The page loaded again, and somebody with a copy of the cookie.
    assert_eq!(browser.go(&rig, &callback).await.location(), "/app/");
    let again = copy.go(&rig, &callback).await;
    assert_eq!(again.status, 400);
    assert!(fields(&again).is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_the_browser_that_sent_a_form_gets_it() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.send(&rig, sent("/forms/save", FORM)).await;
    let callback = rig.at_provider(&start);
    let other = Browser::default().go(&rig, &callback).await;
    assert_eq!(other.status, 400);
    assert!(fields(&other).is_empty());
    // Another sign-in of the same browser does not get it either.
    let elsewhere = browser.clone().sign_in(&rig, "/app").await;
    assert_eq!(elsewhere.location(), "/app");
}

/// A form of another site must not become one of ours by way of the sign-in.
#[tokio::test(start_paused = true)]
async fn a_post_of_another_site_is_answered_with_401_and_not_kept() {
    let rig = Rig::new();
    let form = "application/x-www-form-urlencoded";
    let kinds: [&[(&str, &str)]; 5] = [
        &[
            ("Sec-Fetch-Site", "cross-site"),
            ("Origin", "https://evil.example.com"),
        ],
        &[
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "https://spa.example.com"),
        ],
        &[("Origin", "https://evil.example.com")],
        &[("Origin", "null")],
        &[],
    ];
    for kind in kinds {
        let mut ask = post("/forms/save").navigating().with("Content-Type", form);
        for (name, value) in kind {
            ask = ask.with(name, value);
        }
        let reply = Browser::default().send(&rig, ask.body(FORM)).await;
        assert_eq!(reply.status, 401, "{kind:?}");
    }
    let route_without = Browser::default().send(&rig, sent("/app/save", FORM)).await;
    assert_eq!(route_without.status, 401, "the route does not ask for it");
}

#[tokio::test(start_paused = true)]
async fn what_cant_be_kept_is_said_at_once() {
    let rig = Rig::new();
    let of_type = |kind: &str| {
        let ask = post("/forms/save").navigating();
        let ask = ask.with("Sec-Fetch-Site", "same-origin");
        ask.with("Content-Type", kind).body(FORM)
    };
    let many = "&".repeat(1000);
    let large = format!("a={}", "x".repeat(999));
    for (ask, code) in [
        (sent("/forms/save", &large), "post_not_kept_size"),
        (sent("/forms/save", "a=%FF"), "post_not_kept_form"),
        (sent("/forms/save", &many), "post_not_kept_fields"),
        (
            of_type("multipart/form-data; boundary=x"),
            "post_not_kept_type",
        ),
        (of_type("text/plain"), "post_not_kept_type"),
        (of_type("application/json"), "post_not_kept_type"),
    ] {
        let mut browser = Browser::default();
        let reply = browser.send(&rig, ask).await;
        assert_eq!(reply.status, 401, "{code}");
        assert!(reply.body.contains(code), "{code}: {}", reply.body);
        assert!(reply.field("www-authenticate").is_some());
        assert!(
            reply
                .body
                .contains("/.vestibule/sign-in?return_to=%2Fforms%2Fsave")
        );
        assert_eq!(
            browser.pending(),
            0,
            "no sign-in that the person did not ask for"
        );
    }
    let just_fits = format!("a={}", "x".repeat(998));
    let start = Browser::default()
        .send(&rig, sent("/forms/save", &just_fits))
        .await;
    assert_eq!(start.status, 303);
}

/// CVE-2025-3891: an empty POST crashed what keeps them.
#[tokio::test(start_paused = true)]
async fn cve_2025_3891_a_post_without_body_or_type_is_answered() {
    let rig = Rig::new();
    let bare = post("/forms/save")
        .navigating()
        .with("Sec-Fetch-Site", "same-origin");
    let reply = Browser::default().send(&rig, bare).await;
    assert_eq!(reply.status, 401);
    assert!(reply.body.contains("post_not_kept_type"));
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_a_button_alone_is_kept() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.send(&rig, sent("/forms/save", "")).await;
    let page = browser.go(&rig, &rig.at_provider(&start)).await;
    assert!(is_sent_again(&page, "/forms/save"), "{page:?}");
    assert!(fields(&page).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_form_of_somebody_else_is_sent_only_by_hand() {
    let rig = Rig::new();
    for (subject, by_itself) in [("ann", true), ("bob", false)] {
        let mut browser = Browser::default();
        rig.grants().subject = "ann".to_owned();
        browser.sign_in(&rig, "/app").await;
        tokio::time::advance(Duration::from_secs(7201)).await;
        let start = browser.send(&rig, sent("/forms/save", FORM)).await;
        rig.grants().subject = subject.to_owned();
        let page = browser.go(&rig, &rig.at_provider(&start)).await;
        assert!(is_sent_again(&page, "/forms/save"), "{subject}");
        assert_eq!(page.body.contains("<script>"), by_itself, "{subject}");
        let policy = page.field("content-security-policy").unwrap();
        assert_eq!(policy.contains("script-src"), by_itself, "{subject}");
    }
}

/// The cookie outlives what is known of its session.
#[tokio::test(start_paused = true)]
async fn a_form_of_a_session_that_is_forgotten_is_sent_only_by_hand() {
    let mut rig = Rig::new();
    for subject in ["ann", "bob"] {
        let mut browser = Browser::default();
        rig.grants().subject = "ann".to_owned();
        browser.sign_in(&rig, "/app").await;
        let store = std::sync::Arc::new(crate::store::MemoryStore::new(Default::default()));
        rig.restart(|| store);
        let start = browser.send(&rig, sent("/forms/save", FORM)).await;
        rig.grants().subject = subject.to_owned();
        let page = browser.go(&rig, &rig.at_provider(&start)).await;
        assert!(is_sent_again(&page, "/forms/save"), "{subject}");
        assert!(!page.body.contains("<script>"), "{subject}");
        assert!(page.body.contains("no longer known"), "{subject}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_gone_is_not_sent_and_the_person_is_told() {
    let mut rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.send(&rig, sent("/forms/save", FORM)).await;
    let callback = rig.at_provider(&start);
    let store = std::sync::Arc::new(crate::store::MemoryStore::new(Default::default()));
    rig.restart(|| store);
    let page = browser.go(&rig, &callback).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("kept_post_gone") && page.body.contains("href=\"/forms/save\""));
    assert!(browser.session().is_some(), "the sign-in itself worked");
    assert!(!page.body.contains("<form"));
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_fails_sends_nothing() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.send(&rig, sent("/forms/save", FORM)).await;
    let callback = rig.at_provider(&start);
    let declined = callback.replace("code=", "error=access_denied&x=");
    let page = browser.go(&rig, &declined).await;
    assert!(fields(&page).is_empty() && page.status >= 400);
    assert_eq!(browser.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn with_posted_answers_a_form_is_sent_again_too() {
    let mut form_post = plan("main");
    form_post.response_mode = vestibule_oidc::authorization::ResponseMode::FormPost;
    let rig = Rig::with(vec![form_post]);
    let mut browser = Browser::default();
    let start = browser.send(&rig, sent("/forms/save", FORM)).await;
    let page = browser.posted(&rig, &rig.at_provider(&start)).await;
    assert!(is_sent_again(&page, "/forms/save"), "{page:?}");
}

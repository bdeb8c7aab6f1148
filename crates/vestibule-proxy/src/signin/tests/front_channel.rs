//! Logouts that a page of the provider brings in a frame.

use super::*;

const PATH: &str = "/.vestibule/front-channel-logout";

async fn signed_in(rig: &Rig, sid: &str) -> Browser {
    rig.grants().claims.insert("sid", json!(sid));
    let mut browser = Browser::default();
    browser.sign_in(rig, "/app").await;
    browser
}

fn framed(query: &str) -> Ask {
    get(&format!("{PATH}?{query}"))
        .with("Sec-Fetch-Mode", "navigate")
        .with("Sec-Fetch-Dest", "iframe")
        .with("Sec-Fetch-Site", "cross-site")
}

#[tokio::test(start_paused = true)]
async fn the_session_of_that_sid_ends_and_its_cookie_is_nobodys() {
    let rig = Rig::new();
    for query in ["sid=s1", "iss=https%3A%2F%2Fidp.example.com&sid=s1"] {
        let mut one = signed_in(&rig, "s1").await;
        let mut other = signed_in(&rig, "s2").await;
        let done = rig.send(framed(query)).await;
        assert_eq!(done.status, 200);
        assert_eq!(done.field("cache-control"), Some("no-store"));
        assert_eq!(one.go(&rig, "/app").await.status, 303);
        assert_eq!(other.go(&rig, "/app").await.status, 200);
    }
    // Once more, and nobody is there any more.
    assert_eq!(rig.send(framed("sid=s1")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn only_pages_of_the_provider_may_hold_the_frame() {
    let rig = Rig::new();
    signed_in(&rig, "s1").await;
    let done = rig.send(framed("sid=s1")).await;
    let policy = done.field("content-security-policy").unwrap();
    assert_eq!(
        policy,
        format!("default-src 'none'; frame-ancestors {ISSUER}")
    );
    assert_eq!(done.field("x-frame-options"), None);
    assert_eq!(done.body, "");
    // What is refused may be framed by nobody.
    let refused = rig.send(framed("")).await;
    let policy = refused.field("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"));
}

/// Without `sid` it could be anybody, and a cookie says only whose browser it is.
#[tokio::test(start_paused = true)]
async fn without_a_sid_or_from_another_issuer_nobody_is_signed_out() {
    let rig = Rig::new();
    let mut ann = signed_in(&rig, "s1").await;
    for (query, code) in [
        ("", "front_channel_no_sid"),
        ("sid=", "front_channel_no_sid"),
        ("iss=https%3A%2F%2Fidp.example.com", "front_channel_no_sid"),
        ("sid=s1&sid=s1", "front_channel_repeated"),
        (
            "iss=https%3A%2F%2Fevil.example&sid=s1",
            "front_channel_issuer",
        ),
    ] {
        let ask = framed(query).with("Accept", "application/json");
        let refused = ann.send(&rig, ask).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.body.contains(code), "{query}: {}", refused.body);
        // Her own browser opened it, for another session.
        ann.send(&rig, framed("sid=s2")).await;
        assert_eq!(ann.go(&rig, "/app").await.status, 200, "{query}");
    }
    assert_eq!(rig.send(post(PATH)).await.status, 405);
}

/// mod_auth_openidc, 2026-08-11: anybody could have tokens revoked by opening an address.
#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_11_nothing_is_asked_of_the_provider() {
    let rig = Rig::new();
    let endpoint = format!("{ISSUER}/revoke");
    rig.fake
        .knobs()
        .metadata
        .insert("revocation_endpoint", json!(endpoint));
    signed_in(&rig, "s1").await;
    let before = rig.fake.knobs().calls.len();
    assert_eq!(rig.send(framed("sid=s1")).await.status, 200);
    assert!(rig.shared.revocations.all_done(Duration::ZERO).await);
    assert_eq!(rig.fake.knobs().calls.len(), before);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_cannot_be_asked_it_says_so() {
    let rig = Rig::new();
    let mut ann = signed_in(&rig, "s1").await;
    rig.store.set_down(true);
    assert_eq!(rig.send(framed("sid=s1")).await.status, 503);
    rig.store.set_down(false);
    assert_eq!(ann.go(&rig, "/app").await.status, 200);
}

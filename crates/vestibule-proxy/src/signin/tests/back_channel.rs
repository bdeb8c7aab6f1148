//! Logouts that the provider sends.

use serde_json::Value;
use vestibule_oidc::logout_token::EVENT;
use vestibule_session::store::Whose;

use super::*;
use crate::signin::rig::Reply;

const PATH: &str = "/.vestibule/back-channel-logout";

/// A browser that signed in, in this session at the provider.
async fn signed_in(rig: &Rig, sid: &str) -> Browser {
    rig.grants().claims.insert("sid", json!(sid));
    let mut browser = Browser::default();
    browser.sign_in(rig, "/app").await;
    assert_eq!(browser.go(rig, "/app").await.status, 200);
    browser
}

async fn is_signed_in(rig: &Rig, browser: &mut Browser) -> bool {
    browser.go(rig, "/app").await.status == 200
}

/// The claims of a logout token about a subject, a session, or both.
fn claims(rig: &Rig, jti: &str, members: Value) -> Value {
    let now = rig.now().as_secs();
    let mut claims = json!({
        "iss": ISSUER, "aud": "client", "iat": now, "exp": now + 120, "jti": jti,
        "events": { EVENT: {} },
    });
    for (name, value) in members.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn form(token: &str) -> Ask {
    post(PATH)
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(&format!("logout_token={token}"))
}

async fn log_out(rig: &Rig, claims: &Value) -> Reply {
    let key = rig.fake.knobs().keys[0].clone();
    rig.send(form(&key.sign(claims))).await
}

#[track_caller]
fn refused(reply: &Reply, code: &str) {
    assert_eq!(reply.status, 400, "{reply:?}");
    assert_eq!(reply.field("cache-control"), Some("no-store"));
    let said = reply.json();
    assert_eq!(
        (&said["error"], &said["code"]),
        (&json!("invalid_request"), &json!(code))
    );
}

#[tokio::test(start_paused = true)]
async fn a_logout_by_sid_ends_that_session_and_its_cookie_is_nobodys() {
    let rig = Rig::new();
    let mut one = signed_in(&rig, "s1").await;
    let mut other = signed_in(&rig, "s2").await;
    let done = log_out(
        &rig,
        &claims(&rig, "j", json!({ "sid": "s1", "sub": "ann" })),
    )
    .await;
    assert_eq!((done.status, done.body.as_str()), (200, ""));
    assert_eq!(done.field("cache-control"), Some("no-store"));
    assert!(done.set_cookies().is_empty());
    assert!(
        !is_signed_in(&rig, &mut one).await,
        "the old cookie is nobody"
    );
    assert!(is_signed_in(&rig, &mut other).await);
    let text = rig.shared.telemetry.metrics.render();
    let line =
        r#"vestibule_logouts_total{provider="main",operation="back_channel",result="ended"} 1"#;
    assert!(text.contains(line), "{text}");
}

/// mod_auth_openidc, 2026-08-11: the logout of one session hid the others of a person.
#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_11_a_logout_by_sub_ends_every_session_of_the_person() {
    let rig = Rig::new();
    let mut anns = Vec::new();
    for sid in ["s1", "s2", "s3"] {
        anns.push(signed_in(&rig, sid).await);
    }
    rig.grants().subject = "bob".to_owned();
    let mut bob = signed_in(&rig, "s4").await;
    anns[0]
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    let done = log_out(&rig, &claims(&rig, "j", json!({ "sub": "ann" }))).await;
    assert_eq!(done.status, 200);
    for ann in &mut anns {
        assert!(!is_signed_in(&rig, ann).await);
    }
    assert!(is_signed_in(&rig, &mut bob).await);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_has_ended_already_is_a_success() {
    let rig = Rig::new();
    rig.fake.start().metadata().await.unwrap();
    let done = log_out(&rig, &claims(&rig, "j", json!({ "sid": "never" }))).await;
    assert_eq!(done.status, 200);
    let done = log_out(&rig, &claims(&rig, "k", json!({ "sub": "nobody" }))).await;
    assert_eq!(done.status, 200);
}

/// mod_auth_openidc, 2026-08-11: a logout token that somebody kept worked again.
#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_11_a_logout_token_counts_once() {
    let rig = Rig::new();
    signed_in(&rig, "s1").await;
    let token = claims(&rig, "j", json!({ "sub": "ann" }));
    assert_eq!(log_out(&rig, &token).await.status, 200);
    let mut again = signed_in(&rig, "s1").await;
    refused(&log_out(&rig, &token).await, "logout_token_replayed");
    assert!(is_signed_in(&rig, &mut again).await);
    // When it is forgotten, it is too old.
    tokio::time::advance(Duration::from_secs(180)).await;
    let lifetimes = *rig.shared.plan.load().gate.lifetimes();
    rig.shared.store.sweep(rig.now(), lifetimes).await.unwrap();
    refused(&log_out(&rig, &token).await, "logout_token_expired");
    assert!(is_signed_in(&rig, &mut again).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_valid_is_a_400_and_ends_nothing() {
    let rig = Rig::new();
    let mut ann = signed_in(&rig, "s1").await;
    let about_ann = || json!({ "sub": "ann" });
    let with = |members: Value| claims(&rig, "j", members);
    for (claims, code) in [
        (
            with(json!({ "sub": "ann", "nonce": "n" })),
            "logout_token_nonce",
        ),
        (
            with(json!({ "sub": "ann", "events": {} })),
            "logout_token_no_event",
        ),
        (
            with(json!({ "sub": "ann", "aud": "other" })),
            "logout_token_audience",
        ),
        (
            with(json!({ "sub": "ann", "iss": "https://evil.example" })),
            "issuer_mismatch",
        ),
        (
            with(json!({ "sub": "ann", "exp": 5 })),
            "logout_token_expired",
        ),
        (with(json!({})), "logout_token_names_nobody"),
    ] {
        refused(&log_out(&rig, &claims).await, code);
    }
    let forged = TestKey::new("k1").sign(&with(about_ann()));
    refused(&rig.send(form(&forged)).await, "bad_signature");
    let key = rig.fake.knobs().keys[0].clone();
    let token = key.sign(&with(about_ann()));
    let typed = |kind: &str, body: &str| post(PATH).with("Content-Type", kind).body(body);
    let form_type = "application/x-www-form-urlencoded";
    for (ask, code) in [
        (
            typed("application/json", "{}"),
            "logout_token_not_in_a_form",
        ),
        (
            post(PATH).body(&format!("logout_token={token}")),
            "logout_token_not_in_a_form",
        ),
        (typed(form_type, "x=1"), "logout_token_not_sent"),
        (
            typed(
                form_type,
                &format!("logout_token={token}&logout_token={token}"),
            ),
            "logout_token_repeated",
        ),
        (typed(form_type, &"x".repeat(100_000)), "body_too_large"),
    ] {
        refused(&rig.send(ask).await, code);
    }
    let read = rig.send(get(&format!("{PATH}?logout_token={token}"))).await;
    assert_eq!((read.status, read.field("allow")), (405, Some("POST")));
    assert!(is_signed_in(&rig, &mut ann).await);
    // Of all these, nothing was remembered.
    assert_eq!(rig.send(form(&token)).await.status, 200);
    assert!(!is_signed_in(&rig, &mut ann).await);
}

/// No cookie comes with it, and no rule about origins stands in its way.
#[tokio::test(start_paused = true)]
async fn it_needs_no_cookie_and_no_origin() {
    let rig = Rig::new();
    let mut ann = signed_in(&rig, "s1").await;
    let key = rig.fake.knobs().keys[0].clone();
    let ask = form(&key.sign(&claims(&rig, "j", json!({ "sid": "s1" }))))
        .with("Origin", "https://elsewhere.example")
        .with("Sec-Fetch-Site", "cross-site")
        .with("Cookie", "__Host-vestibule=broken");
    assert_eq!(rig.send(ask).await.status, 200);
    assert!(!is_signed_in(&rig, &mut ann).await);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_cannot_be_asked_the_provider_is_told_to_come_again() {
    let rig = Rig::new();
    let mut ann = signed_in(&rig, "s1").await;
    let token = claims(&rig, "j", json!({ "sub": "ann" }));
    rig.store.set_down(true);
    let later = log_out(&rig, &token).await;
    assert_eq!(later.status, 503);
    assert_eq!(later.json()["error"], "temporarily_unavailable");
    assert!(later.field("retry-after").is_some());
    rig.store.set_down(false);
    assert!(is_signed_in(&rig, &mut ann).await);
    assert_eq!(log_out(&rig, &token).await.status, 200);
    assert!(!is_signed_in(&rig, &mut ann).await);
}

#[tokio::test(start_paused = true)]
async fn without_the_providers_keys_it_is_told_to_come_again() {
    let rig = Rig::new();
    rig.fake.knobs().down = true;
    let later = log_out(&rig, &claims(&rig, "j", json!({ "sub": "ann" }))).await;
    assert_eq!(later.status, 503);
}

/// A provider may change its keys right before it signs one.
#[tokio::test(start_paused = true)]
async fn a_token_of_a_new_key_is_verified_by_newer_keys() {
    let rig = Rig::new();
    let mut ann = signed_in(&rig, "s1").await;
    rig.fake.knobs().keys = vec![TestKey::new("k2")];
    let done = log_out(&rig, &claims(&rig, "j", json!({ "sub": "ann" }))).await;
    assert_eq!(done.status, 200);
    assert!(!is_signed_in(&rig, &mut ann).await);
}

/// mod_auth_openidc, 2026-08-12: each token with an unknown key fetched the keys.
#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_12_unknown_keys_of_strangers_cause_no_storm() {
    let rig = Rig::new();
    signed_in(&rig, "s1").await;
    let before = rig.fake.count("/keys");
    let token = |number: u32| {
        TestKey::new(&format!("unknown{number}")).sign(&claims(&rig, "j", json!({ "sub": "ann" })))
    };
    let asks = (0..200).map(|number| rig.send(form(&token(number))));
    let replies = futures_util::future::join_all(asks).await;
    assert!(
        replies
            .iter()
            .all(|reply| matches!(reply.status, 400 | 503))
    );
    let busy = replies.iter().filter(|reply| reply.status == 503).count();
    assert!(busy > 150, "{busy}");
    assert!(
        rig.fake.count("/keys") - before <= 17,
        "{}",
        rig.fake.count("/keys")
    );
    let known = log_out(&rig, &claims(&rig, "k", json!({ "sub": "ann" }))).await;
    assert_eq!(known.status, 200);
}

#[tokio::test(start_paused = true)]
async fn with_several_providers_each_has_its_own_address() {
    let mut two = plan("two");
    two.client_id = "another-client".to_owned();
    let rig = Rig::with(vec![plan("one"), two]);
    let at = |path: &str, token: &str| {
        post(path)
            .with("Content-Type", "application/x-www-form-urlencoded")
            .body(&format!("logout_token={token}"))
    };
    let key = rig.fake.knobs().keys[0].clone();
    let token = key.sign(&claims(&rig, "j", json!({ "sub": "ann" })));
    for (path, status) in [
        (PATH.to_owned(), 404),
        (format!("{PATH}/three"), 404),
        (format!("{PATH}/two"), 400),
        (format!("{PATH}/one"), 200),
    ] {
        assert_eq!(rig.send(at(&path, &token)).await.status, status, "{path}");
    }
}

/// The redirect back from the provider of a browser that starts to sign in, in this session there.
async fn at_callback(rig: &Rig, sid: &str) -> (Browser, String) {
    rig.grants().claims.insert("sid", json!(sid));
    let mut browser = Browser::default();
    let start = browser.go(rig, "/app").await;
    let callback = rig.at_provider(&start);
    (browser, callback)
}

/// The provider's answer takes a while, and the logout comes in between: it finds nothing to end.
#[tokio::test(start_paused = true)]
async fn a_logout_while_a_code_is_redeemed_ends_that_sign_in() {
    for whom in [json!({ "sid": "s1" }), json!({ "sub": "ann" })] {
        let rig = Rig::new();
        signed_in(&rig, "s0").await;
        let (mut browser, callback) = at_callback(&rig, "s1").await;
        let slow = Duration::from_millis(500);
        rig.fake.knobs().delays.insert("/token", slow);
        let token = claims(&rig, "j", whom.clone());
        let (page, logout) = tokio::join!(browser.go(&rig, &callback), async {
            tokio::time::sleep(slow / 2).await;
            log_out(&rig, &token).await
        });
        assert_eq!(logout.status, 200);
        assert_eq!(page.status, 400, "{whom}: {page:?}");
        assert!(page.body.contains("logged_out_meanwhile"), "{}", page.body);
        assert!(page.body.contains("Start again"), "{}", page.body);
        assert_eq!(browser.session(), None, "{whom}");
        let whose = Whose::sid(ISSUER, "s1");
        let left = rig.shared.store.find(&whose, None, 9).await.unwrap();
        assert!(left.is_empty(), "{whom}: {left:?}");
        // In the very same second.
        assert!(!is_signed_in(&rig, &mut browser).await);
        rig.fake.knobs().delays.clear();
        browser.sign_in(&rig, "/app").await;
        assert!(is_signed_in(&rig, &mut browser).await, "{whom}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_logout_while_somebody_is_at_the_provider_ends_that_sign_in() {
    let rig = Rig::new();
    signed_in(&rig, "s0").await;
    let (mut early, callback) = at_callback(&rig, "s1").await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    let done = log_out(&rig, &claims(&rig, "j", json!({ "sid": "s1" }))).await;
    assert_eq!(done.status, 200);
    tokio::time::sleep(Duration::from_secs(290)).await;
    let page = early.go(&rig, &callback).await;
    assert!(page.body.contains("logged_out_meanwhile"), "{}", page.body);
    assert!(!is_signed_in(&rig, &mut early).await);
    // Others are not meant, and neither is who signs in afterwards.
    signed_in(&rig, "s2").await;
    signed_in(&rig, "s1").await;
}

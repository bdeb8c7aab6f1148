mod anew;
mod due;
mod keeping;
mod several;
mod unproven;

use std::time::Duration;

use serde_json::json;
use vestibule_oidc::token::TokenResponse;
use vestibule_session::handle::Handle;
use vestibule_session::record::Refreshed;
use vestibule_session::store::Store as _;

use crate::provider::fake::plan;
use crate::signin::rig::{Browser, Rig, get};

/// Past the expiry of a token of one hour.
const PAST_EXPIRY: Duration = Duration::from_secs(3601);

async fn signed_in(rig: &Rig) -> Browser {
    let mut browser = Browser::default();
    browser.sign_in(rig, "/app").await;
    assert_eq!(browser.go(rig, "/app").await.body, "access-token-1");
    browser
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_costs_no_call_to_the_provider() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    let before = rig.fake.knobs().calls.len();
    rig.fake.knobs().down = true;
    for _ in 0..20 {
        assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
    }
    assert_eq!(rig.fake.knobs().calls.len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_requests_at_expiry_cost_one_grant() {
    let rig = std::rc::Rc::new(Rig::new());
    let browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.fake.knobs().delay = Duration::from_secs(4);
    let local = tokio::task::LocalSet::new();
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let (rig, mut browser) = (rig.clone(), browser.clone());
            local.spawn_local(async move { browser.go(&rig, "/app").await })
        })
        .collect();
    local.await;
    for one in waiting {
        let reply = one.await.unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, "access-token-2"));
    }
    assert_eq!(rig.grants().refreshes, 1);
}

/// A request that waited for the refresh knows the session of before, of which an upstream was already told.
#[tokio::test(start_paused = true)]
async fn after_a_refresh_the_upstream_never_gets_the_token_it_had_before() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    for serial in 2..5 {
        tokio::time::sleep(PAST_EXPIRY).await;
        let token = format!("access-token-{serial}");
        // The first waits for the flight, the second finds its outcome stored.
        for _ in 0..2 {
            assert_eq!(browser.go(&rig, "/app").await.body, token);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_about_to_expire_is_used_while_the_next_one_is_fetched() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(Duration::from_secs(3550)).await;
    rig.fake.knobs().delay = Duration::from_secs(5);
    let asked = tokio::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
    }
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "nobody waits for a slow provider"
    );
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_in_trouble_never_ends_a_session() {
    type Trouble = fn(&Rig);
    let troubles: [(&str, Trouble); 4] = [
        ("down", |rig| rig.fake.knobs().down = true),
        ("hangs", |rig| {
            rig.fake.knobs().delay = Duration::from_secs(60)
        }),
        ("500", |rig| {
            rig.grants().refuse_refresh = Some((500, json!({"error": "server_error"})))
        }),
        ("busy", |rig| {
            rig.grants().refuse_refresh = Some((429, json!({"error": "slow_down"})))
        }),
    ];
    for (name, trouble) in troubles {
        let rig = Rig::new();
        let mut browser = signed_in(&rig).await;
        tokio::time::sleep(Duration::from_secs(3550)).await;
        trouble(&rig);
        assert_eq!(
            browser.go(&rig, "/app").await.body,
            "access-token-1",
            "{name}"
        );
        tokio::time::sleep(Duration::from_secs(60)).await;
        let page = browser.go(&rig, "/app").await;
        assert_eq!(page.status, 503, "{name}: the token has expired");
        assert_eq!(page.field("retry-after"), Some("5"), "{name}");
        assert!(page.set_cookies().is_empty(), "{name}");
        rig.fake.knobs().down = false;
        rig.fake.knobs().delay = Duration::ZERO;
        rig.grants().refuse_refresh = None;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let page = browser.go(&rig, "/app").await;
        assert_eq!(page.status, 200, "{name}: {}", page.body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_is_over_ends_the_session() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    let mut program = browser.clone();
    let mut replayed = browser.clone();
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.grants().refuse_refresh = Some((400, json!({"error": "invalid_grant"})));
    let ask = get("/app/x").with("Sec-Fetch-Mode", "cors");
    let refused = program.send(&rig, ask).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error"], "grant_over");
    assert!(
        refused
            .field("www-authenticate")
            .unwrap()
            .contains("grant_over")
    );
    assert_eq!(program.session(), None, "its cookie is of no use any more");
    let page = browser.go(&rig, "/app/x").await;
    assert!(
        page.location()
            .starts_with("https://idp.example.com/authorize"),
        "signed out"
    );
    assert_eq!(
        replayed.go(&rig, "/.vestibule/me").await.json()["signed_in"],
        false
    );
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_needs_the_person_leaves_the_session_and_asks_them() {
    for answer in [
        json!({"error": "invalid_grant", "suberror": "basic_action"}),
        json!({"error": "invalid_grant", "claims": "{\"access_token\":{}}"}),
        json!({"error": "interaction_required"}),
    ] {
        let rig = Rig::new();
        let mut browser = signed_in(&rig).await;
        tokio::time::sleep(PAST_EXPIRY).await;
        rig.grants().refuse_refresh = Some((400, answer.clone()));
        let page = browser.go(&rig, "/app/x").await;
        assert!(page.location().contains("code_challenge="), "{answer}");
        assert!(browser.session().is_some(), "{answer}");
        assert_eq!(
            browser.go(&rig, "/.vestibule/me").await.json()["signed_in"],
            true
        );
    }
}

#[tokio::test(start_paused = true)]
async fn our_own_mistake_at_the_provider_is_no_reason_to_sign_anybody_out_or_to_hammer_it() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.grants().refuse_refresh = Some((401, json!({"error": "invalid_client"})));
    for _ in 0..50 {
        let page = browser.go(&rig, "/app").await;
        assert_eq!(page.status, 500);
        assert!(page.body.contains("refresh_refused"));
    }
    assert_eq!(rig.grants().refreshes, 1, "the failure answers for a while");
    assert!(browser.session().is_some());
    rig.grants().refuse_refresh = None;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_new_refresh_token_is_stored_before_anything_else_is_asked_or_used() {
    let mut with_user_info = plan("main");
    with_user_info.user_info = crate::provider::UserInfoUse::Always;
    let rig = Rig::with(vec![with_user_info]);
    rig.fake.knobs().user_info = Some(json!({ "sub": "ann" }));
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    // A process that is killed while it waits for user info has lost nothing.
    rig.fake
        .knobs()
        .delays
        .insert("/userinfo", Duration::from_secs(5));
    let from = rig.log().len();
    let asking = browser.go(&rig, "/app");
    assert!(
        tokio::time::timeout(Duration::from_secs(1), asking)
            .await
            .is_err()
    );
    let order: Vec<String> = rig.log()[from..]
        .iter()
        .filter(|what| ["grant", "replace"].contains(&what.as_str()))
        .cloned()
        .collect();
    assert_eq!(order, ["grant", "replace"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
}

#[tokio::test(start_paused = true)]
async fn tokens_that_cannot_be_stored_are_tried_again_and_never_used_unstored() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.store.fail_replaces(2);
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    assert_eq!(rig.grants().refreshes, 1, "the grant is not repeated");

    tokio::time::sleep(PAST_EXPIRY).await;
    rig.store.fail_replaces(100);
    let page = browser.go(&rig, "/app").await;
    assert_eq!(page.status, 503);
    assert!(page.set_cookies().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_hangs_up_does_not_lose_the_new_refresh_token() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.fake.knobs().delay = Duration::from_secs(4);
    {
        let mut impatient = browser.clone();
        let asking = impatient.go(&rig, "/app");
        assert!(
            tokio::time::timeout(Duration::from_secs(1), asking)
                .await
                .is_err()
        );
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_signed_out_during_its_refresh_stays_signed_out() {
    let rig = std::rc::Rc::new(Rig::new());
    let browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.fake.knobs().delay = Duration::from_secs(4);
    let local = tokio::task::LocalSet::new();
    let (asking_rig, mut asking) = (rig.clone(), browser.clone());
    let asked = local.spawn_local(async move { asking.go(&asking_rig, "/app").await });
    let (leaving_rig, mut leaving) = (rig.clone(), browser.clone());
    local.spawn_local(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let ask =
            crate::signin::rig::post("/.vestibule/sign-out").with("Sec-Fetch-Site", "same-origin");
        assert_eq!(leaving.send(&leaving_rig, ask).await.status, 303);
    });
    local.await;
    assert_eq!(
        asked.await.unwrap().status,
        303,
        "no token, but the sign-in"
    );
    let mut replayed = browser;
    assert_eq!(
        replayed.go(&rig, "/.vestibule/me").await.json()["signed_in"],
        false
    );
}

#[tokio::test(start_paused = true)]
async fn a_refreshed_id_token_of_another_sign_in_ends_the_session() {
    for (claim, value) in [
        ("sub", json!("bob")),
        ("iss", json!("https://evil.example.com")),
        ("aud", json!("another")),
    ] {
        let rig = Rig::new();
        let mut browser = signed_in(&rig).await;
        tokio::time::sleep(PAST_EXPIRY).await;
        rig.grants().claims.insert(claim, value);
        let page = browser.go(&rig, "/app/x").await;
        assert_eq!(page.status, 303, "{claim}");
        let me = browser.go(&rig, "/.vestibule/me").await;
        assert_eq!(me.json()["signed_in"], false, "{claim}");
    }
}

/// CVE-2021-41230: rules went on with the claims of the sign-in after a refresh brought others.
#[tokio::test(start_paused = true)]
async fn cve_2021_41230_the_claims_of_a_refresh_replace_the_old_ones() {
    let rig = Rig::new();
    rig.grants().claims.insert("groups", json!(["members"]));
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.go(&rig, "/members").await.status, 200);
    rig.grants().claims.insert("groups", json!(["others"]));
    tokio::time::sleep(PAST_EXPIRY).await;
    // The request that waited for the refresh was let through by the claims of before it.
    assert_eq!(browser.go(&rig, "/members").await.status, 403);
    assert_eq!(browser.go(&rig, "/members").await.status, 403);
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_without_a_refresh_token_means_signing_in_again() {
    let rig = Rig::new();
    rig.grants().answer.insert("refresh_token", json!(null));
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(Duration::from_secs(3590)).await;
    assert_eq!(
        browser.go(&rig, "/app").await.body,
        "access-token-1",
        "good to the end"
    );
    tokio::time::sleep(Duration::from_secs(11)).await;
    let page = browser.go(&rig, "/app/x").await;
    assert!(page.location().contains("code_challenge="), "{page:?}");
    let ask = get("/app/x").with("Sec-Fetch-Mode", "cors");
    let program = browser.send(&rig, ask).await;
    assert_eq!(
        (program.status, program.json()["error"].as_str()),
        (401, Some("access_token_expired"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_end_nobody_told_is_renewed_by_its_age_and_good_meanwhile() {
    let rig = Rig::new();
    rig.grants().answer.insert("expires_in", json!(null));
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(Duration::from_secs(1600)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
    assert_eq!(rig.grants().refreshes, 0);
    tokio::time::sleep(Duration::from_secs(200)).await;
    rig.fake.knobs().down = true;
    for _ in 0..3 {
        assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
        tokio::time::sleep(Duration::from_secs(1000)).await;
    }
    rig.fake.knobs().down = false;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
    tokio::time::sleep(Duration::from_secs(20)).await;
    browser.go(&rig, "/app").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
}

#[tokio::test(start_paused = true)]
async fn trouble_is_not_made_worse_by_those_whose_token_still_works() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(Duration::from_secs(3550)).await;
    rig.grants().refuse_refresh = Some((401, json!({"error": "invalid_client"})));
    for _ in 0..20 {
        assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(rig.grants().refreshes, 2);
}

/// oauth2-proxy #1992 and others: whoever lost the race for the refresh token was signed out.
#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_somebody_else_has_renewed_ends_nothing() {
    for has_token in [false, true] {
        let rig = std::rc::Rc::new(Rig::new());
        let browser = signed_in(&rig).await;
        tokio::time::sleep(PAST_EXPIRY).await;
        rig.fake.knobs().delay = Duration::from_secs(4);
        let local = tokio::task::LocalSet::new();
        let (asking_rig, mut asking) = (rig.clone(), browser.clone());
        let asked = local.spawn_local(async move { asking.go(&asking_rig, "/app").await });
        let (theirs, handle) = (rig.clone(), browser.session().unwrap().clone());
        local.spawn_local(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let key = Handle::parse(handle.as_bytes()).unwrap().store_key();
            let stored = theirs.store.load(&key).await.unwrap().unwrap();
            let mut next = stored.record().with_refresh_token("refresh-token-x".into());
            if has_token {
                let answer = json!({"access_token": "access-token-x", "token_type": "Bearer",
                    "expires_in": 3600, "refresh_token": "refresh-token-x"});
                let answer = answer.to_string();
                let tokens = TokenResponse::parse(200, Some("application/json"), answer.as_bytes());
                let refreshed = Refreshed {
                    tokens: &tokens.unwrap(),
                    id_token: None,
                    asked_for: next.tokens().sign_in_key().clone(),
                    userinfo: None,
                    access_token: None,
                    groups: None,
                };
                next = next.with_refreshed_tokens(refreshed, theirs.now()).unwrap();
            }
            let version = stored.version();
            theirs.store.replace(&key, version, next).await.unwrap();
            theirs.grants().refresh_token = "refresh-token-x".to_owned();
        });
        local.await;
        let reply = asked.await.unwrap();
        let (token, grants) = match has_token {
            true => ("access-token-x", 1),
            false => ("access-token-3", 2),
        };
        assert_eq!((reply.status, reply.body.as_str()), (200, token));
        assert_eq!(rig.grants().refreshes, grants);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_gives_no_access_token_gives_none_to_the_upstream() {
    let rig = Rig::new();
    rig.grants().answer.insert("access_token", json!(null));
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let page = browser.go(&rig, "/app").await;
    assert_eq!((page.status, page.body.as_str()), (200, ""));
}

/// CVE-2026-71326: joined keys of two callers were the same, and one got the other's answer.
#[tokio::test(start_paused = true)]
async fn cve_2026_71326_two_sessions_never_share_a_flight() {
    let rig = Rig::new();
    let mut ann = signed_in(&rig).await;
    let mut bob = Browser::default();
    rig.grants().subject = "bob".to_owned();
    bob.sign_in(&rig, "/app").await;
    assert_eq!(bob.go(&rig, "/app").await.body, "access-token-2");
    tokio::time::sleep(PAST_EXPIRY).await;
    // Bob's refresh token is the one that works; Ann's is used up by then.
    assert_eq!(bob.go(&rig, "/app").await.body, "access-token-3");
    assert_eq!(ann.go(&rig, "/app").await.status, 303);
    assert_eq!(
        bob.go(&rig, "/.vestibule/me").await.json()["subject"],
        "bob"
    );
}

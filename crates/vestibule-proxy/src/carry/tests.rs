use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::signin::rig::{Ask, Browser, Rig, get, post};
use serde_json::json;
use vestibule_session::seal::{KeyRing, SealingKey};

const CHUNK: &str = "__Host-vestibule.0";

/// Past the expiry of a token of one hour.
const PAST_EXPIRY: Duration = Duration::from_secs(3601);

async fn signed_in(rig: &Rig) -> Browser {
    let mut browser = Browser::default();
    browser.sign_in(rig, "/app").await;
    assert_eq!(browser.go(rig, "/app").await.body, "access-token-1");
    browser
}

async fn is_signed_in(rig: &Rig, browser: &Browser) -> bool {
    let reply = browser.clone().go(rig, "/app").await;
    assert!([200, 303].contains(&reply.status), "{reply:?}");
    reply.status == 200
}

fn sign_out() -> Ask {
    post("/.vestibule/sign-out").with("Sec-Fetch-Site", "same-origin")
}

#[tokio::test(start_paused = true)]
async fn a_carried_session_outlives_a_restart_and_is_known_to_another_replica() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    assert!(browser.jar.contains_key(CHUNK));
    let other = rig.replica();
    assert!(is_signed_in(&other, &browser).await);
    // Nothing was written anew, and nobody asked the provider.
    assert!(browser.go(&other, "/app").await.set_cookies().is_empty());
    assert_eq!(rig.grants().redeemed, 1);
    assert_eq!(rig.grants().refreshes, 0);
}

#[tokio::test(start_paused = true)]
async fn without_the_handle_or_with_altered_chunks_it_is_no_session_elsewhere() {
    let rig = Rig::carrying();
    let browser = signed_in(&rig).await;
    let other = rig.replica();
    for name in ["__Host-vestibule", CHUNK] {
        let mut without = browser.clone();
        without.jar.remove(name);
        assert!(!is_signed_in(&other, &without).await, "without {name}");
        let mut altered = browser.clone();
        let value = altered.jar.get_mut(name).unwrap();
        let at = value.len() - 10;
        let instead = if &value[at..=at] == "A" { "B" } else { "A" };
        value.replace_range(at..=at, instead);
        assert!(!is_signed_in(&other, &altered).await, "altered {name}");
    }
    let mut surplus = browser.clone();
    surplus
        .jar
        .insert("__Host-vestibule.3".to_owned(), "x".to_owned());
    assert!(!is_signed_in(&other, &surplus).await);
    assert!(is_signed_in(&other, &browser).await);
}

/// Also where the session is in memory: its handle alone is not enough.
#[tokio::test(start_paused = true)]
async fn without_its_cookies_a_session_is_nobodys_where_it_is_known() {
    let rig = Rig::carrying();
    let browser = signed_in(&rig).await;
    for (name, value) in [
        (CHUNK, None),
        (CHUNK, Some("1AAAA")),
        ("__Host-vestibule.3", Some("x")),
    ] {
        let mut broken = browser.clone();
        match value {
            Some(value) => broken.jar.insert(name.to_owned(), value.to_owned()),
            None => broken.jar.remove(name),
        };
        let reply = broken.go(&rig, "/app").await;
        assert_eq!(reply.status, 303, "{name} {value:?}");
        let lines = reply.set_cookies();
        let given = lines.iter().any(|line| line.starts_with(CHUNK));
        assert!(!given, "{name} {value:?}: {lines:?}");
    }
    assert!(is_signed_in(&rig, &browser).await);
}

/// Other keys in the place of the old ones are the way to sign everybody out.
#[tokio::test(start_paused = true)]
async fn keys_that_are_taken_away_end_the_sessions_they_sealed_here_and_for_good() {
    let rig = Rig::carrying();
    let browser = signed_in(&rig).await;
    let key = Handle::parse(browser.session().unwrap().as_bytes())
        .unwrap()
        .store_key();
    let watched = rig.shared.session_end(key);
    let keys =
        |first: u8| SealingKey::from_bytes(&std::array::from_fn(|at| at as u8 ^ first)).unwrap();
    rig.use_keys(KeyRing::new(vec![keys(9), keys(0)]).unwrap());
    assert!(
        is_signed_in(&rig, &browser).await,
        "the old one still opens"
    );
    let mut later = browser.clone();
    tokio::time::sleep(PAST_EXPIRY).await;
    assert_eq!(later.go(&rig, "/app").await.body, "access-token-2");
    rig.use_keys(KeyRing::new(vec![keys(9)]).unwrap());
    assert!(!is_signed_in(&rig, &browser).await, "the old cookies");
    assert!(is_signed_in(&rig, &later).await, "sealed with the new one");
    rig.use_keys(KeyRing::new(vec![keys(7)]).unwrap());
    for (name, old) in [("first", browser), ("second", later)] {
        let mut old = old;
        tokio::time::sleep(PAST_EXPIRY).await;
        let reply = old.go(&rig, "/app").await;
        assert_eq!(reply.status, 303, "{name}");
        assert!(
            !reply
                .set_cookies()
                .iter()
                .any(|line| line.starts_with(CHUNK))
        );
    }
    tokio::time::timeout(Duration::from_secs(60), watched)
        .await
        .unwrap();
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_reaches_the_browser_with_the_answer_and_so_the_other_replica() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    let (before, other) = (browser.jar[CHUNK].clone(), rig.replica());
    assert!(is_signed_in(&other, &browser).await);
    tokio::time::sleep(PAST_EXPIRY).await;
    let reply = browser.go(&rig, "/app").await;
    assert_eq!(reply.body, "access-token-2");
    assert_eq!(reply.field("cache-control"), Some("private"));
    assert_ne!(browser.jar[CHUNK], before);
    // The other has the older record in memory: the newer cookie wins.
    assert_eq!(browser.go(&other, "/app").await.body, "access-token-2");
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn requests_in_parallel_at_expiry_cost_one_grant_and_get_the_same_cookies() {
    let rig = Rc::new(Rig::carrying());
    let browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.fake.knobs().delay = Duration::from_secs(4);
    let local = tokio::task::LocalSet::new();
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let (rig, mut browser) = (Rc::clone(&rig), browser.clone());
            local.spawn_local(async move {
                let reply = browser.go(&rig, "/app").await;
                assert_eq!((reply.status, reply.body.as_str()), (200, "access-token-2"));
                browser.jar
            })
        })
        .collect();
    local.await;
    let mut jars = Vec::new();
    for one in waiting {
        jars.push(one.await.unwrap());
    }
    jars.dedup();
    assert_eq!(jars.len(), 1, "two writes could be mixed in one browser");
    assert_eq!(rig.grants().refreshes, 1);
    let mut browser = browser;
    browser.jar = jars.remove(0);
    assert!(is_signed_in(&rig.replica(), &browser).await);
}

#[tokio::test(start_paused = true)]
async fn an_older_cookie_does_not_bring_back_an_older_record() {
    let rig = Rig::carrying();
    let old = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    let mut browser = old.clone();
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    let mut late = old;
    assert_eq!(late.go(&rig, "/app").await.body, "access-token-2");
    assert_eq!(late.jar, browser.jar, "and is replaced by the newer one");
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_use_is_written_every_tenth_of_the_idle_lifetime_and_counts_elsewhere() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(Duration::from_secs(719)).await;
    assert!(browser.go(&rig, "/app").await.set_cookies().is_empty());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let reply = browser.go(&rig, "/app").await;
    let lines = reply.set_cookies();
    let given = lines.iter().filter(|line| !line.contains("Max-Age=0"));
    assert_eq!(given.count(), 1, "{lines:?}");
    assert!(browser.go(&rig, "/app").await.set_cookies().is_empty());
    rig.grants().expires_in = 36_000;
    // Idle for two hours since the sign-in, but not since that use.
    tokio::time::sleep(Duration::from_secs(6600)).await;
    assert!(is_signed_in(&rig.replica(), &browser).await);
    tokio::time::sleep(Duration::from_secs(700)).await;
    assert!(!is_signed_in(&rig.replica(), &browser).await);
}

#[tokio::test(start_paused = true)]
async fn signing_out_takes_the_cookies_and_a_replay_here_is_a_signed_out_person() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    let kept = browser.clone();
    browser.send(&rig, sign_out()).await;
    assert!(
        !browser
            .jar
            .keys()
            .any(|name| name.starts_with("__Host-vestibule")),
        "{:?}",
        browser.jar
    );
    assert!(!is_signed_in(&rig, &kept).await);
    // What sessions.md says it can't do: another replica, or this one after a restart, knows nothing of it.
    assert!(is_signed_in(&rig.replica(), &kept).await);
    // Also sweeps later, as long as the session would have lasted.
    tokio::time::sleep(Duration::from_secs(7000)).await;
    let lifetimes = *rig.shared.plan.load().gate.lifetimes();
    rig.shared.store.sweep(rig.now(), lifetimes).await.unwrap();
    assert!(!is_signed_in(&rig, &kept).await);
}

/// Nobody knows all sessions: what would claim to end them is not there.
#[tokio::test(start_paused = true)]
async fn what_needs_every_session_is_not_offered() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    let logout = post("/.vestibule/back-channel-logout").body("logout_token=x");
    assert_eq!(browser.send(&rig, logout).await.status, 404);
    let frame = "/.vestibule/front-channel-logout?sid=x";
    assert_eq!(browser.go(&rig, frame).await.status, 404);
    let page = browser.go(&rig, "/.vestibule/sign-out").await;
    assert!(page.status == 200 && !page.body.contains("everywhere"));
    let memory = Rig::new();
    let page = signed_in(&memory)
        .await
        .go(&memory, "/.vestibule/sign-out")
        .await;
    assert!(page.body.contains("everywhere"));
}

#[tokio::test(start_paused = true)]
async fn a_new_sign_in_ends_the_old_session_and_takes_its_cookies_place() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    let old = browser.clone();
    let start = browser.go(&rig, "/.vestibule/sign-in?return_to=/app").await;
    let callback = rig.at_provider(&start);
    browser
        .jar
        .insert("__Host-vestibule.1".to_owned(), "left".to_owned());
    browser.go(&rig, &callback).await;
    assert!(!browser.jar.contains_key("__Host-vestibule.1"));
    assert!(is_signed_in(&rig, &browser).await && is_signed_in(&rig.replica(), &browser).await);
    assert!(!is_signed_in(&rig, &old).await);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_is_over_takes_the_cookies() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.grants().refuse_refresh = Some((400, json!({ "error": "invalid_grant" })));
    let reply = browser
        .send(&rig, get("/app").with("Accept", "application/json"))
        .await;
    assert_eq!(reply.status, 401);
    assert!(!browser.jar.contains_key(CHUNK) && browser.session().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_session_too_large_for_cookies_is_a_sign_in_that_failed_and_says_why() {
    let rig = Rig::carrying();
    let groups: Vec<String> = (0..900_u32)
        .map(|n| {
            format!(
                "{:08x}-{:04x}-4000-8000-{:012x}",
                n.wrapping_mul(2_654_435_761),
                n * 7919 % 65_536,
                u64::from(n) * 99_991
            )
        })
        .collect();
    rig.grants().claims.insert("groups", json!(groups));
    let mut browser = Browser::default();
    let reply = browser.sign_in(&rig, "/app").await;
    assert_eq!(reply.status, 500);
    for words in ["VST-COOKIE-SESSION-LARGE", "session_too_large", "groups"] {
        assert!(reply.body.contains(words), "{words}: {}", reply.body);
    }
    assert!(browser.session().is_none() && !browser.jar.contains_key(CHUNK));
    // With the sessions here, the same person signs in.
    let memory = Rig::new();
    memory.grants().claims.insert("groups", json!(groups));
    signed_in(&memory).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_outgrows_its_cookies_goes_on_where_it_is() {
    let rig = Rig::carrying();
    let mut browser = signed_in(&rig).await;
    let groups: Vec<String> = (0..1500_u64)
        .map(|n| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    rig.grants().claims.insert("groups", json!(groups));
    tokio::time::sleep(PAST_EXPIRY).await;
    for _ in 0..3 {
        let reply = browser.go(&rig, "/app").await;
        assert_eq!(reply.body, "access-token-2");
        assert!(reply.set_cookies().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn other_stores_bring_and_take_no_chunks() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    assert!(!browser.jar.contains_key(CHUNK));
    browser.jar.insert(CHUNK.to_owned(), "1AAAA".to_owned());
    assert!(browser.go(&rig, "/app").await.set_cookies().is_empty());
}

#[tokio::test(start_paused = true)]
async fn with_a_session_in_cookies_a_new_flow_keeps_all_of_them_within_the_limit() {
    let rig = Rig::carrying();
    let groups: Vec<String> = (0..110_u64)
        .map(|n| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    rig.grants().claims.insert("groups", json!(groups));
    let mut browser = signed_in(&rig).await;
    let limit = rig.shared.plan.load().cookie_limit.bytes();
    for tab in 0..8 {
        let target = format!(
            "/.vestibule/sign-in?return_to=/app/{}{tab}",
            "x".repeat(900)
        );
        let reply = browser.go(&rig, &target).await;
        assert_eq!(reply.status, 303);
        let field: usize = browser
            .jar
            .iter()
            .map(|(name, value)| name.len() + value.len() + 3)
            .sum();
        assert!(field <= limit, "{field} in tab {tab}");
        assert!(browser.pending() >= 1);
    }
}

/// RFC 9213 §2.1: they believe this before `Cache-Control`.
#[test]
fn what_is_said_to_shared_caches_alone_carries_no_session() {
    for name in ["CDN-Cache-Control", "Surrogate-Control"] {
        let fields = [("Cache-Control", "private"), (name, "max-age=60")];
        let head = ResponseHead {
            status: 200,
            fields: fields.into_iter().collect(),
        };
        assert!(!may_carry(&head), "{name}");
    }
}

#[test]
fn what_shared_caches_keep_carries_no_session() {
    for (status, cache_control, carries, kept) in [
        (200, None, true, Some("private")),
        (200, Some("max-age=60"), true, Some("private")),
        (200, Some("no-cache, Private"), true, None),
        (404, Some("no-store"), true, None),
        (302, None, true, Some("private")),
        (200, Some("public, max-age=60"), false, None),
        (200, Some("max-age=60 , S-MAXAGE=600"), false, None),
        (304, None, false, None),
        (101, None, false, None),
    ] {
        let mut head = ResponseHead {
            status,
            fields: Fields::default(),
        };
        if let Some(value) = cache_control {
            head.fields.push("Cache-Control", value);
        }
        assert_eq!(may_carry(&head), carries, "{status} {cache_control:?}");
        if carries {
            keep_private(&mut head.fields);
            let last = head.fields.all("cache-control").last().unwrap();
            let added = (last == b"private").then_some("private");
            assert_eq!(added, kept, "{status} {cache_control:?}");
        }
    }
}

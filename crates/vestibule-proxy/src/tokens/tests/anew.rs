//! What rules go by is asked for again, for those too whose routes have no use for the sign-in's own token.

use super::*;
use crate::provider::ProviderPlan;
use crate::provider::fake::ISSUER;
use crate::signin::rig::{Reply, key_b};
use vestibule_oidc::issuer::{IssuerRule, ProviderKind};

/// Old, whatever the session.
const OLD: Duration = Duration::from_secs(90 * 60);

/// A provider at which each API has tokens of its own.
fn several() -> ProviderPlan {
    let mut plan = plan("main");
    plan.issuer = IssuerRule::new(ISSUER, ProviderKind::Entra, Vec::new());
    plan.more = vec![key_b()];
    plan
}

async fn member(rig: &Rig, route: &str) -> Browser {
    rig.grants().claims.insert("groups", json!(["members"]));
    let mut browser = Browser::default();
    browser.sign_in(rig, route).await;
    assert_eq!(browser.go(rig, route).await.status, 200);
    browser
}

async fn as_program(browser: &mut Browser, rig: &Rig, path: &str) -> Reply {
    browser
        .send(rig, get(path).with("Sec-Fetch-Mode", "cors"))
        .await
}

/// Somebody uses only this one route, every ten minutes.
async fn uses(rig: &Rig, browser: &mut Browser, route: &str, for_so_long: Duration) {
    let end = tokio::time::Instant::now() + for_so_long;
    while tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(600)).await;
        browser.go(rig, route).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_was_lost_is_lost_on_every_route_within_ninety_minutes() {
    for route in ["/members-only", "/members-b", "/members"] {
        let rig = Rig::with(vec![several()]);
        let mut browser = member(&rig, route).await;
        rig.grants().claims.insert("groups", json!([]));
        // An API's own grant says nothing of the person, at a provider that sends no ID token with it.
        if route == "/members-b" {
            rig.grants().answer.insert("id_token", json!(null));
        }
        uses(&rig, &mut browser, route, OLD - Duration::from_secs(1200)).await;
        rig.grants().answer.remove("id_token");
        uses(&rig, &mut browser, route, Duration::from_secs(1200)).await;
        assert_eq!(browser.go(&rig, route).await.status, 403, "{route}");
        assert!(browser.session().is_some(), "{route}");
    }
}

/// Nobody came meanwhile, so nothing was asked ahead of time: the first who comes waits.
#[tokio::test(start_paused = true)]
async fn what_is_old_lets_nobody_through_before_it_was_asked_for() {
    for route in ["/members-only", "/members-b"] {
        let rig = Rig::with(vec![several()]);
        let mut browser = member(&rig, route).await;
        rig.grants().claims.insert("groups", json!([]));
        let before = rig.grants().refreshes;
        tokio::time::sleep(OLD).await;
        rig.fake.knobs().delay = Duration::from_secs(1);
        assert_eq!(browser.go(&rig, route).await.status, 403, "{route}");
        assert_eq!(rig.grants().refreshes, before + 1, "{route}");
    }
}

/// What is old refuses nobody either.
#[tokio::test(start_paused = true)]
async fn a_group_that_was_given_counts_when_what_is_known_is_old() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    rig.grants().claims.insert("groups", json!(["members"]));
    assert_eq!(browser.go(&rig, "/members-only").await.status, 403);
    assert_eq!(rig.grants().refreshes, 0);
    tokio::time::sleep(OLD).await;
    assert_eq!(browser.go(&rig, "/members-only").await.status, 200);
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_who_come_at_once_cost_one_grant() {
    let rig = std::rc::Rc::new(Rig::new());
    let browser = member(&rig, "/members-only").await;
    tokio::time::sleep(OLD).await;
    rig.fake.knobs().delay = Duration::from_secs(2);
    let asks = (0..100).map(|_| {
        let (rig, mut browser) = (rig.clone(), browser.clone());
        async move { browser.go(&rig, "/members-only").await.status }
    });
    let seen = futures_util::future::join_all(asks).await;
    assert!(seen.iter().all(|status| *status == 200), "{seen:?}");
    assert_eq!(rig.grants().refreshes, 1);
}

/// A session in use is never waited for: it was asked ahead of time.
#[tokio::test(start_paused = true)]
async fn who_uses_a_session_waits_for_no_slow_provider() {
    let rig = Rig::new();
    let mut browser = member(&rig, "/members-only").await;
    rig.fake.knobs().delay = Duration::from_secs(2);
    let began = tokio::time::Instant::now();
    let mut waited = Duration::ZERO;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(300)).await;
        let asked = tokio::time::Instant::now();
        assert_eq!(browser.go(&rig, "/members-only").await.status, 200);
        waited += asked.elapsed();
    }
    // A jitter of nothing leaves no time to ask ahead of it.
    let ahead = rig.grants().refreshes;
    assert!(ahead >= 3, "{ahead} in {:?}", began.elapsed());
    assert!(waited <= Duration::from_secs(2) * 3, "{waited:?}");
}

/// Whatever is wrong with the provider, nobody is signed out, and it is not asked by every request.
#[tokio::test(start_paused = true)]
async fn a_provider_in_trouble_leaves_what_is_known_in_force_and_is_not_flooded() {
    type Trouble = fn(&Rig);
    let troubles: [(&str, Trouble); 4] = [
        ("down", |rig| rig.fake.knobs().down = true),
        ("hangs", |rig| {
            rig.fake.knobs().delay = Duration::from_secs(60)
        }),
        ("500", |rig| {
            rig.grants().refuse_refresh = Some((500, json!({"error": "server_error"})))
        }),
        ("refuses", |rig| {
            rig.grants().refuse_refresh = Some((400, json!({"error": "invalid_client"})))
        }),
    ];
    for (name, trouble) in troubles {
        let rig = Rig::new();
        let mut browser = member(&rig, "/members-only").await;
        tokio::time::sleep(OLD).await;
        trouble(&rig);
        let before = rig.fake.count("/token");
        for _ in 0..25 {
            let asked = tokio::time::Instant::now();
            let seen = browser.go(&rig, "/members-only").await.status;
            assert_eq!(seen, 200, "{name}");
            assert!(asked.elapsed() <= Duration::from_secs(3), "{name}");
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        let asked = rig.fake.count("/token") - before;
        assert!(asked <= 2, "{name}: {asked}");
        rig.fake.knobs().down = false;
        rig.fake.knobs().delay = Duration::ZERO;
        rig.grants().refuse_refresh = None;
        rig.grants().claims.insert("groups", json!([]));
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(
            browser.go(&rig, "/members-only").await.status,
            403,
            "{name}"
        );
    }
}

/// A person who was shut out at the provider is found out on any route.
#[tokio::test(start_paused = true)]
async fn a_grant_that_is_over_ends_the_session_on_a_route_without_a_token() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.go(&rig, "/plain").await.status, 200);
    tokio::time::sleep(OLD).await;
    rig.grants().refuse_refresh = Some((400, json!({"error": "invalid_grant"})));
    assert_eq!(as_program(&mut browser, &rig, "/plain").await.status, 401);
    assert_eq!(rig.store.figures().sessions, 0);
    assert_eq!(browser.go(&rig, "/plain").await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_wants_to_see_the_person_does_where_a_rule_decides_and_only_there() {
    let rig = Rig::new();
    let mut browser = member(&rig, "/members-only").await;
    tokio::time::sleep(OLD).await;
    let refusal = json!({"error": "interaction_required"});
    rig.grants().refuse_refresh = Some((400, refusal));
    assert_eq!(browser.go(&rig, "/plain").await.status, 200);
    let program = as_program(&mut browser, &rig, "/members-only").await;
    assert_eq!(program.status, 401);
    assert_eq!(program.json()["error"], "refresh_needs_interaction");
    assert_eq!(rig.grants().refreshes, 1);
    let start = browser.go(&rig, "/members-only").await;
    assert!(start.location().contains("code_challenge="), "{start:?}");
    browser.go(&rig, &rig.at_provider(&start)).await;
    // It is known anew, and so there is no way back there for a while.
    assert_eq!(browser.go(&rig, "/members-only").await.status, 200);
    assert_eq!(rig.grants().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_refresh_token_what_is_known_stays() {
    let rig = Rig::new();
    rig.grants().answer.insert("refresh_token", json!(null));
    let mut browser = member(&rig, "/members-only").await;
    tokio::time::sleep(OLD).await;
    assert_eq!(browser.go(&rig, "/members-only").await.status, 200);
    assert_eq!(rig.fake.count("/token"), 1);
}

//! After a change of the configuration no upstream and no provider gets a token it is not due.

use serde_json::json;
use vestibule_oidc::issuer::IssuerRule;

use super::{PAST_EXPIRY, signed_in};
use crate::provider::ProviderPlan;
use crate::provider::fake::{ISSUER, plan};
use crate::signin::rig::{Browser, Rig, get};

const OTHER_ISSUER: &str = "https://other.example.com";

fn asking_for(scope: &str) -> ProviderPlan {
    let mut plan = plan("main");
    plan.scopes.push(scope.to_owned());
    plan
}

/// The same name in the configuration, and another provider behind it.
fn re_pointed() -> ProviderPlan {
    let mut plan = plan("main");
    plan.issuer = IssuerRule::exact(OTHER_ISSUER);
    plan
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_asked_for_otherwise_reaches_no_upstream() {
    let mut with_resource = plan("main");
    with_resource.resource = Some("urn:api".to_owned());
    for changed in [asking_for("api://a/.default"), with_resource] {
        for renewable in [true, false] {
            let rig = Rig::new();
            if !renewable {
                rig.grants().answer.insert("refresh_token", json!(null));
            }
            let mut browser = signed_in(&rig).await;
            rig.reload(vec![changed.clone()]);
            let ask = get("/app").with("Sec-Fetch-Mode", "cors");
            let program = browser.send(&rig, ask).await;
            if renewable {
                assert_eq!(program.body, "access-token-2", "another one is fetched");
                continue;
            }
            assert_eq!(program.status, 401);
            assert_eq!(program.json()["error"], "access_token_asked_otherwise");
            assert!(
                browser.session().is_some(),
                "the session is as good as it was"
            );
            let start = browser.go(&rig, "/app").await;
            assert!(start.location().contains("code_challenge="), "{start:?}");
            browser.go(&rig, &rig.at_provider(&start)).await;
            assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_leaves_what_is_asked_for_asks_nobody_to_sign_in_again() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    let mut relabelled = plan("main");
    relabelled.label = "Another".to_owned();
    relabelled.scopes.reverse();
    rig.reload(vec![relabelled]);
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_on_its_way_during_the_change_brings_a_token_of_before() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let callback = rig.at_provider(&browser.go(&rig, "/app").await);
    rig.reload(vec![asking_for("api://a/.default")]);
    assert_eq!(browser.go(&rig, &callback).await.location(), "/app");
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    assert_eq!(
        rig.asked(),
        ["scope=api://a/.default offline_access openid"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_of_another_issuer_does_not_count_and_is_there_again_after_a_mistake() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    rig.fake.knobs().issuer = OTHER_ISSUER.to_owned();
    rig.reload(vec![re_pointed()]);
    let plan_now = rig.shared.plan.load_full();
    plan_now.providers[0].metadata().await.unwrap();
    let me = browser.go(&rig, "/.vestibule/me").await;
    assert_eq!(me.json(), json!({ "signed_in": false }));
    let page = browser.go(&rig, "/app").await;
    assert!(page.location().contains("code_challenge="), "{page:?}");
    rig.fake.knobs().issuer = ISSUER.to_owned();
    rig.reload(vec![plan("main")]);
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_not_sent_to_another_issuer() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.fake.knobs().issuer = OTHER_ISSUER.to_owned();
    // What the new provider speaks for is found out while the request waits for its token.
    rig.reload(vec![re_pointed()]);
    let page = browser.go(&rig, "/app").await;
    assert!(page.location().contains("code_challenge="), "{page:?}");
    assert_eq!(rig.grants().refreshes, 0);
    assert!(!rig.log().contains(&"remove".to_owned()));
}

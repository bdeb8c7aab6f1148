//! Who lacks the claim by which a route knows people: no session for it, and no request to it.

use serde_json::{Value, json};

use super::super::rig::{Browser, Rig, get};

fn rig(upn: Value) -> Rig {
    let rig = Rig::new();
    rig.grants().claims.insert("upn", upn);
    rig
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_without_the_claim_that_names_people_is_refused() {
    for upn in [Value::Null, json!(7), json!(["ann"]), json!("")] {
        let rig = rig(upn.clone());
        let mut browser = Browser::default();
        let start = browser.go(&rig, "/named/page?x=1").await;
        let callback = rig.at_provider(&start);
        let refused = browser.go(&rig, &callback).await;
        assert_eq!(refused.status, 400, "{upn}");
        for said in ["user_missing", "prompt=select_account", "%2Fnamed%2Fpage"] {
            assert!(refused.body.contains(said), "{said}: {}", refused.body);
        }
        assert!(browser.session().is_none(), "{upn}");
        assert_eq!(browser.pending(), 0, "the answer is used");
    }
    let rig = rig(Value::Null);
    let mut browser = Browser::default();
    let callback = rig.at_provider(&browser.go(&rig, "/named").await);
    let refused = browser.go(&rig, &callback).await;
    assert!(
        refused.body.contains("VST-TOKEN-USER-CLAIM"),
        "{}",
        refused.body
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_made_elsewhere_is_none_where_people_are_known_by_a_claim_they_lack() {
    let rig = rig(Value::Null);
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    let refused = browser.go(&rig, "/named").await;
    assert_eq!(refused.status, 403);
    for said in [
        "user_missing",
        "VST-TOKEN-USER-CLAIM",
        "prompt=select_account",
    ] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
    let program = browser
        .send(&rig, get("/named").with("Accept", "application/json"))
        .await;
    assert_eq!(program.status, 403);
    assert_eq!(program.json()["error"], "user_missing", "{}", program.body);
}

#[tokio::test(start_paused = true)]
async fn whoever_has_the_claim_signs_in() {
    let rig = rig(json!("ann@example.com"));
    let mut browser = Browser::default();
    assert_eq!(browser.sign_in(&rig, "/named").await.location(), "/named");
    assert_eq!(browser.go(&rig, "/named").await.status, 200);
}

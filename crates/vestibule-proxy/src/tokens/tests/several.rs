//! One session, several tokens: each goes to the routes that ask for it, and one that can't be had costs no other.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use url::Url;
use vestibule_oidc::issuer::{IssuerRule, ProviderKind};
use vestibule_session::store::Store as _;

use super::{PAST_EXPIRY, signed_in};
use crate::provider::ProviderPlan;
use crate::provider::fake::{ISSUER, plan};
use crate::signin::rig::{Browser, Reply, Rig, SCOPE_B, get, key_b, key_c, post};

/// A provider whose refreshes only narrow what was granted, as the specifications have it.
fn ordinary() -> ProviderPlan {
    let mut plan = plan("main");
    plan.resource = Some("https://a.example.com".to_owned());
    plan.more = vec![key_b(), key_c()];
    plan
}

fn entra() -> ProviderPlan {
    let mut plan = ordinary();
    plan.issuer = IssuerRule::new(ISSUER, ProviderKind::Entra, Vec::new());
    plan.resource = None;
    plan.scopes.push("api://a/read".to_owned());
    plan
}

fn query(start: &Reply) -> HashMap<String, String> {
    let address = Url::parse(start.location()).unwrap();
    address.query_pairs().into_owned().collect()
}

async fn as_program(browser: &mut Browser, rig: &Rig, path: &str) -> Reply {
    browser
        .send(rig, get(path).with("Sec-Fetch-Mode", "cors"))
        .await
}

#[tokio::test(start_paused = true)]
async fn each_route_gets_the_token_it_asks_for_and_no_other() {
    let rig = Rig::with(vec![entra()]);
    let mut browser = signed_in(&rig).await;
    let callback_forms = rig.fake.knobs().forms.len();
    for _ in 0..3 {
        assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
        assert_eq!(browser.go(&rig, "/b/x").await.body, "access-token-2");
        assert_eq!(browser.go(&rig, "/c").await.body, "access-token-3");
    }
    assert_eq!(rig.fake.knobs().forms.len(), callback_forms + 2);
    assert_eq!(
        rig.asked(),
        [
            "scope=api://b/read",
            "scope=c.read & resource=https://c.example.com & audience=c",
        ]
    );
    // Each is renewed for itself, with the refresh token of the grant before.
    tokio::time::sleep(PAST_EXPIRY).await;
    assert_eq!(browser.go(&rig, "/c").await.body, "access-token-4");
    assert_eq!(browser.go(&rig, "/b").await.body, "access-token-5");
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-6");
    assert_eq!(browser.go(&rig, "/c").await.body, "access-token-4");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_only_for_who_may_use_it() {
    let rig = Rig::with(vec![ordinary()]);
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.go(&rig, "/members-b").await.status, 403);
    browser.go(&rig, "/.vestibule/me").await;
    assert!(rig.asked().is_empty());
    let rig = Rig::with(vec![ordinary()]);
    rig.grants().claims.insert("groups", json!(["members"]));
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.go(&rig, "/members-b").await.body, "access-token-2");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_requests_for_several_tokens_take_their_grants_in_turn() {
    let rig = Rc::new(Rig::with(vec![ordinary()]));
    let browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.fake.knobs().delay = Duration::from_secs(4);
    let local = tokio::task::LocalSet::new();
    let waiting: Vec<_> = (0..100)
        .map(|at| {
            let (rig, mut browser) = (rig.clone(), browser.clone());
            let path = ["/app", "/b", "/c"][at % 3];
            local.spawn_local(async move { (path, browser.go(&rig, path).await) })
        })
        .collect();
    local.await;
    let mut tokens = HashMap::new();
    for one in waiting {
        let (path, reply) = one.await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        let token = tokens.entry(path).or_insert_with(|| reply.body.clone());
        assert_eq!(*token, reply.body, "{path}");
    }
    // Two at a time would have used one refresh token twice, and so ended the session.
    assert_eq!(rig.grants().refreshes, 3);
    let mut tokens: Vec<String> = tokens.into_values().collect();
    tokens.sort_unstable();
    assert_eq!(
        tokens,
        ["access-token-2", "access-token-3", "access-token-4"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_refresh_token_of_a_fetched_token_is_stored_before_that_is_used() {
    let rig = Rig::with(vec![ordinary()]);
    let mut browser = signed_in(&rig).await;
    rig.store.fail_replaces(u32::MAX);
    assert_eq!(browser.go(&rig, "/b").await.status, 503);
    rig.store.fail_replaces(0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(browser.go(&rig, "/b").await.body, "access-token-2");
    assert_eq!(rig.grants().refreshes, 1);
    tokio::time::sleep(PAST_EXPIRY).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-3");
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_names_everything_that_a_refresh_may_ask_for() {
    let mut with_resources = plan("main");
    with_resources.resource = Some("https://a.example.com".to_owned());
    with_resources.scopes.push("a.read".to_owned());
    with_resources.audience = Some("c".to_owned());
    with_resources.more = vec![key_b(), key_c()];
    let rig = Rig::with(vec![with_resources]);
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/app").await;
    let address = Url::parse(start.location()).unwrap();
    let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    let all = |name: &str| -> Vec<&str> {
        let named = pairs.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    };
    // RFC 8707 §2: several. Another audience is a matter of its own.
    assert_eq!(
        all("resource"),
        ["https://a.example.com", "https://c.example.com"]
    );
    assert_eq!(all("scope"), ["openid offline_access a.read c.read"]);
    assert_eq!(all("audience"), ["c"]);
    browser.go(&rig, &rig.at_provider(&start)).await;
    // RFC 8707 §2.2: one, and so the token has the scopes of that one alone.
    assert_eq!(
        rig.fake.knobs().forms[0]["resource"],
        "https://a.example.com"
    );
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
}

#[tokio::test(start_paused = true)]
async fn a_token_with_the_scopes_of_all_routes_reaches_none() {
    let mut several = plan("main");
    several.scopes.push("a.read".to_owned());
    several.more = vec![key_b()];
    let rig = Rig::with(vec![several]);
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/app").await;
    assert_eq!(
        query(&start)["scope"],
        "openid offline_access a.read api://b/read"
    );
    browser.go(&rig, &rig.at_provider(&start)).await;
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-2");
    assert_eq!(browser.go(&rig, "/b").await.body, "access-token-3");
    assert_eq!(
        rig.asked(),
        ["scope=a.read offline_access openid", "scope=api://b/read"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_needs_consent_sends_the_person_there_once_and_costs_no_other() {
    let rig = Rig::with(vec![ordinary()]);
    let mut browser = signed_in(&rig).await;
    let refusal = json!({"error": "invalid_grant", "suberror": "consent_required",
        "error_codes": [65001], "error_description": "AADSTS65001: no consent"});
    rig.grants().refuse_scope = Some((SCOPE_B, refusal));
    let program = as_program(&mut browser, &rig, "/b").await;
    assert_eq!(program.status, 401);
    assert_eq!(program.json()["error"], "refresh_needs_interaction");
    assert_eq!(program.json()["findings"][0]["code"], "VST-SCOPE-CONSENT");
    let reason = program.field("www-authenticate").unwrap();
    assert!(reason.contains("VST-SCOPE-CONSENT"), "{reason}");
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");

    let start = browser.go(&rig, "/b/page").await;
    assert_eq!(query(&start)["prompt"], "consent");
    assert!(query(&start)["scope"].contains(SCOPE_B));
    assert!(browser.session().is_some(), "signed in all the while");
    let back = browser.go(&rig, &rig.at_provider(&start)).await;
    assert_eq!(back.location(), "/b/page");
    tokio::time::sleep(Duration::from_secs(3)).await;
    // It was in vain: a page, and not the provider again.
    for _ in 0..3 {
        let page = browser.go(&rig, "/b/page").await;
        assert_eq!(page.status, 403, "{page:?}");
        assert!(page.body.contains("VST-SCOPE-CONSENT"), "{}", page.body);
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let program = as_program(&mut browser, &rig, "/b").await;
    assert_eq!(program.status, 403);
    assert_eq!(program.json()["findings"][0]["code"], "VST-SCOPE-CONSENT");
    assert_eq!(browser.go(&rig, "/app").await.status, 200);

    rig.grants().refuse_scope = None;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(browser.go(&rig, "/b").await.status, 200, "given after all");
    // And from then on it is worth another sign-in.
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.grants().refuse_scope = Some((SCOPE_B, json!({"error": "interaction_required"})));
    let start = browser.go(&rig, "/b").await;
    assert!(start.location().contains("code_challenge="), "{start:?}");
}

/// What a session held ends with it, also where a sign-in for one route was about to go on from it.
#[tokio::test(start_paused = true)]
async fn a_sign_in_for_a_route_takes_nothing_over_from_a_session_that_ended_meanwhile() {
    let rig = Rig::with(vec![entra()]);
    let mut browser = signed_in(&rig).await;
    let refusal = json!({"error": "invalid_grant", "suberror": "consent_required"});
    rig.grants().refuse_scope = Some((SCOPE_B, refusal));
    let start = browser.go(&rig, "/b").await;
    let callback = rig.at_provider(&start);
    let mut other = browser.clone();
    // The store is slow with the new session, and the person signs out of the old one in another tab.
    rig.store.delay_inserts(Duration::from_secs(2));
    let (back, out) = tokio::join!(browser.go(&rig, &callback), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let ask = post("/.vestibule/sign-out").with("Sec-Fetch-Site", "same-origin");
        other.send(&rig, ask).await
    });
    assert_eq!((back.location(), out.status), ("/b", 303));
    // The new sign-in is one, with its own tokens alone.
    rig.grants().refuse_scope = None;
    let grants = rig.grants().refreshes;
    assert!(
        browser
            .go(&rig, "/b")
            .await
            .body
            .starts_with("access-token-")
    );
    assert_eq!(rig.grants().refreshes, grants, "the token it was made for");
    let own = browser.go(&rig, "/app").await.body;
    assert!(
        own != "access-token-1" && own.starts_with("access-token-"),
        "{own}"
    );
    assert_eq!(rig.store.figures().sessions, 1);
}

#[tokio::test(start_paused = true)]
async fn at_entra_the_sign_in_for_a_route_asks_for_its_api_alone_and_loses_no_other() {
    let rig = Rig::with(vec![entra()]);
    let mut browser = signed_in(&rig).await;
    let refusal = json!({"error": "invalid_grant", "suberror": "consent_required",
        "error_codes": [65001], "error_description": "AADSTS65001: no consent"});
    rig.grants().refuse_scope = Some((SCOPE_B, refusal));
    let start = browser.go(&rig, "/b").await;
    let asked = query(&start);
    assert_eq!(asked["scope"], "openid offline_access api://b/read");
    assert!(!asked.contains_key("prompt"), "Entra asks by itself");
    browser.go(&rig, &rig.at_provider(&start)).await;
    let grants = rig.grants().refreshes;
    let token = format!("access-token-{}", grants + 2);
    assert_eq!(browser.go(&rig, "/b").await.body, token);
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
    assert_eq!(rig.grants().refreshes, grants);
    // The sign-in's own token is renewed as ever.
    tokio::time::sleep(PAST_EXPIRY).await;
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    assert_eq!(
        rig.asked().last().unwrap(),
        "scope=api://a/read offline_access openid"
    );
}

#[tokio::test(start_paused = true)]
async fn a_claims_challenge_goes_back_to_where_it_came_from() {
    let challenge = r#"{"access_token":{"polids":{"essential":true}}}"#;
    let rig = Rig::with(vec![ordinary()]);
    let mut browser = signed_in(&rig).await;
    let refusal = json!({"error": "interaction_required", "claims": challenge});
    rig.grants().refuse_scope = Some((SCOPE_B, refusal.clone()));
    let start = browser.go(&rig, "/b").await;
    assert_eq!(query(&start)["claims"], challenge);
    // Also for the sign-in's own token.
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.grants().refuse_refresh = Some((400, refusal));
    let start = browser.go(&rig, "/app").await;
    assert_eq!(query(&start)["claims"], challenge);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_one_more_resource_never_ends_the_session() {
    for answer in [
        json!({"error": "invalid_grant"}),
        json!({"error": "invalid_target"}),
        json!({"error": "invalid_scope"}),
        json!({"error": "unauthorized_client"}),
    ] {
        let rig = Rig::with(vec![ordinary()]);
        let mut browser = signed_in(&rig).await;
        rig.grants().refuse_scope = Some((SCOPE_B, answer.clone()));
        let page = browser.go(&rig, "/b").await;
        assert!([303, 500].contains(&page.status), "{answer}: {page:?}");
        assert!(browser.session().is_some(), "{answer}");
        assert_eq!(
            browser.go(&rig, "/app").await.body,
            "access-token-1",
            "{answer}"
        );
        assert!(!rig.log().contains(&"remove".to_owned()), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_answers_for_its_own_token_alone_and_that_for_a_while() {
    let rig = Rig::with(vec![ordinary()]);
    let mut browser = signed_in(&rig).await;
    tokio::time::sleep(PAST_EXPIRY).await;
    rig.grants().refuse_scope = Some((SCOPE_B, json!({"error": "unauthorized_client"})));
    for _ in 0..20 {
        assert_eq!(browser.go(&rig, "/b").await.status, 500);
        assert_eq!(browser.go(&rig, "/app").await.status, 200);
        assert_eq!(browser.go(&rig, "/c").await.status, 200);
    }
    assert_eq!(rig.grants().refreshes, 3);
}

#[tokio::test(start_paused = true)]
async fn without_a_refresh_token_the_person_is_sent_to_the_provider_once() {
    let without_offline_access = |mut plan: ProviderPlan| {
        plan.scopes.retain(|scope| scope != "offline_access");
        plan
    };
    let rig = Rig::with(vec![without_offline_access(ordinary())]);
    rig.grants().answer.insert("refresh_token", json!(null));
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/c").await;
    browser.go(&rig, &rig.at_provider(&start)).await;
    let program = as_program(&mut browser, &rig, "/c").await;
    assert_eq!(program.status, 401);
    assert_eq!(program.json()["error"], "no_refresh_token");
    assert_eq!(
        program.json()["findings"][0]["code"],
        "VST-TOKEN-NO-REFRESH"
    );
    let start = browser.go(&rig, "/c").await;
    browser.go(&rig, &rig.at_provider(&start)).await;
    let page = browser.go(&rig, "/c").await;
    assert_eq!(page.status, 403);
    assert!(page.body.contains("VST-TOKEN-NO-REFRESH"), "{}", page.body);

    // Where one request is for one API, that sign-in brings the token, and keeps the others.
    let rig = Rig::with(vec![without_offline_access(entra())]);
    rig.grants().answer.insert("refresh_token", json!(null));
    let mut browser = signed_in(&rig).await;
    let start = browser.go(&rig, "/b").await;
    browser.go(&rig, &rig.at_provider(&start)).await;
    assert_eq!(browser.go(&rig, "/b").await.body, "access-token-2");
    assert_eq!(browser.go(&rig, "/app").await.body, "access-token-1");
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;
use url::Url;
use vestibule_oidc::issuer::{IssuerRule, ProviderKind as IssuerKind};
use vestibule_oidc::secret::Secret;

use super::*;
use crate::provider::ProviderPlan;
use crate::provider::fake::{FakeProvider, ISSUER, plan};
use crate::signin::rig::{Browser, Reply, Rig, STAFF, get};

const OTHER: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a102";
const OID: &str = "0b3f6f34-8a59-4a6e-9d35-3c1c54b5c001";

/// What Graph was asked: path with query, and what was posted.
type Asked = Arc<Mutex<Vec<(String, Option<Value>)>>>;

/// A provider whose access tokens are for an API, and whose Graph is where the issuer is.
fn with_graph() -> ProviderPlan {
    let mut plan = plan("main");
    plan.scopes.push("api://orders/read".to_owned());
    plan.graph = Some(Url::parse(ISSUER).unwrap());
    plan
}

/// People in too many groups for their tokens; Graph says that they are in these.
fn rig(plan: ProviderPlan, groups: &[&str]) -> (Rig, Asked) {
    let rig = Rig::with(vec![plan]);
    let overage = json!({ "groups": "src1" });
    rig.grants().claims.insert("_claim_names", overage);
    // Outside input, and never called.
    let sources = json!({ "src1": { "endpoint": "https://evil.example/groups" } });
    rig.grants().claims.insert("_claim_sources", sources);
    rig.grants().claims.insert("oid", OID.into());
    let asked = tells(&rig, groups);
    (rig, asked)
}

fn tells(rig: &Rig, groups: &[&str]) -> Asked {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let answer = json!({ "value": groups }).to_string();
    rig.fake.knobs().graph = Box::new(move |path, posted| {
        log.lock().unwrap().push((path.to_owned(), posted));
        Ok((200, answer.clone()))
    });
    asked
}

fn answers(rig: &Rig, status: u16) -> Asked {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    rig.fake.knobs().graph = Box::new(move |path, posted| {
        log.lock().unwrap().push((path.to_owned(), posted));
        Ok((status, json!({ "error": { "code": "x" } }).to_string()))
    });
    asked
}

async fn signed_in(rig: &Rig) -> Browser {
    let mut browser = Browser::default();
    let done = browser.sign_in(rig, "/staff").await;
    assert_eq!(done.location(), "/staff");
    browser
}

async fn fetched(rig: &Rig, browser: &mut Browser) -> Reply {
    browser
        .send(rig, get("/staff").with("Sec-Fetch-Mode", "cors"))
        .await
}

fn count(asked: &Asked) -> usize {
    asked.lock().unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn groups_that_did_not_fit_are_asked_for_with_a_token_of_their_own() {
    let (rig, asked) = rig(with_graph(), &[STAFF]);
    let mut browser = signed_in(&rig).await;
    let page = browser.go(&rig, "/staff").await;
    // The upstream gets the sign-in's token; Graph's is the second.
    assert_eq!((page.status, page.body.as_str()), (200, "access-token-1"));
    let question = json!({ "groupIds": [STAFF] });
    let path = "/v1.0/me/checkMemberGroups".to_owned();
    assert_eq!(*asked.lock().unwrap(), [(path, Some(question))]);
    let sent = rig.fake.knobs().authorizations.last().cloned().flatten();
    assert_eq!(sent.as_deref(), Some("Bearer access-token-2"));
    // The refresh token that came with it is the one that works, and groups are asked for again.
    sleep(Duration::from_secs(3601)).await;
    let page = browser.go(&rig, "/staff").await;
    assert_eq!((page.status, page.body.as_str()), (200, "access-token-3"));
    assert_eq!((rig.grants().refreshes, count(&asked)), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_token_that_is_for_graph_needs_no_other() {
    let mut plan = with_graph();
    plan.scopes.pop();
    let (rig, asked) = rig(plan, &[STAFF]);
    rig.grants().answer.insert("refresh_token", Value::Null);
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.go(&rig, "/staff").await.status, 200);
    assert_eq!((rig.grants().refreshes, count(&asked)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn our_own_permissions_ask_about_the_person_by_object_id() {
    let mut plan = with_graph();
    plan.graph_permissions = GraphPermissions::Application;
    let (rig, asked) = rig(plan, &[STAFF]);
    for people in 1..3 {
        let mut browser = signed_in(&rig).await;
        assert_eq!(browser.go(&rig, "/staff").await.status, 200);
        assert_eq!(count(&asked), people);
    }
    let path = format!("/v1.0/users/{OID}/checkMemberGroups");
    assert_eq!(asked.lock().unwrap()[0].0, path);
    let tokens = rig.fake.count("/token");
    assert_eq!(tokens, 3, "two codes, and one token of our own for both");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_where_the_token_has_the_groups() {
    let (rig, asked) = rig(with_graph(), &[]);
    rig.grants().claims.insert("_claim_names", Value::Null);
    rig.grants().claims.insert("groups", json!([STAFF]));
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.go(&rig, "/staff").await.status, 200);
    assert_eq!(count(&asked), 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_in_none_of_the_groups_is_not_allowed() {
    let (rig, _) = rig(with_graph(), &[OTHER]);
    let mut browser = signed_in(&rig).await;
    let refused = fetched(&rig, &mut browser).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["error"], "claim_differs");
}

/// What goes wrong, the status of the answer and its finding.
type Case = (&'static str, fn(&Rig), u16, &'static str);

/// Each failure is told by its finding, on the routes that need groups and on no other.
#[tokio::test(start_paused = true)]
async fn oauth2_proxy_what_graph_does_not_tell_is_not_no_groups() {
    let cases: [Case; 7] = [
        (
            "403",
            |rig| drop(answers(rig, 403)),
            403,
            "VST-TOKEN-GROUPS-FORBIDDEN",
        ),
        (
            "401",
            |rig| drop(answers(rig, 401)),
            403,
            "VST-TOKEN-GROUPS-UNKNOWN",
        ),
        (
            "500",
            |rig| drop(answers(rig, 500)),
            503,
            "VST-TOKEN-GROUPS-UNKNOWN",
        ),
        (
            "429",
            |rig| drop(answers(rig, 429)),
            503,
            "VST-TOKEN-GROUPS-UNKNOWN",
        ),
        (
            "no answer",
            |rig| {
                let slow = Duration::from_secs(60);
                rig.fake
                    .knobs()
                    .delays
                    .insert("/v1.0/me/checkMemberGroups", slow);
            },
            503,
            "VST-TOKEN-GROUPS-UNKNOWN",
        ),
        (
            "no token",
            |rig| {
                let description = "AADSTS65001: The user or administrator has not consented.";
                let refused = json!({ "error": "invalid_grant", "error_description": description });
                rig.grants().refuse_refresh = Some((400, refused));
            },
            403,
            "VST-TOKEN-GROUPS-NO-TOKEN",
        ),
        (
            "no refresh token",
            |rig| {
                rig.grants().answer.insert("refresh_token", Value::Null);
            },
            403,
            "VST-TOKEN-GROUPS-NO-TOKEN",
        ),
    ];
    for (why, spoil, status, code) in cases {
        let (rig, _) = rig(with_graph(), &[STAFF]);
        spoil(&rig);
        let mut browser = signed_in(&rig).await;
        let refused = fetched(&rig, &mut browser).await;
        assert_eq!(refused.status, status, "{why}: {refused:?}");
        let said = refused.json();
        assert_eq!(said["error"], "groups_overage", "{why}");
        assert_eq!(said["findings"][0]["code"], code, "{why}: {said}");
        assert_eq!(
            said["findings"].as_array().unwrap().len(),
            1,
            "{why}: {said}"
        );
        let page = browser.go(&rig, "/staff").await;
        assert!(page.body.contains(code), "{why}: {}", page.body);
        assert_eq!(browser.go(&rig, "/app").await.status, 200, "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_refused_for_want_of_an_answer_passes_once_there_is_one() {
    let (rig, _) = rig(with_graph(), &[STAFF]);
    let asked = answers(&rig, 500);
    let mut browser = signed_in(&rig).await;
    for _ in 0..3 {
        assert_eq!(browser.go(&rig, "/staff").await.status, 503);
    }
    assert_eq!(count(&asked), 1, "not by every request");
    sleep(Duration::from_secs(31)).await;
    assert_eq!(browser.go(&rig, "/staff").await.status, 503);
    assert_eq!(count(&asked), 2);
    tells(&rig, &[STAFF]);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(browser.go(&rig, "/staff").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_earlier_answer_stands_in_for_a_while_and_a_refusal_ends_it() {
    let hour = Duration::from_secs(3601);
    for (status, expected) in [(503, 200), (403, 403)] {
        let (rig, _) = rig(with_graph(), &[STAFF]);
        let mut browser = signed_in(&rig).await;
        let asked = answers(&rig, status);
        for hours in 1..=4 {
            sleep(hour).await;
            browser.go(&rig, "/app").await;
            let page = browser.go(&rig, "/staff").await;
            let expected = match (hours, status) {
                (4, 503) => 503,
                _ => expected,
            };
            assert_eq!(page.status, expected, "{status} after {hours} h");
        }
        assert!(count(&asked) >= 4);
    }
}

#[tokio::test(start_paused = true)]
async fn changed_groups_take_effect_with_the_next_refresh() {
    let (rig, _) = rig(with_graph(), &[STAFF]);
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.go(&rig, "/staff").await.status, 200);
    tells(&rig, &[]);
    sleep(Duration::from_secs(3601)).await;
    browser.go(&rig, "/app").await;
    assert_eq!(browser.go(&rig, "/staff").await.status, 403);
}

#[tokio::test(start_paused = true)]
async fn graph_is_left_alone_for_as_long_as_it_asks() {
    let (rig, _) = rig(with_graph(), &[STAFF]);
    let asked = answers(&rig, 429);
    rig.fake.knobs().retry_after = Some(Duration::from_secs(60));
    signed_in(&rig).await;
    signed_in(&rig).await;
    assert_eq!(
        count(&asked),
        1,
        "a minute is not waited for, nor disregarded"
    );
    rig.fake.knobs().retry_after = Some(Duration::from_secs(2));
    sleep(Duration::from_secs(61)).await;
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    rig.fake.knobs().graph = Box::new(move |path, posted| {
        let mut asked = log.lock().unwrap();
        asked.push((path.to_owned(), posted));
        match asked.len() {
            1 => Ok((429, "{}".to_owned())),
            _ => Ok((200, json!({ "value": [STAFF] }).to_string())),
        }
    });
    let mut browser = signed_in(&rig).await;
    assert_eq!(browser.go(&rig, "/staff").await.status, 200);
    assert_eq!(count(&asked), 2);
}

/// Asks for all groups where Graph answers so.
async fn all(
    mut graph: impl FnMut(&str) -> (u16, Value) + Send + 'static,
) -> Result<Vec<String>, GraphError> {
    let fake = FakeProvider::new();
    fake.knobs().graph = Box::new(move |path, _| {
        let (status, body) = graph(path);
        Ok((status, body.to_string()))
    });
    let provider = fake.start_with(with_graph());
    let place = provider.graph().unwrap();
    let token = Secret::from("token");
    provider
        .ask_graph(&place, &token, Whose::Mine, Question::All)
        .await
}

fn group(number: usize) -> Value {
    let id = format!("4d7a9e10-2c35-4f68-8b1d-{number:012x}");
    json!({ "@odata.type": "#microsoft.graph.group", "id": id })
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_read_and_only_groups_of_them() {
    let found = all(|path| match path {
        "/v1.0/me/transitiveMemberOf?$select=id&$top=999" => (
            200,
            json!({
                "value": [group(1), { "@odata.type": "#microsoft.graph.directoryRole", "id": OID }],
                "@odata.nextLink": format!("{ISSUER}/v1.0/me/transitiveMemberOf?$skiptoken=2"),
            }),
        ),
        "/v1.0/me/transitiveMemberOf?$skiptoken=2" => (200, json!({ "value": [group(2)] })),
        other => panic!("{other}"),
    });
    let ids = [group(1), group(2)].map(|group| group["id"].as_str().unwrap().to_owned());
    assert_eq!(found.await.unwrap(), ids);
}

#[tokio::test(start_paused = true)]
async fn pages_that_lead_astray_are_not_followed() {
    for next in [
        "https://evil.example/v1.0/me/transitiveMemberOf?$skiptoken=2",
        "http://idp.example.com/v1.0/me/transitiveMemberOf?$skiptoken=2",
        "https://idp.example.com:444/v1.0/me",
        "https://user@idp.example.com/v1.0/me",
        "https://idp.example.com/token",
        "//evil.example/v1.0/me",
        "",
    ] {
        let next = next.to_owned();
        let mut calls = 0;
        let found = all(move |_| {
            calls += 1;
            assert_eq!(calls, 1, "followed");
            let page = json!({ "value": [group(1)], "@odata.nextLink": next });
            (200, page)
        });
        assert!(matches!(found.await, Err(GraphError::Unusable { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn pages_without_end_and_groups_without_number_are_refused() {
    let link = |page: usize| format!("{ISSUER}/v1.0/me/transitiveMemberOf?$skiptoken={page}");
    let in_a_circle = all(move |_| {
        (
            200,
            json!({ "value": [group(1)], "@odata.nextLink": link(1) }),
        )
    })
    .await;
    assert!(matches!(in_a_circle, Err(GraphError::Unusable { .. })));
    let mut page = 0;
    let on_and_on = all(move |_| {
        page += 1;
        (
            200,
            json!({ "value": [group(page)], "@odata.nextLink": link(page) }),
        )
    })
    .await;
    assert!(matches!(on_and_on, Err(GraphError::Unusable { .. })));
    let mut page = 0;
    let too_many = all(move |_| {
        page += 1;
        let groups: Vec<Value> = (page * 1_000..page * 1_000 + 999).map(group).collect();
        (
            200,
            json!({ "value": groups, "@odata.nextLink": link(page) }),
        )
    })
    .await;
    assert!(matches!(too_many, Err(GraphError::TooMany)), "{too_many:?}");
    for body in [
        json!({}),
        json!({ "value": 1 }),
        json!({ "value": [{ "id": "x" }] }),
    ] {
        let unusable = all(move |_| (200, body.clone())).await;
        assert!(matches!(unusable, Err(GraphError::Unusable { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn where_graph_is_comes_from_the_cloud_and_never_from_a_token() {
    let tenant = "6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41";
    let entra = |host: &str| (format!("https://{host}/{tenant}/v2.0"), IssuerKind::Entra);
    let other = || (ISSUER.to_owned(), IssuerKind::Detect);
    for ((issuer, kind), told, expected) in [
        (
            entra("login.microsoftonline.com"),
            Value::Null,
            Some("graph.microsoft.com"),
        ),
        (
            entra("login.microsoftonline.us"),
            Value::Null,
            Some("graph.microsoft.us"),
        ),
        (
            entra("login.microsoftonline.us"),
            "dod-graph.microsoft.us".into(),
            Some("dod-graph.microsoft.us"),
        ),
        (
            entra("login.microsoftonline.com"),
            "evil.example".into(),
            Some("graph.microsoft.com"),
        ),
        (entra("idp.example.com"), Value::Null, None),
        (other(), "graph.microsoft.com".into(), None),
    ] {
        let fake = FakeProvider::new();
        fake.knobs().issuer.clone_from(&issuer);
        fake.knobs().metadata.insert("msgraph_host", told.clone());
        let mut plan = plan("main");
        plan.issuer = IssuerRule::new(&issuer, kind, Vec::new());
        let provider = fake.start_with(plan);
        provider.metadata().await.unwrap();
        let place = provider.graph();
        let place = place.as_ref().and_then(|place| place.host_str());
        assert_eq!(place, expected, "{issuer} {told}");
    }
    let configured = FakeProvider::new().start_with(with_graph());
    let place = configured.graph().unwrap();
    assert_eq!(place.as_str(), "https://idp.example.com/");
}

//! Providers that are for hosts of their own, and have their answers sent to the same path there.

use vestibule_gate::host::{Host, HostName};
use vestibule_gate::path::PathPrefix;
use vestibule_gate::route::{Route, UpstreamId};

use super::super::rig::{Browser, Reply, Rig, get};
use super::query;
use crate::provider::ProviderPlan;
use crate::provider::fake::{ISSUER, plan};

const PORTAL: &str = "portal.example.com";
const SHOP: &str = "shop.example.com";
const PATH: &str = "/secure/redirect_uri";

fn of(name: &str, hosts: &[&str]) -> ProviderPlan {
    let read = |host: &&str| HostName::parse(host.as_bytes()).unwrap();
    let mut plan = plan(name);
    plan.client_id = format!("client-of-{name}");
    plan.hosts = hosts.iter().map(read).collect();
    plan.redirect_path = Some(PATH.to_owned());
    plan
}

fn rig() -> Rig {
    Rig::with(vec![of("staff", &[PORTAL]), of("customers", &[SHOP])])
}

async fn go(browser: &mut Browser, rig: &Rig, host: &'static str, target: &str) -> Reply {
    browser.send(rig, get(target).at(host).navigating()).await
}

#[tokio::test(start_paused = true)]
async fn at_each_host_people_sign_in_with_its_provider() {
    let rig = rig();
    for (host, name) in [(PORTAL, "staff"), (SHOP, "customers")] {
        for target in ["/app/x", "/.vestibule/sign-in?return_to=%2Fapp%2Fx"] {
            let mut browser = Browser::default();
            let start = go(&mut browser, &rig, host, target).await;
            let asked = query(start.location());
            assert_eq!(asked["client_id"], format!("client-of-{name}"), "{host}");
            assert_eq!(asked["redirect_uri"], format!("https://{host}{PATH}"));
        }
    }
    let mut browser = Browser::default();
    let start = go(&mut browser, &rig, PORTAL, "/app/x").await;
    let callback = rig.at_provider(&start);
    let done = go(&mut browser, &rig, PORTAL, &callback).await;
    // The fake's ID token is for another client: it was this provider's registration that it was compared with.
    assert_eq!(
        (done.status, rig.grants().redeemed),
        (502, 1),
        "{}",
        done.body
    );
}

/// RFC 9700 §4.4: of which provider an answer is, is told by where it arrives, and by nothing that comes with it.
#[tokio::test(start_paused = true)]
async fn rfc_9700_an_answer_that_arrives_at_the_other_host_is_refused_and_not_redeemed() {
    let rig = rig();
    for (from, to) in [(PORTAL, SHOP), (SHOP, PORTAL)] {
        // The whole jar goes along, more than any browser would send to the other host.
        let mut browser = Browser::default();
        let start = go(&mut browser, &rig, from, "/app/x").await;
        let callback = rig.at_provider(&start);
        let refused = go(&mut browser, &rig, to, &callback).await;
        assert_eq!(refused.status, 400, "{from} {to}: {}", refused.body);
        assert!(browser.session().is_none());
        assert_eq!(rig.grants().redeemed, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_to_a_provider_of_another_host() {
    let rig = rig();
    for target in [
        "/.vestibule/sign-in?provider=customers".to_owned(),
        "/.vestibule/sign-in?provider=customers&prompt=select_account".to_owned(),
        "/.vestibule/callback/customers?code=x&state=y".to_owned(),
        "/.vestibule/front-channel-logout/customers?sid=x".to_owned(),
    ] {
        let refused = go(&mut Browser::default(), &rig, PORTAL, &target).await;
        assert!(matches!(refused.status, 400 | 404), "{target}: {refused:?}");
    }
    // Both are registrations with one issuer: whoever names that means this host's.
    let target = format!("/.vestibule/sign-in?iss={ISSUER}");
    let page = go(&mut Browser::default(), &rig, SHOP, &target).await;
    assert!(page.body.contains("provider=customers"), "{}", page.body);
    assert!(!page.body.contains("staff"), "{}", page.body);
}

/// The same path is the app's at a host that no provider has it at.
#[tokio::test(start_paused = true)]
async fn the_redirect_path_is_none_at_other_hosts() {
    let mut everywhere = plan("partners");
    everywhere.redirect_path = None;
    let rig = Rig::with(vec![of("customers", &[SHOP]), everywhere]);
    let answer = format!("{PATH}?code=x&state=y");
    let here = go(&mut Browser::default(), &rig, SHOP, &answer).await;
    assert_eq!(here.status, 400, "{}", here.body);
    let there = go(&mut Browser::default(), &rig, PORTAL, &answer).await;
    assert_eq!(there.status, 404, "{}", there.body);
    // A choice where there is one, and none where there is not.
    let choice = go(&mut Browser::default(), &rig, SHOP, "/.vestibule/sign-in").await;
    assert!(
        choice.body.contains("provider=partners") && choice.body.contains("provider=customers")
    );
    let start = go(&mut Browser::default(), &rig, PORTAL, "/app").await;
    assert_eq!(query(start.location())["client_id"], "client");
}

#[tokio::test(start_paused = true)]
async fn where_no_provider_is_nobody_is_offered_a_choice_of_none() {
    let rig = Rig::with(vec![of("customers", &[SHOP])]);
    let refused = go(&mut Browser::default(), &rig, PORTAL, "/.vestibule/sign-in").await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}

#[tokio::test(start_paused = true)]
async fn a_session_does_not_count_where_its_provider_signs_nobody_in_any_more() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    let narrowed = |hosts: &[&str]| {
        let read = |host: &&str| HostName::parse(host.as_bytes()).unwrap();
        let mut main = plan("main");
        main.hosts = hosts.iter().map(read).collect();
        vec![main, plan("other")]
    };
    rig.reload(narrowed(&[SHOP]));
    let start = browser.go(&rig, "/app").await;
    assert_eq!(query(start.location())["client_id"], "client");
    rig.reload(narrowed(&[PORTAL]));
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn people_come_to_the_routes_of_their_provider_and_of_its_hosts() {
    let rig = rig();
    let plan = rig.shared.plan.load();
    for (host, named, comes) in [
        (None, None, [true, true]),
        (Some(PORTAL), None, [true, false]),
        (Some(SHOP), None, [false, true]),
        (None, Some("staff"), [true, false]),
        (Some(SHOP), Some("staff"), [true, false]),
    ] {
        let prefix = PathPrefix::parse("/x").unwrap();
        let mut route = Route::new("x", prefix, UpstreamId(0));
        route.host = host.map(|host| Host::parse(host.as_bytes()).unwrap());
        route.provider = named.map(str::to_owned);
        let found = ["staff", "customers"].map(|name| {
            let provider = plan.provider(name).unwrap();
            provider.comes_to(&route)
        });
        assert_eq!(found, comes, "{host:?} {named:?}");
    }
}

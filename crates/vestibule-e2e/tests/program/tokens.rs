//! The access token the upstream gets: the right one, fresh, and to nobody else.

use std::thread;

use serde_json::json;
use vestibule_e2e::jwt::claims;
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::{SECOND_API, Scene, eventually};

#[test]
fn the_upstream_gets_the_token_of_its_own_api() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    person.fetch(&scene.url("/app/"));
    let received = scene.upstream.received();
    let last = received.last().unwrap();
    let bearer = last
        .field("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    assert_eq!(bearer.matches('.').count(), 2);
    assert_eq!(last.field("oidc_access_token"), Some(bearer));
    person.fetch(&scene.url("/public/"));
    let received = scene.upstream.received();
    let last = received.last().unwrap();
    assert_eq!(last.field("authorization"), None);
    assert!(
        !last.fields.iter().any(|(_, value)| value.contains(bearer)),
        "{last:?}"
    );
}

#[test]
fn two_routes_with_two_apis_get_each_its_own_token() {
    let scene = Scene::of_two_apis();
    let mut person = scene.signed_in("ada");
    let bearer = |person: &mut Person, path: &str| {
        let reply = person.fetch(&scene.url(path));
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let received = scene.upstream.received();
        let value = received.last().unwrap().field("authorization").unwrap();
        value.strip_prefix("Bearer ").unwrap().to_owned()
    };
    let first = bearer(&mut person, "/app/");
    assert_eq!(scene.provider.count("token.refresh_token"), 0);
    let second = bearer(&mut person, "/orders/");
    // The one has version 1 tokens, which name the API as it was asked for, the other version 2.
    assert_eq!(
        (claims(&first)["aud"].clone(), claims(&first)["ver"].clone()),
        (scene.provider.fact("api").into(), "1.0".into())
    );
    assert_eq!(
        (
            claims(&second)["aud"].clone(),
            claims(&second)["ver"].clone()
        ),
        (SECOND_API.into(), "2.0".into())
    );
    assert_eq!(claims(&second)["scp"], "orders.read");
    // Both are kept.
    assert_eq!(bearer(&mut person, "/app/"), first);
    assert_eq!(bearer(&mut person, "/orders/"), second);
    assert_eq!(scene.provider.count("token.refresh_token"), 1);
}

#[test]
fn a_token_that_has_expired_is_refreshed_once_however_many_requests_wait() {
    let scene = Scene::start();
    scene
        .provider
        .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
    let mut person = Person::new();
    scene
        .provider
        .fault(&json!({ "kind": "slow", "endpoint": "token", "millis": 300 }));
    let page = scene.sign_in(&mut person, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let url = scene.url("/app/");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = |_| {
            let (mut person, url) = (person.clone(), url.clone());
            scope.spawn(move || person.fetch(&url).status)
        };
        let asked: Vec<_> = (0..20).map(ask).collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(statuses, [200; 20]);
    assert_eq!(scene.provider.count("token.refresh_token"), 1);
    let tokens: Vec<String> = scene
        .upstream
        .received()
        .iter()
        .filter_map(|request| request.field("authorization").map(str::to_owned))
        .collect();
    assert!(tokens.len() > 20 && tokens.iter().all(|token| token.starts_with("Bearer ey")));
}

#[test]
fn a_grant_that_was_revoked_ends_the_session_and_the_person_signs_in_again() {
    let scene = Scene::start();
    scene
        .provider
        .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
    scene.provider.fault(
        &json!({ "kind": "token-error", "grant_type": "refresh_token",
        "error": "invalid_grant", "aadsts": 70008 }),
    );
    // The first session has no token and gets none; the provider still knows the person, so that the
    // second is there without a question.
    let page = scene.sign_in(&mut Person::new(), "ada");
    assert_eq!(
        (page.status, page.url.clone()),
        (200, scene.url("/app/")),
        "{}",
        page.text()
    );
    assert_eq!(scene.provider.count("token.authorization_code"), 2);
    assert_eq!(scene.provider.count("token.refresh_token"), 1);
}

#[test]
fn a_provider_that_is_down_at_refresh_does_not_end_the_session() {
    let scene = Scene::start();
    scene
        .provider
        .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
    scene.provider.fault(
        &json!({ "kind": "token-error", "grant_type": "refresh_token",
        "error": "temporarily_unavailable", "aadsts": 90033, "times": 1 }),
    );
    let mut person = Person::new();
    scene.sign_in(&mut person, "ada");
    let first = person.fetch(&scene.url("/app/"));
    assert!(first.status == 200 || first.status >= 500, "{first:?}");
    assert!(
        first.all("set-cookie").next().is_none(),
        "the cookie stays: {first:?}"
    );
    eventually("the refresh works", || {
        person.fetch(&scene.url("/app/")).status == 200
    });
}

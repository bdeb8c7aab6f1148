//! Sessions that browsers carry: `store = "cookie"`.

use std::thread;

use serde_json::json;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::{Scene, configuration};
use vestibule_e2e::upstream::Upstream;

/// What `openssl rand -base64 32` prints.
const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=\n";

const STORE: &str = "store = \"cookie\"\nkeys = [\"file:key\"]";

/// A program whose sessions are in the browsers.
fn scene() -> Scene {
    let reservation = Proxy::reserve("http");
    let provider = LocalProvider::with_redirect_uri(&reservation.redirect_uri());
    let upstream = Upstream::start();
    let toml = configuration(&provider, &upstream, STORE, "");
    let secret = provider.fact("client_secret").to_owned();
    let proxy = reservation.start(&toml, &[("secret", &secret), ("key", KEY)]);
    Scene {
        provider,
        upstream,
        proxy,
        toml,
    }
}

fn chunks(person: &Person) -> usize {
    let is_chunk = |name: &str| {
        name.starts_with("vestibule-")
            && name.ends_with(|c: char| c.is_ascii_digit())
            && name.contains('.')
    };
    person
        .jar
        .cookies()
        .iter()
        .filter(|cookie| is_chunk(&cookie.name))
        .count()
}

#[test]
fn carried_sessions_survive_kill_9_and_reach_no_upstream() {
    let mut scene = scene();
    let mut person = scene.signed_in("ada");
    assert!(chunks(&person) >= 1);
    for _ in 0..2 {
        scene.proxy.kill_and_restart();
        let reply = person.fetch(&scene.url("/app/"));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert_eq!(scene.provider.count("token.authorization_code"), 1);
    for request in scene.upstream.received() {
        assert_eq!(request.field("cookie"), None, "{request:?}");
    }
    // Two files: the configuration's own, and none for sessions.
    assert!(!scene.proxy.folder().join("sessions").exists());
}

#[test]
fn a_carried_session_refreshes_once_however_many_requests_wait_and_the_browser_has_it_after_a_crash()
 {
    let mut scene = scene();
    scene
        .provider
        .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
    scene
        .provider
        .fault(&json!({ "kind": "slow", "endpoint": "token", "millis": 300 }));
    let mut person = Person::new();
    let page = scene.sign_in(&mut person, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let url = scene.url("/app/");
    let people: Vec<(u16, Person)> = thread::scope(|scope| {
        let asked: Vec<_> = (0..20)
            .map(|_| {
                let (mut person, url) = (person.clone(), url.clone());
                scope.spawn(move || (person.fetch(&url).status, person))
            })
            .collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(people.iter().all(|(status, _)| *status == 200));
    assert_eq!(scene.provider.count("token.refresh_token"), 1);
    let (_, mut person) = people.into_iter().next_back().unwrap();
    scene.proxy.kill_and_restart();
    assert_eq!(person.fetch(&url).status, 200);
    assert_eq!(
        scene.provider.count("token.refresh_token"),
        1,
        "the new token was in the cookies"
    );
}

#[test]
fn two_replicas_with_one_key_serve_the_same_browser() {
    let one = scene();
    let secret = one.provider.fact("client_secret").to_owned();
    // The same site behind a load balancer: the same `Host`, another address.
    let toml = one.toml.replace("{url}", &one.proxy.url);
    let other = Proxy::reserve("http").start(&toml, &[("secret", &secret), ("key", KEY)]);
    let mut person = one.signed_in("ada");
    let beside = |url: &str| url.replace(&one.proxy.url, &other.url);
    for _ in 0..2 {
        let reply = person.fetch(&one.url("/app/"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let cookies = person.jar.field(&one.url("/app/")).unwrap();
        let request = vestibule_e2e::http::Request::get(&beside(&one.url("/app/")))
            .with("Host", one.proxy.url.trim_start_matches("http://"))
            .with("Cookie", &cookies)
            .with("Sec-Fetch-Mode", "cors");
        let reply = vestibule_e2e::http::send(&request);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert_eq!(one.provider.count("token.authorization_code"), 1);
}

#[test]
fn signing_out_takes_a_carried_session_and_a_replay_is_a_signed_out_person() {
    let scene = scene();
    let mut person = scene.signed_in("ada");
    let kept = person.clone();
    let asked = person.go(&scene.url("/.vestibule/sign-out"));
    person.submit(&asked, asked.form());
    assert_eq!(chunks(&person), 0, "{:?}", person.jar);
    assert_eq!(kept.clone().fetch(&scene.url("/app/")).status, 401);
}

//! The provider down, back, slow, and changing its keys.

use std::thread;

use serde_json::{Value, json};
use vestibule_e2e::http::Request;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::{Scene, eventually};

#[test]
fn with_the_provider_down_the_program_starts_and_serves_what_it_can() {
    let mut scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let stopped = scene.provider.stop();
    scene.proxy.kill_and_restart();
    assert_eq!(
        person.fetch(&format!("{}/public/", scene.proxy.url)).status,
        200
    );
    assert_eq!(
        person.fetch(&format!("{}/app/", scene.proxy.url)).status,
        200,
        "the session lives"
    );
    let page = Person::new().go(&format!("{}/app/", scene.proxy.url));
    assert!(matches!(page.status, 502..=504), "{page:?}");
    assert!(page.text().contains("Incident"), "{}", page.text());

    scene.provider = stopped.start();
    eventually("people can sign in again", || {
        Person::new()
            .go(&scene.url("/app/"))
            .url
            .starts_with(&scene.provider.url())
    });
    let _ = scene.signed_in("ada");
}

#[test]
fn keys_that_change_during_sign_ins_are_fetched_and_nobody_is_refused() {
    let scene = Scene::start();
    // The second comes before the ten seconds are over in which keys are fetched once.
    for how in ["now", "emergency"] {
        let mut person = Person::new();
        let picker = person.go(&scene.url("/app/"));
        scene
            .provider
            .control("POST", "/roll-keys", &json!({ "how": how }));
        let page = LocalProvider::sign_in(&mut person, &picker, "ada");
        assert_eq!(page.status, 200, "{how}: {}", page.text());
    }
}

#[test]
fn keys_that_change_right_after_start_are_fetched() {
    let mut scene = Scene::start();
    scene.proxy.kill_and_restart();
    scene
        .provider
        .fault(&json!({ "kind": "roll-before-signing", "times": 1 }));
    let _ = scene.signed_in("ada");
}

#[test]
fn unknown_keys_cause_no_storm_of_fetches() {
    let scene = Scene::start();
    let _ = scene.signed_in("ada");
    let before = scene.provider.count("keys");
    scene
        .provider
        .fault(&json!({ "kind": "unpublished-key", "token": "id-token" }));
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| assert!(scene.sign_in(&mut Person::new(), "ada").status >= 400));
        }
    });
    let fetched = scene.provider.count("keys") - before;
    assert!(
        (1..=2).contains(&fetched),
        "{fetched} fetches for twelve tokens"
    );
}

#[test]
fn a_token_endpoint_that_is_down_is_a_page_and_the_next_try_works() {
    let scene = Scene::start();
    for fault in [
        json!({ "kind": "status", "endpoint": "token", "status": 503 }),
        json!({ "kind": "hang-up", "endpoint": "token" }),
    ] {
        scene.provider.fault(&fault);
        let mut person = Person::new();
        let page = scene.sign_in(&mut person, "ada");
        assert!(page.status >= 500, "{fault}: {page:?}");
        assert!(page.text().contains("Incident"), "{fault}");
        scene.provider.control("DELETE", "/faults", &Value::Null);
        let page = scene.sign_in(&mut Person::new(), "ada");
        assert_eq!(page.status, 200, "after {fault}");
    }
}

/// A program that gets no token learns why, under the same code as a person and the log.
#[test]
fn what_the_token_endpoint_does_wrong_is_a_finding_for_programs_too() {
    let scene = Scene::of_two_apis();
    for (fault, status, code) in [
        (
            json!({ "kind": "status", "endpoint": "token", "status": 503 }),
            503,
            "VST-KEYS-TOKEN-ENDPOINT",
        ),
        (
            json!({ "kind": "body", "endpoint": "token", "shape": "html" }),
            502,
            "VST-KEYS-TOKEN-ENDPOINT",
        ),
        (
            json!({ "kind": "no-access-token" }),
            502,
            "VST-KEYS-TOKEN-ENDPOINT",
        ),
        (
            json!({ "kind": "token-error", "error": "invalid_request", "aadsts": 90033 }),
            503,
            "VST-AADSTS-90033",
        ),
    ] {
        let mut person = Person::new();
        let page = scene.sign_in_at(&mut person, "ada", "/plain/");
        assert_eq!(page.status, 200, "{}", page.text());
        scene.provider.fault(&fault);
        let refused = person.fetch(&scene.url("/orders/"));
        assert_eq!(refused.status, status, "{fault}");
        assert_eq!(refused.json()["findings"][0]["code"], code, "{fault}");
        assert_eq!(
            refused.field("retry-after").is_some(),
            status == 503,
            "{fault}"
        );
        let page = person.visit(&scene.url("/orders/"));
        assert!(page.text().contains(code), "{fault}: {}", page.text());
        eventually(code, || {
            let mut lines = scene.proxy.log().into_iter();
            lines.any(|line| line.contains("token refresh failed") && line.contains(code))
        });
        scene.provider.control("DELETE", "/faults", &Value::Null);
    }
}

#[test]
fn the_control_endpoint_of_the_provider_is_not_for_web_pages() {
    let scene = Scene::start();
    let control = scene.provider.control_url();
    let forged =
        Request::get(&format!("{control}/faults")).with("Origin", "https://evil.example.com");
    assert_eq!(vestibule_e2e::http::send(&forged).status, 403);
}

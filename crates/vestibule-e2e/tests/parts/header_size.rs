//! A server that is not ours refuses a head for its size, in its own way: the finding says so.

use serde_json::json;
use vestibule_e2e::differential::front::Front;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::{Scene, eventually};

#[test]
fn the_400_of_nginx_for_a_token_that_is_too_large_is_told_as_that() {
    let scene = Scene::start();
    let nginx = Front::nginx();
    let url = format!("http://127.0.0.1:{}", nginx.port);
    scene
        .proxy
        .reload(&scene.toml.replace(&scene.upstream.url, &url), "reloaded");
    scene
        .provider
        .fault(&json!({ "kind": "oversize-token", "token": "access-token", "bytes": 12_000 }));
    let mut person = Person::new();
    let picker = person.go(&scene.url("/.vestibule/sign-in?return_to=/public/"));
    let _ = LocalProvider::sign_in(&mut person, &picker, "ada");
    for _ in 0..2 {
        let refused = person.fetch(&scene.url("/app/"));
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.text().contains("nginx"), "{}", refused.text());
    }
    let told = || {
        let log = scene.proxy.log().into_iter();
        log.filter(|line| line.contains("VST-HEADER-TOO-LARGE"))
            .collect::<Vec<_>>()
    };
    // Once at the sign-in, reckoned beforehand, and once when it is refused.
    eventually("the log tells", || told().len() >= 2);
    let told = told();
    let of = |field: &str| told.iter().filter(|line| line.contains(field)).count();
    assert_eq!(
        (told.len(), of("limit_bytes"), of("status")),
        (2, 1, 1),
        "{told:#?}"
    );
}

//! What becomes of sessions when the program dies.

use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::Scene;

#[test]
fn sessions_in_a_file_survive_kill_9_and_restart() {
    let mut scene = Scene::start();
    let mut person = scene.signed_in("ada");
    for _ in 0..3 {
        scene.proxy.kill_and_restart();
        let reply = person.fetch(&scene.url("/app/"));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

#[test]
fn a_sign_in_that_was_on_its_way_survives_kill_9_too() {
    let mut scene = Scene::start();
    let mut person = Person::new();
    let picker = person.go(&scene.url("/app/later"));
    scene.proxy.kill_and_restart();
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    assert_eq!((page.status, page.url), (200, scene.url("/app/later")));
}

#[test]
fn a_session_that_was_ended_stays_ended_after_kill_9() {
    let mut scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let kept = person.clone();
    let asked = person.go(&scene.url("/.vestibule/sign-out"));
    person.submit(&asked, asked.form());
    scene.proxy.kill_and_restart();
    assert_eq!(kept.clone().fetch(&scene.url("/app/")).status, 401);
}

#[test]
fn sessions_in_memory_end_with_the_process_and_people_sign_in_again() {
    let mut scene = Scene::with("store = \"memory\"", "");
    let mut person = scene.signed_in("ada");
    scene.proxy.kill_and_restart();
    assert_eq!(person.fetch(&scene.url("/app/")).status, 401);
    // Still known to the provider, or asked again: either way there is a session in the end.
    let page = person.go(&scene.url("/app/"));
    if page.url.starts_with(&scene.provider.url()) {
        LocalProvider::sign_in(&mut person, &page, "ada");
    }
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
}

#[test]
fn the_store_and_its_key_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::start();
    let _ = scene.signed_in("ada");
    let entries = std::fs::read_dir(scene.proxy.folder())
        .unwrap()
        .map(Result::unwrap);
    let ours: Vec<_> = entries
        .filter(|entry| entry.file_name() != "vestibule.toml")
        .collect();
    assert!(ours.len() >= 2, "{ours:?}");
    for entry in ours {
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{entry:?}");
    }
}

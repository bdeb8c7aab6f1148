//! A signed-in browser while the program is killed and started again.

use serde_json::json;
use vestibule_e2e::browser::Browser;
use vestibule_e2e::scene::Scene;

#[test]
fn a_signed_in_browser_stays_signed_in_through_kill_9() {
    let mut scene = Scene::start();
    let browser = Browser::start();
    let tab = browser.profile(&json!({})).tab();
    tab.go(&scene.url("/app/"));
    tab.click("button[name=account][value=ada]");
    assert_eq!(tab.seen().url, scene.url("/app/"));
    scene.proxy.kill_and_restart();
    assert_eq!(tab.reload(), 200);
    assert_eq!(
        tab.seen().url,
        scene.url("/app/"),
        "nobody was sent to sign in"
    );
    let status = tab.evaluate("async () => (await fetch('/app/x')).status", &json!(null));
    assert_eq!(status, 200);
}

#[test]
fn a_sign_in_that_was_open_in_a_tab_ends_well_after_kill_9() {
    let mut scene = Scene::start();
    let browser = Browser::start();
    let tab = browser.profile(&json!({})).tab();
    tab.go(&scene.url("/app/mine"));
    scene.proxy.kill_and_restart();
    tab.click("button[name=account][value=ada]");
    assert_eq!(tab.seen().url, scene.url("/app/mine"));
}

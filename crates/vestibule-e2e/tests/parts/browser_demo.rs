//! The whole demo in a real browser, both ways.

use serde_json::{Value, json};
use vestibule_e2e::browser::{Browser, Profile, Tab};
use vestibule_e2e::program::Demo;

/// The button of one account on the provider's picker.
fn account(name: &str) -> String {
    format!("button[name=account][value={name}]")
}

/// Goes to a page of the demo and signs in on the way.
fn sign_in(demo: &Demo, profile: &Profile, path: &str, name: &str) -> Tab {
    let tab = profile.tab();
    tab.go(&format!("{}{path}", demo.url));
    assert!(
        tab.seen().url.starts_with(&demo.provider_url),
        "{}",
        tab.seen().url
    );
    tab.click(&account(name));
    assert_eq!(tab.seen().url, format!("{}{path}", demo.url));
    tab
}

/// The program's cookies that say who somebody is or was about to be. Its mark against loops of
/// sign-ins says neither.
fn ours(profile: &Profile) -> Vec<Value> {
    let mut cookies = profile.cookies();
    let ends_in_loop = |cookie: &Value| cookie["name"].as_str().unwrap().ends_with(".loop");
    cookies.retain(|cookie| cookie["domain"] == "localhost" && !ends_in_loop(cookie));
    cookies
}

#[test]
fn with_the_api_scope_the_page_says_that_the_token_is_valid() {
    let (demo, browser) = (Demo::start(&[]), Browser::start());
    let profile = browser.profile(&json!({}));
    let tab = sign_in(&demo, &profile, "/foo/", "ada");
    let seen = tab.seen();
    assert!(
        seen.text.contains("The API can validate its token"),
        "{}",
        seen.text
    );
    assert!(seen.text.contains("ada@contoso.localhost"), "{}", seen.text);
    assert!(
        !seen.text.contains(".eyJ"),
        "no token is shown: {}",
        seen.text
    );
    assert_eq!(
        tab.complaints(),
        [""; 0],
        "nothing breaks the page's own policy"
    );

    tab.go(&format!("{}/foo/whoami", demo.url));
    assert!(
        tab.seen().text.contains("\"valid\": true"),
        "{}",
        tab.seen().text
    );
}

#[test]
fn without_the_api_scope_the_page_shows_the_finding_and_the_cure() {
    let (demo, browser) = (Demo::start(&["--without-api-scope"]), Browser::start());
    for name in ["ada", "pia"] {
        let tab = sign_in(&demo, &browser.profile(&json!({})), "/foo/", name);
        let text = tab.seen().text;
        assert!(
            text.contains("The API cannot use its token"),
            "{name}: {text}"
        );
        assert!(
            text.contains("access_token = { scope = \"api://"),
            "{name}: {text}"
        );
        assert_eq!(tab.complaints(), [""; 0], "{name}");
    }
}

#[test]
fn three_tabs_sign_in_at_once_and_each_comes_back_to_its_page() {
    let (demo, browser) = (Demo::start(&[]), Browser::start());
    let profile = browser.profile(&json!({}));
    let paths = ["/foo/one", "/foo/two", "/foo/three"];
    let tabs = paths.map(|path| {
        let tab = profile.tab();
        tab.go(&format!("{}{path}", demo.url));
        tab
    });
    for (path, tab) in paths.iter().zip(&tabs) {
        tab.click(&account("ada"));
        assert_eq!(tab.seen().url, format!("{}{path}", demo.url));
    }
    for tab in &tabs {
        assert_eq!(tab.reload(), 200);
    }
}

#[test]
fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let (demo, browser) = (Demo::start(&[]), Browser::start());
    let profile = browser.profile(&json!({}));
    let tab = sign_in(&demo, &profile, "/foo/", "ada");
    let ours = ours(&profile);
    assert_eq!(ours.len(), 1, "one session and nothing left over: {ours:?}");
    let cookie = &ours[0];
    assert_eq!(
        (&cookie["httpOnly"], &cookie["sameSite"]),
        (&true.into(), &"Lax".into()),
        "{cookie}"
    );
    assert_eq!(
        (&cookie["domain"], &cookie["path"]),
        (&"localhost".into(), &"/".into()),
        "{cookie}"
    );
    assert_eq!(cookie["expires"], -1, "it ends with the browser: {cookie}");
    let visible = tab.evaluate("() => document.cookie", &json!(null));
    assert_eq!(visible, "", "scripts see nothing");
}

#[test]
fn after_sign_out_the_back_button_shows_nothing_of_the_session() {
    let (demo, browser) = (Demo::start(&[]), Browser::start());
    let profile = browser.profile(&json!({}));
    let tab = sign_in(&demo, &profile, "/foo/", "ada");
    tab.click("text=Sign out");
    assert!(
        tab.seen().url.ends_with("/.vestibule/sign-out"),
        "{}",
        tab.seen().url
    );
    tab.click("button:has-text('Sign out')");
    let seen = tab.seen();
    assert!(
        seen.text.contains("ended") || seen.text.contains("signed out"),
        "{} {}",
        seen.url,
        seen.text
    );
    assert!(ours(&profile).is_empty(), "{:?}", profile.cookies());
    // As far back as it was: the page must come from the server again, which asks to sign in.
    for _ in 0..3 {
        tab.back();
        let text = tab.seen().text;
        assert!(
            !text.contains("ada@contoso.localhost") || !text.contains("Who is calling"),
            "{text}"
        );
    }
    assert_eq!(tab.go(&format!("{}/foo/", demo.url)), 200);
    assert!(
        tab.seen().url.starts_with(&demo.provider_url),
        "{}",
        tab.seen().url
    );
}

#[test]
fn the_back_button_after_sign_in_does_no_harm() {
    let (demo, browser) = (Demo::start(&[]), Browser::start());
    let profile = browser.profile(&json!({}));
    let tab = sign_in(&demo, &profile, "/foo/", "ada");
    tab.back();
    tab.go(&format!("{}/foo/whoami", demo.url));
    assert!(
        tab.seen().text.contains("\"valid\": true"),
        "{}",
        tab.seen().text
    );
}

#[test]
fn a_websocket_echoes_through_the_proxy() {
    let (demo, browser) = (Demo::start(&[]), Browser::start());
    // The demo's page allows no connections, which is its policy and not the proxy's.
    let profile = browser.profile(&json!({ "bypassCSP": true }));
    let tab = sign_in(&demo, &profile, "/foo/", "ada");
    let script = "(text) => new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/foo/echo`);
        socket.onopen = () => socket.send(text);
        socket.onmessage = (message) => { socket.close(); resolve(message.data); };
        socket.onerror = () => reject(new Error('refused'));
    })";
    assert_eq!(tab.evaluate(script, &json!("hello")), "hello");
    let long = "x".repeat(60_000);
    assert_eq!(tab.evaluate(script, &json!(long)), long.as_str());
}

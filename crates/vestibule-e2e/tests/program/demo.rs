//! `vestibule demo`, both ways, as its first visitor meets it.

use serde_json::Value;
use vestibule_e2e::http::Request;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::process::Signal;
use vestibule_e2e::program::Demo;

fn whoami(demo: &Demo, account: &str) -> Value {
    let mut person = Person::new();
    let picker = person.go(&format!("{}/foo/whoami", demo.url));
    assert!(
        person
            .trail
            .iter()
            .any(|url| url.starts_with(&demo.provider_url)),
        "{:?}",
        person.trail
    );
    let reply = LocalProvider::sign_in(&mut person, &picker, account);
    assert_eq!(
        reply.url,
        format!("{}/foo/whoami", demo.url),
        "back to the page that was asked for"
    );
    assert_eq!(reply.status, 200);
    assert!(
        reply
            .field("content-type")
            .unwrap()
            .starts_with("application/json")
    );
    reply.json()
}

fn codes(token: &Value) -> Vec<&str> {
    token["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect()
}

#[test]
fn with_the_api_scope_the_api_validates_its_token() {
    let demo = Demo::start(&[]);
    let answer = whoami(&demo, "ada");
    assert_eq!(answer["user"], "ada@contoso.localhost");
    let token = &answer["token"];
    assert_eq!(
        (&token["kind"], &token["valid"]),
        (&"jwt".into(), &true.into()),
        "{token}"
    );
    assert!(
        token["iss"]
            .as_str()
            .unwrap()
            .starts_with(&demo.provider_url),
        "{token}"
    );
    assert!(token["aud"].is_string() && token["ver"] == "1.0", "{token}");
    assert_eq!(codes(token), [""; 0]);
    // No token is shown, only that it came.
    let headers = answer["headers"].to_string();
    assert!(
        headers.to_lowercase().contains("oidc_access_token"),
        "{headers}"
    );
    assert!(!headers.contains(".eyJ"), "{headers}");
}

#[test]
fn without_the_api_scope_the_api_says_what_it_got_and_what_to_change() {
    let demo = Demo::start(&["--without-api-scope"]);
    let member = whoami(&demo, "ada")["token"].clone();
    assert_eq!(
        (&member["kind"], &member["valid"]),
        (&"jwt".into(), &false.into()),
        "{member}"
    );
    assert!(!codes(&member).is_empty(), "{member}");

    let personal = whoami(&demo, "pia")["token"].clone();
    assert_eq!(
        (&personal["kind"], &personal["valid"]),
        (&"opaque".into(), &false.into()),
        "{personal}"
    );
    assert!(!codes(&personal).is_empty(), "{personal}");
}

#[test]
fn the_page_shows_the_finding_and_the_line_that_cures_it() {
    let demo = Demo::start(&["--without-api-scope"]);
    let mut person = Person::new();
    let picker = person.go(&format!("{}/foo/", demo.url));
    let page = LocalProvider::sign_in(&mut person, &picker, "pia");
    let shown = page.page();
    assert!(
        shown.contains("access_token = { scope = \"api://"),
        "{shown}"
    );
    assert!(shown.contains("/.default\""), "{shown}");
}

#[test]
fn the_prefix_is_removed_and_a_stranger_is_answered_in_kind() {
    let demo = Demo::start(&[]);
    let answer = whoami(&demo, "ada");
    assert_eq!(answer["path"], "/whoami");
    let fetched = Person::new().fetch(&format!("{}/foo/whoami", demo.url));
    assert_eq!(fetched.status, 401);
    assert!(fetched.field("www-authenticate").is_some());
    assert!(fetched.field("location").is_none());
    assert!(fetched.json().is_object());
}

#[test]
fn every_ready_account_can_sign_in() {
    let demo = Demo::start(&[]);
    for account in ["ada", "gus", "mina", "rafael"] {
        let answer = whoami(&demo, account);
        assert_eq!(answer["token"]["valid"], true, "{account}: {answer}");
        assert!(answer["user"].is_string(), "{account}: {answer}");
    }
}

#[test]
fn a_websocket_passes_for_its_own_origin_only() {
    let demo = Demo::start(&[]);
    let mut person = Person::new();
    let picker = person.go(&format!("{}/foo/", demo.url));
    LocalProvider::sign_in(&mut person, &picker, "ada");
    let upgrade = |origin: &str| {
        Request::get(&format!("{}/foo/echo", demo.url))
            .with("Connection", "Upgrade")
            .with("Upgrade", "websocket")
            .with("Sec-WebSocket-Version", "13")
            .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .with("Origin", origin)
    };
    let opened = person.send(upgrade(&demo.url));
    assert_eq!(opened.status, 101);
    assert_eq!(
        opened.field("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert_eq!(person.send(upgrade("https://evil.example.com")).status, 403);
    assert_eq!(Person::new().send(upgrade(&demo.url)).status, 401);
}

#[test]
fn ctrl_c_stops_everything_cleanly() {
    let mut demo = Demo::start(&[]);
    demo.process().signal(Signal::Interrupt);
    assert!(demo.process().wait().success());
}

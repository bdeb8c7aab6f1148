//! `vestibule demo`, both ways, as its first visitor meets it.

use std::thread;

use serde_json::Value;
use vestibule_e2e::http::Request;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::process::Signal;
use vestibule_e2e::program::{Demo, vestibule};
use vestibule_e2e::scene::eventually;

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

/// What the list promises is what somebody sees who tries it: on the page they end on, or in the log.
#[test]
fn each_fault_of_the_list_shows_its_finding() {
    let list = vestibule(&["demo", "--fault", "list"]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let mut faults: Vec<(String, Vec<String>)> = Vec::new();
    for line in list.lines() {
        let (name, finding) = line.split_once("VST-").unwrap();
        let code = format!("VST-{}", finding.split(':').next().unwrap());
        match (name.trim(), faults.last_mut()) {
            ("", Some((_, codes))) => codes.push(code),
            (name, _) => faults.push((name.to_owned(), vec![code])),
        }
    }
    // Numbers differ in nothing but their number; one stands for all that have no better finding.
    let is_plain = |codes: &[String]| codes.iter().all(|code| code.starts_with("VST-AADSTS-"));
    faults.retain(|(name, codes)| !is_plain(codes) || name == "token-error-50076");
    assert!(faults.len() > 20, "{faults:?}");
    thread::scope(|scope| {
        for part in faults.chunks(faults.len().div_ceil(6)) {
            scope.spawn(|| part.iter().for_each(shows));
        }
    });
}

/// Somebody who tries the fault sees its findings.
fn shows((name, codes): &(String, Vec<String>)) {
    let mut demo = Demo::start(&["--fault", name]);
    let mut seen = String::new();
    let accounts = match codes.iter().any(|code| code.ends_with("-PERSONAL")) {
        true => &["ada", "pia"][..],
        false => &["ada"],
    };
    for account in accounts {
        let mut person = Person::new();
        let mut page = person.go(&format!("{}/foo/", demo.url));
        // Some errors come before the provider asks who it is.
        if page.status == 200 && page.url.starts_with(&demo.provider_url) {
            page = LocalProvider::sign_in(&mut person, &page, account);
        }
        seen.push_str(&page.text());
        if page.status == 200 {
            let whoami = person.go(&format!("{}/foo/whoami", demo.url));
            seen.push_str(&whoami.text());
        }
    }
    eventually(&format!("{name} shows {codes:?}: {seen}"), || {
        // What it says at its start is only the promise.
        let log = demo.process().lines().into_iter();
        let log = log.filter(|line| line.contains(" WARN ") || line.contains(" ERROR "));
        let all = log.fold(seen.clone(), |all, line| all + &line);
        codes.iter().all(|code| all.contains(code.as_str()))
    });
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
fn the_bare_address_leads_to_the_page() {
    let demo = Demo::start(&[]);
    let mut person = Person::new();
    let reply = person.send(Request::get(&format!("{}/", demo.url)));
    assert_eq!(
        (reply.status, reply.field("location")),
        (302, Some("/foo/"))
    );
    let icon = person.send(Request::get(&format!("{}/favicon.ico", demo.url)));
    assert_eq!(icon.status, 404);
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

//! No secret in the log, at any level and in either format, nor on a page of ours.

use std::collections::BTreeSet;

use serde_json::json;
use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::form;
use vestibule_e2e::http::{self, Request};
use vestibule_e2e::http2;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::process::Signal;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::relay::Relay;
use vestibule_e2e::scene::{Scene, configuration, eventually};
use vestibule_e2e::upstream::Upstream;

/// Shorter values could stand in a log by accident.
const LEAST: usize = 16;

/// A scene whose token endpoint is reached through the relay, which sees what nobody else does.
fn watched(log: &str) -> (Scene, Relay) {
    let provider = LocalProvider::start();
    let relay = Relay::start(&provider.url(), None);
    let metadata = http::send(&Request::get(provider.fact("metadata_url"))).json();
    let endpoint = metadata["token_endpoint"].as_str().unwrap();
    let endpoint = endpoint.replace(&provider.url(), &relay.url);
    provider.fault(
        &json!({ "kind": "discovery-member", "member": "token_endpoint", "value": endpoint }),
    );
    let upstream = Upstream::start();
    let toml = configuration(
        &provider,
        &upstream,
        "store = \"file:{folder}/sessions\"",
        log,
    );
    let secret = provider.fact("client_secret").to_owned();
    let proxy = Proxy::reserve("http").start(&toml, &[("secret", &secret)]);
    let scene = Scene {
        provider,
        upstream,
        proxy,
        toml,
    };
    (scene, relay)
}

/// Everything a person can do that involves a secret; and some that bring one that is no good.
fn live(scene: &Scene) -> Person {
    let provider = &scene.provider;
    provider.fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
    let mut person = Person::new();
    assert_eq!(scene.sign_in(&mut person, "ada").status, 200);
    assert_eq!(person.fetch(&scene.url("/app/refreshed")).status, 200);
    assert_eq!(provider.count("token.refresh_token"), 1);
    assert_eq!(
        person.fetch(&scene.url("/.vestibule/me")).json()["signed_in"],
        true
    );

    for query in [
        "code=canary-of-a-refused-code&state=canary-of-a-refused-state",
        "code=canary-of-a-refused-code&code=canary-of-a-second-code&state=s",
        "error=access_denied&error_description=fine&state=canary-of-a-refused-state",
    ] {
        // Who is signed in already is led on to the app.
        let mut stranger = Person::new();
        let page = stranger.go(&scene.url(&format!("/.vestibule/callback?{query}")));
        assert!((400..500).contains(&page.status), "{query}: {page:?}");
        person.history.append(&mut stranger.history);
    }
    for fault in [
        json!({ "kind": "wrong-nonce", "times": 1 }),
        json!({ "kind": "bad-signature", "token": "id-token", "times": 1 }),
        json!({ "kind": "wrong-state", "times": 1 }),
        json!({ "kind": "token-error", "error": "invalid_client", "aadsts": 7_000_215, "times": 1 }),
        json!({ "kind": "hang-up", "endpoint": "token", "times": 1 }),
    ] {
        provider.fault(&fault);
        let mut stranger = Person::new();
        let page = scene.sign_in(&mut stranger, "ada");
        assert!(page.status >= 400, "{fault}: {page:?}");
        provider.control("DELETE", "/faults", &serde_json::Value::Null);
        person.history.append(&mut stranger.history);
    }
    for (name, value) in [
        ("Authorization", "Bearer canary-of-a-bearer-token"),
        ("Authorization", "Basic Y2FuYXJ5LW9mLWJhc2lj"),
        ("Cookie", "vestibule=canary-of-a-foreign-cookie"),
        ("X-Any", "canary-of-a-request-field"),
    ] {
        let url = scene.url("/app/?secret=canary-of-a-request-query");
        let refused = http::send(&Request::get(&url).with(name, value));
        assert_eq!(refused.status, 401, "{name}: {value}");
        person.history.push(refused);
    }
    let asked = person.go(&scene.url("/.vestibule/sign-out"));
    person.submit(&asked, asked.form());
    person
}

/// What must be found nowhere.
fn canaries(scene: &Scene, relay: &Relay, person: &Person) -> BTreeSet<String> {
    let mut canaries = BTreeSet::from([
        scene.provider.fact("client_secret").to_owned(),
        "canary-of".to_owned(),
        "Y2FuYXJ5LW9mLWJhc2lj".to_owned(),
    ]);
    let mut seen = BTreeSet::new();
    for exchange in relay.seen() {
        let body = String::from_utf8_lossy(&exchange.request.body).into_owned();
        for (name, value) in pairs(&body) {
            if ["code", "code_verifier", "refresh_token", "client_secret"].contains(&name.as_str())
            {
                seen.insert(format!("sent {name}"));
                canaries.insert(value);
            }
        }
        canaries.extend(exchange.request.all("authorization").map(str::to_owned));
        if exchange.reply.status == 200 {
            for name in ["access_token", "id_token", "refresh_token"] {
                let answer = exchange.reply.json();
                let token = answer[name].as_str().unwrap_or_default();
                seen.insert(format!("got {name}"));
                canaries.insert(token.to_owned());
                // Neither the claims nor the signature alone.
                canaries.extend(token.split('.').skip(1).map(str::to_owned));
            }
        }
    }
    for reply in &person.history {
        let location = reply.field("location").unwrap_or_default();
        for query in [location, reply.url.as_str()] {
            for (name, value) in pairs(query.split_once('?').map_or("", |(_, query)| query)) {
                let secret = ["code", "state", "nonce", "code_challenge", "id_token_hint"];
                if secret.contains(&name.as_str()) {
                    seen.insert(name);
                    canaries.insert(value);
                }
            }
        }
        if reply.url.starts_with(&scene.proxy.url) {
            for line in reply.all("set-cookie") {
                let pair = line.split(';').next().unwrap();
                seen.insert("cookie".to_owned());
                canaries.insert(pair.split_once('=').unwrap().1.to_owned());
            }
        }
    }
    for expected in [
        "sent code",
        "sent code_verifier",
        "sent refresh_token",
        "got access_token",
        "got id_token",
        "got refresh_token",
        "state",
        "nonce",
        "code",
        "cookie",
    ] {
        assert!(
            seen.contains(expected),
            "no {expected} to look for: {seen:?}"
        );
    }
    canaries.retain(|canary| canary.len() >= LEAST || canary == "canary-of");
    canaries
}

fn pairs(form: &str) -> Vec<(String, String)> {
    form.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), form::decode(value)))
        .collect()
}

/// The rule of mod_auth_openidc's change log of August 2026: codes, tokens and cookie values were in
/// its log.
#[test]
fn log_canary_no_secret_is_in_the_log_or_on_a_page() {
    for (level, format) in [("debug", "json"), ("trace", "text")] {
        let log = format!("[log]\nlevel = \"{level}\"\nformat = \"{format}\"");
        let (mut scene, relay) = watched(&log);
        let person = live(&scene);
        eventually("the last request is in the log", || {
            let log = scene.proxy.log();
            log.iter()
                .any(|line| line.contains("/.vestibule/signed-out"))
        });
        scene.proxy.process().signal(Signal::Terminate);
        assert!(scene.proxy.process().wait().success());

        let log = scene.proxy.log().join("\n");
        assert!(log.contains("/app/refreshed"), "{log}");
        let canaries = canaries(&scene, &relay, &person);
        for canary in &canaries {
            assert!(
                !log.contains(canary),
                "{level}: {canary} is in the log:\n{log}"
            );
            let encoded = form::encode(canary);
            assert!(
                !log.contains(&encoded),
                "{level}: {encoded} is in the log:\n{log}"
            );
        }
        // What the upstream says is the upstream's; everything else we wrote ourselves.
        let ours = person.history.iter().filter(|reply| {
            let path = reply.url.strip_prefix(&scene.proxy.url);
            path.is_some_and(|path| !path.starts_with("/app") || reply.status != 200)
        });
        let mut looked_at = 0;
        for reply in ours {
            looked_at += 1;
            let page = reply.page();
            for canary in &canaries {
                assert!(
                    !page.contains(canary),
                    "{canary} is on {}: {page}",
                    reply.url
                );
            }
        }
        assert!(looked_at > 10, "{looked_at}");
    }
}

/// HTTP/2 has a library of its own below it, which could write down what it reads and sends.
#[test]
fn log_canary_no_secret_is_in_the_log_over_http_2() {
    let certificate = Certificate::new();
    let reservation = Proxy::reserve("https");
    let provider = LocalProvider::with_redirect_uri(&reservation.redirect_uri());
    let upstream = http2::Upstream::start();
    let toml = format!(
        "public_url = \"{{url}}\"\nlisten = \"{{listen}}\"\n\
         tls = {{ certificate = \"cert.pem\", key = \"file:key.pem\" }}\n\
         [session]\nstore = \"memory\"\n[log]\nlevel = \"trace\"\n{}\n\
         [[route]]\npath = \"/\"\nupstream = \"{}\"\nupstream_protocol = \"h2c\"\n\
         access_token = {{ scope = \"{}/.default\" }}\nauthorization = \"bearer\"\n",
        provider.toml(),
        upstream.url,
        provider.fact("api")
    );
    let files = [
        ("secret", provider.fact("client_secret")),
        ("cert.pem", &certificate.pem),
        ("key.pem", &certificate.key_pem),
    ];
    let mut proxy = reservation.start(&toml, &files);
    let mut person = Person {
        trust: Some(certificate.clone()),
        ..Person::new()
    };
    let picker = person.go(&proxy.url);
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let cookie = person.jar.field(&proxy.url).unwrap();
    let own = Request::get(&format!("{}/own", proxy.url))
        .with("cookie", &cookie)
        .with("sec-fetch-site", "same-origin");
    let forged = Request::get(&format!("{}/forged", proxy.url))
        .with("cookie", "__Host-vestibule=canary-of-a-cookie")
        .with("authorization", "Bearer canary-of-a-token");
    let replies = http2::send(&[own, forged], &certificate);
    assert_eq!(
        replies.iter().map(|reply| reply.status).collect::<Vec<_>>(),
        [200, 401]
    );
    proxy.process().signal(Signal::Terminate);
    assert!(proxy.process().wait().success());

    let log = proxy.log().join("\n");
    assert!(log.contains("TRACE") && log.contains("/forged"), "{log}");
    let received = upstream.received();
    let bearer = received.last().unwrap().field("authorization").unwrap();
    let handle = cookie.split_once('=').unwrap().1;
    for canary in [
        handle,
        bearer,
        &bearer["Bearer ".len()..],
        "canary-of",
        "eyJ",
    ] {
        assert!(!log.contains(canary), "{canary} is in the log:\n{log}");
    }
}

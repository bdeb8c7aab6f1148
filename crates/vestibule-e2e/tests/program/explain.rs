//! `vestibule explain` on the tokens an upstream really gets.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use vestibule_e2e::person::Person;
use vestibule_e2e::program::vestibule;
use vestibule_e2e::scene::Scene;

/// Runs the command in the folder of the scene's configuration, with this on its standard input.
fn explain(scene: &Scene, input: &str, arguments: &[&str]) -> Output {
    let mut child = vestibule(&["explain"])
        .args(arguments)
        .current_dir(scene.proxy.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Nothing of a token is in what was printed.
fn assert_silent(output: &Output, token: &str) {
    let said = said(output);
    for part in token.split('.').filter(|part| part.len() > 12) {
        assert!(
            !said.contains(part),
            "a part of the token is shown:\n{said}"
        );
    }
}

/// The access token that the upstream gets of `account`.
fn passed_on(scene: &Scene, account: &str) -> String {
    let mut person = Person::new();
    let page = scene.sign_in(&mut person, account);
    assert_eq!(page.status, 200, "{}", page.text());
    let received = scene.upstream.received();
    let last = received.last().unwrap();
    last.field("oidc_access_token").unwrap().to_owned()
}

const CONFIG: [&str; 4] = ["--config", "vestibule.toml", "--route", "/app"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    CONFIG.iter().chain(more).copied().collect()
}

#[test]
fn a_good_token_passes_every_check_online() {
    let scene = Scene::start();
    let token = passed_on(&scene, "ada");
    let output = explain(&scene, &token, &with(&["--online"]));
    assert_silent(&output, &token);
    let text = said(&output);
    assert!(text.contains("accepts it: every check passes"), "{text}");
    assert_eq!(output.status.code(), Some(0), "{text}");
}

#[test]
fn without_online_nothing_is_asked() {
    let scene = Scene::start();
    let token = passed_on(&scene, "ada");
    let asked = |scene: &Scene| {
        (
            scene.provider.count("keys"),
            scene.provider.count("discovery"),
        )
    };
    let before = asked(&scene);
    let output = explain(&scene, &token, &CONFIG);
    assert!(
        said(&output).contains("not checked   signature"),
        "{}",
        said(&output)
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(asked(&scene), before);
}

#[test]
fn each_fault_of_the_provider_is_found_in_its_token() {
    let scene = Scene::start();
    for (fault, code, check) in [
        (
            json!({ "kind": "wrong-audience", "token": "access-token" }),
            "VST-TOKEN-AUDIENCE",
            "audience",
        ),
        (
            json!({ "kind": "wrong-issuer", "token": "access-token" }),
            "VST-TOKEN-ISSUER",
            "issuer",
        ),
        (
            json!({ "kind": "bad-signature", "token": "access-token" }),
            "VST-KEYS-SIGNATURE",
            "signature",
        ),
        (
            json!({ "kind": "unpublished-key", "token": "access-token" }),
            "VST-KEYS-KID-MISSING",
            "signature",
        ),
        (
            json!({ "kind": "expired", "token": "access-token" }),
            "VST-TIME-EXPIRED",
            "expiry",
        ),
        (
            json!({ "kind": "not-yet-valid", "token": "access-token" }),
            "VST-TIME-NOT-YET",
            "start",
        ),
        (
            json!({ "kind": "alg-none", "token": "access-token" }),
            "VST-TOKEN-UNSIGNED",
            "form",
        ),
        (
            json!({ "kind": "opaque-access-token" }),
            "VST-TOKEN-OPAQUE",
            "form",
        ),
    ] {
        let mut fault = fault;
        fault["times"] = 1.into();
        scene.provider.fault(&fault);
        let token = passed_on(&scene, "ada");
        let output = explain(&scene, &token, &with(&["--online", "--json"]));
        assert_silent(&output, &token);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["findings"][0]["code"], code, "{fault}: {report:#}");
        let checks = report["subject"]["apis"][0]["checks"].as_array().unwrap();
        let fails: Vec<_> = checks
            .iter()
            .filter(|check| check["outcome"] == "fails")
            .map(|check| check["check"].as_str().unwrap())
            .collect();
        assert_eq!(fails, [check], "{fault}: {report:#}");
        assert_eq!(output.status.code(), Some(1), "{fault}");
    }
}

#[test]
fn what_can_be_said_without_the_issuer_is_said_and_so_is_that_it_was_not_asked() {
    let scene = Scene::start();
    let token = passed_on(&scene, "ada");
    let status = json!({ "kind": "status", "endpoint": "discovery", "status": 503 });
    let hang_up = json!({ "kind": "hang-up", "endpoint": "keys" });
    for (fault, why) in [(status, "status 503"), (hang_up, "failed to")] {
        scene.provider.fault(&fault);
        let output = explain(&scene, &token, &with(&["--online", "--json"]));
        scene.provider.control("DELETE", "/faults", &Value::Null);
        assert_silent(&output, &token);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let subject = &report["subject"];
        let reason = subject["not_asked"].as_str().unwrap();
        assert!(reason.contains(why), "{fault}: {reason}");
        assert_eq!(subject["apis"][0]["checks"][1]["outcome"], "not-checked");
        assert_eq!(subject["apis"][0]["checks"][3]["outcome"], "passes");
    }
    // What is wrong with the token itself is said all the same.
    scene
        .provider
        .fault(&json!({ "kind": "opaque-access-token", "times": 1 }));
    let opaque = passed_on(&scene, "ada");
    let output = explain(&scene, &opaque, &["--online", "--audience", "x", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"][0]["code"], "VST-TOKEN-OPAQUE");
    assert!(report["subject"]["not_asked"].is_string());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_key_of_the_apps_own_is_found_by_asking_for_it() {
    let scene = Scene::start();
    scene
        .provider
        .fault(&json!({ "kind": "app-key", "token": "access-token", "times": 1 }));
    let token = passed_on(&scene, "ada");
    let output = explain(&scene, &token, &with(&["--online", "--json"]));
    assert_silent(&output, &token);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "VST-KEYS-APP", "{report:#}");
    let api = scene.provider.fact("api").trim_start_matches("api://");
    let line = finding["change"][1]["line"].as_str().unwrap();
    assert!(line.ends_with(&format!("?appid={api}\"")), "{line}");
}

#[test]
fn a_clock_that_is_wrong_shows_online() {
    let scene = Scene::start();
    let token = passed_on(&scene, "ada");
    scene
        .provider
        .fault(&json!({ "kind": "clock-offset", "seconds": 600 }));
    let output = explain(&scene, &token, &with(&["--online", "--json"]));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        report["findings"][0]["code"], "VST-TIME-CLOCK",
        "{report:#}"
    );
    // A time that was named is no clock.
    let now = report["subject"]["issued_at"]["unix"].to_string();
    let output = explain(
        &scene,
        &token,
        &with(&["--online", "--json", "--now", &now]),
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"], json!([]), "{report:#}");
}

/// A token that was got before the setting was changed.
#[test]
fn a_setting_that_is_right_already_is_not_told_as_the_cure() {
    let scene = Scene::start();
    let api = scene.provider.fact("api").to_owned();
    let line = format!("access_token = {{ scope = \"{api}/.default\" }}");
    let whole = scene.toml.clone();
    let broken = whole.replace(&line, "access_token = \"sign-in\"");
    scene.proxy.reload(&broken, "reloaded the configuration");
    let token = passed_on(&scene, "ada");
    scene.proxy.reload(&whole, "reloaded the configuration");
    let output = explain(&scene, &token, &with(&["--json"]));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "VST-TOKEN-GRAPH", "{report:#}");
    let cure = finding["change"][0]["text"].as_str().unwrap();
    assert!(cure.contains("sign in again"), "{report:#}");
}

/// The story: no scope of the API, a token nobody but Graph can read, the one line that cures it.
#[test]
fn the_cure_that_is_printed_cures() {
    let scene = Scene::start();
    let api = scene.provider.fact("api").to_owned();
    let line = format!("access_token = {{ scope = \"{api}/.default\" }}");
    let whole = scene.toml.clone();
    assert!(whole.contains(&line), "{whole}");
    let broken = whole.replace(&line, "access_token = \"sign-in\"");
    scene.proxy.reload(&broken, "reloaded the configuration");
    for (account, code) in [
        ("ada", "VST-TOKEN-GRAPH"),
        ("pia", "VST-TOKEN-OPAQUE-PERSONAL"),
    ] {
        let token = passed_on(&scene, account);
        let output = explain(&scene, &token, &["--audience", &api, "--json"]);
        assert_silent(&output, &token);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["findings"][0]["code"], code, "{report:#}");
        assert_eq!(output.status.code(), Some(1));
        let change = &report["findings"][0]["change"][0];
        assert_eq!(change["line"].as_str(), Some(line.as_str()), "{report:#}");
        // What was printed is what is written.
        let cured = broken.replace(
            "access_token = \"sign-in\"",
            change["line"].as_str().unwrap(),
        );
        assert_eq!(cured, whole);
    }
    scene.proxy.reload(&whole, "reloaded the configuration");
    let token = passed_on(&scene, "ada");
    let output = explain(&scene, &token, &with(&["--online"]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

/// What the command says of a request is what the proxy sends.
#[test]
fn the_headers_it_tells_are_those_the_upstream_gets() {
    let scene = Scene::start();
    let person = scene.signed_in("ada");
    drop(person);
    let received = scene.upstream.received();
    let got: Vec<_> = received
        .last()
        .unwrap()
        .fields
        .iter()
        .map(|(name, _)| name.to_lowercase())
        .filter(|name| {
            name.starts_with("x-forwarded") || name == "authorization" || name == "forwarded"
        })
        .collect();
    std::fs::write(
        scene.proxy.folder().join("claims.json"),
        "{ \"upn\": \"ada\" }",
    )
    .unwrap();
    let arguments = [
        "--config",
        "vestibule.toml",
        "--request",
        "GET /app/",
        "--session-claims",
        "claims.json",
        "--json",
    ];
    let output = explain(&scene, "", &arguments);
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    let told: Vec<_> = report["subject"]["upstream"]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| header["name"].as_str().unwrap().to_lowercase())
        .filter(|name| {
            name.starts_with("x-forwarded") || name == "authorization" || name == "forwarded"
        })
        .collect();
    assert_eq!(told, got);
}

/// What depends on the provider's answer is decided as the proxy decides it, or said not to be known.
#[test]
fn a_rule_on_scopes_is_decided_as_in_the_proxy() {
    let scene = Scene::start();
    let read = format!("{}/read", scene.provider.fact("api"));
    let mut toml = scene.toml.clone();
    for (path, rule) in [
        ("/openid", "{ scopes = \"openid\" }".to_owned()),
        ("/read", format!("{{ scopes = \"{read}\" }}")),
        ("/other", "{ scopes = \"api://other/read\" }".to_owned()),
    ] {
        toml.push_str(&format!(
            "\n[[route]]\npath = \"{path}\"\nupstream = \"{}\"\nrequire = {rule}\n",
            scene.upstream.url
        ));
    }
    scene.proxy.reload(&toml, "reloaded the configuration");
    let mut person = scene.signed_in("ada");
    let claims = scene.proxy.folder().join("claims.json");
    std::fs::write(claims, "{ \"upn\": \"ada\" }").unwrap();
    let decided = |path: &str, more: &[&str]| {
        let line = format!("GET {path}/");
        let fixed = [
            "--config",
            "vestibule.toml",
            "--session-claims",
            "claims.json",
            "--json",
            "--request",
            &line,
        ];
        let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        let output = explain(&scene, "", &arguments);
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        report["subject"]["decision"].as_str().unwrap().to_owned()
    };
    for (path, told) in [
        ("/openid", "forbid"),
        ("/read", "unknown"),
        ("/other", "forbid"),
    ] {
        assert_eq!(decided(path, &[]), told, "{path}");
        let status = person.go(&scene.url(&format!("{path}/"))).status;
        // With what the provider said, it is known.
        let granted = ["--granted", &read];
        let expected = if status == 200 { "forward" } else { "forbid" };
        assert_eq!(decided(path, &granted), expected, "{path} {status}");
    }
}

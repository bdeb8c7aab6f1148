//! What is wrong has one name everywhere: on the page or in the 401, in the log, and when somebody shows the page to
//! `vestibule explain`.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use vestibule_e2e::http::{self, Reply, Request};
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::{Scene, configuration, eventually};
use vestibule_e2e::upstream::Upstream;
use vestibule_e2e::{place, program};

/// What `vestibule explain` finds first in a text.
fn explained(text: &str) -> Value {
    let mut command = program::vestibule(&["explain", "--json", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let report: Value = serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{said} {}", String::from_utf8_lossy(&output.stderr)));
    report["findings"][0].clone()
}

/// The page without its tags, as people select and copy it.
fn copied(page: &Reply) -> String {
    let html = page.text();
    let body = html.split("<main>").nth(1).unwrap_or(&html);
    let mut text = String::new();
    for (at, part) in body.split(['<', '>']).enumerate() {
        text.push_str(if at % 2 == 0 { part } else { " " });
    }
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    references
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

/// The log's lines since then that name this.
fn logged(proxy: &Proxy, from: usize, code: &str) -> Vec<String> {
    let log = proxy.log();
    let lines = log.into_iter().skip(from);
    lines.filter(|line| line.contains(code)).collect()
}

/// The code of the page's first finding.
fn shown(page: &Reply) -> String {
    let text = copied(page);
    text.split(|char: char| !char.is_ascii_alphanumeric() && char != '-')
        .find(|word| word.starts_with("VST-"))
        .map_or(text.clone(), str::to_owned)
}

fn token_error(error: &str, number: u32) -> Value {
    json!({ "kind": "token-error", "error": error, "aadsts": number })
}

fn authorize_error(error: &str, number: u32) -> Value {
    json!({ "kind": "authorize-error", "error": error, "aadsts": number })
}

fn id_token(kind: &str) -> Value {
    json!({ "kind": kind, "token": "id-token" })
}

#[test]
fn a_fault_has_the_same_code_on_the_page_in_the_log_and_in_explain() {
    let scene = Scene::start();
    let mut wrong = Vec::new();
    for (fault, code) in [
        (
            token_error("invalid_client", 7_000_215),
            "VST-AADSTS-7000215",
        ),
        (
            token_error("invalid_client", 7_000_222),
            "VST-CLIENT-SECRET-EXPIRED",
        ),
        (token_error("unauthorized_client", 700_016), "VST-CLIENT-ID"),
        (
            token_error("invalid_client", 7_000_218),
            "VST-AADSTS-7000218",
        ),
        (token_error("invalid_client", 700_025), "VST-CLIENT-PUBLIC"),
        (
            token_error("invalid_client", 7_000_110),
            "VST-AADSTS-7000110",
        ),
        (token_error("invalid_client", 700_027), "VST-AADSTS-700027"),
        (
            token_error("invalid_request", 9_002_327),
            "VST-REDIRECT-SPA",
        ),
        (token_error("invalid_grant", 65_001), "VST-SCOPE-CONSENT"),
        (token_error("invalid_grant", 53_003), "VST-SCOPE-BLOCKED"),
        (
            token_error("interaction_required", 50_076),
            "VST-AADSTS-50076",
        ),
        (token_error("invalid_grant", 70_008), "VST-AADSTS-70008"),
        (
            authorize_error("access_denied", 50_105),
            "VST-SCOPE-ASSIGNMENT",
        ),
        (
            authorize_error("access_denied", 90_094),
            "VST-SCOPE-ADMIN-APPROVAL",
        ),
        (
            authorize_error("unsupported_response_type", 700_054),
            "VST-AADSTS-700054",
        ),
        (json!({ "kind": "wrong-nonce" }), "VST-COOKIE-NONCE"),
        (json!({ "kind": "wrong-state" }), "VST-COOKIE-STATE-MISSING"),
        (id_token("bad-signature"), "VST-KEYS-SIGNATURE"),
        (id_token("foreign-key"), "VST-KEYS-CLOUD"),
        (id_token("alg-none"), "VST-TOKEN-UNSIGNED"),
        (id_token("hmac-with-public-key"), "VST-TOKEN-ALGORITHM"),
        (id_token("wrong-issuer"), "VST-TOKEN-ISSUER"),
        (id_token("wrong-audience"), "VST-TOKEN-AUDIENCE"),
        (id_token("expired"), "VST-TIME-EXPIRED"),
        (id_token("not-yet-valid"), "VST-TIME-NOT-YET"),
        (id_token("unpublished-key"), "VST-KEYS-KID-MISSING"),
        (
            json!({ "kind": "clock-offset", "seconds": 600 }),
            "VST-TIME-CLOCK",
        ),
        (
            json!({ "kind": "clock-offset", "seconds": -7200 }),
            "VST-TIME-CLOCK",
        ),
    ] {
        let from = scene.proxy.log().len();
        scene.provider.fault(&fault);
        let mut person = Person::new();
        let mut page = person.go(&scene.url("/app/"));
        // Some errors come before the provider asks who it is.
        if page.status == 200 {
            page = LocalProvider::sign_in(&mut person, &page, "ada");
        }
        scene.provider.control("DELETE", "/faults", &Value::Null);
        wrong.extend(differences(&fault, code, &scene.proxy, from, &page));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where page, log and what `explain` makes of them don't have this code.
fn differences(fault: &Value, code: &str, proxy: &Proxy, from: usize, page: &Reply) -> Vec<String> {
    assert!(page.status >= 400, "{fault}: {page:?}");
    if shown(page) != code {
        return vec![format!("{fault}: {} and not {code}", shown(page))];
    }
    let incident = page
        .text()
        .split("Incident</dt><dd><code>")
        .nth(1)
        .and_then(|rest| rest.get(..19).map(str::to_owned))
        .unwrap();
    eventually("the log tells", || {
        let lines = logged(proxy, from, &incident);
        lines.iter().any(|line| line.contains(code))
    });
    let line = logged(proxy, from, &incident).join("\n");
    let mut wrong = Vec::new();
    for text in [copied(page), page.text(), line] {
        let finding = explained(&text);
        if finding["code"] != code {
            wrong.push(format!(
                "{fault}: explained as {finding}, not {code}: {text}"
            ));
        }
    }
    wrong
}

#[test]
fn what_is_wrong_when_the_program_starts_has_the_same_code_on_the_page_in_the_log_and_in_explain() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let secret = provider.fact("client_secret").to_owned();
    let toml = configuration(&provider, &upstream, "store = \"memory\"", "");
    let status = |endpoint: &str, status: u16| json!({ "kind": "status", "endpoint": endpoint, "status": status });
    let body = |endpoint: &str, shape: &str| json!({ "kind": "body", "endpoint": endpoint, "shape": shape });
    let member = |member: &str, value: Value| json!({ "kind": "discovery-member", "member": member, "value": value });
    let hang_up = |endpoint: &str| json!({ "kind": "hang-up", "endpoint": endpoint });
    let mut wrong = Vec::new();
    for (fault, code) in [
        (hang_up("discovery"), "VST-KEYS-UNREACHABLE"),
        (status("discovery", 503), "VST-KEYS-METADATA"),
        (status("discovery", 404), "VST-KEYS-NO-METADATA"),
        (body("discovery", "html"), "VST-KEYS-METADATA"),
        (body("discovery", "truncated"), "VST-KEYS-METADATA"),
        (body("discovery", "empty"), "VST-KEYS-METADATA"),
        (body("discovery", "empty-object"), "VST-KEYS-METADATA"),
        (
            member("issuer", "https://issuer.invalid/v2.0".into()),
            "VST-KEYS-ISSUER",
        ),
        (member("token_endpoint", Value::Null), "VST-KEYS-METADATA"),
        (hang_up("keys"), "VST-KEYS-UNREACHABLE"),
        (status("keys", 404), "VST-KEYS-NOT-KEYS"),
        (body("keys", "html"), "VST-KEYS-NOT-KEYS"),
        (body("keys", "empty-object"), "VST-KEYS-NOT-KEYS"),
        (
            json!({ "kind": "keys-without-signer" }),
            "VST-KEYS-KID-MISSING",
        ),
    ] {
        provider.fault(&fault);
        let proxy = Proxy::reserve("http").start(&toml, &[("secret", &secret)]);
        // It is told when it is seen, before anybody signs in.
        if code != "VST-KEYS-KID-MISSING" {
            let finding = format!("finding=\"{code}\"");
            eventually(&format!("{fault}: {finding} in the log"), || {
                !logged(&proxy, 0, &finding).is_empty()
            });
            let lines = logged(&proxy, 0, &finding);
            assert_eq!(explained(&lines.join("\n"))["code"], code, "{lines:?}");
        }
        let from = proxy.log().len();
        let mut person = Person::new();
        let mut page = person.go(&format!("{}/app/", proxy.url));
        if page.status == 200 {
            page = LocalProvider::sign_in(&mut person, &page, "ada");
        }
        provider.control("DELETE", "/faults", &Value::Null);
        wrong.extend(differences(&fault, code, &proxy, from, &page));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_head_that_is_too_large_for_the_upstream_is_told_with_its_size() {
    for status in ["431", "400"] {
        let scene = Scene::start();
        scene
            .provider
            .fault(&json!({ "kind": "oversize-token", "token": "access-token", "bytes": 20_000 }));
        let mut person = Person::new();
        let picker = person.go(&scene.url("/.vestibule/sign-in?return_to=/public/"));
        let page = LocalProvider::sign_in(&mut person, &picker, "ada");
        assert_eq!(page.status, 200, "{}", page.text());
        let from = scene.proxy.log().len();
        for _ in 0..2 {
            let refused = person.fetch(&scene.url(&format!("/app/at-most-16k/{status}")));
            assert_eq!(refused.status.to_string(), status, "{refused:?}");
            assert!(refused.text().contains("<title>no</title>"), "{refused:?}");
        }
        let code = "VST-HEADER-TOO-LARGE";
        eventually("the log tells", || {
            !logged(&scene.proxy, from, code).is_empty()
        });
        let lines = logged(&scene.proxy, from, code);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(
            lines[0].contains("head_bytes=") && lines[0].contains("largest_field="),
            "{lines:?}"
        );
        assert_eq!(explained(&lines.join("\n"))["code"], code, "{lines:?}");
        // Where the upstream says nothing, the person and the program meet the finding.
        let silent = scene.url(&format!("/app/at-most-16k-silent/{status}"));
        let page = person.go(&silent);
        assert_eq!(page.status.to_string(), status, "{page:?}");
        assert_eq!(shown(&page), code, "{}", page.text());
        assert_eq!(explained(&copied(&page))["code"], code);
        assert!(page.text().contains("Sign in as someone else"));
        let body: Value = serde_json::from_str(&person.fetch(&silent).text()).unwrap();
        assert_eq!(body["error"], "upstream_refused_head", "{body}");
        assert_eq!(body["findings"][0]["code"], code, "{body}");
        // The same answer to a small head is the app's own.
        let from = scene.proxy.log().len();
        let own = Person::new().fetch(&scene.url(&format!("/public/answer/{status}")));
        assert_eq!(own.status.to_string(), status);
        if status == "400" {
            assert!(logged(&scene.proxy, from, "VST-").is_empty());
        }
    }
}

/// What the next attempt would bring again is not said to be over, and nobody is sent back to it at once.
#[test]
fn a_page_does_not_invite_to_what_would_fail_again() {
    let scene = Scene::start();
    for (number, again) in [(65_001, false), (50_196, false), (70_008, true)] {
        scene.provider.fault(&token_error("invalid_grant", number));
        let mut person = Person::new();
        let picker = person.go(&scene.url("/app/"));
        let page = LocalProvider::sign_in(&mut person, &picker, "ada").text();
        scene.provider.control("DELETE", "/faults", &Value::Null);
        assert_eq!(page.contains("no longer valid"), again, "{number}: {page}");
        assert_eq!(page.contains(">Start again<"), again, "{number}: {page}");
        assert_eq!(
            page.contains(">Try again later<"),
            !again,
            "{number}: {page}"
        );
    }
}

#[test]
fn an_upstream_that_is_down_has_its_finding_on_the_page_and_in_the_log_and_its_address_in_the_log_alone()
 {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let secret = provider.fact("client_secret").to_owned();
    let nobody = format!("127.0.0.1:{}", place::free_port());
    let toml = configuration(&provider, &upstream, "store = \"memory\"", "")
        .replace(&upstream.url, &format!("http://{nobody}"));
    let proxy = Proxy::reserve("http").start(&toml, &[("secret", &secret)]);
    let mut person = Person::new();
    let picker = person.go(&format!("{}/app/", proxy.url));
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    assert_eq!(page.status, 502, "{}", page.text());
    let code = "VST-UPSTREAM-UNREACHABLE";
    assert_eq!(shown(&page), code);
    assert!(!page.text().contains(&nobody), "{}", page.text());
    eventually("the log tells", || !logged(&proxy, 0, code).is_empty());
    let line = logged(&proxy, 0, code).join("\n");
    assert!(line.contains(&format!("finding=\"{code}\"")), "{line}");
    assert!(line.contains(&nobody), "{line}");
}

#[test]
fn a_token_no_upstream_can_use_is_one_line_for_all_who_sign_in_and_a_number() {
    let admin = format!("127.0.0.1:{}", place::free_port());
    let top = format!("[admin]\nlisten = \"{admin}\"");
    let scene = Scene::with("store = \"memory\"", &top);
    for (fault, code) in [
        (json!({ "kind": "opaque-access-token" }), "VST-TOKEN-OPAQUE"),
        (
            json!({ "kind": "wrong-audience", "token": "access-token" }),
            "VST-TOKEN-AUDIENCE",
        ),
        (
            json!({ "kind": "alg-none", "token": "access-token" }),
            "VST-TOKEN-UNSIGNED",
        ),
        (
            json!({ "kind": "bad-signature", "token": "access-token" }),
            "VST-KEYS-SIGNATURE",
        ),
        (
            json!({ "kind": "unpublished-key", "token": "access-token" }),
            "VST-KEYS-KID-MISSING",
        ),
        (
            json!({ "kind": "wrong-issuer", "token": "access-token" }),
            "VST-TOKEN-ISSUER",
        ),
    ] {
        let from = scene.proxy.log().len();
        scene.provider.fault(&fault);
        for _ in 0..3 {
            let _ = scene.signed_in("ada");
        }
        scene.provider.control("DELETE", "/faults", &Value::Null);
        let told = |from| {
            let code = format!(" finding=\"{code}\"");
            logged(&scene.proxy, from, &code).len()
        };
        eventually("the log tells", || told(from) > 0);
        assert_eq!(told(from), 1, "{fault}: {:#?}", scene.proxy.log());
        let line = logged(&scene.proxy, from, code).join("\n");
        assert_eq!(explained(&line)["code"], code, "{line}");
        let metrics = http::send(&Request::get(&format!("http://{admin}/metrics"))).text();
        let counted = format!("vestibule_findings_total{{route=\"/app\",code=\"{code}\"}} 3");
        assert!(metrics.contains(&counted), "{metrics}");
    }
    // A reload tells again what it did not mend.
    let from = scene.proxy.log().len();
    scene.proxy.reload(&scene.toml, "reloaded");
    scene
        .provider
        .fault(&json!({ "kind": "opaque-access-token" }));
    let _ = scene.signed_in("ada");
    eventually("the log tells again", || {
        !logged(&scene.proxy, from, "VST-TOKEN-OPAQUE").is_empty()
    });
}

#[test]
fn a_program_gets_the_finding_of_a_refused_refresh_in_its_401() {
    for (error, number, code) in [
        ("invalid_grant", 70_008, "VST-AADSTS-70008"),
        ("interaction_required", 50_076, "VST-SCOPE-INTERACTION"),
        ("invalid_grant", 53_003, "VST-SCOPE-BLOCKED"),
    ] {
        let scene = Scene::start();
        scene
            .provider
            .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
        let mut person = Person::new();
        let picker = person.go(&scene.url("/.vestibule/sign-in?return_to=/public/"));
        let page = LocalProvider::sign_in(&mut person, &picker, "ada");
        assert_eq!(page.status, 200, "{}", page.text());
        let mut fault = token_error(error, number);
        fault["grant_type"] = "refresh_token".into();
        if number == 53_003 {
            fault["suberror"] = "message_only".into();
        }
        let from = scene.proxy.log().len();
        scene.provider.fault(&fault);
        let refused = person.fetch(&scene.url("/app/"));
        assert_eq!(refused.status, 401, "{refused:?}");
        let said = refused.json();
        assert_eq!(said["findings"][0]["code"], code, "{said}");
        assert!(said["findings"][0]["why"].is_string(), "{said}");
        let challenge = refused.field("www-authenticate").unwrap();
        let description = challenge.split("error_description=\"").nth(1).unwrap();
        assert!(description.starts_with(code), "{challenge}");
        assert_eq!(challenge.matches('"').count(), 6, "{challenge}");
        eventually("the log tells", || {
            !logged(&scene.proxy, from, code).is_empty()
        });
        assert_eq!(explained(&refused.text())["code"], code);
    }
}

/// The story: an app that signs in and passes on whatever token came.
#[test]
fn the_one_line_of_the_finding_turns_the_broken_token_into_a_valid_jwt() {
    for (account, code) in [
        ("ada", "VST-TOKEN-GRAPH"),
        ("pia", "VST-TOKEN-OPAQUE-PERSONAL"),
    ] {
        let scene = Scene::with("store = \"memory\"", "");
        let api = scene.provider.fact("api").to_owned();
        let right = format!("access_token = {{ scope = \"{api}/.default\" }}");
        let broken = "access_token = \"sign-in\"";
        let toml = configuration(&scene.provider, &scene.upstream, "store = \"memory\"", "");
        assert!(toml.contains(&right), "{toml}");
        scene
            .proxy
            .reload(&toml.replace(&right, broken), "reloaded");

        let from = scene.proxy.log().len();
        let mut person = scene.signed_in(account);
        let token = passed_on(&scene, &mut person);
        assert_ne!(audience(&token), Some(api.clone()), "{account}");
        eventually("the log tells", || {
            !logged(&scene.proxy, from, code).is_empty()
        });
        let line = logged(&scene.proxy, from, code).join("\n");
        assert_eq!(explained(&token)["code"], code, "{account}");

        // The log does not know the API's name; its owner does.
        let cure = line.split("line=\"").nth(1).unwrap();
        let cure = cure.split(" }\"").next().unwrap().replace("\\\"", "\"");
        let cure = format!("{cure} }}").replace("api://<the API's application id>", &api);
        assert_eq!(cure, right, "{line}");
        scene.proxy.reload(
            &toml.replace(&right, broken).replace(broken, &cure),
            "reloaded",
        );
        let from = scene.proxy.log().len();
        let mut person = scene.signed_in(account);
        let token = passed_on(&scene, &mut person);
        let named = audience(&token).unwrap();
        assert!(api.ends_with(&named) || named == api, "{account}: {named}");
        assert!(
            logged(&scene.proxy, from, "VST-").is_empty(),
            "{:#?}",
            scene.proxy.log()
        );
    }
}

fn passed_on(scene: &Scene, person: &mut Person) -> String {
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
    let received = scene.upstream.received();
    let bearer = received.last().unwrap().field("authorization").unwrap();
    bearer.strip_prefix("Bearer ").unwrap().to_owned()
}

/// `aud` of a JWT; nothing of anything else.
fn audience(token: &str) -> Option<String> {
    let claims = token.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&base64url(claims)?).ok()?;
    Some(claims["aud"].as_str()?.to_owned())
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

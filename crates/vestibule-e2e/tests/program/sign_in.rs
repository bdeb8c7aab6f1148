//! Signing in and out, as a browser without scripts does it.

use serde_json::json;
use vestibule_e2e::http::Request;
use vestibule_e2e::jar::Cookie;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::{Scene, configuration};
use vestibule_e2e::upstream::Upstream;

/// The session cookie: the one of the program that is no sign-in on its way.
fn session(person: &Person) -> Option<Cookie> {
    let ours = |cookie: &&Cookie| cookie.host == "localhost" && !cookie.name.contains("-signin-");
    person.jar.cookies().iter().find(ours).cloned()
}

fn pending(person: &Person) -> usize {
    person
        .jar
        .cookies()
        .iter()
        .filter(|cookie| cookie.name.contains("-signin-"))
        .count()
}

#[test]
fn a_person_comes_back_to_the_page_they_asked_for() {
    let scene = Scene::start();
    let mut person = Person::new();
    let picker = person.go(&scene.url("/app/reports?year=2026&q=a%20b"));
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    assert_eq!(page.url, scene.url("/app/reports?year=2026&q=a%20b"));
    assert_eq!(
        page.json()["line"],
        "GET /reports?year=2026&q=a%20b HTTP/1.1"
    );
    assert_eq!(
        pending(&person),
        0,
        "the pending cookie is gone: {:?}",
        person.jar
    );
}

#[test]
fn pkce_is_left_out_where_a_key_says_so_and_the_start_warns_of_it() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let toml = configuration(&provider, &upstream, "store = \"memory\"", "")
        .replace("client_secret =", "danger_no_pkce = true\nclient_secret =");
    let secret = provider.fact("client_secret").to_owned();
    let proxy = Proxy::reserve("http").start(&toml, &[("secret", &secret)]);
    let mut person = Person::new();
    let first = person.visit(&format!("{}/app/", proxy.url));
    let location = first.field("location").unwrap();
    assert!(!location.contains("code_challenge"), "{location}");
    let picker = person.follow(first);
    // This provider refuses a verifier that nobody was challenged for.
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let log = proxy.log();
    assert!(
        log.iter().any(|line| line.contains("without PKCE")),
        "{log:?}"
    );
}

#[test]
fn the_request_to_the_provider_has_pkce_state_and_nonce() {
    let scene = Scene::start();
    let reply = Person::new().visit(&scene.url("/app/"));
    assert_eq!(reply.status, 303);
    let location = reply.field("location").unwrap();
    for expected in [
        "response_type=code",
        "code_challenge_method=S256",
        "code_challenge=",
        "state=",
        "nonce=",
    ] {
        assert!(
            location.contains(expected),
            "{expected} is not in {location}"
        );
    }
    assert!(reply.field("cache-control").unwrap().contains("no-store"));
}

#[test]
fn cookies_are_http_only_and_lax_and_hold_no_token() {
    let scene = Scene::start();
    let person = scene.signed_in("ada");
    let cookie = session(&person).unwrap();
    assert_eq!(cookie.value.len(), 43, "an opaque handle: {cookie:?}");
    for expected in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.attributes.contains(expected), "{cookie:?}");
    }
}

#[test]
fn several_tabs_sign_in_at_once_and_each_comes_back_to_its_page() {
    let scene = Scene::start();
    let mut person = Person::new();
    let pages = ["/app/one", "/app/two", "/app/three"];
    let pickers = pages.map(|path| person.go(&scene.url(path)));
    assert_eq!(pending(&person), 3);
    for (path, picker) in pages.iter().zip(&pickers) {
        let page = LocalProvider::sign_in(&mut person, picker, "ada");
        assert_eq!((page.status, page.url), (200, scene.url(path)));
    }
}

#[test]
fn sign_ins_that_nobody_finishes_are_capped() {
    let scene = Scene::start();
    let mut person = Person::new();
    for number in 0..12 {
        person.go(&scene.url(&format!("/app/{number}")));
    }
    assert!(pending(&person) <= 5, "{:?}", person.jar);
    // The newest still works.
    let picker = person.go(&scene.url("/app/last"));
    assert_eq!(
        LocalProvider::sign_in(&mut person, &picker, "ada").status,
        200
    );
}

#[test]
fn a_new_sign_in_has_a_new_session_and_ends_the_old_one() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let old = session(&person).unwrap();
    let picker = person.go(&scene.url("/.vestibule/sign-in?return_to=/app/"));
    // The provider may know the person still and send them straight back.
    if picker.status == 200 && !picker.url.starts_with(&scene.proxy.url) {
        LocalProvider::sign_in(&mut person, &picker, "ada");
    }
    let new = session(&person).unwrap();
    assert_ne!(old.value, new.value);
    let mut thief = Person::new();
    thief.jar.put(old);
    assert_eq!(
        thief.fetch(&scene.url("/app/")).status,
        401,
        "the old session is over"
    );
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
}

#[test]
fn signing_out_ends_the_session_for_whoever_kept_the_cookie() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let kept = session(&person).unwrap();
    let asked = person.go(&scene.url("/.vestibule/sign-out"));
    let end = person.submit(&asked, asked.form());
    assert!(session(&person).is_none(), "{:?}", person.jar);
    assert!(
        person.trail.iter().any(|url| url.contains("/logout")),
        "{:?}",
        person.trail
    );
    assert_eq!(end.status, 200);
    let mut thief = Person::new();
    thief.jar.put(kept);
    assert_eq!(thief.fetch(&scene.url("/app/")).status, 401);
}

#[test]
fn another_site_cannot_sign_a_person_out() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let forged = Request::new("POST", &scene.url("/.vestibule/sign-out"))
        .with("Origin", "https://evil.example.com")
        .with("Sec-Fetch-Site", "cross-site")
        .with("Content-Type", "application/x-www-form-urlencoded");
    person.send(forged);
    assert_eq!(
        person.fetch(&scene.url("/app/")).status,
        200,
        "still signed in"
    );
}

#[test]
fn who_am_i_names_the_person_and_shows_no_token() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let me = person.fetch(&scene.url("/.vestibule/me"));
    assert_eq!(me.status, 200);
    assert!(me.text().contains("Ada Lindqvist"), "{}", me.text());
    assert!(!me.text().contains("eyJ"), "{}", me.text());
    let stranger = Person::new().fetch(&scene.url("/.vestibule/me")).json();
    assert_eq!(stranger, json!({ "signed_in": false }));
}

#[test]
fn an_answer_for_another_browser_is_refused_and_other_sign_ins_live_on() {
    let scene = Scene::start();
    let mut person = Person::new();
    let picker = person.go(&scene.url("/app/mine"));
    // A stranger's answer, finished up to the callback, is given to this person.
    let mut stranger = Person::new();
    let other = stranger.go(&scene.url("/app/"));
    let form = other.form_that_offers("ada");
    let post = Request::new(
        "POST",
        &vestibule_e2e::http::Address::parse(&other.url).join(&form.action),
    )
    .with("Content-Type", "application/x-www-form-urlencoded")
    .body(form.encoded());
    let answer = stranger.send(post);
    let callback = answer.field("location").unwrap();
    assert!(callback.contains("/.vestibule/callback"), "{callback}");
    let refused = person.go(callback);
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert!(session(&person).is_none());
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    assert_eq!((page.status, page.url), (200, scene.url("/app/mine")));
}

#[test]
fn a_callback_that_cannot_be_read_is_a_page_with_an_incident() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    for query in [
        "code=x",
        "code=a&code=b&state=s",
        "code=a&error=b&state=s",
        "error=%3Cscript%3E",
    ] {
        let page = person.go(&scene.url(&format!("/.vestibule/callback?{query}")));
        assert!((400..500).contains(&page.status), "{query}: {page:?}");
        assert!(page.text().contains("Incident"), "{query}: {}", page.text());
        assert!(!page.text().contains("<script"), "{query}");
        assert!(
            page.field("content-security-policy")
                .unwrap()
                .contains("default-src 'none'")
        );
    }
    // Nobody answers there by hand: it leads to where the app begins, and they are still signed in.
    for query in ["", "code=a&state=s"] {
        let app = person.go(&scene.url(&format!("/.vestibule/callback?{query}")));
        assert_eq!(
            (app.status, &app.url),
            (200, &scene.url("/app/")),
            "{query}"
        );
    }
}

#[test]
fn a_person_who_may_not_enter_gets_a_page_that_offers_another_account() {
    let scene = Scene::start();
    let rule = "\n[[route]]\npath = \"/admins\"\nupstream = \"{up}\"\nrequire = { roles = \"Portal.Admin\" }\n";
    let toml = scene.toml.clone() + &rule.replace("{up}", &scene.upstream.url);
    scene.proxy.reload(&toml, "reloaded");
    let mut ada = scene.signed_in("ada");
    let page = ada.go(&scene.url("/admins/"));
    assert_eq!(page.status, 403);
    assert!(
        page.text().contains("Sign in as someone else"),
        "{}",
        page.text()
    );
    let mut rafael = scene.signed_in("rafael");
    assert_eq!(rafael.go(&scene.url("/admins/")).status, 200);
}

#[test]
fn tokens_that_are_not_what_they_should_be_make_no_session() {
    let scene = Scene::start();
    let id = "id-token";
    for fault in [
        json!({ "kind": "bad-signature", "token": id }),
        json!({ "kind": "alg-none", "token": id }),
        json!({ "kind": "hmac-with-public-key", "token": id }),
        json!({ "kind": "unpublished-key", "token": id }),
        json!({ "kind": "wrong-issuer", "token": id }),
        json!({ "kind": "wrong-audience", "token": id }),
        json!({ "kind": "expired", "token": id }),
        json!({ "kind": "not-yet-valid", "token": id }),
        json!({ "kind": "wrong-nonce" }),
        json!({ "kind": "missing-claim", "token": id, "claim": "sub" }),
        json!({ "kind": "no-id-token" }),
        json!({ "kind": "wrong-state" }),
        json!({ "kind": "iss-parameter", "is": "wrong" }),
    ] {
        scene
            .provider
            .control("DELETE", "/faults", &serde_json::Value::Null);
        scene.provider.fault(&fault);
        let mut person = Person::new();
        let page = scene.sign_in(&mut person, "ada");
        assert!(page.status >= 400, "{fault}: {page:?}");
        assert!(page.text().contains("Incident"), "{fault}: {}", page.text());
        assert!(session(&person).is_none(), "{fault}");
    }
    scene
        .provider
        .control("DELETE", "/faults", &serde_json::Value::Null);
    let _ = scene.signed_in("ada");
}

//! A new configuration, an invalid one, a new certificate, while requests come in.

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::http::{self, Request};
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::{Scene, eventually};

#[test]
fn a_reload_takes_effect_and_sessions_live_on() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    assert_eq!(person.fetch(&scene.url("/new/")).status, 404);
    let route = format!(
        "\n[[route]]\npath = \"/new\"\nupstream = \"{}\"\n",
        scene.upstream.url
    );
    scene
        .proxy
        .reload(&(scene.toml.clone() + &route), "reloaded");
    assert_eq!(person.fetch(&scene.url("/new/")).status, 200);
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
}

#[test]
fn an_invalid_reload_keeps_the_old_configuration_and_says_so_loudly() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    for broken in ["public_ulr = 1\n", "not toml at all"] {
        scene
            .proxy
            .reload(&(broken.to_owned() + &scene.toml), "reload failed");
        assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
    }
    let log = scene.proxy.log().join("\n");
    assert!(log.contains("public_url"), "names the cure: {log}");
    scene.proxy.reload(&scene.toml, "reloaded");
}

#[test]
fn a_new_certificate_is_used_for_new_connections() {
    let (old, new) = (Certificate::new(), Certificate::new());
    let scene = Scene::with_tls(&old);
    let mut person = Person {
        trust: Some(old.clone()),
        ..Person::new()
    };
    assert_eq!(person.fetch(&scene.url("/public/")).status, 200);
    scene.proxy.replace("key.pem", &new.key_pem);
    scene.proxy.replace("cert.pem", &new.pem);
    let asks = |trust: &Certificate| {
        let mut request = Request::get(&scene.url("/public/"));
        request.trust = Some(trust.clone());
        http::send(&request).status
    };
    eventually("the new certificate is served", || asks(&new) == 200);
    assert_eq!(asks(&old), 0, "the old one is not served any more");
}

#[test]
fn over_tls_the_cookie_is_bound_to_its_host_and_secure() {
    let certificate = Certificate::new();
    let scene = Scene::with_tls(&certificate);
    let mut person = Person {
        trust: Some(certificate),
        ..Person::new()
    };
    let page = scene.sign_in(&mut person, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let cookies = person.jar.cookies();
    let cookie = cookies
        .iter()
        .find(|cookie| cookie.name.starts_with("__Host-"))
        .unwrap();
    for expected in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.attributes.contains(expected), "{cookie:?}");
    }
    assert!(!cookie.attributes.contains("Domain"), "{cookie:?}");
}

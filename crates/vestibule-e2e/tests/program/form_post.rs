//! `form_post`: the provider's answer comes as a form that another site's page posts, over TLS.

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::jar::Cookie;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::{Scene, configuration};
use vestibule_e2e::upstream::Upstream;

fn scene(certificate: &Certificate) -> Scene {
    let reservation = Proxy::reserve("https");
    let provider = LocalProvider::with_redirect_uri(&reservation.redirect_uri());
    let upstream = Upstream::start();
    let tls = "tls = { certificate = \"cert.pem\", key = \"file:key.pem\" }";
    let toml = configuration(&provider, &upstream, "store = \"memory\"", tls).replace(
        "client_secret =",
        "response_mode = \"form_post\"\nclient_secret =",
    );
    let secret = provider.fact("client_secret").to_owned();
    let files = [
        ("secret", secret.as_str()),
        ("cert.pem", &certificate.pem),
        ("key.pem", &certificate.key_pem),
    ];
    let proxy = reservation.start(&toml, &files);
    Scene {
        provider,
        upstream,
        proxy,
        toml,
    }
}

/// Presses what the provider's page would press by itself.
fn sign_in(scene: &Scene, person: &mut Person, url: &str) -> vestibule_e2e::http::Reply {
    let mut page = person.go(url);
    if page.text().contains("ada") && !page.form().action.starts_with(&scene.proxy.url) {
        page = LocalProvider::sign_in(person, &page, "ada");
    }
    let form = page.form();
    assert_eq!(form.action, scene.url("/.vestibule/callback"));
    assert!(!page.url.contains("code="), "{}", page.url);
    person.submit(&page, form)
}

fn session(person: &Person) -> Option<Cookie> {
    let ours =
        |cookie: &&Cookie| cookie.name.starts_with("__Host-") && !cookie.name.contains("-signin-");
    person.jar.cookies().iter().find(ours).cloned()
}

#[test]
fn a_sign_in_by_form_post_works_and_no_code_is_in_an_address() {
    let certificate = Certificate::new();
    let scene = scene(&certificate);
    let mut person = Person {
        trust: Some(certificate),
        ..Person::new()
    };
    let page = sign_in(&scene, &mut person, &scene.url("/app/page?x=1"));
    assert_eq!(
        (page.status, &page.url),
        (200, &scene.url("/app/page?x=1")),
        "{}",
        page.text()
    );
    let cookie = session(&person).unwrap();
    assert!(cookie.attributes.contains("SameSite=Lax"), "{cookie:?}");
    for reply in &person.history {
        assert!(
            !reply.url.contains("code=") || reply.url.contains("code_challenge"),
            "{}",
            reply.url
        );
        for line in reply
            .all("set-cookie")
            .filter(|line| line.contains("-signin-"))
        {
            for expected in ["Secure", "HttpOnly", "SameSite=None", "Path=/"] {
                assert!(line.contains(expected), "{line}");
            }
        }
    }
    let pending = person
        .jar
        .cookies()
        .iter()
        .filter(|cookie| cookie.name.contains("-signin-"));
    assert_eq!(pending.count(), 0);
}

/// The session cookie does not come with a post from another site; the old session ends all the same.
#[test]
fn a_new_sign_in_by_form_post_replaces_the_old_session() {
    let certificate = Certificate::new();
    let scene = scene(&certificate);
    let mut person = Person {
        trust: Some(certificate.clone()),
        ..Person::new()
    };
    assert_eq!(
        sign_in(&scene, &mut person, &scene.url("/app/")).status,
        200
    );
    let old = session(&person).unwrap();
    let again = scene.url("/.vestibule/sign-in?return_to=/app/");
    assert_eq!(sign_in(&scene, &mut person, &again).status, 200);
    let new = session(&person).unwrap();
    assert_ne!(old.value, new.value);
    let mut thief = Person {
        trust: Some(certificate),
        ..Person::new()
    };
    thief.jar.put(old);
    assert_eq!(thief.fetch(&scene.url("/app/")).status, 401);
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
}

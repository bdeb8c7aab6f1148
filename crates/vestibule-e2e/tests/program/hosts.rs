//! Several public hosts in one process.

use vestibule_e2e::http::{self, Request};
use vestibule_e2e::jar::Cookie;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::{Proxy, Reservation};
use vestibule_e2e::upstream::Upstream;

struct Hosts {
    provider: LocalProvider,
    upstream: Upstream,
    _proxy: Proxy,
    wiki: String,
    shop: String,
}

fn hosts() -> Hosts {
    let reservation: Reservation = Proxy::reserve("http");
    let [wiki, shop] = ["wiki", "shop"].map(|name| {
        reservation
            .url
            .replace("localhost", &format!("{name}.localhost"))
    });
    let [wiki_uri, shop_uri] = [&wiki, &shop].map(|url| format!("{url}/.vestibule/callback"));
    let provider = LocalProvider::with_redirect_uris(&[&wiki_uri, &shop_uri]);
    let upstream = Upstream::start();
    let route = |host: &str, path: &str| {
        let upstream = &upstream.url;
        format!(
            "\n[[route]]\nhost = \"{host}.localhost\"\npath = \"{path}\"\nupstream = \"{upstream}/{host}\"\n"
        )
    };
    let toml = format!(
        "public_url = [\"{wiki}\", \"{shop}\"]\nlisten = \"{{listen}}\"\n\n\
         [session]\nstore = \"memory\"\n\n{}{}{}",
        provider.toml(),
        route("wiki", "/"),
        route("shop", "/"),
    );
    let secret = provider.fact("client_secret").to_owned();
    Hosts {
        _proxy: reservation.start(&toml, &[("secret", &secret)]),
        provider,
        upstream,
        wiki,
        shop,
    }
}

fn session(person: &Person, host: &str) -> Cookie {
    let ours = |cookie: &&Cookie| cookie.host == host && !cookie.name.contains("-signin-");
    person.jar.cookies().iter().find(ours).cloned().unwrap()
}

#[test]
fn each_host_has_its_own_redirect_uri_and_its_own_cookie() {
    let hosts = hosts();
    let mut person = Person::new();
    for (url, host) in [
        (&hosts.wiki, "wiki.localhost"),
        (&hosts.shop, "shop.localhost"),
    ] {
        let page = person.go(&format!("{url}/here?x=1"));
        let page = match page.url.starts_with(&hosts.provider.url()) {
            true => LocalProvider::sign_in(&mut person, &page, "ada"),
            // The provider knows the person from the first host.
            false => page,
        };
        assert_eq!((page.status, &page.url), (200, &format!("{url}/here?x=1")));
        let name = host.split('.').next().unwrap();
        assert_eq!(
            page.json()["line"],
            format!("GET /{name}/here?x=1 HTTP/1.1")
        );
        let callback = format!("{url}/.vestibule/callback?");
        assert!(
            person.trail.iter().any(|step| step.starts_with(&callback)),
            "{:?}",
            person.trail
        );
        let cookie = session(&person, host);
        assert!(!cookie.attributes.contains("Domain"), "{cookie:?}");
    }
    assert_ne!(
        session(&person, "wiki.localhost").value,
        session(&person, "shop.localhost").value
    );
}

#[test]
fn a_session_of_one_host_is_none_on_the_other() {
    let hosts = hosts();
    let mut person = Person::new();
    let picker = person.go(&hosts.wiki);
    LocalProvider::sign_in(&mut person, &picker, "ada");
    let own = session(&person, "wiki.localhost");
    let ask = |url: &str, cookie: &Cookie| {
        let cookie = format!("{}={}", cookie.name, cookie.value);
        let request = Request::get(url)
            .with("Cookie", &cookie)
            .with("Sec-Fetch-Mode", "cors")
            .with("Sec-Fetch-Site", "same-origin");
        http::send(&request).status
    };
    assert_eq!(ask(&hosts.wiki, &own), 200);
    assert_eq!(ask(&hosts.shop, &own), 401);

    // Under the other host's own name for it, too.
    let picker = person.go(&hosts.shop);
    if picker.url.starts_with(&hosts.provider.url()) {
        LocalProvider::sign_in(&mut person, &picker, "ada");
    }
    let other = session(&person, "shop.localhost");
    let carried = Cookie {
        value: own.value.clone(),
        ..other.clone()
    };
    assert_eq!(ask(&hosts.shop, &other), 200);
    assert_eq!(ask(&hosts.shop, &carried), 401);
    assert_eq!(ask(&hosts.wiki, &own), 200, "neither ended the first");
}

#[test]
fn a_sign_in_that_began_on_one_host_does_not_end_on_the_other() {
    let hosts = hosts();
    let mut person = Person::new();
    let picker = person.go(&hosts.wiki);
    let form = picker.form_that_offers("ada");
    let post = Request::new(
        "POST",
        &http::Address::parse(&picker.url).join(&form.action),
    )
    .with("Content-Type", "application/x-www-form-urlencoded")
    .body(form.encoded());
    let answer = person.send(post);
    let callback = answer.field("location").unwrap();
    assert!(callback.starts_with(&hosts.wiki), "{callback}");
    let elsewhere = callback.replace("wiki.localhost", "shop.localhost");
    let cookies = person.jar.field(callback).unwrap();
    let refused = http::send(&Request::get(&elsewhere).with("Cookie", &cookies));
    assert!((400..500).contains(&refused.status), "{refused:?}");
    let no_session = |line: &str| line.contains("-signin-") || line.contains("Max-Age=0");
    assert!(refused.all("set-cookie").all(no_session), "{refused:?}");
}

#[test]
fn a_host_that_is_nobodys_is_misdirected() {
    let hosts = hosts();
    let port = hosts.wiki.rsplit(':').next().unwrap();
    for host in [
        "evil.example.com".to_owned(),
        format!("localhost:{port}"),
        format!("x.wiki.localhost:{port}"),
        format!("127.0.0.1:{port}"),
        format!("wiki.localhost.evil.example.com:{port}"),
    ] {
        let reply = http::send(&Request::get(&hosts.wiki).with("Host", &host));
        assert_eq!(reply.status, 421, "{host}: {reply:?}");
        assert!(reply.field("location").is_none(), "{host}");
    }
    assert!(hosts.upstream.received().is_empty());
}

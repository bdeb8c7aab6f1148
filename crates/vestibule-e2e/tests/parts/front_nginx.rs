//! The cookie store behind an nginx as it is shipped: what browsers carry fits through it.

use vestibule_e2e::differential::front::nginx_as_shipped;
use vestibule_e2e::http::Address;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::configuration;
use vestibule_e2e::upstream::Upstream;

/// What `openssl rand -base64 32` prints.
const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=\n";

const STORE: &str = "store = \"cookie\"\nkeys = [\"file:key\"]";

#[test]
fn people_sign_in_with_the_cookie_store_behind_an_nginx_as_it_is_shipped() {
    let reservation = Proxy::reserve("http");
    let nginx = nginx_as_shipped(Address::parse(&reservation.url).port);
    let url = format!("http://localhost:{}", nginx.port);
    let provider = LocalProvider::with_redirect_uri(&format!("{url}/.vestibule/callback"));
    let upstream = Upstream::start();
    let top = "trusted_proxies = [\"127.0.0.1\"]";
    let toml = configuration(&provider, &upstream, STORE, top).replace("{url}", &url);
    let secret = provider.fact("client_secret").to_owned();
    let proxy = reservation.start(&toml, &[("secret", &secret), ("key", KEY)]);
    let mut person = Person::new();
    let picker = person.go(&format!("{url}/app/"));
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    for _ in 0..3 {
        let reply = person.fetch(&format!("{url}/app/x"));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let cookies = person.jar.field(&format!("{url}/app/")).unwrap();
    assert!(cookies.len() > 1000, "the browser carries the session");
    // That the proxy in front may have to take more is said at the start.
    let told = proxy.log().into_iter();
    assert!(
        told.filter(|line| line.contains("front_buffer")).count() > 0,
        "{:#?}",
        proxy.log()
    );
}

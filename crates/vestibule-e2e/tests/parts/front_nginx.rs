//! The cookie store behind nginx: what browsers carry fits through it, with the one line that the documentation names.

use vestibule_e2e::differential::front::nginx_with;
use vestibule_e2e::http::Address;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::place;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::configuration;
use vestibule_e2e::upstream::Upstream;

/// What `openssl rand -base64 32` prints.
const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=\n";

const STORE: &str = "store = \"cookie\"\nkeys = [\"file:key\"]";

/// The line of docs/sessions.md.
const LINE: &str = "proxy_buffer_size 16k; proxy_buffers 4 16k; proxy_busy_buffers_size 16k;";

/// Signs somebody in behind an nginx that has these lines beside what it is shipped with. Gives the status of the page
/// they end on, and what the program printed.
fn signed_in_behind(lines: &str, session: &str) -> (u16, Vec<String>) {
    let reservation = Proxy::reserve("http");
    let nginx = nginx_with(Address::parse(&reservation.url).port, lines);
    let url = format!("http://localhost:{}", nginx.port);
    let provider = LocalProvider::with_redirect_uri(&format!("{url}/.vestibule/callback"));
    let upstream = Upstream::start();
    let top = "trusted_proxies = [\"127.0.0.1\"]";
    let session = format!("{STORE}\n{session}");
    let toml = configuration(&provider, &upstream, &session, top).replace("{url}", &url);
    let secret = provider.fact("client_secret").to_owned();
    let proxy = reservation.start(&toml, &[("secret", &secret), ("key", KEY)]);
    let mut person = Person::new();
    let picker = person.go(&format!("{url}/app/"));
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    if page.status == 200 {
        let cookies = person.jar.field(&format!("{url}/app/")).unwrap();
        assert!(cookies.len() > 2000, "the browser carries the session");
        // Requests with it pass, and nothing was changed for those.
        for _ in 0..3 {
            let reply = person.fetch(&format!("{url}/app/x"));
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
    }
    (page.status, proxy.log())
}

#[test]
fn people_sign_in_behind_nginx_with_the_line_of_the_documentation() {
    let documented = std::fs::read_to_string(place::checkout().join("docs/sessions.md")).unwrap();
    assert!(documented.contains(LINE));
    let (status, log) = signed_in_behind(LINE, "front_buffer = \"16KiB\"");
    assert_eq!(status, 200);
    let asks = |line: &String| line.contains("VST-HEADER-FRONT-BUFFER");
    assert!(!log.iter().any(asks), "{log:#?}");
}

#[test]
fn what_an_nginx_as_it_is_shipped_does_not_take_is_said_at_the_start() {
    let (status, log) = signed_in_behind("", "");
    assert_eq!(
        status, 502,
        "4 KiB of an answer's head are less than an Entra session"
    );
    let asks = |line: &String| line.contains("VST-HEADER-FRONT-BUFFER");
    assert!(log.iter().any(asks), "{log:#?}");
}

//! What is believed about the client's side of the connection, and what the upstream is told.

use vestibule_e2e::http::{self, Request};
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::upstream::{Received, Upstream};

/// Sends one request with forwarding fields through a program that believes `trusted`, and gives what
/// the upstream got. The public address is https; the listener is plain, as behind a TLS terminator.
fn forwarded(trusted: &str) -> Received {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let reservation = Proxy::reserve("http");
    let public = reservation.url.replace("http://", "https://");
    let toml = format!(
        "public_url = \"{public}\"\nlisten = \"{{listen}}\"\n{trusted}\n\n\
         [session]\nstore = \"memory\"\n\n{}\n\
         [[route]]\npath = \"/public\"\nupstream = \"{}\"\nrequire = \"public\"\n",
        provider.toml(),
        upstream.url
    );
    let secret = provider.fact("client_secret").to_owned();
    let proxy = reservation.start(&toml, &[("secret", &secret)]);
    let request = Request::get(&format!("{}/public/x", proxy.url))
        .with("X-Forwarded-For", "192.0.2.66, 203.0.113.7")
        .with("X-Forwarded-Proto", "https")
        .with("X-Forwarded-Host", "evil.example.com")
        .with("X-Forwarded-Port", "666")
        .with("X-Forwarded-Prefix", "/evil")
        .with("X-Forwarded-Uri", "/evil")
        .with("X-Forwarded-Anything", "evil")
        .with("X-Original-URL", "/evil")
        .with("X-Real-IP", "192.0.2.66")
        .with("Forwarded", "for=192.0.2.66;host=evil.example.com");
    let reply = http::send(&request);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let received = upstream.received();
    let [received] = received.as_slice() else {
        panic!("one request: {received:?}");
    };
    for (name, value) in &received.fields {
        assert!(
            !value.contains("evil") && !value.contains("192.0.2.66") && value != "666",
            "{name}: {value}"
        );
    }
    let authority = public.strip_prefix("https://").unwrap();
    let port = authority.rsplit(':').next().unwrap();
    for (name, expected) in [
        ("x-forwarded-host", authority),
        ("x-forwarded-port", port),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/public"),
    ] {
        let all: Vec<&str> = received.all(name).collect();
        assert_eq!(all, [expected], "{name}");
    }
    received.clone()
}

fn client(received: &Received) -> [Vec<&str>; 2] {
    ["x-forwarded-for", "x-real-ip"].map(|name| received.all(name).collect())
}

#[test]
fn a_listed_peer_is_believed_about_the_client_and_read_from_the_right() {
    let received = forwarded("trusted_proxies = [\"127.0.0.1\"]");
    assert_eq!(
        client(&received),
        [vec!["203.0.113.7, 127.0.0.1"], vec!["203.0.113.7"]]
    );
    let forwarded = received.field("forwarded").unwrap();
    assert!(forwarded.starts_with("for=203.0.113.7;"), "{forwarded}");
}

#[test]
fn a_peer_that_is_not_listed_is_the_client_whatever_it_says() {
    for trusted in [
        "",
        "trusted_proxies = []",
        "trusted_proxies = [\"10.0.0.0/8\"]",
    ] {
        let received = forwarded(trusted);
        assert_eq!(
            client(&received),
            [["127.0.0.1"], ["127.0.0.1"]],
            "{trusted}"
        );
    }
}

#[test]
fn with_the_key_for_it_everybody_is_believed_and_the_start_says_so() {
    let upstream = Upstream::start();
    let toml = format!(
        "public_url = \"{{url}}\"\nlisten = \"{{listen}}\"\ndanger_any_forwarder = true\n\n\
         [[route]]\npath = \"/public\"\nupstream = \"{}\"\nrequire = \"public\"\n",
        upstream.url
    );
    let proxy = Proxy::reserve("http").start(&toml, &[]);
    let request = Request::get(&format!("{}/public/x", proxy.url))
        .with("X-Forwarded-For", "192.0.2.66, 203.0.113.7");
    assert_eq!(http::send(&request).status, 200);
    let received = upstream.received();
    assert_eq!(received[0].field("x-real-ip"), Some("192.0.2.66"));
    let log = proxy.log();
    assert!(
        log.iter()
            .any(|line| line.contains("everybody's X-Forwarded-*")),
        "{log:?}"
    );
}

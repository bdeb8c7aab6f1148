//! How calls to the provider leave this machine.

use std::io::ErrorKind;
use std::net::TcpListener;

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::relay::Relay;
use vestibule_e2e::scene::{Scene, configuration};
use vestibule_e2e::upstream::Upstream;

#[test]
fn a_provider_on_this_machine_is_called_past_the_proxy() {
    let proxy = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = proxy.local_addr().unwrap();
    let outbound = format!("[outbound]\nproxy = \"http://{address}\"");
    let scene = Scene::with("store = \"memory\"", &outbound);
    let _ = scene.signed_in("ada");
    let asked = proxy.accept().map(|_| ());
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// A scene whose provider's metadata is behind TLS with a certificate that no CA of the system vouches
/// for.
fn behind_tls(outbound: &str) -> (Scene, Relay) {
    behind_tls_with(outbound, "")
}

/// The same with lines of `[provider]`.
fn behind_tls_with(outbound: &str, more: &str) -> (Scene, Relay) {
    let certificate = Certificate::new();
    let provider = LocalProvider::start();
    let relay = Relay::start(&provider.url(), Some(&certificate));
    let metadata = provider
        .fact("metadata_url")
        .replace(&provider.url(), &relay.url);
    let upstream = Upstream::start();
    let toml = configuration(&provider, &upstream, "store = \"memory\"", outbound).replace(
        "client_secret =",
        &format!("metadata_url = \"{metadata}\"\n{more}\nclient_secret ="),
    );
    let secret = provider.fact("client_secret").to_owned();
    let files = [("secret", secret.as_str()), ("ca.pem", &certificate.pem)];
    let proxy = Proxy::reserve("http").start(&toml, &files);
    let scene = Scene {
        provider,
        upstream,
        proxy,
        toml,
    };
    (scene, relay)
}

#[test]
fn a_certificate_of_the_bundle_is_believed() {
    let (scene, relay) = behind_tls("[outbound]\nca_bundle = \"ca.pem\"");
    let _ = scene.signed_in("ada");
    assert!(!relay.seen().is_empty());
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not_believed() {
    let (scene, relay) = behind_tls("");
    let page = Person::new().go(&scene.url("/app/"));
    assert!(matches!(page.status, 502..=504), "{page:?}");
    assert!(page.text().contains("Incident"), "{}", page.text());
    assert!(relay.seen().is_empty(), "{:?}", relay.seen());
}

#[test]
fn with_the_key_for_a_lab_any_certificate_is_believed_and_the_start_says_so() {
    let (scene, relay) = behind_tls_with("", "danger_provider_insecure = true");
    let _ = scene.signed_in("ada");
    assert!(!relay.seen().is_empty());
    let log = scene.proxy.log();
    assert!(
        log.iter()
            .any(|line| line.contains("any certificate of this provider is believed")),
        "{log:?}"
    );
}

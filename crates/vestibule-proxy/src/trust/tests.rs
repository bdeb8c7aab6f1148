use std::io::{Read as _, Write as _};

use rcgen::{CertifiedKey as Generated, KeyPair, generate_simple_self_signed};
use rustls::{ClientConnection, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;

fn generate(name: &str) -> Generated<KeyPair> {
    generate_simple_self_signed([name.to_owned()]).unwrap()
}

fn name(host: &str) -> ServerName<'static> {
    ServerName::try_from(host.to_owned()).unwrap()
}

/// Roots without any of the system.
fn roots(ca: &str) -> Arc<RootCertStore> {
    SystemRoots::none().and(ca.as_bytes()).unwrap()
}

/// Whether a client of this configuration takes a server called `host` that shows `certificate` and signs with `key`.
fn takes(
    config: ClientConfig,
    host: &str,
    certificate: &Generated<KeyPair>,
    key: &KeyPair,
) -> bool {
    #[derive(Debug)]
    struct Shows(Arc<rustls::sign::CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Shows {
        fn resolve(
            &self,
            _: rustls::server::ClientHello<'_>,
        ) -> Option<Arc<rustls::sign::CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider.key_provider.load_private_key(key).unwrap();
    // Not `from_der`: that looks whether the two fit.
    let shown = rustls::sign::CertifiedKey::new(vec![certificate.cert.der().clone()], key);
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(Arc::new(shown))));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(Arc::new(server)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let _ = stream.write_all(b"hello");
        stream.conn.send_close_notify();
        let _ = stream.flush();
    });
    let stream = std::net::TcpStream::connect(address).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name(host)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let mut said = [0; 5];
    let taken = stream.read_exact(&mut said).is_ok() && &said == b"hello";
    drop(stream);
    serving.join().unwrap();
    taken
}

#[test]
fn any_certificate_is_believed_of_the_one_server_and_no_other() {
    let (shown, ca) = (generate("anything.test"), generate("ca.test"));
    let roots = roots(&ca.cert.pem());
    for (host, server, believed) in [
        ("idp.lab", "idp.lab", true),
        ("idp.lab", "IDP.lab", true),
        ("127.0.0.1", "127.0.0.1", true),
        ("idp.lab", "graph.microsoft.com", false),
        ("idp.lab", "other.idp.lab", false),
        ("127.0.0.1", "127.0.0.2", false),
    ] {
        let one = Believed::DangerOf(Some(name(host)), Arc::clone(&roots));
        let config = client(one, &[]).unwrap();
        let taken = takes(config, server, &shown, &shown.signing_key);
        assert_eq!(taken, believed, "{host} {server}");
    }
    // What is no name is nobody's.
    let config = client(Believed::DangerOf(None, roots), &[]).unwrap();
    assert!(!takes(config, "idp.lab", &shown, &shown.signing_key));
}

#[test]
fn without_danger_a_certificate_has_to_lead_to_a_root_and_be_for_the_name() {
    let (ours, theirs) = (generate("app.test"), generate("app.test"));
    for (shown, host, believed) in [
        (&ours, "app.test", true),
        (&ours, "other.test", false),
        (&theirs, "app.test", false),
    ] {
        let believes = Believed::Roots(roots(&ours.cert.pem()));
        let config = client(believes, &[]).unwrap();
        assert_eq!(takes(config, host, shown, &shown.signing_key), believed);
    }
    let any = client(Believed::DangerAny, &[]).unwrap();
    assert!(takes(any, "other.test", &theirs, &theirs.signing_key));
}

/// Whoever copies a certificate that is not looked at has not its key.
#[test]
fn the_signature_of_the_handshake_is_verified_whatever_certificate_is_believed() {
    let (shown, other) = (generate("app.test"), generate("app.test"));
    let roots = roots(&shown.cert.pem());
    for believed in [
        Believed::DangerAny,
        Believed::DangerOf(Some(name("app.test")), Arc::clone(&roots)),
        Believed::Roots(roots),
    ] {
        let config = client(believed, &[]).unwrap();
        assert!(!takes(config, "app.test", &shown, &other.signing_key));
    }
}

/// CVE-2026-54762: a trust file without a certificate must not end in "no check".
#[test]
fn cve_2026_54762_a_bundle_that_can_not_be_used_and_no_roots_are_errors() {
    for (bundle, error) in [
        (&b""[..], BundleError::Empty),
        (b"not PEM", BundleError::Empty),
        (
            b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
            BundleError::NotPem,
        ),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            BundleError::Malformed,
        ),
    ] {
        assert_eq!(SystemRoots::none().and(bundle).unwrap_err(), error);
    }
    for believed in [
        Believed::Roots(SystemRoots::none().alone()),
        Believed::DangerOf(Some(name("idp.lab")), SystemRoots::none().alone()),
    ] {
        assert!(matches!(client(believed, &[]), Err(TrustError::NoRoots)));
    }
}

#[test]
fn the_protocols_are_those_that_were_asked_for() {
    let config = client(Believed::DangerAny, &[b"h2", b"http/1.1"]).unwrap();
    assert_eq!(
        config.alpn_protocols,
        [b"h2".to_vec(), b"http/1.1".to_vec()]
    );
}

//! What is read of a certificate, and of what is none.

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

fn certificate() -> (CertificateDer<'static>, KeyPair) {
    let names = ["portal.example.com", "*.example.com", "192.0.2.7", "::1"];
    let mut params = CertificateParams::new(names.map(str::to_owned)).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, value) in [
        (DnType::OrganizationName, "Contoso\u{1b}[2J"),
        (DnType::CommonName, "portal"),
    ] {
        params.distinguished_name.push(kind, value);
    }
    params.not_before = date_time_ymd(2026, 1, 2);
    params.not_after = date_time_ymd(2051, 3, 4);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().der().clone(), key)
}

#[test]
fn a_certificate_says_whom_it_is_for_who_issued_it_and_until_when() {
    let found = ShownCertificate::read(&certificate().0).unwrap();
    assert_eq!(found.subject, "O=Contoso [2J, CN=portal");
    assert_eq!(found.issuer, found.subject);
    assert_eq!(
        found.names,
        ["portal.example.com", "*.example.com", "192.0.2.7", "::1"]
    );
    assert_eq!(
        found.from,
        UnixTime::from_http_date("Fri, 02 Jan 2026 00:00:00 GMT")
    );
    assert_eq!(
        found.until,
        UnixTime::from_http_date("Sat, 04 Mar 2051 00:00:00 GMT")
    );
}

#[test]
fn what_is_no_certificate_is_none_and_nothing_cut_off_panics() {
    for none in [
        &b""[..],
        b"\x30",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x85\x00\x00\x00\x00\x00",
        b"hello",
    ] {
        assert_eq!(ShownCertificate::read(none), None);
    }
    let whole = certificate().0;
    for end in 0..whole.len() {
        let _ = ShownCertificate::read(&whole[..end]);
        let mut changed = whole.to_vec();
        changed[end] ^= 0xff;
        let _ = ShownCertificate::read(&changed);
    }
}

#[tokio::test]
async fn a_server_is_asked_for_its_certificate_and_sent_nothing() {
    let (der, key) = certificate();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        TlsAcceptor::from(Arc::new(config))
            .accept(stream)
            .await
            .err()
    });
    let found = shown("localhost", port, Duration::from_secs(30))
        .await
        .unwrap();
    assert_eq!(found.subject, "O=Contoso [2J, CN=portal");
    assert!(
        server.await.unwrap().is_some(),
        "the handshake did not end well"
    );
    // Nobody listens there any more.
    assert_eq!(
        shown("localhost", port, Duration::from_secs(30)).await,
        None
    );
}

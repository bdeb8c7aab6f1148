//! A server shows its certificate, and nothing follows.

use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

#[tokio::test]
async fn a_server_is_asked_for_its_certificate_and_sent_nothing() {
    let made = rcgen::generate_simple_self_signed(vec!["portal.example.com".to_owned()]).unwrap();
    let der = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der.clone()], key)
        .unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        TlsAcceptor::from(Arc::new(config))
            .accept(stream)
            .await
            .err()
    });
    let patience = Duration::from_secs(30);
    assert_eq!(shown("localhost", port, patience).await, Some(der));
    assert!(
        server.await.unwrap().is_some(),
        "the handshake did not end well"
    );
    // Nobody listens there any more.
    assert_eq!(shown("localhost", port, patience).await, None);
}

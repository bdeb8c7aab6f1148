//! Certificates for `localhost`, made for one test.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A self-signed certificate and its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate, as PEM.
    pub pem: String,
    /// Its key, as PEM.
    pub key_pem: String,
    der: CertificateDer<'static>,
}

impl Certificate {
    /// A new one; no two are alike.
    #[must_use]
    pub fn new() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (pem, key_pem) = (cert.pem(), signing_key.serialize_pem());
        Self {
            pem,
            key_pem,
            der: cert.der().clone(),
        }
    }

    /// A client that trusts this certificate and no other.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    /// A server that shows this certificate.
    #[must_use]
    pub fn server(&self) -> ServerConfig {
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .unwrap()
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}

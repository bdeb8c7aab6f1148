//! Decides which upstream certificates are believed.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::plan::{TlsSettings, Trust, UpstreamPlanError};

/// The system's root certificates, read once per plan.
#[derive(Debug, Clone)]
pub struct SystemRoots(Arc<RootCertStore>);

/// The system's root certificates could not be read at all.
#[derive(Debug, thiserror::Error)]
#[error("read the system's root certificates")]
pub struct RootsError(#[source] rustls_native_certs::Error);

impl SystemRoots {
    /// Reads them. Single ones that can't be used are left out.
    ///
    /// # Errors
    /// [`RootsError`] when there was an error and no certificate.
    pub fn load() -> Result<Self, RootsError> {
        let loaded = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(loaded.certs);
        match loaded.errors.into_iter().next() {
            Some(error) if roots.is_empty() => Err(RootsError(error)),
            _ => Ok(Self(Arc::new(roots))),
        }
    }

    /// None: every upstream brings its own bundle.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(RootCertStore::empty()))
    }
}

pub(super) fn client_config(
    tls: &TlsSettings,
    system: &SystemRoots,
    upstream: &str,
    alpn: &[&[u8]],
) -> Result<Arc<ClientConfig>, UpstreamPlanError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let mut config = if tls.danger_accept_any_certificate {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth()
    } else {
        let roots = trusted(&tls.trust, system, upstream)?;
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|_| UpstreamPlanError::NoRoots {
                upstream: upstream.to_owned(),
            })?;
        builder.with_webpki_verifier(verifier).with_no_client_auth()
    };
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}

fn trusted(
    trust: &Trust,
    system: &SystemRoots,
    upstream: &str,
) -> Result<Arc<RootCertStore>, UpstreamPlanError> {
    let (mut roots, bundle) = match trust {
        Trust::System => return Ok(Arc::clone(&system.0)),
        Trust::SystemAnd(bundle) => (RootCertStore::clone(&system.0), bundle),
        Trust::Only(bundle) => (RootCertStore::empty(), bundle),
    };
    let wrong = |what| UpstreamPlanError::Bundle {
        upstream: upstream.to_owned(),
        what,
    };
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(bundle) {
        let certificate = certificate.map_err(|_| wrong("it is not PEM"))?;
        roots
            .add(certificate)
            .map_err(|_| wrong("a certificate in it is malformed"))?;
        found = true;
    }
    if found {
        Ok(Arc::new(roots))
    } else {
        Err(wrong("it holds no certificate"))
    }
}

/// What `danger_accept_any_certificate` asks for. The handshake's signature is still checked: the peer has the key of
/// whatever certificate it showed.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

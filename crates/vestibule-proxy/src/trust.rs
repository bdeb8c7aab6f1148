//! Decides which certificates of servers are believed, of providers and of upstreams. The only place where one may go
//! unchecked, and only where a setting that begins with `danger_` says so.
//!
//! In: roots, and whose certificate is not looked at. Out: a TLS configuration. `cargo xtask tidy` holds that nothing else
//! sets a verifier.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme,
    WantsVerifier,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// The system's root certificates, read once per plan.
#[derive(Debug, Clone)]
pub struct SystemRoots(Arc<RootCertStore>);

/// The system's root certificates could not be read at all.
#[derive(Debug, thiserror::Error)]
#[error("read the system's root certificates")]
pub struct RootsError(#[source] rustls_native_certs::Error);

/// What is wrong with a file of certificates that are to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It is no PEM.
    #[error("it is not PEM")]
    NotPem,
    /// A certificate in it can't be read.
    #[error("a certificate in it is malformed")]
    Malformed,
    /// There is none in it: it must not come to mean that nothing is checked.
    #[error("it holds no certificate")]
    Empty,
}

/// Whose certificates are believed.
#[derive(Debug)]
pub(crate) enum Believed {
    /// Those that lead to one of these roots, for the name that was asked for.
    Roots(Arc<RootCertStore>),
    /// The same, and whatever this one server shows: who stands in between can be that server. `None` is no server.
    DangerOf(Option<ServerName<'static>>, Arc<RootCertStore>),
    /// Whatever any server shows.
    DangerAny,
}

/// Why there is no TLS configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustError {
    /// Nobody would be believed.
    #[error("find a root certificate")]
    NoRoots,
    /// The TLS library refused.
    #[error("set TLS up")]
    Tls(#[from] rustls::Error),
}

impl SystemRoots {
    /// Reads them. Single ones that can't be used are left out, as every TLS client does.
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

    /// These alone.
    pub(crate) fn alone(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.0)
    }

    /// These and those of a bundle.
    ///
    /// # Errors
    /// [`BundleError`] if a single certificate of the bundle can't be used.
    pub(crate) fn and(&self, bundle: &[u8]) -> Result<Arc<RootCertStore>, BundleError> {
        let mut roots = RootCertStore::clone(&self.0);
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(bundle) {
            let certificate = certificate.map_err(|_| BundleError::NotPem)?;
            roots.add(certificate).map_err(|_| BundleError::Malformed)?;
            found = true;
        }
        match found {
            true => Ok(Arc::new(roots)),
            false => Err(BundleError::Empty),
        }
    }
}

/// The configuration of a client that believes these, and offers these protocols.
///
/// # Errors
/// [`TrustError`]: a client that can verify nobody must not be there.
pub(crate) fn client(believed: Believed, alpn: &[&[u8]]) -> Result<ClientConfig, TrustError> {
    let unchecked = |of| {
        let provider = aws_lc_rs::default_provider();
        client_with(Arc::new(Unchecked { of, provider }))
    };
    let mut config = match believed {
        Believed::Roots(roots) => builder()?
            .with_webpki_verifier(verifier(roots)?)
            .with_no_client_auth(),
        Believed::DangerOf(server, roots) => unchecked(Of::One(server, verifier(roots)?))?,
        Believed::DangerAny => unchecked(Of::All)?,
    };
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// The configuration of a client that has a verifier of its own, which must believe nobody: to look at what is shown.
///
/// # Errors
/// The TLS library refused.
pub(crate) fn client_with(
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, rustls::Error> {
    Ok(builder()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

/// The verifier of the TLS library.
fn verifier(roots: Arc<RootCertStore>) -> Result<Arc<WebPkiServerVerifier>, TrustError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    WebPkiServerVerifier::builder_with_provider(roots, provider)
        .build()
        .map_err(|_| TrustError::NoRoots)
}

/// Looks at no certificate of some servers. The handshake's signature is verified even so: the server has the key of
/// whatever certificate it showed.
#[derive(Debug)]
struct Unchecked {
    of: Of,
    provider: CryptoProvider,
}

/// Whose certificate is not looked at.
#[derive(Debug)]
enum Of {
    /// This server's. The others are verified.
    One(Option<ServerName<'static>>, Arc<WebPkiServerVerifier>),
    All,
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.of {
            Of::One(server, others) if server.as_ref() != Some(server_name) => others
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            Of::One(..) | Of::All => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;

//! How we reach providers: which certificates we believe, and through which proxy.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme,
    WantsVerifier,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use url::Url;

/// How provider calls leave this machine.
#[derive(Clone)]
pub struct OutboundPlan {
    /// TLS towards providers.
    pub tls: Arc<ClientConfig>,
    /// An HTTP proxy for every call but those to loopback. `None` calls directly; the environment
    /// is not asked.
    pub proxy: Option<Url>,
}

/// Shows whether there is a proxy, not its address: that may hold a password.
impl fmt::Debug for OutboundPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundPlan")
            .field("proxied", &self.proxy.is_some())
            .finish_non_exhaustive()
    }
}

/// Why no TLS configuration could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The CA bundle is not a list of PEM certificates.
    #[error("read the CA bundle: {reason}")]
    Bundle {
        /// What is wrong with it.
        reason: String,
    },
    /// The CA bundle holds no certificate.
    #[error("use the CA bundle: it holds no certificate")]
    EmptyBundle,
    /// There is neither a bundle nor a certificate of the system.
    #[error("find a CA certificate: none on this system, and no bundle is configured")]
    NoRoots,
    /// The TLS library refused the settings.
    #[error("set up TLS")]
    Tls(#[from] rustls::Error),
}

/// The TLS configuration for provider calls: the system's certificates, and those of `bundle`
/// (PEM) beside them.
///
/// # Errors
///
/// [`OutboundError`] for a bundle without usable certificates, or when there is no certificate at
/// all: a proxy that can verify nobody must not start.
pub fn client_tls(bundle: Option<&[u8]>) -> Result<ClientConfig, OutboundError> {
    let tls = builder()?
        .with_root_certificates(roots(bundle)?)
        .with_no_client_auth();
    Ok(with_protocols(tls))
}

/// The same, but for any certificate that the server called `host` shows: whoever stands in between can sign in as
/// anybody. Every other server is verified.
///
/// # Errors
///
/// Those of [`client_tls`].
pub fn danger_client_tls_believing(
    host: &str,
    bundle: Option<&[u8]>,
) -> Result<ClientConfig, OutboundError> {
    // An address of IPv6 stands in brackets in a URL.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let roots = Arc::new(roots(bundle)?);
    let others =
        WebPkiServerVerifier::builder_with_provider(roots, Arc::new(aws_lc_rs::default_provider()))
            .build()
            .map_err(|_| OutboundError::NoRoots)?;
    let verifier = Believing {
        host: ServerName::try_from(host.to_owned()).ok(),
        others,
    };
    let tls = builder()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(with_protocols(tls))
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, OutboundError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?)
}

fn with_protocols(mut tls: ClientConfig) -> ClientConfig {
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    tls
}

/// Believes any certificate of one server. The handshake's signature is checked even so: the server has the key of
/// whatever certificate it showed.
#[derive(Debug)]
struct Believing {
    host: Option<ServerName<'static>>,
    others: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Believing {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.host.as_ref() == Some(server_name) {
            return Ok(ServerCertVerified::assertion());
        }
        self.others
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.others
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.others
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.others.supported_verify_schemes()
    }
}

fn roots(bundle: Option<&[u8]>) -> Result<RootCertStore, OutboundError> {
    let mut roots = RootCertStore::empty();
    // Single unreadable certificates of the system are skipped, as every TLS client does.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(bundle) = bundle {
        let certificates = CertificateDer::pem_slice_iter(bundle)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| OutboundError::Bundle {
                reason: error.to_string(),
            })?;
        if certificates.is_empty() {
            return Err(OutboundError::EmptyBundle);
        }
        for certificate in certificates {
            roots
                .add(certificate)
                .map_err(|error| OutboundError::Bundle {
                    reason: error.to_string(),
                })?;
        }
    }
    if roots.is_empty() {
        return Err(OutboundError::NoRoots);
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        assert!(matches!(
            client_tls(Some(b"")),
            Err(OutboundError::EmptyBundle)
        ));
        let garbage = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        assert!(matches!(
            client_tls(Some(garbage)),
            Err(OutboundError::Bundle { .. })
        ));
    }

    #[test]
    fn any_certificate_is_believed_of_the_one_host_and_no_other() {
        let shown = rcgen::generate_simple_self_signed(vec!["anything.test".to_owned()]).unwrap();
        let ca = rcgen::generate_simple_self_signed(vec!["ca.test".to_owned()]).unwrap();
        let roots = roots(Some(ca.cert.pem().as_bytes())).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let others = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let believing = |host: &str| Believing {
            host: ServerName::try_from(host.to_owned()).ok(),
            others: others.clone().build().unwrap(),
        };
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
        for (host, server, believed) in [
            ("idp.lab", "idp.lab", true),
            ("idp.lab", "IDP.lab", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("idp.lab", "graph.microsoft.com", false),
            ("idp.lab", "other.idp.lab", false),
            ("127.0.0.1", "127.0.0.2", false),
        ] {
            let name = ServerName::try_from(server.to_owned()).unwrap();
            let verified =
                believing(host).verify_server_cert(shown.cert.der(), &[], &name, &[], now);
            assert_eq!(verified.is_ok(), believed, "{host} {server}");
        }
    }

    #[test]
    fn the_certificates_of_a_bundle_are_believed() {
        let key = rcgen::generate_simple_self_signed(vec!["ca.test".to_owned()]).unwrap();
        let tls = client_tls(Some(key.cert.pem().as_bytes())).unwrap();
        assert_eq!(tls.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }
}

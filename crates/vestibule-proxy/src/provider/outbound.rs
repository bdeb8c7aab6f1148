//! How we reach providers: which certificates we believe, and through which proxy.

use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
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
    let mut tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
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
    fn the_certificates_of_a_bundle_are_believed() {
        let key = rcgen::generate_simple_self_signed(vec!["ca.test".to_owned()]).unwrap();
        let tls = client_tls(Some(key.cert.pem().as_bytes())).unwrap();
        assert_eq!(tls.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }
}

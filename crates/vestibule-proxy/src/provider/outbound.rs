//! How we reach providers: which certificates we believe, and through which proxy.

use std::fmt;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use url::Url;

use crate::trust::{self, Believed, BundleError, SystemRoots, TrustError};

/// What we speak to providers.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

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
    #[error("use the CA bundle: {0}")]
    Bundle(BundleError),
    /// There is neither a bundle nor a certificate of the system.
    #[error("find a CA certificate: none on this system, and no bundle is configured")]
    NoRoots,
    /// The TLS library refused the settings.
    #[error("set up TLS")]
    Tls(#[from] rustls::Error),
}

impl From<TrustError> for OutboundError {
    fn from(error: TrustError) -> Self {
        match error {
            TrustError::NoRoots => Self::NoRoots,
            TrustError::Tls(error) => Self::Tls(error),
        }
    }
}

/// The TLS configuration for provider calls: the system's certificates, and those of `bundle`
/// (PEM) beside them.
///
/// # Errors
///
/// [`OutboundError`] for a bundle without usable certificates, or when there is no certificate at
/// all: a proxy that can verify nobody must not start.
pub fn client_tls(bundle: Option<&[u8]>) -> Result<ClientConfig, OutboundError> {
    Ok(trust::client(Believed::Roots(roots(bundle)?), &ALPN)?)
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
    let server = ServerName::try_from(host.to_owned()).ok();
    Ok(trust::client(
        Believed::DangerOf(server, roots(bundle)?),
        &ALPN,
    )?)
}

fn roots(bundle: Option<&[u8]>) -> Result<Arc<RootCertStore>, OutboundError> {
    // A bundle may be all there is.
    let system = SystemRoots::load().unwrap_or_else(|_| SystemRoots::none());
    match bundle {
        Some(bundle) => system.and(bundle).map_err(OutboundError::Bundle),
        None => Ok(system.alone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        assert!(matches!(
            client_tls(Some(b"")),
            Err(OutboundError::Bundle(BundleError::Empty))
        ));
        let garbage = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        for tls in [
            client_tls(Some(garbage)),
            danger_client_tls_believing("idp.lab", Some(garbage)),
        ] {
            assert!(matches!(tls, Err(OutboundError::Bundle(_))));
        }
    }

    #[test]
    fn the_certificates_of_a_bundle_are_believed() {
        let key = rcgen::generate_simple_self_signed(vec!["ca.test".to_owned()]).unwrap();
        let tls = client_tls(Some(key.cert.pem().as_bytes())).unwrap();
        assert_eq!(tls.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }
}

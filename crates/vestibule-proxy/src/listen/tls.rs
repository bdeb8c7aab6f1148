//! Holds the certificates of a listener, and decides when changed files are taken.
//!
//! A pair is read, checked and only then swapped in; a pair that does not fit keeps the old one, with an error in the
//! log and a counter. Connections that are open keep what they agreed on.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs as crypto;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use vestibule_oidc::secret::Secret;
use zeroize::Zeroizing;

/// Where PEM text comes from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PemSource {
    /// A file, read again when it changes.
    File(PathBuf),
    /// The text itself; it never changes.
    Inline(Secret),
}

impl fmt::Display for PemSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Inline(_) => f.write_str("the configured text"),
        }
    }
}

impl PemSource {
    fn read(&self) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
        match self {
            Self::File(path) => match std::fs::read(path) {
                Ok(bytes) => Ok(Zeroizing::new(bytes)),
                Err(cause) => Err(CertificateError::Read {
                    source_name: self.to_string(),
                    cause,
                }),
            },
            Self::Inline(text) => Ok(Zeroizing::new(text.expose().as_bytes().to_vec())),
        }
    }
}

/// A certificate chain, leaf first, and its key.
#[derive(Debug, Clone)]
pub struct CertificatePair {
    /// The chain.
    pub certificate: PemSource,
    /// The key: PKCS #8, SEC1 or PKCS #1.
    pub key: PemSource,
}

/// Why a certificate and its key can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file can't be read.
    #[error("read {source_name}")]
    Read {
        /// Which one.
        source_name: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// There is no certificate in it.
    #[error("find a certificate in {source_name}")]
    NoCertificate {
        /// Which one.
        source_name: String,
    },
    /// There is no private key in it.
    #[error("find a private key in {source_name}")]
    NoKey {
        /// Which one.
        source_name: String,
    },
    /// The key is not the certificate's.
    #[error("use the certificate {certificate}: the key {key} is that of another certificate")]
    Mismatch {
        /// The certificate's source.
        certificate: String,
        /// The key's source.
        key: String,
    },
    /// One of the two can't be used.
    #[error("use the certificate {certificate} with the key {key}")]
    Pair {
        /// The certificate's source.
        certificate: String,
        /// The key's source.
        key: String,
        /// What rustls said.
        #[source]
        cause: rustls::Error,
    },
    /// No certificate at all was given.
    #[error("serve TLS without a certificate")]
    None,
    /// rustls refused.
    #[error("set TLS up")]
    Tls(#[from] rustls::Error),
}

impl CertificateError {
    /// Whether the files could not even be read. That is not a change, so it is reported each time they are looked at.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Read { .. })
    }
}

/// The certificates of a listener, ready to serve.
pub struct TlsIdentity {
    pairs: Vec<CertificatePair>,
    keys: Arc<Keys>,
    config: Arc<ServerConfig>,
    /// What was tried last, taken or not: a bad pair is complained about once.
    tried: Mutex<Vec<u8>>,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity")
            .field("pairs", &self.pairs)
            .finish_non_exhaustive()
    }
}

impl TlsIdentity {
    /// Reads all pairs. A client gets the first whose names fit what it asks for, else the first.
    ///
    /// # Errors
    /// [`CertificateError`] for the first pair that can't be used.
    pub fn load(pairs: Vec<CertificatePair>) -> Result<Self, CertificateError> {
        let (digest, loaded) = load(&pairs)?;
        let keys = Arc::new(Keys(ArcSwap::from_pointee(loaded?)));
        let provider = Arc::new(crypto::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&keys) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer = crypto::Ticketer::new()?;
        Ok(Self {
            pairs,
            keys,
            config: Arc::new(config),
            tried: Mutex::new(digest),
        })
    }

    /// Takes files that changed. `Ok(true)` if there was a change and it was taken.
    ///
    /// # Errors
    /// [`CertificateError`] once per change that can't be used; the old certificates stay.
    pub fn refresh(&self) -> Result<bool, CertificateError> {
        let (digest, loaded) = load(&self.pairs)?;
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if *tried == digest {
            return Ok(false);
        }
        *tried = digest;
        self.keys.0.store(Arc::new(loaded?));
        Ok(true)
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

type Loaded = Result<Vec<Arc<CertifiedKey>>, CertificateError>;

/// Reads all pairs, and a digest of what was read.
fn load(pairs: &[CertificatePair]) -> Result<(Vec<u8>, Loaded), CertificateError> {
    let mut digest = Context::new(&SHA256);
    let mut texts = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let (certificate, key) = (pair.certificate.read()?, pair.key.read()?);
        for text in [&certificate, &key] {
            digest.update(&(text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        texts.push((pair, certificate, key));
    }
    let loaded: Loaded = texts
        .iter()
        .map(|(pair, chain, key)| parse(pair, chain, key))
        .collect();
    let loaded = loaded.and_then(|keys| {
        if keys.is_empty() {
            Err(CertificateError::None)
        } else {
            Ok(keys)
        }
    });
    Ok((digest.finish().as_ref().to_vec(), loaded))
}

fn parse(
    pair: &CertificatePair,
    chain: &[u8],
    key: &[u8],
) -> Result<Arc<CertifiedKey>, CertificateError> {
    let no_certificate = || CertificateError::NoCertificate {
        source_name: pair.certificate.to_string(),
    };
    let chain = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| no_certificate())?;
    if chain.is_empty() {
        return Err(no_certificate());
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::NoKey {
        source_name: pair.key.to_string(),
    })?;
    CertifiedKey::from_der(chain, key, &crypto::default_provider())
        .map(Arc::new)
        .map_err(|cause| {
            let certificate = pair.certificate.to_string();
            let key = pair.key.to_string();
            match cause {
                rustls::Error::InconsistentKeys(_) => {
                    CertificateError::Mismatch { certificate, key }
                }
                cause => CertificateError::Pair {
                    certificate,
                    key,
                    cause,
                },
            }
        })
}

/// The certificate that clients would be shown of this text in PEM: the first, in DER. `None` if there is none.
#[must_use]
pub fn first_certificate(pem: &[u8]) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(pem).ok()
}

/// Whether a certificate is for this host, a name or an address, as TLS clients judge: by its alternative names alone,
/// never by its common name; `*` is one whole label, the first (RFC 9525 §6.3).
#[must_use]
pub fn covers(certificate: &CertificateDer<'_>, host: &str) -> bool {
    // An address of IPv6 stands in brackets in a URL.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match (
        ServerName::try_from(host),
        ParsedCertificate::try_from(certificate),
    ) {
        (Ok(name), Ok(certificate)) => verify_server_name(&certificate, &name).is_ok(),
        _ => false,
    }
}

/// Chooses a certificate in a handshake.
struct Keys(ArcSwap<Vec<Arc<CertifiedKey>>>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Keys {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let keys = self.0.load();
        let asked = hello
            .server_name()
            .and_then(|name| ServerName::try_from(name).ok());
        let fitting = asked.and_then(|name| keys.iter().find(|key| fits(key, &name)));
        fitting.or(keys.first()).cloned()
    }
}

fn fits(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    key.end_entity_cert()
        .and_then(ParsedCertificate::try_from)
        .is_ok_and(|certificate| verify_server_name(&certificate, name).is_ok())
}

#[cfg(test)]
mod tests;

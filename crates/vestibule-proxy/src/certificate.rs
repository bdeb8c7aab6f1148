//! The certificate a server shows, for a person who wants to know why it was not believed.
//!
//! The handshake ends as soon as it is there: nothing is sent, and nothing of it is believed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::trust;

/// Asks a server which certificate it shows to who wants `host`: in DER, unread. `None` if it shows none in time.
pub async fn shown(host: &str, port: u16, patience: Duration) -> Option<CertificateDer<'static>> {
    // An address of IPv6 stands in brackets in a URL.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let keeper = Arc::new(Keeper {
        shown: Mutex::new(None),
        provider: aws_lc_rs::default_provider(),
    });
    let config = trust::client_with(Arc::clone(&keeper) as Arc<dyn ServerCertVerifier>).ok()?;
    let handshake = async {
        for address in lookup_host((host, port)).await.ok()? {
            if let Ok(stream) = TcpStream::connect(address).await {
                // It never succeeds.
                let connector = TlsConnector::from(Arc::new(config));
                return connector.connect(name, stream).await.err();
            }
        }
        None
    };
    timeout(patience, handshake).await.ok()??;
    keeper.take()
}

/// Keeps what it is shown, and refuses it.
#[derive(Debug)]
struct Keeper {
    shown: Mutex<Option<CertificateDer<'static>>>,
    provider: CryptoProvider,
}

impl Keeper {
    fn take(&self) -> Option<CertificateDer<'static>> {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl ServerCertVerifier for Keeper {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = Some(end_entity.clone().into_owned());
        Err(refusal())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(refusal())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(refusal())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn refusal() -> Error {
    Error::General("the certificate was only looked at".to_owned())
}

#[cfg(test)]
mod tests;

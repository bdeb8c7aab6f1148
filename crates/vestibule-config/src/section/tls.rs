//! `[tls]`: certificate and key of the listener.

use std::path::PathBuf;

use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::environment::SecretText;
use crate::read::{Item, Reader, Reference};

pub(crate) static TLS: Section = Section {
    name: "tls",
    heading: "[tls]",
    doc: "Written as a table of its own or inline: `tls = { certificate = \"…\", key = \"file:…\" }`. \
          TLS 1.2 and 1.3 are offered, HTTP/1.1 and HTTP/2 over either.",
    open: None,
    keys: &[
        Key {
            name: "certificate",
            kind: Kind::Path,
            fallback: Fallback::Required,
            change: Change::Reload,
            doc: "A PEM file with the certificate and then the chain.",
        },
        Key {
            name: "key",
            kind: Kind::Secret,
            fallback: Fallback::Required,
            change: Change::Reload,
            doc: "The private key in PEM. With `file:` the file is read again when it changes.",
        },
    ],
};

/// Certificate and key of the listener.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// PEM, leaf first. Read again when it changes.
    pub certificate: PathBuf,
    /// The private key.
    pub key: TlsKey,
}

/// Where the private key of the listener is. Matched exhaustively by whoever loads it.
#[derive(Debug, Clone)]
pub enum TlsKey {
    /// A PEM file, read again when it changes. It was readable and held a private key when the configuration was read.
    File(PathBuf),
    /// PEM text from the environment.
    Text(SecretText),
}

/// What a key that may be absent is taken for.
const STAND_IN: &str = "-----BEGIN PRIVATE KEY-----";

pub(crate) fn read(reader: &Reader<'_>) -> Option<TlsSettings> {
    let tls = reader.table("tls")?;
    tls.required(
        "certificate",
        "write the path of a PEM file: certificate = \"/etc/vestibule/cert.pem\"",
    );
    let certificate = tls.certificates("certificate");
    let item = tls.required(
        "key",
        "write where the key is: key = \"file:/etc/vestibule/key.pem\"",
    )?;
    let key = match item.reference()? {
        Reference::File(path) => {
            let text = item.secret_file(&path, STAND_IN)?;
            expect_private_key(&item, text.expose(), &path.display().to_string());
            TlsKey::File(path)
        }
        Reference::Variable(name) => {
            let text = item.secret_or(STAND_IN)?;
            expect_private_key(
                &item,
                text.expose(),
                &format!("the environment variable {name}"),
            );
            TlsKey::Text(text)
        }
    };
    Some(TlsSettings {
        certificate: certificate?,
        key,
    })
}

fn expect_private_key(item: &Item<'_>, text: &str, place: &str) {
    if !text.contains("PRIVATE KEY-----") {
        let help = if text.contains("-----BEGIN CERTIFICATE") {
            "that is the certificate; name the file with the private key"
        } else {
            "name a PEM file that holds -----BEGIN PRIVATE KEY-----"
        };
        item.error(format!("{place} holds no private key in PEM"), help);
    } else if text.contains("ENCRYPTED") {
        item.error(
            format!("the private key in {place} is encrypted"),
            "take its passphrase off: openssl pkey -in KEY -out NEW; chmod 600 NEW",
        );
    }
}

//! Paths of what must be there before the program runs: files of certificates in PEM, and folders.

use std::path::PathBuf;

use super::Item;
use crate::environment::SecretError;

impl Item<'_> {
    /// The path of a file that holds certificates in PEM. That a key belongs to one is not looked at.
    pub(crate) fn certificates(&self) -> Option<PathBuf> {
        let path = self.context.environment.base.join(self.filled_text()?);
        let shown = path.display();
        match self.context.environment.secrets.certificates(&path) {
            Ok(Some(content)) => {
                if let Err(flaw) = judge(&content) {
                    self.error(format!("{shown} {flaw}"), flaw.help());
                }
            }
            Ok(None) => {}
            Err(SecretError::Missing) => self.absent(
                format!("{shown} is not there"),
                "put the certificates there in PEM, or correct the path",
            ),
            Err(error) => self.error(
                format!("{shown}: can't {error}"),
                "make it a file that the user who runs vestibule can read",
            ),
        }
        Some(path)
    }

    /// The path of a folder.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        let path = self.context.environment.base.join(self.filled_text()?);
        let shown = path.display();
        match self.context.environment.secrets.folder(&path) {
            Ok(()) => {}
            Err(SecretError::Missing) => self.absent(
                format!("the folder {shown} is not there"),
                "make it, or correct the path",
            ),
            Err(error) => self.error(
                format!("{shown}: can't {error}"),
                "make it a folder that the user who runs vestibule can read",
            ),
        }
        Some(path)
    }

    /// Something outside the file is not there, which another machine may have.
    pub(crate) fn absent(&self, message: impl Into<String>, help: impl Into<String>) {
        if self.context.environment.without_secrets {
            self.warning(message, help);
        } else {
            self.error(message, help);
        }
    }
}

/// Why a file gives no certificates; reads on after the file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    #[error("is empty")]
    Empty,
    #[error("holds a private key and no certificate")]
    PrivateKey,
    #[error("is not PEM but DER, the binary form")]
    Der,
    #[error("holds no certificate in PEM")]
    NoCertificate,
    #[error("is broken: its certificate number {0} does not end, or is not one")]
    Broken(usize),
}

impl Flaw {
    fn help(self) -> &'static str {
        match self {
            Self::Empty | Self::NoCertificate => {
                "name a file that holds -----BEGIN CERTIFICATE-----"
            }
            Self::PrivateKey => "name the file with the certificate; the key is named by `key`",
            Self::Der => "turn it into PEM: openssl x509 -inform der -in FILE -out NEW.pem",
            Self::Broken(_) => "copy it anew, whole, from -----BEGIN to -----END",
        }
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// RFC 7468 §5: one certificate or more, between their lines; text around them is let pass.
fn judge(content: &[u8]) -> Result<(), Flaw> {
    let text = String::from_utf8_lossy(content);
    if text.trim().is_empty() {
        return Err(Flaw::Empty);
    }
    let mut found = 0;
    let mut lines = text.split(['\n', '\r']).map(str::trim_end);
    while lines.by_ref().any(|line| line == BEGIN) {
        found += 1;
        let mut body = String::new();
        let ended = lines.by_ref().any(|line| {
            let end = line == END;
            if !end {
                body.extend(line.chars().filter(|c| !c.is_ascii_whitespace()));
            }
            end
        });
        if !ended || !decoded(&body).is_some_and(|der| is_one_sequence(&der)) {
            return Err(Flaw::Broken(found));
        }
    }
    match found {
        0 if text.contains("PRIVATE KEY-----") => Err(Flaw::PrivateKey),
        0 if is_one_sequence(content) => Err(Flaw::Der),
        0 => Err(Flaw::NoCertificate),
        _ => Ok(()),
    }
}

/// RFC 4648 §4, with its padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::with_capacity(text.len()));
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// Whether these bytes are one DER SEQUENCE and nothing more: what every certificate is outside.
fn is_one_sequence(der: &[u8]) -> bool {
    let Some((0x30, rest)) = der.split_first().map(|(tag, rest)| (*tag, rest)) else {
        return false;
    };
    let Some((first, rest)) = rest.split_first() else {
        return false;
    };
    if *first < 0x80 {
        return rest.len() == usize::from(*first);
    }
    let Some((length, content)) = rest.split_at_checked(usize::from(*first & 0x7f)) else {
        return false;
    };
    (1..=4).contains(&length.len())
        && content.len()
            == length
                .iter()
                .fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(body: &str) -> String {
        format!("{BEGIN}\n{body}\n{END}\n")
    }

    #[test]
    fn what_gives_no_certificate_is_named() {
        let good = pem("MAMCAQU=");
        for (content, expected) in [
            (good.clone(), Ok(())),
            (good.replace('\n', "\r\n"), Ok(())),
            (format!("# Some CA\n{good}# Another\n{good}"), Ok(())),
            (String::new(), Err(Flaw::Empty)),
            (" \n".to_owned(), Err(Flaw::Empty)),
            ("hello".to_owned(), Err(Flaw::NoCertificate)),
            (
                good.replace("CERTIFICATE", "PRIVATE KEY"),
                Err(Flaw::PrivateKey),
            ),
            ("\x30\x03\x02\x01\x05".to_owned(), Err(Flaw::Der)),
            (pem("MAMC"), Err(Flaw::Broken(1))),
            (pem("MAMCAQ!="), Err(Flaw::Broken(1))),
            (pem("MAMCAQU"), Err(Flaw::Broken(1))),
            (pem(""), Err(Flaw::Broken(1))),
            (format!("{good}{BEGIN}\nMAMCAQU=\n"), Err(Flaw::Broken(2))),
        ] {
            assert_eq!(judge(content.as_bytes()), expected, "{content}");
        }
    }

    #[test]
    fn a_long_length_is_read() {
        let mut der = vec![0x30, 0x82, 0x01, 0x00];
        der.extend([0; 256]);
        assert!(is_one_sequence(&der));
        der.pop();
        assert!(!is_one_sequence(&der));
        assert!(!is_one_sequence(&[0x30, 0x80]));
        assert!(!is_one_sequence(&[0x30, 0x82, 0x01]));
    }
}

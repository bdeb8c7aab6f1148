//! The shape of a GUID, the identifier Entra gives to tenants, apps, people and groups.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::entropy;

/// A GUID in its lower-case 8-4-4-4-12 spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Guid(String);

/// The text is not a GUID in the 8-4-4-4-12 spelling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read `{found}` as a GUID (8-4-4-4-12 hexadecimal digits)")]
pub struct NotAGuid {
    /// What stood there.
    pub found: String,
}

impl Guid {
    /// Reads a GUID, letter case aside.
    ///
    /// # Errors
    ///
    /// [`NotAGuid`] when the text has another shape.
    pub fn parse(text: &str) -> Result<Self, NotAGuid> {
        let shape_is_right = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if shape_is_right {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotAGuid {
                found: text.chars().take(60).collect(),
            })
        }
    }

    /// The text of the GUID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A new random GUID (version 4).
    pub(crate) fn random() -> Self {
        Self::from_bytes(entropy::bytes())
    }

    /// The GUID that always belongs to these words, so that a person or a group keeps its
    /// identifier from one start to the next.
    pub(crate) fn derived(words: &[&str]) -> Self {
        let hash = digest(&SHA256, words.join("\u{1f}").as_bytes());
        let mut bytes = [0_u8; 16];
        for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Self::from_bytes(bytes)
    }

    fn from_bytes(bytes: [u8; 16]) -> Self {
        let mut number = u128::from_be_bytes(bytes);
        number &= !(0xf000 << 64) & !(0xc000 << 48);
        number |= (0x4000 << 64) | (0x8000 << 48);
        let hex = format!("{number:032x}");
        let mut text = String::with_capacity(36);
        for (at, digit) in hex.chars().enumerate() {
            if matches!(at, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(digit);
        }
        Self(text)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| {
            de::Error::custom(format!(
                "`{text}` is not a GUID (8-4-4-4-12 hexadecimal digits)"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_have_one_shape_and_one_letter_case() {
        assert_eq!(
            Guid::parse("9188040D-6C67-4C5B-B112-36A304B66DAD")
                .unwrap()
                .as_str(),
            "9188040d-6c67-4c5b-b112-36a304b66dad"
        );
        for bad in [
            "",
            "common",
            "9188040d6c674c5bb11236a304b66dad",
            "9188040d-6c67-4c5b-b112-36a304b66daz",
        ] {
            assert!(Guid::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn made_guids_are_version_4_and_derived_ones_stay_the_same() {
        let made = Guid::random();
        assert!(Guid::parse(made.as_str()).is_ok());
        assert_eq!(made.as_str().as_bytes()[14], b'4');
        assert!(matches!(
            made.as_str().as_bytes()[19],
            b'8' | b'9' | b'a' | b'b'
        ));
        assert_eq!(Guid::derived(&["a", "b"]), Guid::derived(&["a", "b"]));
        assert_ne!(Guid::derived(&["a", "b"]), Guid::derived(&["ab"]));
    }
}

//! A name that sessions are looked for by: not empty, bounded.

use serde::{Deserialize, Serialize};

/// The most bytes of a name. A `sub` has 255 characters at most (OIDC Core §2), an issuer is an address.
const MOST_BYTES: usize = 1024;

/// A user's name, a `sub`, a `sid` or an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// A text can't be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("look for a name of {bytes} bytes; it has 1 to {MOST_BYTES}")]
pub struct NameError {
    /// How long it is.
    pub bytes: usize,
}

impl Name {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        match text.len() {
            1..=MOST_BYTES => Ok(Self(text)),
            bytes => Err(NameError { bytes }),
        }
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.to_owned().try_into()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_and_bounded() {
        for (text, fine) in [
            (String::new(), false),
            ("a".to_owned(), true),
            ("a".repeat(MOST_BYTES), true),
            ("a".repeat(MOST_BYTES + 1), false),
        ] {
            assert_eq!(Name::try_from(text.clone()).is_ok(), fine, "{}", text.len());
        }
    }
}

//! Holds the proof key of one sign-in (RFC 7636): only who started it can redeem its code.
//!
//! `S256` always; `plain` does not exist here.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::Secret;

/// The `code_verifier` of one sign-in (RFC 7636 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier(Secret);

impl Verifier {
    /// A verifier of 43 characters from 256 bits of entropy.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(entropy)))
    }

    /// The verifier that was put away when the sign-in started.
    pub fn from_stored(verifier: impl Into<String>) -> Self {
        Self(Secret::new(verifier.into()))
    }

    /// The text, to store it or to send it to the token endpoint.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The `code_challenge` for the authorization request (RFC 7636 §4.2, method `S256`).
    pub fn challenge(&self) -> Challenge {
        Challenge(URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.expose().as_bytes())))
    }
}

/// A `code_challenge` of method `S256`. Not secret: it travels through the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// The parameter's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_is_that_of_rfc_7636_appendix_b() {
        let entropy = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = Verifier::from_entropy(entropy);
        assert_eq!(
            verifier.expose(),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        assert_eq!(
            verifier.challenge().as_str(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert_eq!(Verifier::from_stored(verifier.expose()), verifier);
    }
}

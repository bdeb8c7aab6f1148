//! Holds the two values that tie an answer of the provider to the browser that asked: `state` and
//! `nonce`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::Secret;

/// The `state` of one sign-in (RFC 6749 §10.12): comes back in the callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State(Secret);

/// The `nonce` of one sign-in (OIDC Core §3.1.2.1): comes back in the ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(Secret);

impl State {
    /// A `state` of 43 characters from 256 bits of entropy.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(entropy)))
    }

    /// The `state` that was put away when the sign-in started.
    pub fn from_stored(state: impl Into<String>) -> Self {
        Self(Secret::new(state.into()))
    }

    /// The text, to store it or to send it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether the callback brought this very `state`, compared in constant time.
    pub fn matches(&self, received: &str) -> bool {
        verify_slices_are_equal(self.expose().as_bytes(), received.as_bytes()).is_ok()
    }
}

impl Nonce {
    /// A `nonce` of 43 characters from 256 bits of entropy.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(entropy)))
    }

    /// The `nonce` that was put away when the sign-in started.
    pub fn from_stored(nonce: impl Into<String>) -> Self {
        Self(Secret::new(nonce.into()))
    }

    /// The text, to store it or to send it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether the ID token brought this very `nonce`, compared in constant time.
    pub fn matches(&self, received: &str) -> bool {
        verify_slices_are_equal(self.expose().as_bytes(), received.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_value_matches() {
        let state = State::from_entropy([9; 32]);
        let nonce = Nonce::from_entropy([9; 32]);
        assert_eq!(state.expose().len(), 43);
        assert!(state.matches(state.expose()) && nonce.matches(nonce.expose()));
        for other in [
            "",
            "CQ",
            &state.expose()[..42],
            &format!("{}A", state.expose()),
        ] {
            assert!(!state.matches(other) && !nonce.matches(other), "{other}");
        }
    }
}

//! Decides what a JWT says it is, where it is neither an access token nor an ID token.

use serde_json::Value;
use vestibule_oidc::access_token::TokenShape;

use super::Token;

/// A JWT that is made for one place and is no access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OtherJwt {
    /// It ends sessions (OIDC Back-Channel Logout §2.4).
    LogoutToken,
    /// It proves that a client has a key (RFC 9449 §4.2).
    DpopProof,
    /// A request that a client signed, with the access token in it.
    SignedRequest,
    /// It tells of an event (RFC 8417 §2).
    SecurityEvent,
    /// An authorization request (RFC 9101 §4).
    AuthorizationRequest,
    /// An answer about a token (RFC 9701 §5).
    IntrospectionAnswer,
    /// A client shows who it is with it (RFC 7523 §3).
    ClientAssertion,
    /// What a Windows machine brings to Entra's page for its person, with a refresh token in it.
    DeviceCookie,
}

/// What `typ` of the header says (RFC 7515 §4.1.9).
const TYPES: &[(&str, OtherJwt)] = &[
    ("logout+jwt", OtherJwt::LogoutToken),
    ("dpop+jwt", OtherJwt::DpopProof),
    ("pop", OtherJwt::SignedRequest),
    ("secevent+jwt", OtherJwt::SecurityEvent),
    ("oauth-authz-req+jwt", OtherJwt::AuthorizationRequest),
    ("token-introspection+jwt", OtherJwt::IntrospectionAnswer),
];

/// The event of OIDC Back-Channel Logout §2.4.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl OtherJwt {
    /// What it is called, with its article.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LogoutToken => "a logout token",
            Self::DpopProof => "a DPoP proof",
            Self::SignedRequest => "a signed request (proof of possession)",
            Self::SecurityEvent => "a security event token",
            Self::AuthorizationRequest => "a signed authorization request",
            Self::IntrospectionAnswer => "a signed answer about a token (introspection)",
            Self::ClientAssertion => "a client assertion",
            Self::DeviceCookie => {
                "a cookie of a Windows machine's own sign-in, with a refresh token in it"
            }
        }
    }

    /// Whether only the place it is made for can do something with it.
    pub const fn is_for_one_place(self) -> bool {
        !matches!(
            self,
            Self::LogoutToken | Self::SecurityEvent | Self::IntrospectionAnswer
        )
    }
}

impl Token {
    /// What a JWT is that shows itself to be neither an access token nor an ID token.
    pub fn other_kind(&self) -> Option<OtherJwt> {
        if !matches!(self.shape, TokenShape::Jwt { .. }) {
            return None;
        }
        let typ = self.header_text("typ").unwrap_or_default();
        let typ = typ.rsplit('/').next().unwrap_or(typ);
        let named = |(name, _): &&(&str, OtherJwt)| typ.eq_ignore_ascii_case(name);
        if let Some((_, kind)) = TYPES.iter().find(named) {
            return Some(*kind);
        }
        let ends_sessions = |events: &Value| events.get(LOGOUT_EVENT).is_some();
        if self.claim("events").is_some_and(ends_sessions) {
            return Some(OtherJwt::LogoutToken);
        }
        if self.has("refresh_token") && self.has("is_primary") {
            return Some(OtherJwt::DeviceCookie);
        }
        self.is_client_assertion()
            .then_some(OtherJwt::ClientAssertion)
    }

    /// A client that vouches for itself, to a token endpoint.
    fn is_client_assertion(&self) -> bool {
        let own = self
            .text("iss")
            .is_some_and(|iss| self.text("sub") == Some(iss));
        let permissions = ["scp", "scope", "roles", "nonce"];
        own && !permissions.iter().any(|name| self.has(name))
            && self
                .audiences()
                .iter()
                .any(|audience| audience.starts_with("https://") && audience.ends_with("/token"))
    }

    /// Whether its header demands something of who verifies it, which must then refuse it (RFC 7515 §4.1.11).
    pub fn demands_extension(&self) -> bool {
        matches!(self.shape, TokenShape::Jwt { .. })
            && self
                .header()
                .is_some_and(|header| header.contains_key("crit"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{entra_id_token, entra_token, jwt};

    #[test]
    fn what_a_jwt_says_it_is() {
        let typed = |typ: &str| {
            jwt(
                json!({ "alg": "RS256", "typ": typ }),
                json!({ "nonce": "n" }),
            )
        };
        let of = |claims| jwt(json!({ "alg": "RS256", "typ": "JWT" }), claims);
        let endpoint = "https://login.microsoftonline.com/t/oauth2/v2.0/token";
        for (token, kind) in [
            (typed("logout+jwt"), Some(OtherJwt::LogoutToken)),
            (typed("application/dpop+JWT"), Some(OtherJwt::DpopProof)),
            (typed("pop"), Some(OtherJwt::SignedRequest)),
            (typed("secevent+jwt"), Some(OtherJwt::SecurityEvent)),
            (typed("at+jwt"), None),
            (typed("pop+x"), None),
            (
                of(json!({ "events": { LOGOUT_EVENT: {} } })),
                Some(OtherJwt::LogoutToken),
            ),
            (of(json!({ "events": {} })), None),
            (
                of(json!({ "iss": "c", "sub": "c", "aud": endpoint })),
                Some(OtherJwt::ClientAssertion),
            ),
            (
                of(json!({ "iss": "c", "sub": "c", "aud": endpoint, "scope": "x" })),
                None,
            ),
            (of(json!({ "iss": "c", "sub": "d", "aud": endpoint })), None),
            (
                of(json!({ "iss": "c", "sub": "c", "aud": "https://api.example" })),
                None,
            ),
            (
                of(json!({ "refresh_token": "x", "is_primary": "true" })),
                Some(OtherJwt::DeviceCookie),
            ),
            (entra_token(json!({})), None),
            (entra_id_token(json!({})), None),
        ] {
            assert_eq!(token.other_kind(), kind, "{token:?}");
            assert!(kind.is_none() || !token.looks_like_id_token());
        }
    }
}

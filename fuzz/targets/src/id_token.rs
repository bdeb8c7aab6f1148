//! Target `id_token`: whatever the claims, verifying them ends, and only honest ones pass.
//!
//! The input is the payload of a token that the provider has really signed: a hostile or broken
//! provider, not a forger.

use vestibule_oidc::testing::TestProvider;
use vestibule_oidc::time::UnixTime;

const NOW: UnixTime = UnixTime(1_700_000_000);
const ISSUER: &str = "https://id.example.com";

/// The claims of a signed ID token.
pub fn id_token(input: &[u8]) {
    let Ok(claims) = serde_json::from_slice(input) else {
        return;
    };
    let Ok(token) = TestProvider::new(ISSUER).verified("client", &claims, NOW) else {
        return;
    };
    assert_eq!(token.issuer(), ISSUER);
    assert!(
        token
            .audiences()
            .iter()
            .any(|audience| audience == "client")
    );
    assert!(!token.subject().is_empty() && token.subject().len() <= 255);
    assert_eq!(
        claims.get("nonce").and_then(|nonce| nonce.as_str()),
        Some("nonce")
    );
    let expires = claims
        .get("exp")
        .and_then(serde_json::Value::as_f64)
        .unwrap_or(0.0);
    assert!(expires + 61.0 > NOW.as_secs() as f64, "expired");
    assert_eq!(token.claims(), claims.as_object().unwrap_or(token.claims()));
    assert!(
        !format!("{token:?}").contains(token.raw().expose()),
        "shows itself"
    );
}

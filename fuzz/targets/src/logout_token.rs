//! Target `logout_token`: whatever the claims, verifying them ends, and only a logout passes.
//!
//! The input is the payload of a token that the provider has really signed: a hostile or broken
//! provider, not a forger. The same bytes are read as the form that strangers post.

use vestibule_oidc::issuer::TokenIssuer;
use vestibule_oidc::jose::Algorithm;
use vestibule_oidc::logout_token::{self, EVENT, Expected, MAX_AGE, Whom};
use vestibule_oidc::secret::Secret;
use vestibule_oidc::testing::TestProvider;
use vestibule_oidc::time::UnixTime;

const NOW: UnixTime = UnixTime(1_700_000_000);
const ISSUER: &str = "https://id.example.com";
const SKEW: std::time::Duration = std::time::Duration::from_secs(60);

/// The claims of a signed logout token, or a form.
pub fn logout_token(input: &[u8]) {
    let provider = TestProvider::new(ISSUER);
    let (keys, issuer) = (provider.key_set(), TokenIssuer::exact(ISSUER));
    let expected = Expected {
        client_id: "client",
        issuer: &issuer,
        algorithms: &Algorithm::DEFAULT,
        skew: SKEW,
    };
    if let Ok(token) = logout_token::in_form(input) {
        // Nobody here can sign.
        assert!(logout_token::verify(&token, &keys, &expected, NOW).is_err());
    }
    let Ok(claims) = serde_json::from_slice(input) else {
        return;
    };
    let token = Secret::new(provider.sign(&claims));
    let Ok(verified) = logout_token::verify(&token, &keys, &expected, NOW) else {
        return;
    };
    assert_eq!(verified.issuer(), ISSUER);
    assert!(!verified.jti().is_empty());
    assert!(
        match verified.whom() {
            Whom::Session(name) | Whom::Subject(name) => !name.is_empty(),
        },
        "names nobody"
    );
    assert!(claims.get("nonce").is_none(), "an ID token");
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    assert!(event.is_some_and(|event| event.is_object()), "no logout");
    let until = verified.counts_until();
    assert!(
        NOW < until && until <= NOW + MAX_AGE + SKEW + SKEW,
        "counts for too long"
    );
}

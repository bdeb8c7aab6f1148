//! Target `jwt`: a token is taken apart in one way, and says nothing without a key.

use vestibule_oidc::access_token::{self, TokenShape, classify, clean};
use vestibule_oidc::id_token;
use vestibule_oidc::issuer::TokenIssuer;
use vestibule_oidc::jose::{Algorithm, CompactJws, KeySet};
use vestibule_oidc::time::UnixTime;

/// A token, as text.
pub fn jwt(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let shape = classify(text);
    assert!(!shape.kind().is_empty());
    assert_eq!(
        classify(text.trim()).kind(),
        shape.kind(),
        "white space changes nothing"
    );
    let cleaned = clean(text);
    assert!(cleaned.text.len() <= text.len());

    let Ok(jws) = CompactJws::parse(text, id_token::MAX_BYTES) else {
        return;
    };
    assert!(!text.contains(char::is_whitespace) && text.matches('.').count() == 2);
    if jws.claims().is_ok() {
        let signed = matches!(
            shape,
            TokenShape::Jwt { .. } | TokenShape::TruncatedJwt { .. }
        );
        assert!(signed, "{shape:?}");
    }
    let expected = access_token::AccessTokenExpected {
        issuer: &TokenIssuer::exact("https://id.example.com"),
        audiences: &["api".to_owned()],
        algorithms: &Algorithm::DEFAULT,
        skew: id_token::DEFAULT_SKEW,
    };
    let verified =
        access_token::verify(text, &KeySet::default(), &expected, UnixTime(1_700_000_000));
    assert!(verified.is_err(), "verified without a key");
}

//! Target `jwks`: a key set holds each member once, usable or with the reason why not.

use vestibule_oidc::jose::{Algorithm, KeySet};

/// The document of a provider's `jwks_uri`.
pub fn jwks(input: &[u8]) {
    let Ok(set) = KeySet::parse(input) else {
        return;
    };
    let document: serde_json::Value = serde_json::from_slice(input).unwrap_or_default();
    let members = document
        .get("keys")
        .and_then(|keys| keys.as_array())
        .map_or(0, Vec::len);
    assert_eq!(set.keys().len() + set.skipped().len(), members);
    for key in set.keys() {
        assert!(
            Algorithm::DEFAULT
                .iter()
                .any(|algorithm| key.kind() == algorithm.key_kind()),
            "{key:?}"
        );
    }
    for skipped in set.skipped() {
        assert!(skipped.index < members && !skipped.reason.code().is_empty());
    }
}

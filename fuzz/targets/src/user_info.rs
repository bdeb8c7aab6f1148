//! Target `user_info`: only claims about the same person are taken over.

use vestibule_oidc::userinfo::parse;

/// The answer of a user-info endpoint.
pub fn user_info(input: &[u8]) {
    let json = Some("application/json");
    if let Ok(answer) = parse(200, json, input, "ann") {
        assert_eq!(
            answer.claims().get("sub").and_then(|sub| sub.as_str()),
            Some("ann")
        );
    }
    assert!(parse(200, Some("text/html"), input, "ann").is_err());
    assert!(parse(500, json, input, "ann").is_err());
}

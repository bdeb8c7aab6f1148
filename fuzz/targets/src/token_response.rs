//! Target `token_response`: tokens come with success only, and no text shows them.

use vestibule_oidc::token::TokenResponse;

/// The answer of a token endpoint. The first byte chooses the status, the rest is the body.
pub fn token_response(input: &[u8]) {
    let Some((choice, body)) = input.split_first() else {
        return;
    };
    let status = match choice {
        b'2' => 200,
        b'4' => 400,
        b'5' => 503,
        other => 100 + u16::from(*other),
    };
    match TokenResponse::parse(status, Some("application/json"), body) {
        Ok(response) => {
            assert_eq!(status, 200);
            let tokens = [
                response.access_token(),
                response.refresh_token(),
                response.id_token(),
            ];
            let shown = format!("{response:?}");
            for token in tokens.into_iter().flatten().map(|token| token.expose()) {
                assert!(!token.is_empty());
                assert!(
                    token.len() < 12 || !shown.contains(token.as_str()),
                    "shows a token"
                );
            }
        }
        Err(error) => {
            assert!(!error.code().is_empty() && !error.public_message().is_empty());
            assert!(
                !error.to_string().contains(['\n', '\r', '\u{1b}']),
                "{error}"
            );
        }
    }
}

//! Target `callback`: an answer belongs to one sign-in only, and is never shown.

use vestibule_oidc::authorization::{CallbackExpected, CallbackParams, State};
use vestibule_oidc::issuer::TokenIssuer;

/// The query, or the posted form, of the callback.
pub fn callback(input: &[u8]) {
    let Ok(params) = CallbackParams::parse(input) else {
        return;
    };
    let state = params.state().to_owned();
    assert!(!state.is_empty());
    let shown = format!("{params:?}");
    assert!(
        state.len() < 20 || !shown.contains(&state),
        "shows the state"
    );
    let issuer = TokenIssuer::exact("https://id.example.com");
    let check = |state: &str, iss_required| {
        let state = State::from_stored(state);
        let expected = CallbackExpected {
            state: &state,
            issuer: &issuer,
            metadata_issuer: "https://id.example.com",
            iss_required,
        };
        params.clone().check(&expected).is_ok()
    };
    assert!(
        !check(&format!("{state}x"), false),
        "taken for another sign-in"
    );
    assert!(
        check(&state, false) || !check(&state, true),
        "a promise of `iss` only adds a check"
    );
}

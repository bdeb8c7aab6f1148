//! Target `front_channel`: a logout names one session, of an issuer of ours.

use vestibule_oidc::issuer::TokenIssuer;
use vestibule_oidc::logout::front_channel::FrontChannelLogout;

const ISSUER: &str = "https://id.example.com";

/// The query of the front-channel logout address.
pub fn front_channel(input: &[u8]) {
    let issuer = TokenIssuer::exact(ISSUER);
    let Ok(logout) = FrontChannelLogout::parse(input, &issuer, ISSUER) else {
        return;
    };
    assert!(!logout.sid().is_empty() && logout.sid().len() <= 512);
    assert_eq!(logout.issuers(), [ISSUER]);
    let shown = format!("{logout:?}");
    assert!(
        logout.sid().len() < 40 || !shown.contains(logout.sid()),
        "shows the session"
    );
    // Once more is once too often.
    let twice = [input, b"&sid=again"].concat();
    assert!(FrontChannelLogout::parse(&twice, &issuer, ISSUER).is_err());
}

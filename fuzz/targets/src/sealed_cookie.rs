//! Target `sealed_cookie`: nothing opens but what we sealed, and for what we sealed it.

use vestibule_oidc::time::UnixTime;
use vestibule_session::pending::Pending;
use vestibule_session::seal::{KeyRing, NONCE_BYTES, OVERHEAD_BYTES, Purpose, SealingKey};
use vestibule_session::site::Site;

/// The key of the corpus.
const KEY: [u8; 32] = *b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\
    \x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f";

/// A sealed value, and the value of a pending cookie.
pub fn sealed_cookie(input: &[u8]) {
    let (Ok(key), Ok(site)) = (
        SealingKey::from_bytes(&KEY),
        Site::https("site.example.com", 443),
    ) else {
        return;
    };
    let Ok(keys) = KeyRing::new(vec![key]) else {
        return;
    };
    let part: &[&[u8]] = &[b"part"];
    if let Ok(plaintext) = keys.open(Purpose::Record, part, input) {
        let nonce = input
            .get(5..5 + NONCE_BYTES)
            .and_then(|nonce| nonce.try_into().ok());
        let sealed = keys.seal(Purpose::Record, part, &plaintext, nonce.unwrap_or_default());
        assert_eq!(
            sealed.as_deref(),
            Ok(input),
            "two sealed forms of one value"
        );
        assert_eq!(input.len(), plaintext.len() + OVERHEAD_BYTES);
        assert!(
            keys.open(Purpose::Pending, part, input).is_err(),
            "opened for another purpose"
        );
        assert!(
            keys.open(Purpose::Record, &[b"other"], input).is_err(),
            "opened elsewhere"
        );
    }
    let state = "state";
    let mut header = format!("{}=", site.cookies().pending(state)).into_bytes();
    header.extend_from_slice(input);
    let found = Pending::find(
        [header.as_slice()],
        &site,
        &keys,
        state,
        UnixTime(1_000_000),
    );
    assert!(found.is_err(), "nobody sealed this");
}

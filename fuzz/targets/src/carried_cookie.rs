//! Target `carried_cookie`: chunks of a carried session are found in one way, and only what was sealed
//! as a whole set opens.

use vestibule_session::carried::chunks::Brought;
use vestibule_session::carried::read;
use vestibule_session::handle::Handle;
use vestibule_session::seal::{KeyRing, SealingKey};
use vestibule_session::site::Site;

/// The value of a `Cookie` header.
pub fn carried_cookie(input: &[u8]) {
    let (Ok(key), Ok(site)) = (
        SealingKey::from_bytes(b"the key of the corpus, 32 bytes."),
        Site::https("site.example.com", 443),
    ) else {
        return;
    };
    let Ok(keys) = KeyRing::new(vec![key]) else {
        return;
    };
    let handle = Handle::from_entropy([7; 32]).store_key();
    let brought = Brought::find([input], site.cookies());
    let numbers: Vec<usize> = brought.numbers().collect();
    assert!(numbers.is_sorted());
    if brought.digest().is_some() {
        assert!(!brought.is_empty());
        assert_eq!(
            numbers,
            Vec::from_iter(0..numbers.len()),
            "a set has no gaps"
        );
        // A second copy of any of them spoils the set.
        let twice = [input, b"; ", input].concat();
        assert!(
            Brought::find([twice.as_slice()], site.cookies())
                .digest()
                .is_none()
        );
    }
    assert!(
        read(&brought, &site, &handle, &keys).is_none(),
        "nobody sealed this"
    );
}

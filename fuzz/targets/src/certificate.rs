//! Target `certificate`: whatever a server shows is read within bounds, and told in plain characters.

use vestibule_diagnosis::evidence::Certificate;

/// A certificate in DER.
pub fn certificate(input: &[u8]) {
    let Some(found) = Certificate::read(input) else {
        return;
    };
    assert!(found.names.len() <= 20);
    let texts = found.names.iter().chain([&found.subject, &found.issuer]);
    for text in texts {
        assert!(text.chars().count() < 4096);
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}

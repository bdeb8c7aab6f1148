//! Target `host`: one spelling per host, which reads as itself.

use vestibule_gate::host::Host;

/// The value of `Host`.
pub fn host(input: &[u8]) {
    let Ok(host) = Host::parse(input) else { return };
    let text = host.to_string();
    assert!(
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()),
        "{text}"
    );
    assert!(
        !text.bytes().any(|byte| b"/\\@?#%, ".contains(&byte)),
        "{text}"
    );
    assert!(
        !text.bytes().any(|byte| byte.is_ascii_uppercase()),
        "{text}"
    );
    assert_eq!(Host::parse(text.as_bytes()).as_ref(), Ok(&host), "{text}");
}

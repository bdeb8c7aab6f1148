//! Target `path`: the canonical path is the same for whoever reads it, and again.

use bytes::Bytes;
use vestibule_gate::path::CanonicalPath;

/// The path of a request target.
pub fn path(input: &[u8]) {
    let Ok(path) = CanonicalPath::parse(&Bytes::copy_from_slice(input)) else {
        return;
    };
    let bytes = path.as_bytes();
    assert!(bytes.starts_with(b"/"), "{path}");
    assert!(bytes.iter().all(u8::is_ascii_graphic), "{path}");
    assert!(!bytes.iter().any(|byte| b"\\#?".contains(byte)), "{path}");
    assert!(!path.as_str().contains("//"), "{path}");
    for segment in path.as_str().split('/') {
        let decoded = segment.replace("%2E", ".");
        assert!(!matches!(decoded.as_str(), "." | ".."), "{path}");
    }
    // What an upstream that decodes once would see as another path.
    for hidden in ["2F", "5C", "23", "3F", "00", "0A", "0D"] {
        for encoded in [
            format!("%{hidden}"),
            format!("%25{hidden}"),
            "%252E".to_owned(),
        ] {
            assert!(!path.as_str().contains(&encoded), "{path}");
        }
    }
    assert_eq!(
        CanonicalPath::parse(bytes).as_ref(),
        Ok(&path),
        "not canonical"
    );
}

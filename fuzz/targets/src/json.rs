//! Target `json`: what is read strictly is what every other reader would read.

use vestibule_oidc::json::{kind, parse, parse_object};

/// A JSON text.
pub fn json(input: &[u8]) {
    let strict = parse(input, 64 << 10);
    assert_eq!(
        parse_object(input, 64 << 10).is_ok(),
        strict
            .as_ref()
            .is_ok_and(|value| kind(value) == "an object" || value.is_object())
    );
    let Ok(value) = strict else { return };
    let loose: serde_json::Value = serde_json::from_slice(input).unwrap_or_default();
    assert_eq!(loose, value);
    // Long decimal fractions are rounded on the way in, and may be once more.
    if !has_fraction(&value) {
        assert_eq!(
            parse(value.to_string().as_bytes(), usize::MAX).as_ref(),
            Ok(&value)
        );
    }
}

fn has_fraction(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(items) => items.iter().any(has_fraction),
        serde_json::Value::Object(members) => members.values().any(has_fraction),
        other => other.is_f64(),
    }
}

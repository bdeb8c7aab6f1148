//! JSON for programs, in characters that show themselves: it may go to a terminal all the same.

use std::fmt::Write as _;

use serde_json::Value;
use vestibule_oidc::text::escaped;

/// The text of a value, on one line. What JSON leaves as it is and does not show as itself is written as `\u200b` is; to a
/// program that is the same.
pub(super) fn text(value: &Value) -> String {
    let plain = value.to_string();
    let mut text = String::with_capacity(plain.len());
    for char in plain.chars() {
        let shows_itself = escaped(char.encode_utf8(&mut [0; 4])).chars().eq([char]);
        if shows_itself {
            text.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // Writing to a text does not fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_program_reads_the_name_and_a_terminal_obeys_none() {
        let value = json!({ "name": "Zoë\u{9b}31m\u{202e}\u{200b}\u{e0041}\u{1b}\u{7f}\"\\" });
        let text = text(&value);
        let hidden = r"Zoë\u009b31m\u202e\u200b\udb40\udc41\u001b\u007f";
        assert!(text.contains(hidden), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}

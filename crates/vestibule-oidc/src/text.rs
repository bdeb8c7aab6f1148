//! Makes text from outside fit to be shown: bounded, and without control characters.

use std::borrow::Cow;
use std::fmt;

/// The text with blanks in the place of control characters, which a terminal obeys. Characters that turn the reading
/// direction around are left out: they make a name look like another. Markup is not touched: escape it where it is shown.
pub fn printable(text: &str) -> Cow<'_, str> {
    let turns = |char| matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(|char: char| char.is_control() || turns(char)) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter(|char| !turns(*char));
    Cow::Owned(
        kept.map(|char| if char.is_control() { ' ' } else { char })
            .collect(),
    )
}

/// At most `max_chars` characters, control characters as spaces. Markup is not touched: escape it
/// where it is shown.
pub(crate) fn readable(text: &str, max_chars: usize) -> String {
    text.chars()
        .take(max_chars)
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect()
}

/// An optional value from outside as an error's text shows it: in quotes, or `none`.
pub(crate) const fn or_none(value: &Option<String>) -> OrNone<'_> {
    OrNone(value)
}

/// See [`or_none`].
pub(crate) struct OrNone<'a>(&'a Option<String>);

impl fmt::Display for OrNone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "{value:?}"),
            None => f.write_str("none"),
        }
    }
}

/// Whether a `Content-Type` is JSON: `application/json` or `application/…+json`.
pub(crate) fn is_json(content_type: Option<&str>) -> bool {
    let media_type = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    let media_type = media_type.trim().to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_length_are_tamed() {
        assert_eq!(readable("a\r\nb\u{7f}c", 16), "a  b c");
        assert_eq!(readable("äöü", 2), "äö");
    }

    #[test]
    fn what_is_printable_moves_no_cursor_and_turns_nothing_around() {
        for (text, shown) in [
            ("Ann Lee", "Ann Lee"),
            ("a\u{1b}[2J\r\n\u{9b}b\0\u{7f}", "a [2J   b  "),
            ("\u{202e}nimda\u{2069}\u{200f}\u{61c}", "nimda"),
            ("日本 é עברית", "日本 é עברית"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn an_optional_value_is_shown_as_people_write_it() {
        assert_eq!(or_none(&Some("a\n".to_owned())).to_string(), r#""a\n""#);
        assert_eq!(or_none(&None).to_string(), "none");
    }

    #[test]
    fn json_is_recognised_by_its_media_type() {
        for yes in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/x+json",
        ] {
            assert!(is_json(Some(yes)), "{yes}");
        }
        for no in [
            None,
            Some(""),
            Some("text/html"),
            Some("application/jsonx"),
            Some("application/jwt"),
        ] {
            assert!(!is_json(no), "{no:?}");
        }
    }
}

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

/// The text with an escape, `\u{200b}`, for each character that shows nothing of itself, or something else than is there:
/// control and format characters, what turns the reading direction around, fillers. For whoever has to tell one name from
/// another. Markup is not touched: escape it where it is shown.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.chars().all(shows_itself) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match shows_itself(char) {
            true => shown.push(char),
            false => shown.extend(char.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

fn shows_itself(char: char) -> bool {
    match char {
        ' '..='~' => true,
        // Letters that are blank, and line ends of a kind.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2028}' | '\u{2029}'
        | '\u{3164}' | '\u{ffa0}' => false,
        _ if char.is_control() => false,
        // Blanks of other widths, as between Japanese names.
        _ if char.is_whitespace() => true,
        // What the standard library calls printable it leaves as it is. Behind a letter, because a mark alone it does not.
        _ => format!("a{char}").escape_debug().count() == 2,
    }
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
    fn what_does_not_show_is_escaped_and_what_people_are_called_is_not() {
        for (text, shown) in [
            ("a\u{1b}[2J\n", "a\\u{1b}[2J\\u{a}"),
            (
                "\u{202e}nimda\u{200b}\u{2066}",
                "\\u{202e}nimda\\u{200b}\\u{2066}",
            ),
            (
                "ann\u{ad}\u{feff}\u{e0041}",
                "ann\\u{ad}\\u{feff}\\u{e0041}",
            ),
            (
                "\u{3164}\u{2028}\u{9b}\u{7f}",
                "\\u{3164}\\u{2028}\\u{9b}\\u{7f}",
            ),
        ] {
            assert_eq!(escaped(text), shown);
        }
        for name in [
            "Ann O'Neill \"CORP\\ann\"",
            "Zoë e\u{301} 山田\u{3000}太郎 עברית हिन्दी",
            "🧑",
            "",
        ] {
            assert_eq!(escaped(name), name);
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

//! Decides how values from outside are shown: bounded, without control characters, and no token or secret.

use vestibule_diagnosis::redacted;

/// The most characters of one value.
const MOST: usize = 200;

/// A value as it may be shown.
pub(super) fn shown(value: &str) -> String {
    let clean: String = value
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    // Before anything is cut: the beginning of a token does not look like one.
    let clean = redacted(clean);
    match clean.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", clean.get(..end).unwrap_or_default()),
        None => clean,
    }
}

/// Several of them, at most so many.
pub(super) fn list<'v>(values: impl IntoIterator<Item = &'v str>) -> Vec<String> {
    values.into_iter().take(32).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_shown_and_nothing_is_long() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.AAAA", "eyJhdWQiOiJ4In0".repeat(40));
        assert_eq!(shown(&format!("x {token} y")), "x (not shown) y");
        assert_eq!(shown(&"ab ".repeat(200)).chars().count(), MOST + 1);
        assert_eq!(shown("a\u{1b}[2J"), "a [2J");
        assert_eq!(shown("api://x/.default"), "api://x/.default");
    }
}

//! What a pattern of Apache's (PCRE) means otherwise here, where nothing else would say so.
//!
//! What the engine here does not know at all it refuses itself: looking ahead and back, references to groups, atomic
//! groups.

/// Why the pattern means something else; `None` where it means the same, or is refused anyway.
pub(super) fn means_otherwise(pattern: &str) -> Option<&'static str> {
    let mut rest = pattern.as_bytes();
    let mut after_quantifier = false;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let was_quantifier = std::mem::take(&mut after_quantifier);
        match byte {
            b'\\' => match escape(rest) {
                Ok(tail) => rest = tail,
                Err(why) => return Some(why),
            },
            b'[' => match class(rest) {
                Ok(tail) => rest = tail,
                Err(why) => return Some(why),
            },
            b'(' if rest.first() == Some(&b'?') => {
                rest = rest.get(1..).unwrap_or_default();
                // A `P` begins a name.
                let flag =
                    |byte: &&u8| (byte.is_ascii_alphabetic() && **byte != b'P') || **byte == b'-';
                if rest
                    .iter()
                    .take_while(flag)
                    .any(|flag| b"xuR".contains(flag))
                {
                    return Some("the flags x, u and R mean something else, or nothing, in Apache");
                }
            }
            b'+' if was_quantifier => {
                return Some(
                    "a quantifier with + behind it gives nothing back, which is not known here",
                );
            }
            b'*' | b'+' | b'?' | b'}' => after_quantifier = true,
            _ => {}
        }
    }
    None
}

/// What is behind an escape.
fn escape(rest: &[u8]) -> Result<&[u8], &'static str> {
    match rest {
        [b'<' | b'>', ..] => {
            Err("\\< and \\> are the signs themselves in Apache, and edges of words here")
        }
        [b'v', ..] => Err("\\v is any line end in Apache, and one character here"),
        [b'b' | b'B', b'{', ..] => Err("\\b{ means something else in Apache"),
        [_, tail @ ..] => Ok(tail),
        [] => Ok(&[]),
    }
}

/// What is behind a class, of which the inside is given.
fn class(inside: &[u8]) -> Result<&[u8], &'static str> {
    let mut rest = inside.strip_prefix(b"^").unwrap_or(inside);
    // The first is the sign itself.
    rest = rest.strip_prefix(b"]").unwrap_or(rest);
    loop {
        rest = match rest {
            [b']', tail @ ..] => return Ok(tail),
            [b'\\', tail @ ..] => escape(tail)?,
            [b'[', b':', tail @ ..] => {
                let end = tail.windows(2).position(|two| two == b":]");
                end.and_then(|end| tail.get(end + 2..)).unwrap_or_default()
            }
            [b'[', ..] => return Err("a [ within a class is the sign itself in Apache; write \\["),
            [b'&', b'&', ..] | [b'-', b'-', ..] | [b'~', b'~', ..] => {
                return Err("&&, -- and ~~ within a class are the signs themselves in Apache");
            }
            [_, tail @ ..] => tail,
            [] => return Ok(&[]),
        };
    }
}

/// The same where `$` stands before a line feed at the end of a text too, as in Apache. Needed only where a text that is
/// not found lets somebody in.
pub(super) fn with_line_ends(pattern: &str) -> String {
    let (mut out, mut rest) = (String::new(), pattern);
    while let Some(at) = rest.find(['\\', '[', '$']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let inside = found.get(1..).unwrap_or_default();
        let taken = match found.as_bytes().first() {
            Some(b'$') => {
                out.push_str("(?:\\n?$)");
                1
            }
            Some(b'[') => {
                let tail = class(inside.as_bytes()).map_or(0, <[u8]>::len);
                let taken = found.len() - tail;
                out.push_str(found.get(..taken).unwrap_or_default());
                taken
            }
            _ => {
                let taken = 1 + inside.chars().next().map_or(0, char::len_utf8);
                out.push_str(found.get(..taken).unwrap_or_default());
                taken
            }
        };
        rest = found.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_found_elsewhere_is_told() {
        for pattern in [
            "a++",
            "a*+b",
            "a?+",
            "a{2}+",
            r"\<a",
            r"a\>",
            r"a\vb",
            r"\b{start}a",
            "(?x) a",
            "(?iu)a",
            "[a[b]]",
            "[[]",
            "[a-z&&[^b]]",
            "[a--b]",
            "[a~~b]",
            r"[\v]",
        ] {
            assert!(means_otherwise(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            r"@example\.com$",
            "^(a|b)+c?$",
            "(?i)adm",
            "(?:a+)b",
            "(?P<name>a)",
            "(?<ux>a)",
            "[]a]+",
            "[^]a]",
            "[[:alpha:]]+",
            r"\++",
            r"[\]+]x",
            "a+?b",
            r"[a\[b]",
            "a-+b",
        ] {
            assert_eq!(means_otherwise(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn an_end_is_before_a_line_feed_too_where_that_counts() {
        for (pattern, expected) in [
            ("^a$", "^a(?:\\n?$)"),
            (r"^a\$", r"^a\$"),
            ("[$]a$", "[$]a(?:\\n?$)"),
            ("[]$]", "[]$]"),
            ("(a$|b)", "(a(?:\\n?$)|b)"),
            ("ü$", "ü(?:\\n?$)"),
        ] {
            assert_eq!(with_line_ends(pattern), expected, "{pattern}");
        }
    }
}

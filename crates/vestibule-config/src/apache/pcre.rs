//! Which patterns of Apache's (PCRE) mean the same here. Only forms that certainly do are taken: every other stops the
//! import.

/// What a pattern may not have, as people are told.
type Why = &'static str;

/// Why the pattern may mean something else, or nothing in Apache; `None` where it means the same, but for an end before a
/// line feed: [`with_line_ends`]. What is wrong with it in both is left to the engine here.
pub(super) fn means_otherwise(pattern: &str) -> Option<Why> {
    if !pattern.is_ascii() {
        return Some("it is not ASCII");
    }
    let bytes = pattern.as_bytes();
    let flags = [&b"(?i)"[..], b"(?s)", b"(?is)", b"(?si)"];
    let begin = flags.iter().find_map(|flags| bytes.strip_prefix(*flags));
    whole(begin.unwrap_or(bytes)).err()
}

fn whole(mut rest: &[u8]) -> Result<(), Why> {
    // Whether a `$` stands in each of the groups that are open, and outside.
    let mut ends = vec![false];
    // Whether a quantifier may follow.
    let mut is_atom = false;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        is_atom = match byte {
            b'\\' => {
                let (&escaped, tail) = rest.split_first().ok_or("it ends with a backslash")?;
                rest = tail;
                is_atom_escaped(escaped)?
            }
            b'[' => {
                rest = class(rest)?;
                true
            }
            b'(' => {
                if let Some(tail) = rest.strip_prefix(b"?:") {
                    rest = tail;
                } else if let [b'?' | b'*', ..] = rest {
                    return Err(
                        "behind a ( only ?: is known to mean the same, and at the beginning (?i)",
                    );
                }
                ends.push(false);
                false
            }
            b')' => {
                let has_end = ends.pop().unwrap_or_default();
                let around = ends.last_mut().ok_or("a ) has no ( before it")?;
                *around |= has_end;
                if has_end {
                    nothing_behind(rest)?;
                }
                !has_end
            }
            b'$' => {
                nothing_behind(rest)?;
                if let Some(has_end) = ends.last_mut() {
                    *has_end = true;
                }
                false
            }
            b'*' | b'+' | b'?' | b'{' => {
                if !is_atom {
                    return Err(
                        "a quantifier stands behind another one, or behind nothing that it could count",
                    );
                }
                if byte == b'{' {
                    rest = counted(rest)?;
                }
                rest = rest.strip_prefix(b"?").unwrap_or(rest);
                false
            }
            b'^' | b'|' => false,
            b']' | b'}' => return Err("a ] or } that opens nothing; write \\] or \\}"),
            b' '..=b'~' => true,
            _ => return Err("a control character"),
        };
    }
    Ok(())
}

/// Whether what is escaped is a sign or a kind of them, not a place.
fn is_atom_escaped(byte: u8) -> Result<bool, Why> {
    match byte {
        b'b' | b'B' | b'A' | b'z' => Ok(false),
        byte => kind_or_sign(byte).map(|_| true),
    }
}

/// Whether what is escaped is one sign.
fn kind_or_sign(byte: u8) -> Result<bool, Why> {
    match byte {
        b'<' | b'>' => {
            Err("\\< and \\> are the signs themselves in Apache, and edges of words here")
        }
        b'd' | b'D' | b'w' | b'W' | b's' | b'S' => Ok(false),
        b't' | b'n' | b'r' | b'f' => Ok(true),
        byte if byte.is_ascii_punctuation() => Ok(true),
        _ => Err(
            "of letters behind a backslash only d, w, s and b, their large ones, and t, n, r, f, A, z mean the same",
        ),
    }
}

/// Behind an end nothing may be found any more: in Apache that could be a line feed.
fn nothing_behind(rest: &[u8]) -> Result<(), Why> {
    match rest.first() {
        None | Some(b'|' | b')') => Ok(()),
        Some(_) => Err("a $ has something behind it"),
    }
}

/// What is behind `{2}`, `{2,}` or `{2,3}`, of which the first sign is taken.
fn counted(rest: &[u8]) -> Result<&[u8], Why> {
    let why = "a { that is no count like {2,3}; write \\{";
    let end = rest.iter().position(|byte| *byte == b'}').ok_or(why)?;
    let (inside, tail) = rest.split_at(end);
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let mut numbers = inside.splitn(2, |byte| *byte == b',');
    let least = numbers.next().is_some_and(is_number);
    let most = numbers
        .next()
        .is_none_or(|most| most.is_empty() || is_number(most));
    if !(least && most) {
        return Err(why);
    }
    Ok(tail.get(1..).unwrap_or_default())
}

/// The names of POSIX that both know.
const POSIX: [&[u8]; 14] = [
    b"alnum", b"alpha", b"ascii", b"blank", b"cntrl", b"digit", b"graph", b"lower", b"print",
    b"punct", b"space", b"upper", b"word", b"xdigit",
];

/// What is behind a class, of which the inside is given.
fn class(inside: &[u8]) -> Result<&[u8], Why> {
    let mut rest = inside.strip_prefix(b"^").unwrap_or(inside);
    if rest.first() == Some(&b']') {
        return Err("a ] at the beginning of a class; write \\]");
    }
    // At the beginning it is the sign itself.
    rest = match rest {
        [b'-', b'-', ..] => rest,
        [b'-', tail @ ..] => tail,
        rest => rest,
    };
    loop {
        rest = match rest {
            [b']', tail @ ..] | [b'-', b']', tail @ ..] => return Ok(tail),
            [b'[', b':', tail @ ..] => {
                let known = POSIX.iter().find_map(|name| tail.strip_prefix(*name));
                known
                    .and_then(|tail| tail.strip_prefix(b":]"))
                    .ok_or("a class in a class that is none of POSIX")?
            }
            [b'[', ..] => return Err("a [ within a class is the sign itself in Apache; write \\["),
            [b'&', b'&', ..] | [b'-', b'-', ..] | [b'~', b'~', ..] => {
                return Err("&&, -- and ~~ within a class are the signs themselves in Apache");
            }
            [b'-', ..] => return Err("a - within a class that makes no range; write \\-"),
            rest => range(rest)?,
        };
    }
}

/// What is behind a sign, a kind, or a range.
fn range(rest: &[u8]) -> Result<&[u8], Why> {
    let (is_sign, tail) = sign(rest)?;
    match tail {
        [b'-', b']', ..] => Ok(tail),
        [b'-', to @ ..] if is_sign => match sign(to)? {
            (true, tail) if !matches!(to, [b'-' | b'[', ..]) => Ok(tail),
            _ => Err("a range in a class that has no end"),
        },
        tail => Ok(tail),
    }
}

/// Whether the first in a class is one sign, and what is behind.
fn sign(rest: &[u8]) -> Result<(bool, &[u8]), Why> {
    match rest {
        [b'\\', escaped, tail @ ..] => Ok((kind_or_sign(*escaped)?, tail)),
        [b' '..=b'~', tail @ ..] => Ok((true, tail)),
        [_, ..] => Err("a control character"),
        [] => Err("a class is never closed"),
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
    fn what_may_mean_something_else_is_told() {
        for pattern in [
            "a++",
            "a*+b",
            "a?+",
            "a{2}+",
            "sa**l",
            "s+?+",
            "^*s",
            r"\b*s",
            "*a",
            "(*UTF)a",
            "a|*",
            "a{2}{3}",
            "a{,3}",
            "a{",
            "a{x}",
            "a}",
            "a]",
            "$a",
            "a$+",
            r"a$\n",
            r"(a$)\s",
            r"((a|b$)|c)\s",
            "(a$)*",
            r"\<a",
            r"a\>",
            r"a\vb",
            r"\b{start}a",
            r"\u0053",
            r"\U00000053",
            r"\x53",
            r"\Qa\E",
            r"\1",
            r"\pL",
            r"\h",
            r"\Z",
            r"\",
            "(?x) a",
            "(?iu)a",
            "(?m)^a$",
            "a(?i)b",
            "(?i:a)",
            "(?P<name>a)",
            "(?<name>a)",
            "(?=a)",
            "(?>a)",
            "(?#a)",
            "a)",
            "[a[b]]",
            "[[]",
            "[a-z&&[^b]]",
            "[a--b]",
            "[--b]",
            "[a~~b]",
            r"[\v]",
            r"[\b]",
            r"[\A]",
            "[]a]",
            "[^]a]",
            "[]-z]",
            "[^]-z]",
            "[[:<:]]a",
            "[[:>:]]",
            "[[:foo:]]",
            "[[:^alpha:]]",
            "[[:alpha:]-z]",
            "[[.a.]]",
            "[[=a=]]",
            "[a-c-z]",
            r"[\w-z]",
            r"[a-\w]",
            "[a-[]",
            "[a",
            "[",
            "ü",
            "\n",
            "[\n]",
        ] {
            assert!(means_otherwise(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn what_means_the_same_is_taken() {
        for pattern in [
            r"@example\.com$",
            "^(a|b)+c?$",
            "(?i)adm",
            "(?s)a.b",
            "(?:a+)b",
            "(a$|b$)",
            "((a$)|b)",
            "a+?b",
            "a{2}",
            "a{2,}?",
            "a{2,3}",
            r"\++",
            r"[\]+]x",
            r"[a\[b]",
            "a-+b",
            "[[:alpha:]]+",
            "[[:word:].-]",
            "[^a-z0-9_]",
            "[-a-z]",
            "[-]",
            "[a^]",
            r"[\w.-]+@",
            r"[\w\d\s]",
            r"[\--/]",
            "[ -~]",
            r"\bread\b",
            r"\Aa\z",
            r"a\/b\-c",
            "()",
            "a|",
            "a&&b--c~~d",
            "[~]",
        ] {
            assert_eq!(means_otherwise(pattern), None, "{pattern}");
            assert_eq!(crate::section::rule::wrong_with(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn an_end_is_before_a_line_feed_too_where_that_counts() {
        for (pattern, expected) in [
            ("^a$", "^a(?:\\n?$)"),
            (r"^a\$", r"^a\$"),
            ("[$]a$", "[$]a(?:\\n?$)"),
            (r"[\]$]", r"[\]$]"),
            ("[[:alpha:]$]", "[[:alpha:]$]"),
            ("(a$|b)", "(a(?:\\n?$)|b)"),
        ] {
            assert_eq!(with_line_ends(pattern), expected, "{pattern}");
        }
    }
}

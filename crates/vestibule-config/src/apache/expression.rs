//! Arguments that Apache evaluates as an expression before it takes them apart: those of `Require user` and `claim`.
//!
//! So what escapes a character there is read twice: `CORP\\\\ada` is `CORP\ada`. What depends on the request is never
//! evaluated here.

/// Why arguments stand for no text that is known now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoText {
    /// `%{…}`, or `$1`.
    OfTheRequest,
    /// An escape that stands for a control character, or for a byte that is no character.
    Control,
    /// An escape that Apache refuses.
    BadEscape,
}

impl NoText {
    /// What is wrong, and what to write.
    pub(crate) const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::OfTheRequest => (
                "expressions are not evaluated, and this one decides who passes",
                "write the value itself; of a $ before a digit write \\$",
            ),
            Self::Control => (
                "Apache reads this escape as a control character, which nobody has",
                "write two backslashes where one is meant: Require claim dept~\\\\bsales\\\\b",
            ),
            Self::BadEscape => (
                "Apache refuses this escape",
                "write two backslashes where one is meant",
            ),
        }
    }
}

/// The text of a string of Apache's expressions, its quotation marks left in.
pub(crate) fn text(written: &str) -> Result<String, NoText> {
    let mut out = String::new();
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        match c {
            '%' if rest.as_str().starts_with('{') => return Err(NoText::OfTheRequest),
            '$' if rest.as_str().starts_with(|c: char| c.is_ascii_digit()) => {
                return Err(NoText::OfTheRequest);
            }
            '\\' => out.push(escaped(&mut rest)?),
            c => out.push(c),
        }
    }
    Ok(out)
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Result<char, NoText> {
    let behind = rest.as_str();
    let digits = behind
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(behind.len());
    if digits == 0 {
        return match rest.next() {
            None => Err(NoText::BadEscape),
            Some('n' | 'r' | 't' | 'b' | 'f') => Err(NoText::Control),
            Some(c) => Ok(c),
        };
    }
    let octal = behind.get(..digits).filter(|digits| digits.len() <= 3);
    let byte = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
    let byte = byte.ok_or(NoText::BadEscape)?;
    *rest = behind.get(digits..).unwrap_or_default().chars();
    match byte {
        b' '..=b'~' => Ok(char::from(byte)),
        _ => Err(NoText::Control),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_apache_reads_them() {
        for (written, expected) in [
            (r"plain 'a b' #", Ok(r"plain 'a b' #")),
            (r"CORP\\\\ada", Ok(r"CORP\\ada")),
            (r#""say \\"hi\\"""#, Ok(r#""say \"hi\"""#)),
            (r"us\er", Ok("user")),
            (r"\141da a\$1 50% $x }", Ok("ada a$1 50% $x }")),
            (r"a%{HTTP:X}", Err(NoText::OfTheRequest)),
            ("a$1", Err(NoText::OfTheRequest)),
            (r"\bread", Err(NoText::Control)),
            (r"\0", Err(NoText::Control)),
            (r"\1411", Err(NoText::BadEscape)),
            (r"\8", Err(NoText::BadEscape)),
            (r"a\", Err(NoText::BadEscape)),
        ] {
            assert_eq!(
                text(written).as_deref().map_err(|error| *error),
                expected,
                "{written}"
            );
        }
    }
}

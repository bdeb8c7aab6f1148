//! A regular expression on the text of a claim.
//!
//! It is found anywhere in the text unless `^` and `$` say otherwise, letter case makes a difference, and classes like
//! `\w` and `\d` are ASCII. Beyond ASCII a character is several bytes and `.` is one of them. How long a search takes
//! grows with pattern and text alone, whatever is in them: there is nothing to step back to.

use regex::bytes::{Regex, RegexBuilder};

/// The longest pattern, in bytes.
const LONGEST: usize = 512;

/// What a compiled pattern may take, in bytes.
const MOST_MEMORY: usize = 256 * 1024;

/// How deep groups may be.
const DEEPEST: u32 = 32;

/// A regular expression, compiled once.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// It is empty, and would be found in every text.
    #[error("look for an empty pattern")]
    Empty,
    /// It is longer than 512 bytes.
    #[error("look for a pattern of {bytes} bytes")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It is not ASCII, and would be compared by bytes.
    #[error("look for a pattern that is not ASCII")]
    NotAscii,
    /// It is no regular expression, or a larger one than is compiled.
    #[error("read a pattern")]
    Syntax(#[from] regex::Error),
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// See [`PatternError`].
    pub fn compile(text: &str) -> Result<Self, PatternError> {
        match text.len() {
            0 => return Err(PatternError::Empty),
            bytes if bytes > LONGEST => return Err(PatternError::TooLong { bytes }),
            _ if !text.is_ascii() => return Err(PatternError::NotAscii),
            _ => {}
        }
        let regex = RegexBuilder::new(text)
            .unicode(false)
            .size_limit(MOST_MEMORY)
            .nest_limit(DEEPEST)
            .build()?;
        Ok(Self(regex))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is found in a text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_anywhere_unless_it_is_anchored() {
        for (pattern, text, found) in [
            (r"@example\.com$", "ada@example.com", true),
            (r"@example\.com$", "ada@example.com.evil.org", false),
            (r"@example.com", "ada@example.com.evil.org", true),
            ("^adm", "admins", true),
            ("^adm", "no adm", false),
            ("adm", "no adm", true),
            ("ADM", "adm", false),
            ("(?i)ADM", "adm", true),
            ("^a$", "a\n", false),
            ("^.$", "ü", false),
            ("^..$", "ü", true),
            (r"^\w+$", "mü", false),
            (r"^\d$", "٣", false),
        ] {
            let compiled = Pattern::compile(pattern).unwrap();
            assert_eq!(compiled.is_in(text), found, "{pattern} {text}");
        }
    }

    /// With an engine that steps back these take longer than the universe has.
    #[test]
    fn a_hostile_text_costs_no_more_than_its_length() {
        let text = format!("{}!", "a".repeat(20_000));
        for pattern in ["^(a+)+$", "^(a|a)*$", "(a*)*b", "^(a?){200}a{200}$"] {
            assert!(
                !Pattern::compile(pattern).unwrap().is_in(&text),
                "{pattern}"
            );
        }
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        let (long, deep) = ("a".repeat(LONGEST + 1), "(".repeat(40) + &")".repeat(40));
        for text in [
            "",
            "(",
            "a{1000}{1000}",
            "(?=a)",
            r"(a)\1",
            "(?>a)",
            "ü",
            r"\p{L}",
            &long,
            &deep,
        ] {
            assert!(Pattern::compile(text).is_err(), "{text}");
        }
    }
}

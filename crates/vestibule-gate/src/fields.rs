//! Header fields, and the names of those that speak for a person.
//!
//! Two comparisons live here and must not be mixed up. Ordinary look-up is the one of
//! RFC 9110 §5.1, ASCII case-insensitive. Identity names are compared *folded* ([`fold`]), because
//! the servers behind us turn `-`, `_` and `.` into each other.

pub use vestibule_http1::fields::{
    Field, Fields, Known, KnownSet, is_field_value, is_token, list, trim,
};

/// The head of a response: a status and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// The fields.
    pub fields: Fields,
}

/// Lower-cases a name and drops everything that is not an ASCII letter or digit, so that all
/// spellings an upstream may take for one another become equal.
///
/// ```
/// use vestibule_gate::fields::fold;
/// assert_eq!(fold(b"X_Auth.Request-User"), fold(b"x-auth-request-user"));
/// ```
#[must_use]
pub fn fold(name: &[u8]) -> Vec<u8> {
    folded(name).collect()
}

fn folded(name: &[u8]) -> impl Iterator<Item = u8> + '_ {
    name.iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_lowercase)
}

/// The variable that upstreams make of a name, CGI style: letters without case, and every sign the
/// same.
#[must_use]
pub(crate) fn as_variable(name: &[u8]) -> Vec<u8> {
    let letter = |byte: &u8| {
        if byte.is_ascii_alphanumeric() {
            byte.to_ascii_lowercase()
        } else {
            b'_'
        }
    };
    name.iter().map(letter).collect()
}

/// Whether `name` folds to `folded`.
#[must_use]
pub(crate) fn folds_to(name: &[u8], folded_name: &str) -> bool {
    folded(name).eq(folded_name.bytes())
}

/// A set of names, and of beginnings of names, compared folded. Names without any letter or digit
/// are in no set: they fold to nothing, and as a prefix would mean every name there is.
#[derive(Debug, Clone, Default)]
pub struct FoldedNames {
    /// Sorted.
    exact: Vec<Box<[u8]>>,
    prefixes: Vec<Box<[u8]>>,
    /// What there is for each first byte. Most names that are asked for begin like none of these.
    begins: Begins,
}

#[derive(Debug, Clone)]
struct Begins([Begin; 128]);

#[derive(Debug, Clone, Copy, Default)]
struct Begin {
    /// One bit for each length of an exact name; the last stands for all greater ones, too.
    lengths: u64,
    /// Whether a prefix begins so.
    prefix: bool,
}

impl Default for Begins {
    fn default() -> Self {
        Self([Begin::default(); 128])
    }
}

impl Begins {
    fn of(&self, first: u8) -> Begin {
        self.0.get(usize::from(first)).copied().unwrap_or_default()
    }

    fn of_mut(&mut self, name: &[u8]) -> Option<&mut Begin> {
        self.0.get_mut(usize::from(*name.first()?))
    }
}

const fn length_bit(length: usize) -> u64 {
    1 << if length < 63 { length } else { 63 }
}

impl FoldedNames {
    /// Adds one name.
    pub fn insert(&mut self, name: &str) {
        self.insert_folded(&fold(name.as_bytes()));
    }

    fn insert_folded(&mut self, name: &[u8]) {
        if let Err(at) = self.exact.binary_search_by(|one| (**one).cmp(name))
            && let Some(begin) = self.begins.of_mut(name)
        {
            begin.lengths |= length_bit(name.len());
            self.exact.insert(at, name.into());
        }
    }

    /// Adds every name that begins with `prefix`.
    pub fn insert_prefix(&mut self, prefix: &str) {
        self.insert_folded_prefix(&fold(prefix.as_bytes()));
    }

    fn insert_folded_prefix(&mut self, prefix: &[u8]) {
        if !self.prefixes.iter().any(|one| **one == *prefix)
            && let Some(begin) = self.begins.of_mut(prefix)
        {
            begin.prefix = true;
            self.prefixes.push(prefix.into());
        }
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: &Self) {
        for name in &other.exact {
            self.insert_folded(name);
        }
        for prefix in &other.prefixes {
            self.insert_folded_prefix(prefix);
        }
    }

    /// Whether `name`, in any spelling, is one of these.
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        let begin = folded(name)
            .next()
            .map_or_else(Begin::default, |first| self.begins.of(first));
        // Folding makes no name longer.
        let reachable = begin.lengths & (length_bit(name.len()) | (length_bit(name.len()) - 1));
        if !begin.prefix && reachable == 0 {
            return false;
        }
        let mut buffer = [0_u8; 64];
        let mut length = 0;
        for byte in folded(name) {
            let Some(slot) = buffer.get_mut(length) else {
                return self.contains_folded(begin, &fold(name));
            };
            *slot = byte;
            length += 1;
        }
        self.contains_folded(begin, buffer.get(..length).unwrap_or_default())
    }

    fn contains_folded(&self, begin: Begin, name: &[u8]) -> bool {
        (begin.prefix && self.prefixes.iter().any(|prefix| name.starts_with(prefix)))
            || (begin.lengths & length_bit(name.len()) != 0
                && self.exact.binary_search_by(|one| (**one).cmp(name)).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_names_meet_in_every_spelling() {
        let mut names = FoldedNames::default();
        names.insert("X-Auth-Request-User");
        names.insert_prefix("OIDC_");
        for spelling in [
            "x-auth-request-user",
            "X_Auth.Request-User",
            "XAUTHREQUESTUSER",
        ] {
            assert!(names.contains(spelling.as_bytes()), "{spelling}");
        }
        for spelling in ["OIDC_CLAIM_sub", "oidc-claim-admin", "O.I.D.C-x"] {
            assert!(names.contains(spelling.as_bytes()), "{spelling}");
        }
        assert!(!names.contains(b"x-auth-request-users"));
        let long = format!("oidc-{}", "x".repeat(200));
        assert!(names.contains(long.as_bytes()));
    }

    #[test]
    fn a_prefix_of_nothing_but_signs_is_not_every_name() {
        let mut names = FoldedNames::default();
        names.insert_prefix("_-");
        assert!(!names.contains(b"accept"));
    }
}

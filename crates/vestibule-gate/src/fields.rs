//! Header fields as they came or will go: ordered, spelling kept, found without regard to case.
//!
//! Two comparisons live here and must not be mixed up. Ordinary look-up is the one of
//! RFC 9110 §5.1, ASCII case-insensitive. Identity names are compared *folded* ([`fold`]), because
//! the servers behind us turn `-`, `_` and `.` into each other.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;

/// One header field: a name in the spelling it has on the wire, and its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// The name, in the spelling it came with or will be sent with.
    pub name: Bytes,
    /// The value, without the white space around it.
    pub value: Bytes,
}

/// Shows the name and the length: the value may be a cookie or a token.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: ({} bytes)",
            self.name.escape_ascii(),
            self.value.len()
        )
    }
}

impl Field {
    /// Whether the name is `name`, ASCII case aside.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// An ordered list of header fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// No fields, with room for `count` of them.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Adds a field at the end, whatever is there already.
    pub fn push(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.0.push(Field {
            name: name.into(),
            value: value.into(),
        });
    }

    /// Removes every field called `name`, then adds this one at the end.
    pub fn set(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        let name = name.into();
        self.0
            .retain(|field| !field.name.eq_ignore_ascii_case(&name));
        self.0.push(Field {
            name,
            value: value.into(),
        });
    }

    /// Removes every field called `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|field| !field.is(name));
    }

    /// Keeps only the fields for which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&Field) -> bool) {
        self.0.retain(keep);
    }

    /// The value of the first field called `name`.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&Bytes> {
        self.0
            .iter()
            .find(|field| field.is(name))
            .map(|field| &field.value)
    }

    /// The values of all fields called `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Bytes> {
        self.0
            .iter()
            .filter(move |field| field.is(name))
            .map(|field| &field.value)
    }

    /// Whether any field is called `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.is(name))
    }

    /// All fields, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Field> {
        self.0.iter()
    }

    /// All fields, in order, to change them in place.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Field> {
        self.0.iter_mut()
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all of `other` at the end.
    pub fn extend_from(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }
}

impl IntoIterator for Fields {
    type Item = Field;
    type IntoIter = std::vec::IntoIter<Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a Field;
    type IntoIter = std::slice::Iter<'a, Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<T: IntoIterator<Item = Field>>(iter: T) -> Self {
        Self(iter.into_iter().collect())
    }
}

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

/// A set of names, and of beginnings of names, compared folded.
#[derive(Debug, Clone, Default)]
pub struct FoldedNames {
    exact: HashSet<Vec<u8>>,
    prefixes: Vec<Vec<u8>>,
}

impl FoldedNames {
    /// Adds one name.
    pub fn insert(&mut self, name: &str) {
        self.exact.insert(fold(name.as_bytes()));
    }

    /// Adds every name that begins with `prefix`. A prefix without a letter or digit is not added:
    /// it would mean every name there is.
    pub fn insert_prefix(&mut self, prefix: &str) {
        let prefix = fold(prefix.as_bytes());
        if !prefix.is_empty() && !self.prefixes.contains(&prefix) {
            self.prefixes.push(prefix);
        }
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: &Self) {
        self.exact.extend(other.exact.iter().cloned());
        for prefix in &other.prefixes {
            if !self.prefixes.contains(prefix) {
                self.prefixes.push(prefix.clone());
            }
        }
    }

    /// Whether `name`, in any spelling, is one of these.
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        let mut buffer = [0_u8; 64];
        let mut length = 0;
        for byte in folded(name) {
            let Some(slot) = buffer.get_mut(length) else {
                let long = fold(name);
                return self.contains_folded(&long);
            };
            *slot = byte;
            length += 1;
        }
        self.contains_folded(buffer.get(..length).unwrap_or_default())
    }

    fn contains_folded(&self, name: &[u8]) -> bool {
        self.prefixes.iter().any(|prefix| name.starts_with(prefix)) || self.exact.contains(name)
    }
}

/// Whether `name` is a token as RFC 9110 §5.6.2 defines it.
#[must_use]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&byte| is_token_byte(byte))
}

pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Whether `value` holds no control byte but the tab (RFC 9110 §5.5).
#[must_use]
pub fn is_field_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

/// The members of a comma-separated list (RFC 9110 §5.6.1), white space around them removed, empty
/// ones left out.
pub fn list(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(trim)
        .filter(|member| !member.is_empty())
}

/// `value` without spaces and tabs at both ends.
#[must_use]
pub fn trim(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_up_ignores_case_and_keeps_the_spelling() {
        let mut fields = Fields::new();
        fields.push("OIDC_access_token", "a");
        assert_eq!(fields.first("oidc_ACCESS_token").unwrap().as_ref(), b"a");
        assert_eq!(
            fields.iter().next().unwrap().name.as_ref(),
            b"OIDC_access_token"
        );
    }

    #[test]
    fn set_replaces_every_field_of_that_name() {
        let mut fields = Fields::new();
        fields.push("a", "1");
        fields.push("A", "2");
        fields.set("a", "3");
        assert_eq!(fields.all("a").collect::<Vec<_>>(), [&Bytes::from("3")]);
    }

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

//! The claims of one token or user info answer, as a session keeps them: one text that is read where it lies.
//!
//! Each session has them and each request reads some, so they take no more room than as JSON, and reading them
//! copies nothing:
//!
//! ```text
//! set     (text value)*                      a name and its value, in the order the provider sent them
//! value   "n" | "t" | "f"                    null, true, false
//!         "s" text                           a string, without escapes
//!         "i" text | "r" text                a number, whole or not, as JSON has it
//!         "a" text | "o" text                an array of values; an object, which is a set
//! text    a length in bytes, and so many
//! length  six bits in a byte, the lowest first; the seventh says that more follow
//! ```
//!
//! Lengths are ASCII, so that the whole is text too. It is never written down: a record has claims as JSON.

mod write;

use std::fmt;

use serde_json::{Map, Value};

/// Claims by name, in the order the provider sent them: a JWT Claims Set (RFC 7519 §4), or user info.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClaimsSet {
    text: Box<str>,
    /// Asked of each request, and the only thing that is looked for mostly in vain.
    leaves_groups_out: bool,
}

/// Texts that are kept as claims are, to be read as a claim that is an array.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Texts(Box<str>);

/// The value of a claim. Exhaustive: these are all that JSON has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Claim<'c> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number<'c>),
    /// A string.
    Text(&'c str),
    /// An array.
    List(List<'c>),
    /// An object.
    Object(Object<'c>),
}

/// A number, as JSON has it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Number<'c> {
    text: &'c str,
    is_real: bool,
}

/// An array in a claim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct List<'c>(&'c str);

/// An object in a claim, or a whole set of claims.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Object<'c>(&'c str);

impl ClaimsSet {
    /// These claims.
    #[must_use]
    pub fn of(claims: &Map<String, Value>) -> Self {
        let elsewhere = claims
            .get("_claim_names")
            .is_some_and(|names| names.get("groups").is_some());
        Self {
            text: write::set(claims),
            leaves_groups_out: elsewhere || claims.get("hasgroups") == Some(&Value::Bool(true)),
        }
    }

    /// Whether the provider left the groups out because there are too many. Entra says so by
    /// `_claim_names.groups`, or by `hasgroups` where the token travels in a URL.
    #[must_use]
    pub const fn leaves_groups_out(&self) -> bool {
        self.leaves_groups_out
    }

    /// The claim with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Claim<'_>> {
        self.members().get(name)
    }

    /// The claims, in their order.
    #[must_use]
    pub fn members(&self) -> Object<'_> {
        Object(&self.text)
    }

    /// What they take in memory, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }
}

impl Texts {
    /// These texts.
    pub(crate) fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self(write::texts(texts))
    }

    /// The texts, as a claim has them.
    pub(crate) fn list(&self) -> List<'_> {
        List(&self.0)
    }

    /// The texts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.list().iter().filter_map(Claim::as_str)
    }

    /// Whether this one is among them.
    pub(crate) fn contain(&self, text: &str) -> bool {
        self.iter().any(|one| one == text)
    }

    /// What they take in memory, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'c> Claim<'c> {
    /// The text, if it is one.
    #[must_use]
    pub const fn as_str(self) -> Option<&'c str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub const fn as_object(self) -> Option<Object<'c>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The values in it, if it is an array; else itself.
    pub fn each(self) -> impl Iterator<Item = Self> {
        let (list, one) = match self {
            Self::List(list) => (list, None),
            one => (List(""), Some(one)),
        };
        one.into_iter().chain(list.iter())
    }
}

impl<'c> Number<'c> {
    /// As JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'c str {
        self.text
    }

    /// The number, if it is a whole one in this range.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        self.text.parse().ok().filter(|_| !self.is_real)
    }

    /// The number, if it has a fraction or an exponent, or is too large for a whole one of 64 bits.
    #[must_use]
    pub fn as_real(self) -> Option<f64> {
        self.text.parse().ok().filter(|_| self.is_real)
    }
}

impl<'c> List<'c> {
    /// The values.
    pub fn iter(self) -> impl Iterator<Item = Claim<'c>> + use<'c> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (claim, after) = take_claim(rest)?;
            rest = after;
            Some(claim)
        })
    }
}

impl<'c> Object<'c> {
    /// The member with this name.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Claim<'c>> {
        let value = value_of(self.0.as_bytes(), name.as_bytes())?;
        take_claim(self.0.get(value..)?).map(|(claim, _)| claim)
    }

    /// The members, in their order.
    pub fn iter(self) -> impl Iterator<Item = (&'c str, Claim<'c>)> + use<'c> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (name, after) = take_text(rest)?;
            let (claim, after) = take_claim(after)?;
            rest = after;
            Some((name, claim))
        })
    }

    /// The members, parsed.
    #[must_use]
    pub fn to_map(self) -> Map<String, Value> {
        let members = self.iter();
        members
            .map(|(name, claim)| (name.to_owned(), claim.into()))
            .collect()
    }
}

impl From<Claim<'_>> for Value {
    fn from(claim: Claim<'_>) -> Self {
        match claim {
            Claim::Null => Self::Null,
            Claim::Bool(truth) => Self::Bool(truth),
            Claim::Number(number) => match (number.as_real(), number.as_i64()) {
                (Some(real), _) => real.into(),
                (None, Some(whole)) => whole.into(),
                (None, None) => number.text.parse::<u64>().map_or(Self::Null, Self::from),
            },
            Claim::Text(text) => text.into(),
            Claim::List(list) => list.iter().map(Self::from).collect(),
            Claim::Object(object) => object.to_map().into(),
        }
    }
}

/// As compact JSON.
impl fmt::Display for Claim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Value::from(*self).fmt(f)
    }
}

/// As compact JSON.
impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Claim::Object(*self).fmt(f)
    }
}

/// Shows names, and no value.
impl fmt::Debug for ClaimsSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.members().fmt(f)
    }
}

/// Shows how many there are.
impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list().fmt(f)
    }
}

/// Shows of which kind it is, and not its value.
impl fmt::Debug for Claim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(_) => f.write_str("Bool"),
            Self::Number(number) => number.fmt(f),
            Self::Text(_) => f.write_str("Text"),
            Self::List(list) => list.fmt(f),
            Self::Object(object) => object.fmt(f),
        }
    }
}

impl fmt::Debug for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number")
    }
}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List({})", self.iter().count())
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The value that stands first, and what follows it. What was not written here ends where it makes no sense.
fn take_claim(text: &str) -> Option<(Claim<'_>, &str)> {
    let kind = text.as_bytes().first()?;
    let rest = text.get(1..)?;
    let alone = match kind {
        b'n' => Claim::Null,
        b't' => Claim::Bool(true),
        b'f' => Claim::Bool(false),
        _ => {
            let (text, rest) = take_text(rest)?;
            let claim = match kind {
                b's' => Claim::Text(text),
                b'i' | b'r' => Claim::Number(Number {
                    text,
                    is_real: *kind == b'r',
                }),
                b'a' => Claim::List(List(text)),
                b'o' => Claim::Object(Object(text)),
                _ => return None,
            };
            return Some((claim, rest));
        }
    };
    Some((alone, rest))
}

fn take_text(text: &str) -> Option<(&str, &str)> {
    let (begin, end) = span(text.as_bytes(), 0)?;
    Some((text.get(begin..end)?, text.get(end..)?))
}

/// Where the value of the member with this name begins. Every request looks for some, so what is passed over is not read.
fn value_of(members: &[u8], name: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < members.len() {
        let (begin, end) = span(members, at)?;
        if members.get(begin..end)? == name {
            return Some(end);
        }
        at = match members.get(end)? {
            b'n' | b't' | b'f' => end + 1,
            _ => span(members, end + 1)?.1,
        };
    }
    None
}

/// From where to where a text is whose length stands at `at`.
fn span(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut length = 0;
    // Five digits are a gibibyte, far more than is ever read from outside.
    for (digit, byte) in bytes.get(at..)?.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x3F) << (6 * digit);
        if byte & 0x40 == 0 {
            let begin = at + digit + 1;
            return Some((begin, begin + length));
        }
    }
    None
}

#[cfg(test)]
mod tests;

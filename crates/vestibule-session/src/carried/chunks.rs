//! A sealed text in several cookies: `NAME.0` begins with how many there are, and the text goes on in
//! `NAME.1`, `NAME.2`, …
//!
//! A set is whole or it is nothing. Names with a number that no set has make it nothing as well, and so
//! does a name that comes twice: somebody else may have planted it.

use super::{Digest, digest_of};
use crate::cookie::{CookieNames, pairs};

/// The most cookies of one session.
pub const MOST: usize = 5;

/// The most bytes of one value: with name and attributes a line stays below 4,000.
pub(super) const MOST_VALUE_BYTES: usize = 3840;

/// The chunks among a request's cookies.
#[derive(Debug, Default)]
pub struct Brought<'a> {
    values: [Option<&'a [u8]>; MOST],
    /// Something is there that belongs to no set.
    spoilt: bool,
}

impl<'a> Brought<'a> {
    /// Finds the chunks of this site among a request's `Cookie` headers.
    #[must_use]
    pub fn find(headers: impl IntoIterator<Item = &'a [u8]>, names: &CookieNames) -> Self {
        let mut brought = Self::default();
        for pair in headers.into_iter().flat_map(pairs) {
            let number = pair
                .name
                .strip_prefix(names.session().as_bytes())
                .and_then(|rest| rest.strip_prefix(b"."));
            // Names that go on with a word are of other cookies of ours.
            let Some(number) = number.filter(|number| number.iter().all(u8::is_ascii_digit)) else {
                continue;
            };
            let place = match *number {
                [digit] => brought.values.get_mut(usize::from(digit - b'0')),
                _ => None,
            };
            match place {
                Some(place @ None) => *place = Some(pair.value),
                Some(Some(_)) | None => brought.spoilt = true,
            }
        }
        brought
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.spoilt && self.values.iter().all(Option::is_none)
    }

    /// The numbers of those that are there.
    pub fn numbers(&self) -> impl Iterator<Item = usize> {
        let numbered = self.values.iter().enumerate();
        numbered.filter_map(|(number, value)| value.map(|_| number))
    }

    /// Which bytes these are; `None` when they are not one whole set.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        let count = usize::from(self.count()?);
        Some(digest_of(self.values.iter().take(count).flatten().copied()))
    }

    /// The number of chunks as the first one has it, and the text of all.
    pub(super) fn whole(&self) -> Option<(u8, Vec<u8>)> {
        let count = self.count()?;
        let mut values = self.values.iter().take(usize::from(count)).flatten();
        let mut text = values.next()?.get(1..)?.to_vec();
        for value in values {
            text.extend_from_slice(value);
        }
        Some((count, text))
    }

    /// How many there are, if there are as many as the first one says.
    fn count(&self) -> Option<u8> {
        let first = self.values.first().copied().flatten()?;
        let count = match first.first() {
            Some(digit @ b'1'..=b'9') => digit - b'0',
            _ => return None,
        };
        let (set, others) = self.values.split_at_checked(usize::from(count))?;
        let whole = set
            .iter()
            .all(|value| value.is_some_and(|value| value.len() <= MOST_VALUE_BYTES));
        (whole && !self.spoilt && others.iter().all(Option::is_none)).then_some(count)
    }
}

/// How many chunks a text of so many bytes makes, if that many are allowed.
pub(super) fn count_of(text_bytes: usize) -> Option<u8> {
    let count = (text_bytes + 1).div_ceil(MOST_VALUE_BYTES);
    u8::try_from(count).ok().filter(|_| count <= MOST)
}

/// What the chunks of a text of so many bytes take in a `Cookie` field, behind another cookie.
pub(super) fn field_bytes(names: &CookieNames, text_bytes: usize) -> usize {
    let count = (text_bytes + 1).div_ceil(MOST_VALUE_BYTES);
    let name_bytes = names.session().len() + ".0".len();
    count * ("; ".len() + name_bytes + "=".len()) + 1 + text_bytes
}

/// The values of the chunks of a text of which [`count_of`] said that it makes `count`.
pub(super) fn cut(count: u8, text: &str) -> Vec<String> {
    let mut all = String::with_capacity(1 + text.len());
    all.push_str(&count.to_string());
    all.push_str(text);
    all.as_bytes()
        .chunks(MOST_VALUE_BYTES)
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect()
}

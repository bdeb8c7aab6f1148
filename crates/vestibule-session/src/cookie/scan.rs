//! Reading the `Cookie` header.

use memchr::memchr;

use super::names::CookieNames;
use crate::handle::Handle;

/// One `name=value` of a `Cookie` header, as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// Everything before the first `=`, space and tab trimmed; empty when there is no `=`.
    pub name: &'a [u8],
    /// Everything after the first `=`, space and tab trimmed; the whole segment when there is no
    /// `=`.
    pub value: &'a [u8],
}

/// The pairs of one `Cookie` header value, in order; empty segments are skipped.
#[derive(Clone, Debug)]
pub struct Pairs<'a>(Segments<'a>);

/// Reads one `Cookie` header value. Costs one pass over its bytes, whatever they are.
#[must_use]
pub fn pairs(header: &[u8]) -> Pairs<'_> {
    Pairs(segments(header))
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        self.0
            .by_ref()
            .map(pair)
            .find(|pair| !(pair.name.is_empty() && pair.value.is_empty()))
    }
}

/// What lies between the semicolons, untouched.
#[derive(Clone, Debug)]
pub(super) struct Segments<'a>(Option<&'a [u8]>);

pub(super) fn segments(header: &[u8]) -> Segments<'_> {
    Segments(Some(header))
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0?;
        let (segment, after) = match memchr(b';', rest).and_then(|at| rest.split_at_checked(at)) {
            Some((segment, after)) => (segment, after.get(1..)),
            None => (rest, None),
        };
        self.0 = after;
        Some(segment)
    }
}

pub(super) fn pair(segment: &[u8]) -> Pair<'_> {
    match memchr(b'=', segment).and_then(|at| segment.split_at_checked(at)) {
        Some((name, value)) => Pair {
            name: trim(name),
            value: trim(value.get(1..).unwrap_or_default()),
        },
        None => Pair {
            name: &[],
            value: trim(segment),
        },
    }
}

/// Space and tab only: anything more, such as Unicode spaces, would let another cookie pass for
/// ours.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// What a request's `Cookie` headers say about a session.
///
/// Everything but `Handle` means a signed-out person. Matched exhaustively by the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionCookie {
    /// No session cookie of this site.
    Absent,
    /// One handle, which a store may or may not know.
    Handle(Handle),
    /// Session cookies, none of which is a handle.
    Malformed,
    /// Several different handles. Somebody else may have planted one of them, and nothing here
    /// tells which, so none is used.
    Ambiguous,
}

impl CookieNames {
    /// Finds the session handle among a request's `Cookie` headers.
    ///
    /// Repetitions of one handle are that handle; malformed values beside it are ignored.
    #[must_use]
    pub fn find_session<'a>(&self, headers: impl IntoIterator<Item = &'a [u8]>) -> SessionCookie {
        let mut found = SessionCookie::Absent;
        for value in headers
            .into_iter()
            .flat_map(|header| values_of(header, self.session()))
        {
            found = match (Handle::parse(value), found) {
                (Err(_), SessionCookie::Absent) => SessionCookie::Malformed,
                (Err(_), found) => found,
                (Ok(new), SessionCookie::Handle(old)) if old != new => {
                    return SessionCookie::Ambiguous;
                }
                (Ok(handle), _) => SessionCookie::Handle(handle),
            };
        }
        found
    }
}

impl CookieNames {
    /// The handles in a request's `Cookie` headers, each once, at most `most`. For whoever ends sessions: to end
    /// one takes no more than to know its handle, and nothing has to be chosen between several.
    #[must_use]
    pub fn all_handles<'a>(
        &self,
        headers: impl IntoIterator<Item = &'a [u8]>,
        most: usize,
    ) -> Vec<Handle> {
        let mut found: Vec<Handle> = Vec::new();
        let values = headers
            .into_iter()
            .flat_map(|header| values_of(header, self.session()));
        for handle in values.filter_map(|value| Handle::parse(value).ok()) {
            if found.len() == most {
                break;
            }
            if !found.contains(&handle) {
                found.push(handle);
            }
        }
        found
    }

    /// What the cookies of the session take in these `Cookie` headers: the handle's, its chunks', and
    /// others whose names begin like these.
    #[must_use]
    pub fn session_bytes<'a>(&self, headers: impl IntoIterator<Item = &'a [u8]>) -> usize {
        let is_its = |name: &[u8]| {
            name.strip_prefix(self.session().as_bytes())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
        };
        headers
            .into_iter()
            .flat_map(pairs)
            .filter(|pair| is_its(pair.name))
            .map(|pair| field_bytes(pair.name.len(), pair.value.len()))
            .sum()
    }
}

/// What a cookie takes in a `Cookie` header, with what separates it from the next.
pub(crate) const fn field_bytes(name: usize, value: usize) -> usize {
    name + "=".len() + value + "; ".len()
}

/// The values that a `Cookie` header gives to `name`, in order.
pub(crate) fn values_of<'a>(header: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let first = name.as_bytes().first();
    segments(header)
        // Most cookies are settled by their first byte.
        .filter(move |segment| first_byte(segment) == first)
        .map(pair)
        .filter(move |pair| pair.name == name.as_bytes())
        .map(|pair| pair.value)
}

/// The first byte that is no space or tab.
pub(super) fn first_byte(segment: &[u8]) -> Option<&u8> {
    segment.iter().find(|byte| !matches!(byte, b' ' | b'\t'))
}

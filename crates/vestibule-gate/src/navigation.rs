//! Whether a request is a person looking at a page, who can be sent to sign in, or a program, which
//! gets a 401.
//!
//! Decided by the Fetch Metadata fields where the browser sends them, else by `Accept`; whoever says
//! neither is a program.

use crate::fields::{Fields, Known, list, trim};
use crate::method::Method;
use crate::request::Request;

/// Whether to send the sender to a page or to answer with a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Audience {
    /// A person who navigates: a redirect gets them where they want.
    Person,
    /// A script, an API client, a form, a frame, an image: a redirect would break it in the dark.
    Program,
}

/// Who is asking.
#[must_use]
pub fn audience(request: &Request) -> Audience {
    if navigates(request) {
        Audience::Person
    } else {
        Audience::Program
    }
}

fn navigates(request: &Request) -> bool {
    matches!(request.method(), Method::Get | Method::Head)
        && request.upgrade().is_none()
        && shows_a_page(request)
}

/// Whether the browser shows the answer to a person, by what the fields say. The method is left out
/// of it.
pub(crate) fn shows_a_page(request: &Request) -> bool {
    asks_for_a_page(request.fields())
}

/// The same of fields alone, for a request that is read no further.
#[must_use]
pub fn asks_for_a_page(fields: &Fields) -> bool {
    // A page fetched on suspicion must not start a sign-in nobody asked for.
    let prefetch = |value: &[u8]| {
        value
            .split(|&byte| matches!(byte, b';' | b','))
            .any(|one| trim(one) == b"prefetch")
    };
    if fields
        .first_known(Known::SecPurpose)
        .or(fields.first("purpose"))
        .is_some_and(prefetch)
    {
        return false;
    }
    if let Some(mode) = fields.first_known(Known::SecFetchMode) {
        // A frame can't show the provider's page: providers forbid it.
        let document = fields
            .first_known(Known::SecFetchDest)
            .is_none_or(|dest| dest == b"document");
        return mode == b"navigate" && document;
    }
    if fields.first_known(Known::XRequestedWith).is_some() {
        return false;
    }
    fields
        .all_known(Known::Accept)
        .any(|value| list(value).any(accepts_page))
}

/// A media range that names a page and does not take it back with `q=0`.
fn accepts_page(range: &[u8]) -> bool {
    let mut parts = range.split(|&byte| byte == b';').map(trim);
    let page = parts.next().is_some_and(|media| {
        media.eq_ignore_ascii_case(b"text/html")
            || media.eq_ignore_ascii_case(b"application/xhtml+xml")
    });
    let refused = parts.any(|parameter| {
        let zero = parameter
            .strip_prefix(b"q=0")
            .or(parameter.strip_prefix(b"Q=0"));
        zero.is_some_and(|rest| rest.iter().all(|byte| matches!(byte, b'.' | b'0')))
    });
    page && !refused
}

//! What httparse finds in a head, made as strict as we are: where it finds one, so must we, and the other way round.

use httparse::{EMPTY_HEADER, Header, Request, Response, Status};
use vestibule_http1::fields::Fields;
use vestibule_http1::head::HeadLimits;

/// The longest method.
const METHOD_BYTES: usize = 32;

/// The fields of the request head that `head` is, if it is one.
pub(crate) fn request(head: &[u8], limits: &HeadLimits) -> Option<Fields> {
    // It skips any number of empty lines, we one.
    let head = head.strip_prefix(b"\r\n").unwrap_or(head);
    let mut room = vec![EMPTY_HEADER; limits.fields];
    let mut found = Request::new(&mut room);
    let parsed = found.parse(head);
    let (method, target) = (
        found.method.unwrap_or_default(),
        found.path.unwrap_or_default(),
    );
    let strict =
        method.len() <= METHOD_BYTES && target.is_ascii() && target.len() <= limits.target_bytes;
    (strict && is_whole(head, parsed)).then(|| fields(found.headers))
}

/// [`request`] for a response head.
pub(crate) fn response(head: &[u8], limits: &HeadLimits) -> Option<Fields> {
    let mut room = vec![EMPTY_HEADER; limits.fields];
    let mut found = Response::new(&mut room);
    let parsed = found.parse(head);
    let strict = found.code.is_some_and(|code| (100..=599).contains(&code));
    (strict && is_whole(head, parsed)).then(|| fields(found.headers))
}

/// Lines may end in LF alone for it, and empty ones come before the first.
fn is_whole(head: &[u8], parsed: httparse::Result<usize>) -> bool {
    let crlf = head
        .split_inclusive(|&byte| byte == b'\n')
        .all(|line| line.ends_with(b"\r\n"));
    parsed == Ok(Status::Complete(head.len())) && !head.starts_with(b"\r") && crlf
}

fn fields(found: &[Header<'_>]) -> Fields {
    found
        .iter()
        .map(|header| (header.name, header.value))
        .collect()
}

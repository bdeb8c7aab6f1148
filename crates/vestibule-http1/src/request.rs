//! A request head, read from its bytes.

use bytes::Bytes;

use crate::fields::{Fields, is_token_byte};
use crate::head::{End, HeadError, HeadLimits, Room, explain_request, fields_of, version};
use crate::version::Version;

/// A request head. Nothing of it is judged beyond its grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The method, in the case it came in.
    pub method: Bytes,
    /// The target, byte for byte.
    pub target: Bytes,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The fields in order, names in the spelling they came in.
    pub fields: Fields,
}

/// Reads the head at the start of `buffer` once it is all there, and says how long it is: [`End::find`] and [`parse`], but a
/// head that came in one piece is looked at once only. `end` is as fresh as the connection, or as the last head.
///
/// # Errors
/// What [`End::find`] or else [`parse`] says.
pub fn read(
    end: &mut End,
    buffer: &[u8],
    limits: &HeadLimits,
) -> Result<Option<(RequestHead, usize)>, HeadError> {
    if end.is_fresh()
        && let Some(read) = well_formed(buffer, limits)
    {
        return Ok(Some(read));
    }
    let Some(length) = end.find(buffer, limits)? else {
        return Ok(None);
    };
    let head = parse(buffer.get(..length).unwrap_or_default(), limits)?;
    Ok(Some((head, length)))
}

/// Reads a whole head, as long as [`End::find`] said.
///
/// # Errors
/// [`HeadError`] for everything RFC 9112 does not allow.
pub fn parse(head: &[u8], limits: &HeadLimits) -> Result<RequestHead, HeadError> {
    if head.len() > limits.bytes {
        return Err(HeadError::TooLarge);
    }
    match well_formed(head, limits) {
        Some((parsed, length)) if length == head.len() => Ok(parsed),
        // What is not read here and yet not wrong would be a gap between the two readings, so it is refused all the same.
        _ => Err(explain_request(without_empty_line(head), limits).unwrap_or(HeadError::FirstLine)),
    }
}

/// RFC 9112 §2.2: some clients send an empty line after a body that needs none. httparse would skip any number.
fn without_empty_line(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\r\n").unwrap_or(head)
}

/// The head at the start of `buffer` and its length, or `None` if anything at all is wrong with it or missing.
fn well_formed(buffer: &[u8], limits: &HeadLimits) -> Option<(RequestHead, usize)> {
    let window = buffer.get(..limits.bytes).unwrap_or(buffer);
    let head = without_empty_line(window);
    if !head.first().copied().is_some_and(is_token_byte) {
        return None;
    }
    let mut room = Room::new();
    let mut found = httparse::Request::new(&mut []);
    let parsed = found.parse_with_uninit_headers(head, room.for_fields(limits.fields, head));
    let Ok(httparse::Status::Complete(length)) = parsed else {
        return None;
    };
    let target = found.path?.as_bytes();
    // RFC 9112 §3.2 knows ASCII only; httparse takes any UTF-8.
    if target.len() > limits.target_bytes || !target.is_ascii() {
        return None;
    }
    let fields = fields_of(head.get(..length)?, found.headers).ok()?;
    let read = RequestHead {
        method: method(found.method?.as_bytes()),
        target: Bytes::copy_from_slice(target),
        version: version(found.version?),
        fields,
    };
    Some((read, window.len() - head.len() + length))
}

/// The method. The ordinary ones cost no memory.
fn method(name: &[u8]) -> Bytes {
    Bytes::from_static(match name {
        b"GET" => b"GET",
        b"POST" => b"POST",
        b"HEAD" => b"HEAD",
        b"PUT" => b"PUT",
        b"PATCH" => b"PATCH",
        b"DELETE" => b"DELETE",
        b"OPTIONS" => b"OPTIONS",
        other => return Bytes::copy_from_slice(other),
    })
}

#[cfg(test)]
mod tests;

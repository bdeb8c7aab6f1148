//! A response head, read from its bytes.

use crate::fields::Fields;
use crate::head::{End, HeadError, HeadLimits, Room, explain_response, fields_of, version};
use crate::version::Version;

/// A response head. Nothing of it is judged beyond its grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The status code, 100 to 999.
    pub status: u16,
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
) -> Result<Option<(ResponseHead, usize)>, HeadError> {
    if end.is_fresh()
        && let Some(read) = well_formed(buffer, limits)
    {
        return Ok(Some(read));
    }
    // The second word of a status line is no target.
    let of_end = HeadLimits {
        target_bytes: usize::MAX,
        ..*limits
    };
    let Some(length) = end.find(buffer, &of_end)? else {
        return Ok(None);
    };
    let head = parse(buffer.get(..length).unwrap_or_default(), limits)?;
    Ok(Some((head, length)))
}

/// Reads a whole head, as long as [`End::find`] said. The reason is dropped: nothing depends on it.
///
/// # Errors
/// [`HeadError`] for everything RFC 9112 does not allow.
pub fn parse(head: &[u8], limits: &HeadLimits) -> Result<ResponseHead, HeadError> {
    if head.len() > limits.bytes {
        return Err(HeadError::TooLarge);
    }
    match well_formed(head, limits) {
        Some((parsed, length)) if length == head.len() => Ok(parsed),
        // What is not read here and yet not wrong would be a gap between the two readings, so it is refused all the same.
        _ => Err(explain_response(head, limits).unwrap_or(HeadError::FirstLine)),
    }
}

/// The head at the start of `buffer` and its length, or `None` if anything at all is wrong with it or missing.
fn well_formed(buffer: &[u8], limits: &HeadLimits) -> Option<(ResponseHead, usize)> {
    let head = buffer.get(..limits.bytes).unwrap_or(buffer);
    // httparse would skip empty lines, which only a request may have before it (RFC 9112 §2.2).
    if !head.starts_with(b"HTTP/") {
        return None;
    }
    let mut room = Room::new();
    let mut found = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut found,
        head,
        room.for_fields(limits.fields, head),
    );
    let Ok(httparse::Status::Complete(length)) = parsed else {
        return None;
    };
    let status = found.code.filter(|&code| code >= 100)?;
    let read = ResponseHead {
        version: version(found.version?),
        status,
        fields: fields_of(head.get(..length)?, found.headers).ok()?,
    };
    Some((read, length))
}

#[cfg(test)]
mod tests;

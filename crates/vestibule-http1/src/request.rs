//! A request head, read from its bytes.

use std::ops::Range;

use bytes::Bytes;

use crate::fields::{Fields, is_token};
use crate::head::{End, HeadError, HeadLimits, Lines, METHOD_BYTES, version, word};
use crate::version::Version;

/// A request head. Nothing of it is judged beyond its grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The method, in the case it came in.
    pub method: Bytes,
    /// The target, byte for byte. A part of the head: whoever keeps it keeps all of that.
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
    // Whatever is wrong may be no more than that the rest has not come.
    if end.is_fresh()
        && let Ok(read) = read_lines(buffer.get(..limits.bytes).unwrap_or(buffer), limits)
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
    match read_lines(head, limits)? {
        (parsed, length) if length == head.len() => Ok(parsed),
        _ => Err(HeadError::LineEnd),
    }
}

/// The head at the start of `bytes`, and its length.
fn read_lines(bytes: &[u8], limits: &HeadLimits) -> Result<(RequestHead, usize), HeadError> {
    let mut lines = Lines::of(bytes);
    lines.skip_one_empty();
    let start = lines.read();
    let (method, target, version) = lines.first(|line| request_line(line, limits))?;
    let (fields, length) = lines.fields(limits.fields)?;
    let head = RequestHead {
        method,
        target: fields.part_of_head(start + target.start..start + target.end),
        version,
        fields,
    };
    Ok((head, length))
}

/// The parts of RFC 9112 §3, and where in the line the target is.
fn request_line(
    line: &[u8],
    limits: &HeadLimits,
) -> Result<(Bytes, Range<usize>, Version), HeadError> {
    let (name, rest) = word(line);
    let (target, rest) = word(rest.ok_or(HeadError::FirstLine)?);
    let rest = rest.ok_or(HeadError::FirstLine)?;
    let method = method(name)?;
    let graphic = |all, byte: &u8| all & byte.is_ascii_graphic();
    if target.is_empty() || !target.iter().fold(true, graphic) {
        return Err(HeadError::FirstLine);
    }
    if target.len() > limits.target_bytes {
        return Err(HeadError::TargetTooLong);
    }
    let start = name.len() + 1;
    Ok((method, start..start + target.len(), version(rest)?))
}

/// The method. The ordinary ones cost no memory.
fn method(name: &[u8]) -> Result<Bytes, HeadError> {
    Ok(Bytes::from_static(match name {
        b"GET" => b"GET",
        b"POST" => b"POST",
        b"HEAD" => b"HEAD",
        b"PUT" => b"PUT",
        b"PATCH" => b"PATCH",
        b"DELETE" => b"DELETE",
        b"OPTIONS" => b"OPTIONS",
        other if other.len() <= METHOD_BYTES && is_token(other) => {
            return Ok(Bytes::copy_from_slice(other));
        }
        _ => return Err(HeadError::FirstLine),
    }))
}

#[cfg(test)]
mod tests;

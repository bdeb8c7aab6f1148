//! Which rule a head breaks.
//!
//! A second reading of a head that httparse, or a check after it, did not take. It runs only for refused heads, looks at
//! the lines one by one in their order, and names the first that is wrong.

use super::{HeadError, HeadLimits};
use crate::fields::{is_field_value, is_token};

/// The first thing that is wrong with a request head; an empty line before it is not there any more.
#[cold]
pub(crate) fn explain_request(head: &[u8], limits: &HeadLimits) -> Option<HeadError> {
    explain(head, limits, request_line).err()
}

/// The first thing that is wrong with a response head.
#[cold]
pub(crate) fn explain_response(head: &[u8], limits: &HeadLimits) -> Option<HeadError> {
    explain(head, limits, |line, _| status_line(line)).err()
}

fn explain(
    head: &[u8],
    limits: &HeadLimits,
    first_line: fn(&[u8], &HeadLimits) -> Result<(), HeadError>,
) -> Result<(), HeadError> {
    let mut lines = head.split_inclusive(|&byte| byte == b'\n');
    first_line(text_of(lines.next().unwrap_or_default())?, limits)?;
    for (index, line) in lines.by_ref().enumerate() {
        let text = text_of(line)?;
        if text.is_empty() {
            break;
        }
        if index == limits.fields {
            return Err(HeadError::TooManyFields);
        }
        field_line(text, index == 0)?;
    }
    // Bytes after the empty line, or none where it should be.
    if lines.next().is_some() || !head.ends_with(b"\r\n\r\n") {
        return Err(HeadError::LineEnd);
    }
    Ok(())
}

/// A line without its CRLF.
fn text_of(line: &[u8]) -> Result<&[u8], HeadError> {
    match line.strip_suffix(b"\r\n") {
        Some(text) if !text.contains(&b'\r') => Ok(text),
        _ => Err(HeadError::LineEnd),
    }
}

/// RFC 9112 §3
fn request_line(line: &[u8], limits: &HeadLimits) -> Result<(), HeadError> {
    let mut words = line.splitn(3, |&byte| byte == b' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next())
    else {
        return Err(HeadError::FirstLine);
    };
    if !is_token(method) || target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
        return Err(HeadError::FirstLine);
    }
    if target.len() > limits.target_bytes {
        return Err(HeadError::TargetTooLong);
    }
    known_version(version)
}

/// RFC 9112 §4. The space before a reason that is not there may be missing, too.
fn status_line(line: &[u8]) -> Result<(), HeadError> {
    let mut words = line.splitn(3, |&byte| byte == b' ');
    known_version(words.next().unwrap_or_default())?;
    let status = words.next().unwrap_or_default();
    let reason = words.next().unwrap_or_default();
    match status {
        [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] if is_field_value(reason) => Ok(()),
        _ => Err(HeadError::FirstLine),
    }
}

/// RFC 9112 §2.3
fn known_version(version: &[u8]) -> Result<(), HeadError> {
    match version {
        b"HTTP/1.0" | b"HTTP/1.1" => Ok(()),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Err(HeadError::Version),
        _ => Err(HeadError::FirstLine),
    }
}

/// RFC 9112 §5
fn field_line(line: &[u8], first: bool) -> Result<(), HeadError> {
    if matches!(line, [b' ' | b'\t', ..]) {
        // Before the first field there is nothing it could continue (RFC 9112 §2.2).
        return Err(if first {
            HeadError::FieldName
        } else {
            HeadError::FieldValue
        });
    }
    let colon = line.iter().position(|&byte| byte == b':');
    let (name, value) = line.split_at(colon.ok_or(HeadError::FieldName)?);
    if !is_token(name) {
        return Err(HeadError::FieldName);
    }
    if !is_field_value(value) {
        return Err(HeadError::FieldValue);
    }
    Ok(())
}

//! A second reading of heads, line by line and byte by byte, and httparse's as a third: all have to agree on every head.

use super::{HeadError, HeadLimits, METHOD_BYTES};
use crate::fields::{Fields, is_token};

/// The first thing that is wrong with a request head; an empty line before it is not there any more.
pub(crate) fn request(head: &[u8], limits: &HeadLimits) -> Option<HeadError> {
    self::head(head, limits, request_line).err()
}

/// The first thing that is wrong with a response head.
pub(crate) fn response(head: &[u8], limits: &HeadLimits) -> Option<HeadError> {
    self::head(head, limits, |line, _| status_line(line)).err()
}

fn head(
    bytes: &[u8],
    limits: &HeadLimits,
    first_line: fn(&[u8], &HeadLimits) -> Result<(), HeadError>,
) -> Result<(), HeadError> {
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let first = text_of(lines.next().unwrap_or_default())?;
    if !is_value(first) {
        return Err(HeadError::FirstLine);
    }
    first_line(first, limits)?;
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
    if lines.next().is_some() || !bytes.ends_with(b"\r\n\r\n") {
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
    if !is_token(method)
        || method.len() > METHOD_BYTES
        || target.is_empty()
        || !target.iter().all(u8::is_ascii_graphic)
    {
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
    match status {
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => Ok(()),
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
    if !is_value(value) {
        return Err(HeadError::FieldValue);
    }
    Ok(())
}

fn is_value(text: &[u8]) -> bool {
    !text
        .iter()
        .any(|&byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f)
}

/// The fields as httparse finds them, if a request head holds besides what httparse lets through.
pub(crate) fn httparse_request(head: &[u8], limits: &HeadLimits) -> Option<Fields> {
    let mut room = vec![httparse::EMPTY_HEADER; limits.fields.min(head.len())];
    let mut found = httparse::Request::new(&mut room);
    let parsed = found.parse(head);
    let target = found.path.unwrap_or_default();
    let method = found.method.unwrap_or_default();
    let strict =
        target.is_ascii() && target.len() <= limits.target_bytes && method.len() <= METHOD_BYTES;
    (strict && is_whole(head, parsed)).then(|| fields_of(found.headers))
}

/// [`httparse_request`] for a response head.
pub(crate) fn httparse_response(head: &[u8], limits: &HeadLimits) -> Option<Fields> {
    let mut room = vec![httparse::EMPTY_HEADER; limits.fields.min(head.len())];
    let mut found = httparse::Response::new(&mut room);
    let parsed = found.parse(head);
    let strict = found.code.is_some_and(|code| (100..=599).contains(&code));
    (strict && is_whole(head, parsed)).then(|| fields_of(found.headers))
}

/// httparse lets lines end in LF alone, and skips empty ones before the first.
fn is_whole(head: &[u8], parsed: httparse::Result<usize>) -> bool {
    let crlf = head
        .split_inclusive(|&byte| byte == b'\n')
        .all(|line| line.ends_with(b"\r\n"));
    parsed == Ok(httparse::Status::Complete(head.len())) && !head.starts_with(b"\r") && crlf
}

fn fields_of(found: &[httparse::Header<'_>]) -> Fields {
    found
        .iter()
        .map(|header| (header.name, header.value))
        .collect()
}

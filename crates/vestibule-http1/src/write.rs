//! Heads and chunks, written.
//!
//! The version is always HTTP/1.1: what is written is ours, not what came.

mod reason;

use crate::fields::{Field, Fields, KnownSet, is_field_value, is_token};

pub use reason::reason;

/// A part of a head that would not be read as it is written: a control byte in a value, a name that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a head: {0} that would change it")]
pub struct Unwritable(pub &'static str);

const METHOD: Unwritable = Unwritable("a method");
const TARGET: Unwritable = Unwritable("a target");
const NAME: Unwritable = Unwritable("a field name");
const VALUE: Unwritable = Unwritable("a field value");

/// `GET /path HTTP/1.1`
///
/// # Errors
/// [`Unwritable`] if the method is no token or the target is empty or holds a byte that is not visible ASCII; nothing is
/// written then.
pub fn request_line(out: &mut Vec<u8>, method: &[u8], target: &[u8]) -> Result<(), Unwritable> {
    if !is_token(method) {
        return Err(METHOD);
    }
    if target.is_empty() || !is_visible(target) {
        return Err(TARGET);
    }
    out.reserve(method.len() + target.len() + 12);
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(target);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    Ok(())
}

/// Whether all bytes are visible ASCII. Without an early end, so that several bytes are looked at with one instruction.
fn is_visible(target: &[u8]) -> bool {
    !target
        .iter()
        .fold(false, |bad, &byte| bad | !byte.is_ascii_graphic())
}

/// `HTTP/1.1 200 OK`, with the registered reason or none. What is no status, 100 to 599, is written as 500.
pub fn status_line(out: &mut Vec<u8>, status: u16) {
    if status == 200 {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    let status = if matches!(status, 100..=599) {
        status
    } else {
        500
    };
    out.extend_from_slice(b"HTTP/1.1 ");
    decimal(out, status.into());
    // The space belongs to the line even if no reason follows it (RFC 9112 §4).
    out.push(b' ');
    out.extend_from_slice(reason(status).unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// One field.
///
/// # Errors
/// [`Unwritable`]; nothing is written then.
pub fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) -> Result<(), Unwritable> {
    if !is_token(name) {
        return Err(NAME);
    }
    if !is_field_value(value) {
        return Err(VALUE);
    }
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// All fields for which `keep` says so, in order, in their spelling.
///
/// # Errors
/// [`Unwritable`]; nothing is written then.
pub fn fields(
    out: &mut Vec<u8>,
    fields: &Fields,
    keep: impl FnMut(Field<'_>) -> bool,
) -> Result<(), Unwritable> {
    fields.write_lines(out, keep).map_err(wrong_part)
}

/// All fields but those with one of these names.
///
/// # Errors
/// [`Unwritable`]; nothing is written then.
pub fn fields_without(
    out: &mut Vec<u8>,
    fields: &Fields,
    names: KnownSet,
) -> Result<(), Unwritable> {
    fields.write_without(out, names).map_err(wrong_part)
}

/// What is wrong with a field.
fn wrong_part(field: Field<'_>) -> Unwritable {
    if is_token(field.name) { VALUE } else { NAME }
}

/// `Content-Length: n`
pub fn content_length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"Content-Length: ");
    decimal(out, length);
    out.extend_from_slice(b"\r\n");
}

/// The empty line.
pub fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

/// The size line before a chunk of `length` bytes; `length` is not 0, which would end the body, and nothing is written then.
/// [`CHUNK_END`] follows the bytes.
pub fn chunk_size(out: &mut Vec<u8>, length: usize) {
    if length == 0 {
        return;
    }
    digits::<16>(out, length as u64);
    out.extend_from_slice(b"\r\n");
}

/// What follows the bytes of a chunk.
pub const CHUNK_END: &[u8] = b"\r\n";

/// The end of a chunked body, with its trailers.
///
/// # Errors
/// [`Unwritable`]; nothing is written then.
pub fn last_chunk(out: &mut Vec<u8>, trailers: Option<&Fields>) -> Result<(), Unwritable> {
    let start = out.len();
    out.extend_from_slice(b"0\r\n");
    if let Some(trailers) = trailers {
        fields(out, trailers, |_| true).inspect_err(|_| out.truncate(start))?;
    }
    end(out);
    Ok(())
}

fn decimal(out: &mut Vec<u8>, number: u64) {
    digits::<10>(out, number);
}

/// The digits of a number, in lower case.
fn digits<const BASE: u64>(out: &mut Vec<u8>, number: u64) {
    // 20 digits are enough for any `u64` from base 10 on.
    let mut digits = [0_u8; 20];
    let mut rest = number;
    let mut used = 0;
    for place in digits.iter_mut().rev() {
        let digit = (rest % BASE) as u8;
        *place = digit + if digit < 10 { b'0' } else { b'a' - 10 };
        used += 1;
        rest /= BASE;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

#[cfg(test)]
mod tests;

//! A response head, read from its bytes.

use crate::fields::Fields;
use crate::head::{End, HeadError, HeadLimits, Lines, version, word};
use crate::version::Version;

/// A response head. Nothing of it is judged beyond its grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The status code, 100 to 599.
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
    // Whatever is wrong may be no more than that the rest has not come.
    if end.is_fresh()
        && let Ok(read) = read_lines(buffer.get(..limits.bytes).unwrap_or(buffer), limits)
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
    match read_lines(head, limits)? {
        (parsed, length) if length == head.len() => Ok(parsed),
        _ => Err(HeadError::LineEnd),
    }
}

/// The head at the start of `bytes`, and its length.
fn read_lines(bytes: &[u8], limits: &HeadLimits) -> Result<(ResponseHead, usize), HeadError> {
    let mut lines = Lines::of(bytes);
    let (version, status) = lines.first(status_line)?;
    let (fields, length) = lines.fields(limits.fields)?;
    let head = ResponseHead {
        version,
        status,
        fields,
    };
    Ok((head, length))
}

/// RFC 9112 §4. The space before a reason that is not there may be missing, too.
fn status_line(line: &[u8]) -> Result<(Version, u16), HeadError> {
    let (name, rest) = word(line);
    let version = version(name)?;
    match rest.map(|rest| word(rest).0) {
        // RFC 9110 §15: there are five classes.
        Some(&[a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9']) => {
            let digit = |byte: u8| u16::from(byte - b'0');
            Ok((version, digit(a) * 100 + digit(b) * 10 + digit(c)))
        }
        _ => Err(HeadError::FirstLine),
    }
}

#[cfg(test)]
mod tests;

//! The chunked transfer coding, read strictly (RFC 9112 §7.1).
//!
//! | at | until | then |
//! |---|---|---|
//! | `Size` | CR, or `;` | `SizeEnd`, or `Extension` |
//! | `Extension` | CR | `SizeEnd` |
//! | `SizeEnd` | LF | `Data`; after a size of 0 `Trailers` |
//! | `Data` | all bytes of the chunk | `DataEnd` |
//! | `DataEnd` | CR, then LF | `Size` |
//! | `Trailers` | an empty line | `Ended` |

use memchr::memchr;

use super::{BodyError, Decoded, take};
use crate::fields::{Fields, is_field_value};
use crate::head::Lines;

/// As many hexadecimal digits as a `u64` has.
const SIZE_DIGITS: u8 = 16;
/// Nobody uses chunk extensions; they must only not be a way to send without an end.
const EXTENSION_LINE_BYTES: usize = 256;
const EXTENSION_BODY_BYTES: usize = 16 * 1024;
/// The most bytes of trailer lines.
pub const TRAILER_BYTES: usize = 8 * 1024;
/// The most trailers.
pub const TRAILER_FIELDS: usize = 32;

/// Where in a chunked body the next byte is.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    at: At,
    /// Bytes of extensions on this line, and in the whole body.
    extension_line_bytes: usize,
    extension_body_bytes: usize,
    /// The lines of the trailer section so far.
    trailer_lines: Vec<u8>,
    /// The trailers, once the body ended.
    pub(super) trailers: Option<Box<Fields>>,
}

#[derive(Debug, Clone, Copy)]
enum At {
    Size { digits: u8, size: u64 },
    Extension { size: u64 },
    SizeEnd { size: u64 },
    Data { left: u64 },
    DataEnd { cr: bool },
    Trailers,
    Ended,
}

impl Default for At {
    fn default() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

impl Chunks {
    pub(super) const fn is_ended(&self) -> bool {
        matches!(self.at, At::Ended)
    }

    /// [`super::Decoder::decode`]
    pub(super) fn decode(&mut self, buffer: &[u8]) -> Result<Decoded, BodyError> {
        let mut decoded = Decoded::NOTHING;
        while let Some(unread @ [byte, rest @ ..]) = buffer.get(decoded.consumed..) {
            let read = match self.at {
                At::Data { left } if decoded.data.is_empty() => {
                    let (length, left) = take(unread, left);
                    decoded.data = decoded.consumed..decoded.consumed + length;
                    self.at = if left == 0 {
                        At::DataEnd { cr: false }
                    } else {
                        At::Data { left }
                    };
                    Ok(length)
                }
                At::Data { .. } | At::Ended => break,
                At::Trailers => self.trailer_line(*byte, rest),
                _ => self.framing(*byte).map(|()| 1),
            };
            match read {
                Ok(length) => decoded.consumed += length,
                // The byte is not consumed, so the next call meets the error again.
                Err(_) if !decoded.data.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(decoded)
    }

    /// One byte that is neither data nor of a trailer. Nothing changes on an error.
    fn framing(&mut self, byte: u8) -> Result<(), BodyError> {
        self.at = match (self.at, byte) {
            (At::Size { digits, size }, b'\r') if digits > 0 => At::SizeEnd { size },
            // RFC 9112 §7.1.1 has recipients take white space before the semicolon, which no sender may write. Readers differ
            // about white space there, so it is refused.
            (At::Size { digits, size }, b';') if digits > 0 => {
                self.extension_line_bytes = 0;
                At::Extension { size }
            }
            (At::Size { digits, size }, _) if digits < SIZE_DIGITS => At::Size {
                digits: digits + 1,
                size: size << 4 | hexadecimal(byte).ok_or(BodyError::Chunk)?,
            },
            (At::Extension { size }, b'\r') => At::SizeEnd { size },
            (At::Extension { .. }, _) if is_field_value(&[byte]) => {
                if self.extension_line_bytes == EXTENSION_LINE_BYTES
                    || self.extension_body_bytes == EXTENSION_BODY_BYTES
                {
                    return Err(BodyError::Extensions);
                }
                self.extension_line_bytes += 1;
                self.extension_body_bytes += 1;
                self.at
            }
            (At::SizeEnd { size: 0 }, b'\n') => At::Trailers,
            (At::SizeEnd { size }, b'\n') => At::Data { left: size },
            (At::DataEnd { cr: false }, b'\r') => At::DataEnd { cr: true },
            (At::DataEnd { cr: true }, b'\n') => At::default(),
            _ => return Err(BodyError::Chunk),
        };
        Ok(())
    }

    /// A line of the trailer section, or the part of it that came. Nothing changes on an error.
    fn trailer_line(&mut self, first: u8, rest: &[u8]) -> Result<usize, BodyError> {
        let length = match first {
            b'\n' => 1,
            _ => memchr(b'\n', rest).map_or(rest.len() + 1, |at| at + 2),
        };
        let kept = self.trailer_lines.len();
        if kept + length > TRAILER_BYTES {
            return Err(BodyError::Trailers);
        }
        let lines = &mut self.trailer_lines;
        lines.push(first);
        lines.extend_from_slice(rest.get(..length - 1).unwrap_or_default());
        match trailers_ended(lines, kept) {
            Ok(None) => {}
            Ok(Some(trailers)) => {
                self.trailers = (!trailers.is_empty()).then(|| Box::new(trailers));
                self.trailer_lines = Vec::new();
                self.at = At::Ended;
            }
            Err(error) => {
                lines.truncate(kept);
                return Err(error);
            }
        }
        Ok(length)
    }
}

/// The trailers, if their lines are all there. Those before `judged` were looked at.
fn trailers_ended(lines: &[u8], judged: usize) -> Result<Option<Fields>, BodyError> {
    let new = lines.get(judged.saturating_sub(1)..).unwrap_or_default();
    let broken = |pair: &[u8]| matches!(pair, [a, b] if (*a == b'\r') != (*b == b'\n'));
    if lines.starts_with(b"\n") || new.windows(2).any(broken) {
        return Err(BodyError::Trailers);
    }
    match lines {
        b"\r\n" => Ok(Some(Fields::new())),
        [.., b'\r', b'\n', b'\r', b'\n'] => parse_trailers(lines).map(Some),
        _ => Ok(None),
    }
}

/// RFC 9112 §7.1.2
fn parse_trailers(lines: &[u8]) -> Result<Fields, BodyError> {
    match Lines::of(lines).fields(TRAILER_FIELDS) {
        Ok((fields, length)) if length == lines.len() => Ok(fields),
        _ => Err(BodyError::Trailers),
    }
}

const fn hexadecimal(digit: u8) -> Option<u64> {
    Some(match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => return None,
    } as u64)
}

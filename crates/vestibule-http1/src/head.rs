//! Where a head ends, and what is wrong with one that never can.
//!
//! [`End`] judges only what has to be judged before the head is all there; whoever parses it looks at every byte.

mod lines;
#[cfg(test)]
pub(crate) mod oracle;

use memchr::memchr;
use thiserror::Error;

pub(crate) use lines::{Lines, version, word};

use crate::fields::is_token_byte;

/// The longest method; registered ones have at most 17 bytes. Also what a first word may have at most in a response.
pub(crate) const METHOD_BYTES: usize = 32;

/// How much of a head is read. What is beyond is refused, not cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of the whole head, the empty line included.
    pub bytes: usize,
    /// Fields.
    pub fields: usize,
    /// Bytes of the request target.
    pub target_bytes: usize,
}

/// Why a head is none. Exhaustive: each has its own answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeadError {
    /// A line that does not end in CRLF, or a CR that ends none (RFC 9112 §2.2).
    #[error("read a head: line end that is not CRLF")]
    LineEnd,
    /// The first line has not the form of RFC 9112 §3 or §4.
    #[error("read a head: malformed first line")]
    FirstLine,
    /// The first line names a version that is not 1.0 or 1.1.
    #[error("read a head: unsupported HTTP version")]
    Version,
    /// A field name that is no token, or white space before the colon (RFC 9112 §5.1).
    #[error("read a head: malformed field name")]
    FieldName,
    /// A field value with a control byte, or continued on the next line (RFC 9112 §5.2).
    #[error("read a head: malformed field value")]
    FieldValue,
    /// The target is longer than the limit.
    #[error("read a head: target too long")]
    TargetTooLong,
    /// The head is longer than the limit.
    #[error("read a head: head too large")]
    TooLarge,
    /// More fields than the limit.
    #[error("read a head: too many fields")]
    TooManyFields,
}

/// Looks for the end of a head while its bytes come. It remembers how far it looked, so that a head that comes byte by
/// byte is looked at once. What it says depends on the bytes alone, not on the pieces they came in.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// No LF before this place is still to be looked at.
    looked: usize,
    /// Where the line begins that is not ended yet.
    line: usize,
    /// Lines that ended, an empty one before the first line not counted.
    lines: usize,
    /// The words of the first line are known to fit.
    fits: bool,
}

impl End {
    /// Whether nothing of a head was looked at.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.looked == 0
    }

    /// The length of the head at the start of `buffer`, its empty line included; `None` while it is not all there. Each
    /// call gets the bytes of the one before, and those that came since. Once it has found the end it is ready for the
    /// next head.
    ///
    /// # Errors
    /// What can be told of a head before its end: a line end that is none, a first byte that begins no head, a limit passed.
    pub fn find(&mut self, buffer: &[u8], limits: &HeadLimits) -> Result<Option<usize>, HeadError> {
        let window = buffer.get(..limits.bytes).unwrap_or(buffer);
        if self.lines == 0 {
            self.begins_a_head(window)?;
        }
        while let Some(at) = memchr(b'\n', window.get(self.looked..).unwrap_or_default()) {
            let line_feed = self.looked + at;
            if self.ends_line(window, line_feed, limits)? {
                *self = Self::default();
                return Ok(Some(line_feed + 1));
            }
        }
        self.looked = window.len();
        if self.lines == 0 {
            self.words_fit(window.get(self.line..).unwrap_or_default(), limits)?;
        }
        if window.len() >= limits.bytes {
            return Err(HeadError::TooLarge);
        }
        Ok(None)
    }

    /// Refuses what can't become a first line, such as the first bytes of TLS on a plain connection.
    fn begins_a_head(&self, window: &[u8]) -> Result<(), HeadError> {
        match window.get(self.line) {
            Some(b'\r') if self.line == 0 => match window {
                [_, b'\n', third, ..] if !is_token_byte(*third) => Err(HeadError::FirstLine),
                [_, b'\n', ..] | [_] => Ok(()),
                _ => Err(HeadError::LineEnd),
            },
            Some(&byte) if !is_token_byte(byte) => Err(HeadError::FirstLine),
            _ => Ok(()),
        }
    }

    /// Goes on to the next line. True if this one was the last of the head.
    fn ends_line(
        &mut self,
        window: &[u8],
        line_feed: usize,
        limits: &HeadLimits,
    ) -> Result<bool, HeadError> {
        let line = window.get(self.line..line_feed).unwrap_or_default();
        if self.lines == 0 {
            self.words_fit(line, limits)?;
        }
        let [text @ .., b'\r'] = line else {
            return Err(HeadError::LineEnd);
        };
        self.looked = line_feed + 1;
        let before_the_first = text.is_empty() && self.line == 0;
        if text.is_empty() && !before_the_first {
            return Ok(true);
        }
        self.line = self.looked;
        if !before_the_first {
            self.lines += 1;
            // The first line is no field.
            if self.lines > limits.fields.saturating_add(1) {
                return Err(HeadError::TooManyFields);
            }
        }
        Ok(false)
    }

    /// Refuses a first line, or the part of it that came, whose first word is longer than a method may be, or whose second is
    /// longer than a target may be. However slowly the line comes, no byte of a target is looked at twice.
    fn words_fit(&mut self, line: &[u8], limits: &HeadLimits) -> Result<(), HeadError> {
        if self.fits {
            return Ok(());
        }
        let first = line.get(..=METHOD_BYTES).unwrap_or(line);
        let Some(space) = memchr(b' ', first) else {
            return match first.len() > METHOD_BYTES {
                true => Err(HeadError::FirstLine),
                false => Ok(()),
            };
        };
        let rest = line.get(space + 1..).unwrap_or_default();
        // Before there is more than a target it can't be too long.
        let Some(target) = rest.get(..=limits.target_bytes) else {
            return Ok(());
        };
        if memchr(b' ', target).is_none() {
            return Err(HeadError::TargetTooLong);
        }
        self.fits = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

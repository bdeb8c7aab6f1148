//! The lines of a head, read once from the first byte to the last. The first that is wrong is the error.

use bytes::Bytes;
use memchr::memchr;

use super::HeadError;
use crate::fields::{Fields, Known, Line, Reading, colon, is_token, text_bytes, trim};
use crate::version::Version;

const LINE_END: &[u8] = b"\r\n";

/// The lines of a head, as far as they were not read yet.
pub(crate) struct Lines<'h> {
    head: &'h [u8],
    /// Bytes that were read: whole lines.
    read: usize,
}

impl<'h> Lines<'h> {
    pub(crate) const fn of(head: &'h [u8]) -> Self {
        Self { head, read: 0 }
    }

    /// What is behind the lines that were read.
    fn rest(&self) -> &'h [u8] {
        self.head.get(self.read..).unwrap_or_default()
    }

    /// RFC 9112 §2.2: some clients send an empty line after a body that needs none.
    pub(crate) fn skip_one_empty(&mut self) {
        if self.head.starts_with(LINE_END) {
            self.read = LINE_END.len();
        }
    }

    /// How many bytes were read.
    pub(crate) const fn read(&self) -> usize {
        self.read
    }

    /// The first line without its end, of which `of` says what it means.
    pub(crate) fn first<T>(
        &mut self,
        of: impl FnOnce(&'h [u8]) -> Result<T, HeadError>,
    ) -> Result<T, HeadError> {
        let rest = self.rest();
        let text = text(rest).ok_or_else(|| wrong(rest, HeadError::FirstLine))?;
        self.read += text.len() + LINE_END.len();
        of(text)
    }

    /// The field lines, at most `limit`, and the empty line after them. The head up to there, whose length is told, is
    /// copied once.
    pub(crate) fn fields(self, limit: usize) -> Result<(Fields, usize), HeadError> {
        let mut reading = Reading::new();
        let mut start = self.read;
        let mut rest = self.rest();
        while !rest.starts_with(LINE_END) {
            if reading.count() == limit {
                return Err(wrong(rest, HeadError::TooManyFields));
            }
            let (line, bytes) = field(start, rest, reading.count() == 0)?;
            reading.add(line);
            start += bytes;
            rest = rest.get(bytes..).unwrap_or_default();
        }
        let length = start + LINE_END.len();
        let head = self.head.get(..length).unwrap_or_default();
        Ok((reading.of(Bytes::copy_from_slice(head)), length))
    }
}

/// RFC 9112 §5: a name, a colon right after it, and a value, white space around the value aside. The field at the start of
/// these lines, and the length of its line; `start` is where that begins in the head.
#[inline]
fn field(start: usize, lines: &[u8], first: bool) -> Result<(Line<'_>, usize), HeadError> {
    let (name, after) = lines.split_at(colon(lines).unwrap_or(0));
    let known = Known::of(name);
    if known.is_none() && !is_token(name) {
        // Before the first field there is nothing that a line could continue (RFC 9112 §2.2).
        let folded = !first && matches!(lines, [b' ' | b'\t', ..]);
        let error = if folded {
            HeadError::FieldValue
        } else {
            HeadError::FieldName
        };
        return Err(wrong(lines, error));
    }
    let text = text(after.get(1..).unwrap_or_default())
        .ok_or_else(|| wrong(lines, HeadError::FieldValue))?;
    let (value, plain) = match text {
        [b' ', value @ ..] if !is_padded(value) => (value, true),
        _ => (trim(text), false),
    };
    let line = Line {
        start,
        name,
        known,
        value,
        plain,
    };
    Ok((line, name.len() + 1 + text.len() + LINE_END.len()))
}

/// What is before the end of the line, if there is an end and no control byte.
#[inline]
fn text(line: &[u8]) -> Option<&[u8]> {
    let (text, end) = line.split_at(text_bytes(line));
    end.starts_with(LINE_END).then_some(text)
}

const fn is_padded(value: &[u8]) -> bool {
    matches!(value, [b' ' | b'\t', ..] | [.., b' ' | b'\t'])
}

/// The error of the first of these lines: this one, but a line end that is none comes first, whatever is before it.
#[cold]
fn wrong(lines: &[u8], error: HeadError) -> HeadError {
    let line = lines.split_inclusive(|&byte| byte == b'\n').next();
    match line.and_then(|line| line.strip_suffix(LINE_END)) {
        Some(text) if !text.contains(&b'\r') => error,
        _ => HeadError::LineEnd,
    }
}

/// RFC 9112 §2.3
pub(crate) fn version(text: &[u8]) -> Result<Version, HeadError> {
    match text {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Err(HeadError::Version),
        _ => Err(HeadError::FirstLine),
    }
}

/// A line before and after its first space.
pub(crate) fn word(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let (word, rest) = line.split_at(memchr(b' ', line).unwrap_or(line.len()));
    (word, rest.get(1..))
}

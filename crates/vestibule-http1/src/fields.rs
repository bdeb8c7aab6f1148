//! Header fields as they came or will go: ordered, spelling kept, found without regard to case.
//!
//! A list of fields is one text of lines, each `name: value` and CRLF, and the places of the lines in it. So a head that was
//! read is one copy of its bytes, and one that is written is one copy again for every run of lines nobody took away.

mod grammar;
mod names;

use std::fmt;
use std::ops::Range;

pub use grammar::{is_field_value, is_token, is_token_byte, list, trim};
pub use names::Names;

/// One header field: a name in the spelling it has on the wire, and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'f> {
    /// The name, in the spelling it came with or will be sent with.
    pub name: &'f [u8],
    /// The value, without the white space around it.
    pub value: &'f [u8],
}

/// Shows the name and the length: the value may be a cookie or a token.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: ({} bytes)",
            self.name.escape_ascii(),
            self.value.len()
        )
    }
}

impl Field<'_> {
    /// Whether the name is `name`, ASCII case aside.
    #[must_use]
    #[inline]
    pub fn is(&self, name: &str) -> bool {
        // Most names differ in length already, which needs no call.
        self.name.len() == name.len() && self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// Where one line is in the text.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    name_bytes: usize,
    value_bytes: usize,
    /// Whether the line would be read as it is written: its name is a token and its value holds no control byte.
    sound: bool,
}

const SEPARATOR: &[u8] = b": ";
const LINE_END: &[u8] = b"\r\n";

impl Span {
    const fn name(&self) -> Range<usize> {
        self.start..self.start + self.name_bytes
    }

    const fn value(&self) -> Range<usize> {
        let start = self.start + self.name_bytes + SEPARATOR.len();
        start..start + self.value_bytes
    }

    const fn line(&self) -> Range<usize> {
        self.start..self.value().end + LINE_END.len()
    }
}

/// An ordered list of header fields.
#[derive(Clone, Default)]
pub struct Fields {
    /// Lines; those of fields that were removed are still there.
    text: Vec<u8>,
    /// Each lies inside `text`; only this module makes them.
    spans: Vec<Span>,
    /// The [`mark`]s of all names there are, and perhaps of some that were removed: most names that are asked for are not
    /// there, and this settles it.
    marks: u64,
}

/// One of 64 bits for a name, the same for every spelling that is equal but for ASCII case.
fn mark(name: &[u8]) -> u64 {
    let first = name.first().map_or(0, |first| first | 0x20);
    let shift = usize::from(first).wrapping_mul(5).wrapping_add(name.len()) % 64;
    1 << shift
}

/// What a line takes in the ordinary case, to ask for memory once.
const ORDINARY_LINE_BYTES: usize = 48;

impl Fields {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            text: Vec::new(),
            spans: Vec::new(),
            marks: 0,
        }
    }

    /// No fields, with room for `count` of them.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self::with_room(count, count * ORDINARY_LINE_BYTES)
    }

    /// No fields, with room for `count` lines of `bytes` bytes together.
    #[must_use]
    pub fn with_room(count: usize, bytes: usize) -> Self {
        Self {
            text: Vec::with_capacity(bytes),
            spans: Vec::with_capacity(count),
            marks: 0,
        }
    }

    /// The fields of a head that was read. The places are those of each name and value in `lines`, in order; the caller
    /// has found every name to be a token and every value free of control bytes. `None` if a place is not in `lines`.
    pub(crate) fn of_lines(
        lines: &[u8],
        places: impl ExactSizeIterator<Item = (Range<usize>, Range<usize>)>,
    ) -> Option<Self> {
        let mut text = Vec::with_capacity(lines.len());
        text.extend_from_slice(lines);
        let mut fields = Self {
            text,
            spans: Vec::with_capacity(places.len()),
            marks: 0,
        };
        for (name, value) in places {
            let span = Span {
                start: name.start,
                name_bytes: name.len(),
                value_bytes: value.len(),
                sound: true,
            };
            let plain = span.value() == value
                && lines.get(name.end..value.start) == Some(SEPARATOR)
                && lines.get(value.end..span.line().end) == Some(LINE_END);
            if plain {
                fields.marks |= mark(lines.get(name)?);
                fields.spans.push(span);
            } else {
                // White space as nobody writes it: the line is written anew.
                fields.append(lines.get(name)?, lines.get(value)?, true);
            }
        }
        Some(fields)
    }

    /// Adds a field at the end, whatever is there already.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        self.append(name, value, is_token(name) && is_field_value(value));
    }

    fn append(&mut self, name: &[u8], value: &[u8], sound: bool) {
        let span = self.write(name, value, sound);
        self.marks |= mark(name);
        self.spans.push(span);
    }

    /// Adds a field at the end whose value `write` appends to what it is given.
    pub fn push_with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(SEPARATOR);
        let value = self.text.len();
        write(&mut self.text);
        let written = self.text.get(value..).unwrap_or_default();
        let span = Span {
            start,
            name_bytes: name.len(),
            value_bytes: written.len(),
            sound: is_token(name.as_bytes()) && is_field_value(written),
        };
        self.text.extend_from_slice(LINE_END);
        self.marks |= mark(name.as_bytes());
        self.spans.push(span);
    }

    fn write(&mut self, name: &[u8], value: &[u8], sound: bool) -> Span {
        let start = self.text.len();
        self.text
            .reserve(name.len() + value.len() + SEPARATOR.len() + LINE_END.len());
        self.text.extend_from_slice(name);
        self.text.extend_from_slice(SEPARATOR);
        self.text.extend_from_slice(value);
        self.text.extend_from_slice(LINE_END);
        Span {
            start,
            name_bytes: name.len(),
            value_bytes: value.len(),
            sound,
        }
    }

    /// Removes every field called `name`, then adds this one at the end.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let name = name.as_ref();
        if self.marks & mark(name) != 0 {
            self.retain(|field| !field.name.eq_ignore_ascii_case(name));
        }
        self.push(name, value);
    }

    /// Removes every field called `name`.
    pub fn remove(&mut self, name: &str) {
        if self.marks & mark(name.as_bytes()) != 0 {
            self.retain(|field| !field.is(name));
        }
    }

    /// Keeps only the fields for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(Field<'_>) -> bool) {
        let text = &self.text;
        self.spans.retain(|span| keep(view(text, span)));
    }

    /// Gives every field for which `value` has a new value that one, in its place.
    pub fn rewrite(&mut self, mut value: impl FnMut(Field<'_>) -> Option<Vec<u8>>) {
        for index in 0..self.spans.len() {
            let Some(span) = self.spans.get(index).copied() else {
                return;
            };
            let Some(new) = value(view(&self.text, &span)) else {
                continue;
            };
            let name = self.text.get(span.name()).unwrap_or_default().to_vec();
            let span = self.write(&name, &new, is_token(&name) && is_field_value(&new));
            if let Some(place) = self.spans.get_mut(index) {
                *place = span;
            }
        }
    }

    /// The value of the first field called `name`.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.named(name).next()
    }

    /// The values of all fields called `name`, in order.
    pub fn all<'f, 'n>(
        &'f self,
        name: &'n str,
    ) -> impl DoubleEndedIterator<Item = &'f [u8]> + use<'f, 'n> {
        self.named(name)
    }

    fn named<'f, 'n>(
        &'f self,
        name: &'n str,
    ) -> impl DoubleEndedIterator<Item = &'f [u8]> + use<'f, 'n> {
        let spans = match self.marks & mark(name.as_bytes()) {
            0 => Default::default(),
            _ => self.spans.as_slice(),
        };
        spans
            .iter()
            .filter(|span| span.name_bytes == name.len())
            .map(|span| view(&self.text, span))
            .filter(|field| field.is(name))
            .map(|field| field.value)
    }

    /// Whether any field is called `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// All fields, in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            text: &self.text,
            spans: self.spans.iter(),
        }
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// How many bytes the lines take on the wire.
    #[must_use]
    pub fn wire_bytes(&self) -> usize {
        self.spans.iter().map(|span| span.line().len()).sum()
    }

    /// Whether every name is a token and every value free of control bytes, so that all would be read as they are written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.spans.iter().all(|span| span.sound)
    }

    /// Adds all of `other` at the end.
    pub fn extend_from(&mut self, other: &Self) {
        self.extend_where(other, |_| true);
    }

    /// Adds those of `other` at the end for which `keep` says so. Nothing is checked anew, and neighbours are copied together.
    pub fn extend_where(&mut self, other: &Self, mut keep: impl FnMut(Field<'_>) -> bool) {
        self.spans.reserve(other.spans.len());
        self.text.reserve(other.text.len());
        self.marks |= other.marks;
        let mut run = 0..0;
        // Where the first line of the run will begin.
        let mut start = self.text.len();
        for span in &other.spans {
            if !keep(view(&other.text, span)) {
                continue;
            }
            let line = span.line();
            if line.start != run.end {
                self.text
                    .extend_from_slice(other.text.get(run.clone()).unwrap_or_default());
                run = line.start..line.start;
                start = self.text.len();
            }
            self.spans.push(Span {
                start: start + run.len(),
                ..*span
            });
            run.end = line.end;
        }
        self.text
            .extend_from_slice(other.text.get(run).unwrap_or_default());
    }

    /// Writes those lines for whose name `keep` says so, neighbours with one copy. What was written before a line that is
    /// not sound stays written: the caller throws it away.
    ///
    /// # Errors
    /// The first field that would not be read as it is written.
    pub(crate) fn write_lines(
        &self,
        out: &mut Vec<u8>,
        mut keep: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Field<'_>> {
        let mut run = 0..0;
        for span in &self.spans {
            let field = view(&self.text, span);
            if !keep(field.name) {
                continue;
            }
            if !span.sound {
                return Err(field);
            }
            let line = span.line();
            if line.start != run.end {
                out.extend_from_slice(self.text.get(run.clone()).unwrap_or_default());
                run.start = line.start;
            }
            run.end = line.end;
        }
        out.extend_from_slice(self.text.get(run).unwrap_or_default());
        Ok(())
    }
}

fn view<'f>(text: &'f [u8], span: &Span) -> Field<'f> {
    Field {
        name: text.get(span.name()).unwrap_or_default(),
        value: text.get(span.value()).unwrap_or_default(),
    }
}

/// All fields of a list, in order.
#[derive(Debug, Clone)]
pub struct Iter<'f> {
    text: &'f [u8],
    spans: std::slice::Iter<'f, Span>,
}

impl<'f> Iterator for Iter<'f> {
    type Item = Field<'f>;

    fn next(&mut self) -> Option<Field<'f>> {
        self.spans.next().map(|span| view(self.text, span))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.spans.next_back().map(|span| view(self.text, span))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'f> IntoIterator for &'f Fields {
    type Item = Field<'f>;
    type IntoIter = Iter<'f>;

    fn into_iter(self) -> Iter<'f> {
        self.iter()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Fields {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(pairs: T) -> Self {
        let mut fields = Self::new();
        for (name, value) in pairs {
            fields.push(name, value);
        }
        fields
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields {}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests;

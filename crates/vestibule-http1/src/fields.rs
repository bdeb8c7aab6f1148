//! Header fields as they came or will go: ordered, spelling kept, found without regard to case.
//!
//! A list of fields is one text of lines, each `name: value` and CRLF, and the places of the lines in it. So a head that was
//! read is one copy of its bytes, and one that is written is one copy again for every run of lines nobody took away.

mod grammar;
mod known;

use std::fmt;
use std::ops::Range;

pub(crate) use grammar::{colon, text_bytes};
pub use grammar::{is_field_value, is_token, is_token_byte, list, trim};
pub use known::{Known, KnownSet};

/// One header field: a name in the spelling it has on the wire, and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'f> {
    /// The name, in the spelling it came with or will be sent with.
    pub name: &'f [u8],
    /// Which known name that is.
    pub known: Option<Known>,
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

impl<'f> Field<'f> {
    /// A field that is in no list yet.
    #[must_use]
    pub fn new(name: &'f [u8], value: &'f [u8]) -> Self {
        let known = Known::of(name);
        Self { name, known, value }
    }

    /// Whether the name is `name`, ASCII case aside.
    #[must_use]
    #[inline]
    pub fn is(&self, name: &str) -> bool {
        // Most names differ in length already, which needs no call.
        self.name.len() == name.len() && self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Whether the name is one of these.
    #[must_use]
    #[inline]
    pub fn is_in(&self, set: KnownSet) -> bool {
        self.known.is_some_and(|known| set.contains(known))
    }
}

/// Where one line is in the text.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    name_bytes: usize,
    value_bytes: usize,
    known: Option<Known>,
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
    /// The known names that are there.
    present: KnownSet,
    /// Those of them that are there more than once.
    repeated: KnownSet,
}

/// A line of a head that was read: the name is a token, and there is no control byte in the value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'h> {
    pub(crate) name: &'h [u8],
    pub(crate) known: Option<Known>,
    pub(crate) value: &'h [u8],
    /// Whether the white space is as everybody writes it. If not, the line is written anew.
    pub(crate) plain: bool,
    /// All of the line.
    pub(crate) bytes: usize,
}

/// What a line takes in the ordinary case, to ask for memory once.
const ORDINARY_LINE_BYTES: usize = 48;

/// How many fields a head has in the ordinary case.
const ORDINARY_COUNT: usize = 16;

impl Fields {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            text: Vec::new(),
            spans: Vec::new(),
            present: KnownSet::NONE,
            repeated: KnownSet::NONE,
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
            ..Self::new()
        }
    }

    /// The fields of a head that is being read, and the bytes of their lines: `line` reads the line at the start of what it
    /// gets, if it is one, and is told how many there were before.
    pub(crate) fn of_lines<'h, E>(
        bytes: &'h [u8],
        line: impl Fn(&'h [u8], usize) -> Result<Option<Line<'h>>, E>,
    ) -> Result<(Self, usize), E> {
        let mut fields = Self::with_room(ORDINARY_COUNT, 0);
        let mut odd = Vec::new();
        let mut start = 0;
        let mut rest = bytes;
        while let Some(line) = line(rest, fields.spans.len())? {
            if !line.plain {
                odd.push((fields.spans.len(), line));
            }
            fields.add(Span {
                start,
                name_bytes: line.name.len(),
                value_bytes: line.value.len(),
                known: line.known,
                sound: true,
            });
            start += line.bytes;
            rest = bytes.get(start..).unwrap_or_default();
        }
        fields.text = bytes.get(..start).unwrap_or_default().to_vec();
        for (at, line) in odd {
            let span = fields.write(line.name, line.known, line.value, true);
            if let Some(place) = fields.spans.get_mut(at) {
                *place = span;
            }
        }
        Ok((fields, start))
    }

    /// Adds a field at the end, whatever is there already.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let known = Known::of(name);
        let sound = (known.is_some() || is_token(name)) && is_field_value(value);
        let span = self.write(name, known, value, sound);
        self.add(span);
    }

    /// Adds a field at the end whose value `write` appends to what it is given.
    pub fn push_with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(SEPARATOR);
        let value = self.text.len();
        write(&mut self.text);
        let written = self.text.get(value..).unwrap_or_default();
        let known = Known::of(name.as_bytes());
        let span = Span {
            start,
            name_bytes: name.len(),
            value_bytes: written.len(),
            known,
            sound: (known.is_some() || is_token(name.as_bytes())) && is_field_value(written),
        };
        self.text.extend_from_slice(LINE_END);
        self.add(span);
    }

    fn add(&mut self, span: Span) {
        self.note(span.known);
        self.spans.push(span);
    }

    fn note(&mut self, known: Option<Known>) {
        let Some(known) = known else { return };
        if self.present.contains(known) {
            self.repeated = self.repeated.with(known);
        }
        self.present = self.present.with(known);
    }

    fn write(&mut self, name: &[u8], known: Option<Known>, value: &[u8], sound: bool) -> Span {
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
            known,
            sound,
        }
    }

    /// Removes every field called `name`, then adds this one at the end.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let name = name.as_ref();
        self.remove_name(name);
        self.push(name, value);
    }

    /// Removes every field called `name`.
    pub fn remove(&mut self, name: &str) {
        self.remove_name(name.as_bytes());
    }

    fn remove_name(&mut self, name: &[u8]) {
        match Known::of(name) {
            Some(known) => self.remove_known(KnownSet::of([known])),
            None => self.retain(|field| !field.name.eq_ignore_ascii_case(name)),
        }
    }

    /// Removes every field with one of these names.
    pub fn remove_known(&mut self, names: KnownSet) {
        if self.has(names) {
            self.retain(|field| !field.is_in(names));
        }
    }

    /// Keeps only the fields for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(Field<'_>) -> bool) {
        let before = self.spans.len();
        let text = &self.text;
        self.spans.retain(|span| keep(view(text, span)));
        if self.spans.len() != before {
            (self.present, self.repeated) = (KnownSet::NONE, KnownSet::NONE);
            for at in 0..self.spans.len() {
                self.note(self.spans.get(at).and_then(|span| span.known));
            }
        }
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
            let sound = is_token(&name) && is_field_value(&new);
            let span = self.write(&name, span.known, &new, sound);
            if let Some(place) = self.spans.get_mut(index) {
                *place = span;
            }
        }
    }

    /// Whether any field has one of these names.
    #[must_use]
    #[inline]
    pub const fn has(&self, names: KnownSet) -> bool {
        !self.present.and(names).is_empty()
    }

    /// Those of these names that more than one field has.
    #[must_use]
    #[inline]
    pub const fn repeated(&self, names: KnownSet) -> KnownSet {
        self.repeated.and(names)
    }

    /// Whether more than one field has this name.
    #[must_use]
    #[inline]
    pub const fn is_repeated(&self, name: Known) -> bool {
        self.repeated.contains(name)
    }

    /// The value of the first field with this name.
    #[must_use]
    pub fn first_known(&self, name: Known) -> Option<&[u8]> {
        self.all_known(name).next()
    }

    /// The values of all fields with this name, in order.
    pub fn all_known(&self, name: Known) -> impl DoubleEndedIterator<Item = &[u8]> {
        let spans = if self.present.contains(name) {
            self.spans.as_slice()
        } else {
            &[]
        };
        spans
            .iter()
            .filter(move |span| span.known == Some(name))
            .map(|span| self.text.get(span.value()).unwrap_or_default())
    }

    /// The value of the first field called `name`.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The values of all fields called `name`, in order.
    pub fn all<'f, 'n>(
        &'f self,
        name: &'n str,
    ) -> impl DoubleEndedIterator<Item = &'f [u8]> + use<'f, 'n> {
        let known = Known::of(name.as_bytes());
        let spans = match known {
            Some(known) if !self.present.contains(known) => &[],
            _ => self.spans.as_slice(),
        };
        spans
            .iter()
            .filter(move |span| span.known == known && span.name_bytes == name.len())
            .map(|span| view(&self.text, span))
            .filter(move |field| known.is_some() || field.is(name))
            .map(|field| field.value)
    }

    /// Whether any field is called `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.all(name).next().is_some()
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
            self.add(Span {
                start: start + run.len(),
                ..*span
            });
            run.end = line.end;
        }
        self.text
            .extend_from_slice(other.text.get(run).unwrap_or_default());
    }

    /// Writes those lines for which `keep` says so, neighbours with one copy. What was written before a line that is not
    /// sound stays written: the caller throws it away.
    ///
    /// # Errors
    /// The first field that would not be read as it is written.
    pub(crate) fn write_lines(
        &self,
        out: &mut Vec<u8>,
        mut keep: impl FnMut(Field<'_>) -> bool,
    ) -> Result<(), Field<'_>> {
        self.write_spans(out, |span| keep(view(&self.text, span)))
    }

    /// [`Fields::write_lines`] for all but these names, which need not be looked at.
    pub(crate) fn write_without(
        &self,
        out: &mut Vec<u8>,
        names: KnownSet,
    ) -> Result<(), Field<'_>> {
        self.write_spans(out, |span| {
            !span.known.is_some_and(|known| names.contains(known))
        })
    }

    fn write_spans(
        &self,
        out: &mut Vec<u8>,
        mut keep: impl FnMut(&Span) -> bool,
    ) -> Result<(), Field<'_>> {
        let mut run = 0..0;
        for span in &self.spans {
            if !keep(span) {
                continue;
            }
            if !span.sound {
                return Err(view(&self.text, span));
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
        known: span.known,
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

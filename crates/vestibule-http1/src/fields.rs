//! Header fields as they came or will go: ordered, spelling kept, found without regard to case.
//!
//! A list of fields is a text of lines, each `name: value` and CRLF, and the places of the lines in it. So a head that was
//! read is one copy of its bytes, which all that is made of it share, and one that is written is one copy again for every run
//! of lines nobody took away.

mod grammar;
mod iter;
mod known;
mod reading;

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

pub(crate) use grammar::{colon, text_bytes};
pub use grammar::{is_field_value, is_token, is_token_byte, list, trim};
pub use iter::Iter;
pub use known::{Known, KnownSet};
pub(crate) use reading::{Line, Reading};

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
    start: u32,
    name_bytes: u32,
    value_bytes: u32,
    known: Option<Known>,
    /// Whether the line would be read as it is written: its name is a token and its value holds no control byte.
    sound: bool,
}

const SEPARATOR: &[u8] = b": ";
const LINE_END: &[u8] = b"\r\n";

impl Span {
    /// What is beyond 4 GiB of text is no line, and can't be written.
    fn new(
        start: usize,
        name_bytes: usize,
        value_bytes: usize,
        known: Option<Known>,
        sound: bool,
    ) -> Self {
        const NONE: Span = Span {
            start: 0,
            name_bytes: 0,
            value_bytes: 0,
            known: None,
            sound: false,
        };
        let line = name_bytes + SEPARATOR.len() + value_bytes + LINE_END.len();
        match u32::try_from(start + line) {
            // Each is less than their sum.
            Ok(_) => Self {
                start: start as u32,
                name_bytes: name_bytes as u32,
                value_bytes: value_bytes as u32,
                known,
                sound,
            },
            Err(_) => NONE,
        }
    }

    fn is_in(&self, names: KnownSet) -> bool {
        self.known.is_some_and(|known| names.contains(known))
    }

    const fn start(&self) -> usize {
        self.start as usize
    }

    const fn name(&self) -> Range<usize> {
        self.start()..self.start() + self.name_bytes as usize
    }

    const fn value(&self) -> Range<usize> {
        let start = self.name().end + SEPARATOR.len();
        start..start + self.value_bytes as usize
    }

    const fn line(&self) -> Range<usize> {
        self.start()..self.value().end + LINE_END.len()
    }
}

/// An ordered list of header fields.
#[derive(Clone, Default)]
pub struct Fields {
    text: Text,
    /// Each lies inside the text; only this module makes them.
    spans: Vec<Span>,
    sums: Sums,
}

/// What is known of all lines together.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// The known names that are there.
    present: KnownSet,
    /// Those of them that are there more than once.
    repeated: KnownSet,
    /// How many bytes the lines have.
    bytes: usize,
    /// Whether one is not sound.
    unsound: bool,
}

impl Sums {
    const NONE: Self = Self {
        present: KnownSet::NONE,
        repeated: KnownSet::NONE,
        bytes: 0,
        unsound: false,
    };

    fn add(&mut self, span: &Span) {
        self.bytes += span.line().len();
        self.unsound |= !span.sound;
        let Some(known) = span.known else { return };
        if self.present.contains(known) {
            self.repeated = self.repeated.with(known);
        }
        self.present = self.present.with(known);
    }

    fn of(spans: &[Span]) -> Self {
        let mut sums = Self::NONE;
        spans.iter().for_each(|span| sums.add(span));
        sums
    }
}

/// Lines; those of fields that were removed are still there.
#[derive(Clone, Default)]
struct Text {
    /// The head that was read; shared by what is made of it.
    head: Bytes,
    /// What was added since. Its places are counted from the end of the head, which no line crosses.
    added: Vec<u8>,
}

impl Text {
    #[inline]
    fn get(&self, range: Range<usize>) -> &[u8] {
        let head = self.head.len();
        let part = if range.start < head {
            self.head.get(range)
        } else {
            self.added.get(range.start - head..range.end - head)
        };
        part.unwrap_or_default()
    }

    /// Where the next line begins.
    fn end(&self) -> usize {
        self.head.len() + self.added.len()
    }

    #[inline]
    fn view<'f>(&'f self, span: &Span) -> Field<'f> {
        Field {
            name: self.get(span.name()),
            known: span.known,
            value: self.get(span.value()),
        }
    }
}

/// What a line takes in the ordinary case, to ask for memory once.
const ORDINARY_LINE_BYTES: usize = 48;

impl Fields {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            text: Text {
                head: Bytes::new(),
                added: Vec::new(),
            },
            spans: Vec::new(),
            sums: Sums::NONE,
        }
    }

    /// No fields, with room for `count` of them.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        let mut fields = Self::new();
        fields.spans = Vec::with_capacity(count);
        fields.text.added = Vec::with_capacity(count * ORDINARY_LINE_BYTES);
        fields
    }

    /// Adds a field at the end, whatever is there already.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        self.push_with(name.as_ref(), |out| out.extend_from_slice(value));
    }

    /// Adds a field at the end whose value `write` appends to what it is given.
    pub fn push_with(&mut self, name: impl AsRef<[u8]>, write: impl FnOnce(&mut Vec<u8>)) {
        let name = name.as_ref();
        let known = Known::of(name);
        let span = self.write(name, known, write);
        self.add(span);
    }

    #[inline]
    fn add(&mut self, span: Span) {
        self.sums.add(&span);
        self.spans.push(span);
    }

    fn write(
        &mut self,
        name: &[u8],
        known: Option<Known>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Span {
        let start = self.text.end();
        let text = &mut self.text.added;
        text.extend_from_slice(name);
        text.extend_from_slice(SEPARATOR);
        let value = text.len();
        write(text);
        let written = text.get(value..).unwrap_or_default();
        let sound = (known.is_some() || is_token(name)) && is_field_value(written);
        let span = Span::new(start, name.len(), written.len(), known, sound);
        text.extend_from_slice(LINE_END);
        span
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
            self.retain_spans(|_, span| !span.is_in(names));
        }
    }

    /// Keeps only the fields for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(Field<'_>) -> bool) {
        self.retain_spans(|text, span| keep(text.view(span)));
    }

    fn retain_spans(&mut self, mut keep: impl FnMut(&Text, &Span) -> bool) {
        let before = self.spans.len();
        let text = &self.text;
        self.spans.retain(|span| keep(text, span));
        if self.spans.len() != before {
            self.sums = Sums::of(&self.spans);
        }
    }

    /// Those whose name is none of `names`, and of those whose name is not known only the ones for which `keep` says so,
    /// beside these: the text of a head that was read is not copied. There is room for `count` more lines of `bytes` bytes
    /// together.
    #[must_use]
    pub fn kept_without(
        &self,
        names: KnownSet,
        (count, bytes): (usize, usize),
        mut keep: impl FnMut(Field<'_>) -> bool,
    ) -> Self {
        let mut kept = Self {
            text: Text {
                head: self.text.head.clone(),
                added: Vec::with_capacity(self.text.added.len() + bytes),
            },
            spans: Vec::with_capacity(self.spans.len() + count),
            sums: Sums::NONE,
        };
        kept.text.added.extend_from_slice(&self.text.added);
        for span in &self.spans {
            let stays = match span.known {
                Some(name) => !names.contains(name),
                None => keep(self.text.view(span)),
            };
            if stays {
                kept.add(*span);
            }
        }
        kept
    }

    /// Gives every field for which `value` has a new value that one, in its place.
    pub fn rewrite(&mut self, mut value: impl FnMut(Field<'_>) -> Option<Vec<u8>>) {
        for index in 0..self.spans.len() {
            let Some(span) = self.spans.get(index).copied() else {
                return;
            };
            let field = self.text.view(&span);
            let Some(new) = value(field) else {
                continue;
            };
            let name = field.name.to_vec();
            let span = self.write(&name, span.known, |out| out.extend_from_slice(&new));
            self.replace(index, span);
        }
    }

    fn replace(&mut self, index: usize, span: Span) {
        if let Some(place) = self.spans.get_mut(index) {
            *place = span;
        }
        self.sums = Sums::of(&self.spans);
    }

    /// Whether any field has one of these names.
    #[must_use]
    #[inline]
    pub const fn has(&self, names: KnownSet) -> bool {
        !self.sums.present.and(names).is_empty()
    }

    /// Those of these names that more than one field has.
    #[must_use]
    #[inline]
    pub const fn repeated(&self, names: KnownSet) -> KnownSet {
        self.sums.repeated.and(names)
    }

    /// Whether more than one field has this name.
    #[must_use]
    #[inline]
    pub const fn is_repeated(&self, name: Known) -> bool {
        self.sums.repeated.contains(name)
    }

    /// The value of the first field with this name.
    #[must_use]
    pub fn first_known(&self, name: Known) -> Option<&[u8]> {
        self.all_known(name).next()
    }

    /// The values of all fields with this name, in order.
    pub fn all_known(&self, name: Known) -> impl DoubleEndedIterator<Item = &[u8]> {
        let spans = if self.sums.present.contains(name) {
            self.spans.as_slice()
        } else {
            &[]
        };
        spans
            .iter()
            .filter(move |span| span.known == Some(name))
            .map(|span| self.text.get(span.value()))
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
            Some(known) if !self.sums.present.contains(known) => &[],
            _ => self.spans.as_slice(),
        };
        spans
            .iter()
            .filter(move |span| span.known == known && span.name_bytes as usize == name.len())
            .map(|span| self.text.view(span))
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
        Iter::of(self)
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
    pub const fn wire_bytes(&self) -> usize {
        self.sums.bytes
    }

    /// Whether every name is a token and every value free of control bytes, so that all would be read as they are written.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        !self.sums.unsound
    }

    /// Adds all of `other` at the end. Nothing is checked anew.
    pub fn extend_from(&mut self, other: &Self) {
        let end = self.text.end();
        self.text.added.extend_from_slice(&other.text.head);
        self.text.added.extend_from_slice(&other.text.added);
        self.spans.reserve(other.spans.len());
        for span in &other.spans {
            let (name, value) = (span.name_bytes as usize, span.value_bytes as usize);
            let start = end + span.start();
            self.add(Span::new(start, name, value, span.known, span.sound));
        }
    }

    /// Writes those lines for which `keep` says so, neighbours with one copy.
    ///
    /// # Errors
    /// The first field that would not be read as it is written; nothing is written then.
    pub(crate) fn write_lines(
        &self,
        out: &mut Vec<u8>,
        mut keep: impl FnMut(Field<'_>) -> bool,
    ) -> Result<(), Field<'_>> {
        self.write_spans(out, |span| keep(self.text.view(span)))
    }

    /// [`Fields::write_lines`] for all but these names, which need not be looked at.
    pub(crate) fn write_without(
        &self,
        out: &mut Vec<u8>,
        names: KnownSet,
    ) -> Result<(), Field<'_>> {
        let Text { head, added } = &self.text;
        // Lines that were removed or replaced are still in the text.
        let nothing_else = head.is_empty() && added.len() == self.sums.bytes;
        if nothing_else && self.is_sound() && !self.has(names) {
            out.extend_from_slice(added);
            return Ok(());
        }
        self.write_spans(out, |span| !span.is_in(names))
    }

    fn write_spans(
        &self,
        out: &mut Vec<u8>,
        mut keep: impl FnMut(&Span) -> bool,
    ) -> Result<(), Field<'_>> {
        let start = out.len();
        let mut run = 0..0;
        for span in self.spans.iter().filter(|span| keep(span)) {
            if !span.sound {
                out.truncate(start);
                return Err(self.text.view(span));
            }
            let line = span.line();
            // The end of the head and what was added are no neighbours.
            if line.start != run.end || line.start == self.text.head.len() {
                out.extend_from_slice(self.text.get(run));
                run = line;
            } else {
                run.end = line.end;
            }
        }
        out.extend_from_slice(self.text.get(run));
        Ok(())
    }
}

#[cfg(test)]
mod tests;

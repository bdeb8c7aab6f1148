//! The fields of a head while it is read, line by line.

use std::ops::Range;

use bytes::Bytes;

use super::{Fields, Known, Span};

/// A line of a head: the name is a token, and there is no control byte in the value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'h> {
    /// Where it begins in the head.
    pub(crate) start: usize,
    pub(crate) name: &'h [u8],
    pub(crate) known: Option<Known>,
    pub(crate) value: &'h [u8],
    /// Whether the white space is as everybody writes it. If not, the line is written anew.
    pub(crate) plain: bool,
}

/// The lines that were read.
pub(crate) struct Reading<'h> {
    fields: Fields,
    /// Those that are to be written anew, and their places in the list.
    odd: Vec<(usize, Line<'h>)>,
}

/// How many fields a head has in the ordinary case.
const ORDINARY_COUNT: usize = 16;

impl<'h> Reading<'h> {
    pub(crate) fn new() -> Self {
        let mut fields = Fields::new();
        fields.spans = Vec::with_capacity(ORDINARY_COUNT);
        Self {
            fields,
            odd: Vec::new(),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.fields.len()
    }

    #[inline]
    pub(crate) fn add(&mut self, line: Line<'h>) {
        let Line {
            start,
            name,
            known,
            value,
            plain,
        } = line;
        if !plain {
            self.odd.push((self.fields.len(), line));
        }
        self.fields
            .add(Span::new(start, name.len(), value.len(), known, true));
    }

    /// The fields, whose text is the head they were read from.
    pub(crate) fn of(self, head: Bytes) -> Fields {
        let Self { mut fields, odd } = self;
        fields.text.head = head;
        for (at, line) in odd {
            let span = fields.write(line.name, line.known, |out| {
                out.extend_from_slice(line.value);
            });
            fields.replace(at, span);
        }
        fields
    }
}

impl Fields {
    /// These bytes of the head that the fields were read from, which are there.
    pub(crate) fn part_of_head(&self, part: Range<usize>) -> Bytes {
        self.text.head.slice(part)
    }
}

//! Going through a list of fields, and what follows from that: equality, and what is shown.

use std::fmt;

use super::{Field, Fields, Span, Text};

/// All fields of a list, in order.
#[derive(Clone)]
pub struct Iter<'f> {
    text: &'f Text,
    spans: std::slice::Iter<'f, Span>,
}

impl<'f> Iter<'f> {
    pub(super) fn of(fields: &'f Fields) -> Self {
        Self {
            text: &fields.text,
            spans: fields.spans.iter(),
        }
    }
}

impl<'f> Iterator for Iter<'f> {
    type Item = Field<'f>;

    fn next(&mut self) -> Option<Field<'f>> {
        self.spans.next().map(|span| self.text.view(span))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.spans.next_back().map(|span| self.text.view(span))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// Shows the fields, whose values are not shown.
impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

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
        self.iter().fmt(f)
    }
}

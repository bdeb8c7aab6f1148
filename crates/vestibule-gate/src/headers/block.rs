//! One header block while it is written: what is set later replaces what an upstream could take for
//! the same, in its place.
//!
//! An index instead of a search for each field: how many claims there are is the provider's choice,
//! and thousands of them must not cost millions of comparisons.

use std::collections::HashMap;

use crate::fields::{Fields, as_variable};

#[derive(Debug, Default)]
pub(super) struct Block {
    /// In the order of their places.
    fields: Vec<(String, Vec<u8>)>,
    /// Where the field is that upstreams see as this variable.
    places: HashMap<Vec<u8>, usize>,
}

impl Block {
    /// Sets a field in place of the one that an upstream could take for it. Of names that differ in letter case alone the
    /// first stays, as in Apache's tables.
    pub(super) fn set(&mut self, name: &str, value: Vec<u8>) {
        let place = *self
            .places
            .entry(as_variable(name.as_bytes()))
            .or_insert(self.fields.len());
        match self.fields.get_mut(place) {
            Some((known, slot)) => {
                if !known.eq_ignore_ascii_case(name) {
                    name.clone_into(known);
                }
                *slot = value;
            }
            None => self.fields.push((name.to_owned(), value)),
        }
    }

    pub(super) fn into_fields(self) -> Fields {
        self.fields.into_iter().collect()
    }
}

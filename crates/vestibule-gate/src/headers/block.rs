//! One header block while it is written: what is set later replaces what an upstream could take for
//! the same.
//!
//! An index instead of a search for each field: how many claims there are is the provider's choice,
//! and thousands of them must not cost millions of comparisons.

use std::collections::HashMap;

use crate::fields::{Fields, as_variable};

#[derive(Debug, Default)]
pub(super) struct Block {
    /// In the order they were set. `None` where a later one took its place.
    fields: Vec<Option<(String, Vec<u8>)>>,
    /// Where the field is that upstreams see as this variable.
    places: HashMap<Vec<u8>, usize>,
}

impl Block {
    /// Sets a field in place of all that an upstream could take for it.
    pub(super) fn set(&mut self, name: &str, value: Vec<u8>) {
        let place = self.fields.len();
        let before = self.places.insert(as_variable(name.as_bytes()), place);
        if let Some(slot) = before.and_then(|before| self.fields.get_mut(before)) {
            *slot = None;
        }
        self.fields.push(Some((name.to_owned(), value)));
    }

    pub(super) fn into_fields(self) -> Fields {
        self.fields.into_iter().flatten().collect()
    }
}

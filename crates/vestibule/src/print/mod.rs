//! Sets text for people on standard output: wrapped to the width there is, with colours only on a terminal.

mod finding;
mod sheet;

pub(crate) use finding::{findings, place, sentence};
pub(crate) use sheet::{Ink, Sheet};

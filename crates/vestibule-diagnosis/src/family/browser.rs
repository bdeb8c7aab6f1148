//! What browsers do by themselves: scripts, preflights, service workers, hidden frames.

#[cfg(test)]
pub(super) mod cases;
mod library;
mod script;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[script::ROWS, library::ROWS];

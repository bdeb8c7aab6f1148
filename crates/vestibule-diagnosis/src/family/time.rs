//! Clocks, lifetimes, refreshes.

#[cfg(test)]
pub(super) mod cases;
mod clock;
mod refresh;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[clock::ROWS, refresh::ROWS];

//! Header fields that are too large, get lost, or are not to be believed.

mod authorization;
#[cfg(test)]
pub(super) mod cases;
mod lost;
mod size;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[size::ROWS, lost::ROWS, authorization::ROWS];

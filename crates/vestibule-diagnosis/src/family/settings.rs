//! Settings that contradict each other, or that will surprise somebody: seen before anybody signs in.

#[cfg(test)]
pub(super) mod cases;
mod certificate;
mod claim;
mod listener;
mod refresh;
mod upstream;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[
    refresh::ROWS,
    claim::ROWS,
    listener::ROWS,
    certificate::ROWS,
    upstream::ROWS,
];

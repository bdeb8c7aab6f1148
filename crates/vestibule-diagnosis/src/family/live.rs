//! What shows only when it is tried: the metadata, the way out, the store, the upstream.

#[cfg(test)]
pub(super) mod cases;
mod metadata;
mod outbound;
mod store;
mod upstream;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[metadata::ROWS, outbound::ROWS, store::ROWS, upstream::ROWS];

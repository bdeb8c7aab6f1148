//! Proxies in front of the proxy, and paths between them.

#[cfg(test)]
pub(super) mod cases;
mod host;
mod path;
mod proxy;
mod public;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[proxy::ROWS, host::ROWS, path::ROWS, public::ROWS];

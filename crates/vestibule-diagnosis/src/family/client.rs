//! The client's credentials, its ids, and the tenant and cloud it is in.
//!
//! | file | rows |
//! |---|---|
//! | `secret` | secrets, and how they are sent |
//! | `assertion` | certificates and federated tokens |
//! | `place` | client id, tenant and cloud |
//! | `issuer` | the address that is written as the issuer |
//! | `address` | consoles, domains and old names in its place |

mod address;
mod assertion;
#[cfg(test)]
pub(super) mod cases;
mod issuer;
mod place;
mod secret;

use crate::catalogue::Row;

pub(super) use secret::{SOMEWHERE, secret_from};

pub(super) const ROWS: &[&[Row]] = &[
    secret::ROWS,
    assertion::ROWS,
    place::ROWS,
    issuer::ROWS,
    address::ROWS,
];

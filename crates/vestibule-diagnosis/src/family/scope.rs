//! Scopes, consent and policy.
//!
//! | file | rows |
//! |---|---|
//! | `resource` | which API a scope is of |
//! | `asked` | scopes that are asked for wrongly |
//! | `slash` | the slashes of an API's URI |
//! | `misaimed` | scopes of the wrong API |
//! | `version` | which version of the endpoints reads a scope |
//! | `consent` | who has to agree, who may use the app |
//! | `policy` | second factors, Conditional Access, claims challenges |

mod asked;
#[cfg(test)]
pub(super) mod cases;
mod consent;
mod default;
mod misaimed;
pub(super) mod on_behalf;
mod policy;
mod resource;
mod slash;
mod version;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[
    asked::ROWS,
    default::ROWS,
    slash::ROWS,
    misaimed::ROWS,
    version::ROWS,
    consent::ROWS,
    policy::ROWS,
];

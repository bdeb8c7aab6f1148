//! Signatures, keys, and the way to the provider's documents and endpoints.
//!
//! | file | rows |
//! |---|---|
//! | `signature` | a token's key and its signature |
//! | `foreign` | keys of another cloud, issuer or product |
//! | `document` | metadata and keys that can't be had, or say something unexpected |
//! | `issuer` | the metadata's issuer beside the configured one |
//! | `endpoint` | introspection, user info, PKCE |
//! | `library` | what libraries write into logs |

#[cfg(test)]
pub(super) mod cases;
mod document;
mod endpoint;
mod foreign;
mod issuer;
mod library;
mod signature;
mod tls;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[
    document::ROWS,
    tls::ROWS,
    issuer::ROWS,
    signature::ROWS,
    foreign::ROWS,
    endpoint::ROWS,
    library::ROWS,
];

//! Signed tokens and the keys that verify them (RFC 7515, RFC 7517, RFC 7518).
//!
//! - [`jws`] reads the compact form with limits and without believing anything in it,
//! - [`jwk`] reads one public key, [`key_set`] a provider's set of them, and verifies.
//!
//! A key is only ever taken from a [`KeySet`]; what a token's header says about keys is ignored,
//! its `kid` apart, and that only chooses among ours.

mod algorithm;
pub mod jwk;
pub mod jws;
pub mod key_set;

pub use algorithm::{Algorithm, KeyKind};
pub use jwk::Jwk;
pub use jws::{CompactJws, JwsError};
pub use key_set::{KeySet, KeySetError, SignatureError};

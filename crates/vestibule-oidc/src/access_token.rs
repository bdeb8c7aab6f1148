//! Says what an access token is, and verifies it where we are the API it is for.
//!
//! To a client an access token is opaque. [`classify`] looks at one nevertheless, to be able to
//! tell people why an API cannot read it; nothing it says is proof. [`verify`] is the API's side:
//! signature, issuer, audience and time (RFC 9068 §4, without requiring its `typ`, which Entra does
//! not send).

mod classify;
mod clean;
mod error;
mod verify;

pub use classify::{TokenShape, classify};
pub use clean::{Cleaned, Cleaning, clean};
pub use error::AccessTokenError;
pub use verify::{AccessTokenExpected, MAX_BYTES, VerifiedAccessToken, verify};

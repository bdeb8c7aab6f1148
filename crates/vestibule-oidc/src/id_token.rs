//! Decides whether an ID token proves that this person signed in here, now (OIDC Core §3.1.3.7).
//!
//! In goes the token of the token endpoint, the provider's keys and what this sign-in expects; out
//! comes a [`VerifiedIdToken`], which nothing else can make, or an [`IdTokenError`] that names the
//! step that failed and the value it failed on. No session exists without one.

mod error;
mod refreshed;
mod verify;

use std::time::Duration;

pub use error::IdTokenError;
pub use refreshed::{Previous, RefreshExpected, verify_refreshed};
pub use verify::{Expected, MAX_BYTES, VerifiedIdToken, verify};

/// How far the provider's clock may be ahead of or behind ours.
pub const DEFAULT_SKEW: Duration = Duration::from_secs(60);

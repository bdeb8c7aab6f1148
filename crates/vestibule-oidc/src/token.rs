//! The back channel: redeeming a code or a refresh token (OIDC Core §3.1.3, §12; RFC 6749 §5
//! and §6), and revoking what is no longer needed (RFC 7009 §2).
//!
//! [`TokenRequest`] becomes a [`TokenHttpRequest`] for whoever does the I/O; the answer is read by
//! [`TokenResponse::parse`].

mod error;
mod request;
mod response;
mod revocation;

pub use error::{Refusal, TokenError};
pub use request::{Grant, TokenHttpRequest, TokenRequest};
pub use response::{MAX_BYTES, TokenResponse};
pub use revocation::{Revocation, RevocationRequest, RevokedKind};

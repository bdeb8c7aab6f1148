//! Decides whether a provider's logout token ends sessions here (OIDC Back-Channel Logout §2.6).
//!
//! In goes the token that somebody posted, the provider's keys and what we expect; out comes a
//! [`VerifiedLogoutToken`], which nothing else can make, or a [`LogoutTokenError`] that names the step
//! that failed and the value it failed on. Anybody can post here: until the signature is verified,
//! nothing in the token is believed.
//!
//! Step 8, that no token counts twice, needs a memory and is left to the caller:
//! [`VerifiedLogoutToken::jti`] and [`VerifiedLogoutToken::counts_until`]. So are steps 9 to 11: the
//! sessions that are looked for are those of its issuer, subject and session.

mod error;
mod form;
mod verify;

pub use error::LogoutTokenError;
pub use form::{LogoutFormError, MAX_FORM_BYTES, in_form};
pub use verify::{EVENT, Expected, MAX_AGE, MAX_BYTES, VerifiedLogoutToken, Whom, verify};

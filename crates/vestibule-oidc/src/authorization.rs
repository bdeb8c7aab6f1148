//! The front channel: where the browser is sent to sign in, and what it brings back.
//!
//! - [`AuthorizationRequest`] builds the address,
//! - [`CallbackParams`] reads the answer and, checked against the browser's [`State`], becomes a [`Callback`].

mod binding;
mod callback;
mod request;

pub use binding::{Nonce, State};
pub use callback::{AuthorizationError, Callback, CallbackError, CallbackExpected, CallbackParams};
pub use request::{AuthorizationRequest, ExtraParameters, ReservedParameter, ResponseMode};

//! The decision on one request: read, route, authenticate, authorize, headers.
//!
//! The modules are listed in the order in which one request meets them. Nothing here does I/O,
//! reads a clock or rolls dice: `now` is an argument, and what a store or a provider said comes in
//! as [`evidence::Evidence`].
//!
//! ```text
//! RawHead -> request::read -> Request -> Gate::examine -> Examined -> Gate::decide -> Decision
//!                                                                        Forward(Authorized) -> upstream head
//! ```

pub mod address;
pub mod fields;
pub mod forwarded;
pub mod host;
pub mod method;
pub mod path;
pub mod pattern;
pub mod refusal;
pub mod request;

pub mod answer_cookies;
pub mod answer_headers;
pub mod authenticate;
pub mod authorize;
pub mod callback_path;
pub mod claims;
pub mod credential;
pub mod decision;
pub mod evidence;
mod gate;
pub mod kept_post;
pub mod navigation;
pub mod origin;
pub mod redirect_action;
pub mod route;
pub mod rule;
pub mod site;
pub mod trace;
pub mod turned_away;
pub mod user;

pub mod headers;
pub mod response;
mod trailers;
pub mod upstream;

#[cfg(test)]
mod fixture;

pub use gate::{Examined, Gate, GateError, GateSettings, Place};
pub use vestibule_http1::framing;

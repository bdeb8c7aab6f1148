//! Cookies: finding ours in a request, setting and deleting them, and keeping them from the
//! upstream.
//!
//! The `Cookie` header is read as bytes: pairs end at `;`, only space and tab are trimmed, and
//! there is no quoted-string and no `$Version` form (RFC 6265 §4.2.1 has neither on the wire). What
//! is not ours is never rewritten.

mod names;
mod scan;
mod set;
mod strip;

pub use names::CookieNames;
pub use scan::{Pair, Pairs, SessionCookie, pairs};
pub(crate) use scan::{field_bytes, values_of};
pub use strip::{Stripped, strip, strip_with, upstream_may_set};

#[cfg(test)]
mod tests;

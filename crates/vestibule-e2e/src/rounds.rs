//! How much of a test is run: a few seconds' worth, or with `cargo xtask test --long` all of it.

use std::env;

/// Set by `cargo xtask test --long`.
pub const LONG: &str = "VESTIBULE_LONG";

/// Whether this is a long run.
#[must_use]
pub fn are_long() -> bool {
    env::var_os(LONG).is_some()
}

/// `few` on an ordinary run, `many` on a long one.
#[must_use]
pub fn of<T>(few: T, many: T) -> T {
    if are_long() { many } else { few }
}

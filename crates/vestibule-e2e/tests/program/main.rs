//! The program with its local provider: everything that needs nothing but Rust. One test program,
//! because each would link the harness anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod demo;
mod provider_trouble;
mod refusals;
mod reload;
mod sessions;
mod sign_in;
mod stopping;
mod tokens;
mod traffic;

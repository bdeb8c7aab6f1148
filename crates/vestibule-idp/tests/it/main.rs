//! The provider from outside, over HTTP: one binary, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them in tests; the bench is one, though not a test function"
)]

mod authorize_refusals;
mod bench;
mod consent;
mod control;
mod discovery;
mod faults;
mod pages;
mod refresh;
mod server;
mod sign_in;
mod sign_out;
mod token_contents;
mod token_refusals;
mod userinfo;
mod v1;

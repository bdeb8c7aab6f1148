//! What the program bears: crowds of bad clients, bodies without end, many idle connections.
//!
//! A test program of its own, one test at a time, because memory and time are measured.
//! `cargo xtask test --long` runs everything at full size, an ordinary run a small version.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and these report what they measured"
)]
#![cfg(target_os = "linux")]

mod bodies;
mod crowds;
mod idle;
mod stage;

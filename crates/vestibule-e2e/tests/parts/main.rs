//! The program with parts that are not ours: a certified provider, a real browser. One test program,
//! because each would link the harness anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and some report what they counted"
)]

mod beside;
mod browser_apps;
mod browser_demo;
mod browser_sessions;
mod certified;
mod certified_logout;
mod differential;
mod front_nginx;
mod header_size;
mod screenshots;

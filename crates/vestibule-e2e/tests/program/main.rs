//! The program with its local provider: everything that needs nothing but Rust. One test program,
//! because each would link the harness anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod admin;
mod advisories;
mod apache;
mod carried;
mod demo;
mod diagnosis;
mod doctor;
mod explain;
mod form_post;
mod forwarded;
mod gone_provider;
mod groups;
mod hosts;
mod http_1;
mod http_2;
mod log_canary;
mod logout;
mod operator;
mod outbound;
mod provider_trouble;
mod refusals;
mod reload;
mod sessions;
mod sign_in;
mod stopping;
mod store_trouble;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod store_under_load;
mod tokens;
mod traffic;
mod unix_upstream;

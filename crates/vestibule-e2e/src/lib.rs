//! The real program against real providers, browsers and servers: the harness of its tests.
//!
//! | who | module |
//! |---|---|
//! | the program, as a process | [`program`], on top of [`process`] |
//! | a person with a cookie jar and no browser | [`person`], on top of [`http`], [`jar`], [`form`] |
//! | a person with a real browser | [`browser`] |
//! | the local provider, and a certified one | [`local_provider`], [`certified_provider`] |
//! | all of them together, for an ordinary test | [`scene`] |
//! | the program on another program's configuration | [`imported`]; beside that program [`beside`] |
//! | an upstream that remembers what it was sent | [`upstream`]; over HTTP/2 [`http2`] |
//! | raw bytes, and what several servers make of them | [`differential`] |
//! | how much of a test is run | [`rounds`] |
//! | many clients that do nothing good, and how the others fare | [`crowd`], [`pulse`] |
//! | bodies without end, and what a process takes | [`bulk`], [`resources`] |
//! | somebody in between who remembers both sides | [`relay`] |
//! | what is in a JWT | [`jwt`] |
//!
//! Tests in `tests/program` need nothing but Rust. Those in `tests/parts` need what
//! `cargo xtask test --install` installs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a harness has nobody to return an error to; a panic is how a test fails"
)]

pub mod beside;
pub mod browser;
pub mod bulk;
pub mod certificate;
pub mod certified_provider;
pub mod crowd;
pub mod differential;
pub mod faulty_disk;
pub mod form;
pub mod http;
pub mod http2;
pub mod imported;
pub mod jar;
pub mod jwt;
pub mod local_provider;
pub mod node;
pub mod person;
pub mod place;
pub mod process;
pub mod program;
pub mod pulse;
pub mod relay;
pub mod resources;
pub mod rounds;
pub mod scene;
pub mod upstream;

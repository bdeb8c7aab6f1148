//! One function per parser that reads bytes from outside: any input, and what must hold for it.
//!
//! A target takes `&[u8]`, calls the parser, and asserts what the rest of the program relies on. It
//! must not panic, whatever the input; an assertion that fails is a bug in the parser. [`TARGETS`]
//! lists them all: `fuzz/libfuzzer` fuzzes them, and `tests/replay.rs` runs each over its corpus in
//! `fuzz/corpus/NAME/` and over mutations of it.

mod accept;
mod apache;
mod callback;
mod carried_cookie;
mod certificate;
mod config;
mod cookie;
mod diagnosis_text;
mod diagnosis_token;
mod forwarded;
mod front_channel;
mod host;
mod http1_chunks;
mod http1_request;
mod http1_response;
mod http1_write;
mod httparse_oracle;
mod id_token;
mod json;
mod jwks;
mod jwt;
mod logout_token;
mod metadata;
mod path;
mod pieces;
mod record;
mod request_head;
mod return_target;
mod sealed_cookie;
mod target;
mod token_response;
mod user_info;

pub use accept::accept;
pub use apache::apache;
pub use callback::callback;
pub use carried_cookie::carried_cookie;
pub use certificate::certificate;
pub use config::config;
pub use cookie::cookie;
pub use diagnosis_text::diagnosis_text;
pub use diagnosis_token::diagnosis_token;
pub use forwarded::forwarded;
pub use front_channel::front_channel;
pub use host::host;
pub use http1_chunks::http1_chunks;
pub use http1_request::http1_request;
pub use http1_response::http1_response;
pub use http1_write::http1_write;
pub use id_token::id_token;
pub use json::json;
pub use jwks::jwks;
pub use jwt::jwt;
pub use logout_token::logout_token;
pub use metadata::metadata;
pub use path::path;
pub use record::record;
pub use request_head::request_head;
pub use return_target::return_target;
pub use sealed_cookie::sealed_cookie;
pub use target::{TARGETS, Target};
pub use token_response::token_response;
pub use user_info::user_info;

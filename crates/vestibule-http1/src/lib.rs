//! HTTP/1.1 on bytes: strict heads, body framing, what may follow on a connection.
//!
//! Nothing here does I/O or reads a clock. Whoever has a connection gives the bytes that came and is told what they are,
//! how many of them were used, and what the next ones must be; what goes out is written into a buffer. Lenience is
//! nowhere: what two readers could take differently is an error (RFC 9112 §11).
//!
//! ```text
//! bytes -> request::read (head::End, parse) -> RequestHead -> framing::of_request -> body::Decoder -> pieces
//! fields -> write::{request_line, status_line, fields, ...} -> bytes
//! ```

pub mod body;
pub mod fields;
pub mod framing;
pub mod head;
pub mod persistence;
pub mod request;
pub mod response;
pub mod version;
pub mod write;

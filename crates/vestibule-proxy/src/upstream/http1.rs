//! HTTP/1.1 towards upstreams: one connection, one exchange on it at a time.
//!
//! In: a connection on which nothing is under way, a head, a body. Out: the upstream's head and a body that is pulled from the
//! connection. Everything is driven by whoever waits for the answer: no task, no channel and no timer of its own.
//!
//! | state | what happens | then |
//! |---|---|---|
//! | [`Exchange`] | the request is written and the head read, both as far as they go | [`Reply`] |
//! | [`Reply`] | a body that came with its head is whole; the connection is free | the pool, or closed |
//! | [`Download`] | the rest of the request is written, the rest of the answer read | the pool, or closed |
//! | `Switched` | bytes of another protocol | closed |
//!
//! A connection is free only when the request was written to its end, the answer was read to its end, both sides go on, and not a byte
//! came after the answer. Everything else closes it: dropping a [`Connection`] does.

mod connection;
mod download;
mod exchange;
mod gather;
mod head;
mod reply;
mod upload;

pub(super) use connection::{Connection, Open};
pub(super) use download::{After, Download, Whole};
pub(super) use exchange::Exchange;
#[cfg(test)]
pub(super) use head::write_head;
pub(super) use reply::{Content, Reply};
pub(super) use upload::Upload;

#[cfg(test)]
mod tests;

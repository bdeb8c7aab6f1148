//! Decides the head of an answer: its framing, and whether the connection goes on after it.

use bytes::Bytes;
use vestibule_gate::fields::{Fields, Known, KnownSet};
use vestibule_http1::write;

use crate::body::{Body, Length};
use crate::wire::CONNECTION_FIELDS;

/// What of a request decides about its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) head: bool,
    /// What follows a CONNECT was meant for somebody else.
    pub(super) connect: bool,
    /// HTTP/1.0: no chunks, and no second request unless it asked for one.
    pub(super) http10: bool,
    /// The client is willing to go on.
    pub(super) keeps_alive: bool,
    /// It asked to switch protocols.
    pub(super) upgrade: bool,
}

impl Asked {
    /// Of a request of which no more than the method could be read.
    pub(super) fn unread(method: &[u8]) -> Self {
        Self {
            head: method == b"HEAD",
            connect: false,
            http10: false,
            keeps_alive: false,
            upgrade: false,
        }
    }
}

/// How the body of an answer is delimited (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none, whatever the head says.
    None,
    /// So many bytes are left.
    Length(u64),
    Chunked,
    /// Until the connection ends.
    UntilClose,
}

/// What follows the answer on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Next,
    Close,
    Switch,
}

/// The first and the last lines of a head: what is ours of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The length to tell, whether or not the body is sent.
    pub(super) length: Option<u64>,
}

/// The framing of an answer, and the body that is sent in it.
pub(super) fn frame(asked: &Asked, status: u16, body: Body) -> (Plan, Body) {
    let plan = |framing, length| Plan {
        status,
        framing,
        length,
    };
    let length = match body.length() {
        Length::None => Some(0),
        Length::Known(length) => Some(length),
        Length::Unknown => None,
    };
    if matches!(status, 101 | 204 | 304) {
        return (plan(Framing::None, None), Body::empty());
    }
    if asked.head {
        // Nobody wants the body; its length is told where there is one.
        let told = length.filter(|_| body.length() != Length::None);
        return (plan(Framing::None, told), Body::empty());
    }
    match length {
        Some(length) if body.is_omitted() => (plan(Framing::None, Some(length)), Body::empty()),
        Some(length) => (plan(Framing::Length(length), Some(length)), body),
        None if asked.http10 => (plan(Framing::UntilClose, None), body),
        None => (plan(Framing::Chunked, None), body),
    }
}

const DATE: KnownSet = KnownSet::of([Known::Date]);

/// Writes the head.
pub(super) fn head(
    out: &mut Vec<u8>,
    plan: &Plan,
    fields: &Fields,
    (then, http10): (Then, bool),
    date: &[u8],
) {
    write::status_line(out, plan.status);
    if write::fields_without(out, fields, CONNECTION_FIELDS).is_err() {
        sound_fields(out, fields);
    }
    if !fields.has(DATE) {
        out.extend_from_slice(b"Date: ");
        out.extend_from_slice(date);
        out.extend_from_slice(b"\r\n");
    }
    if let Some(length) = plan.length {
        write::content_length(out, length);
    }
    if plan.framing == Framing::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    match then {
        Then::Switch => out.extend_from_slice(b"Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        Then::Close => out.extend_from_slice(b"Connection: close\r\n"),
        Then::Next if http10 => out.extend_from_slice(b"Connection: keep-alive\r\n"),
        Then::Next => {}
    }
    write::end(out);
}

/// A field that would not be read as it is written is left out: the others are still an answer.
fn sound_fields(out: &mut Vec<u8>, fields: &Fields) {
    for field in fields {
        if !field.is_in(CONNECTION_FIELDS) && write::field(out, field.name, field.value).is_err() {
            let name = field.name.escape_ascii();
            tracing::error!(%name, "a response field is malformed and left out");
        }
    }
}

/// The last chunk, with trailers if there are any that can be written.
pub(super) fn last_chunk(out: &mut Vec<u8>, trailers: Option<&Fields>) {
    if write::last_chunk(out, trailers).is_err() {
        tracing::error!("trailers are malformed and left out");
        let _ = write::last_chunk(out, None);
    }
}

/// The line before a piece of a chunked body, and what goes after the piece.
pub(super) fn chunk(out: &mut Vec<u8>, piece: &Bytes) -> &'static [u8] {
    write::chunk_size(out, piece.len());
    write::CHUNK_END
}

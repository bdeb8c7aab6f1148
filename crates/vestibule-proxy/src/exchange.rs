//! Holds one request and its answer as every part of the proxy sees them: the seam between the HTTP engine and `handle`.
//!
//! The engine in `listen` makes an [`Incoming`] and sends a [`Response`]. Whatever engine that is, nothing of its types
//! passes here, so it can be replaced without touching a line of the request function.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use vestibule_gate::fields::{Fields, ResponseHead};
use vestibule_gate::request::RawHead;

use crate::body::Body;
use crate::endings::Ended;
use crate::telemetry::access::Entry;

/// One request as it arrived.
#[derive(Debug)]
pub struct Incoming {
    /// The head, unjudged.
    pub raw: RawHead,
    /// The body; reading it answers `Expect: 100-continue`, and its deadlines are already in it.
    pub body: Body,
}

/// One answer. Framing and `Connection` are the engine's: fields of those names are ignored, but for [`Response::closing`].
#[derive(Debug)]
pub struct Response {
    /// Status and fields.
    pub head: ResponseHead,
    /// The body.
    pub body: Body,
    /// The upstream's end of a switched connection; goes with status 101 and nothing else.
    pub tunnel: Option<Tunnel>,
    /// The stable code of what went wrong, if this is our answer to that; the access log gets it.
    pub error: Option<&'static str>,
    /// What the request function knows for the access log; the engine adds status, bytes and times.
    pub entry: Option<Box<Entry>>,
}

impl Response {
    /// An answer of this head and body.
    #[must_use]
    pub fn new(head: ResponseHead, body: impl Into<Body>) -> Self {
        Self {
            head,
            body: body.into(),
            tunnel: None,
            error: None,
            entry: None,
        }
    }

    /// An answer without fields and body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(
            ResponseHead {
                status,
                fields: Fields::default(),
            },
            Body::empty(),
        )
    }

    /// The same answer, after which an HTTP/1 connection closes: for a request that was not understood, so that nobody
    /// has to agree on where the next one begins.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.head.fields.set("connection", "close");
        self
    }

    /// The same answer, given because of what has this code. What says more already stays.
    #[must_use]
    pub fn because(mut self, code: &'static str) -> Self {
        self.error = self.error.or(Some(code));
        self
    }

    /// The same answer with its access-log entry.
    #[must_use]
    pub fn with_entry(mut self, entry: impl Into<Box<Entry>>) -> Self {
        self.entry = Some(entry.into());
        self
    }
}

/// A connection of bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// The upstream's end of a switched connection, after its 101.
pub struct Tunnel {
    /// The connection to the upstream.
    pub upstream: Pin<Box<dyn Duplex>>,
    /// Closed when no byte passed in either direction for so long.
    pub idle: Duration,
    /// Closed when this is done: the session is over. `None` is nobody's session.
    pub ended: Option<Ended>,
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel")
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

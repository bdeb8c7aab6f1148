//! Holds what the listeners work by: addresses, certificates, limits and deadlines.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::tls::TlsIdentity;

/// The part of a plan that the listeners read. They read it anew for each connection, so a reload needs no restart, except for addresses.
#[derive(Debug, Clone, Default)]
pub struct ServingPlan {
    /// Where to listen. Read at start only.
    pub listeners: Vec<ListenerPlan>,
    /// Limits and deadlines.
    pub limits: Limits,
    /// How many cores serve; the machine's if `None`. Read at start only.
    pub cores: Option<usize>,
}

/// One listener.
#[derive(Debug, Clone)]
pub struct ListenerPlan {
    /// Where. Port 0 takes any free one.
    pub address: SocketAddr,
    /// The certificates; `None` is plain HTTP.
    pub tls: Option<Arc<TlsIdentity>>,
}

/// Limits and deadlines towards clients. Each counts for one connection or one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once. `None` takes what the file descriptor limit allows. Read at start only.
    pub connections: Option<usize>,
    /// Bytes of a request head, request line included.
    pub head_bytes: usize,
    /// Bytes of a request target.
    pub target_bytes: usize,
    /// Fields of a request head.
    pub head_fields: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For a whole request head, from its first byte; on a new connection from the start.
    pub head: Duration,
    /// Between two requests on one connection.
    pub idle: Duration,
    /// Between two pieces of a request body.
    pub body_idle: Duration,
    /// How slowly a client may send a request body or, over HTTP/1.1, take an answer, on average, in bytes per second, after
    /// [`Limits::body_grace`] or [`Limits::write_stall`]. Zero is no minimum; then only [`Limits::body_idle`] and
    /// [`Limits::write_stall`] count.
    pub body_rate_bytes: u32,
    /// How long a request body may be slower than [`Limits::body_rate_bytes`].
    pub body_grace: Duration,
    /// How long a client may take nothing of an answer that is ready for it.
    pub write_stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: None,
            head_bytes: 32 * 1024,
            target_bytes: 8 * 1024,
            head_fields: 100,
            streams: 128,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body_idle: Duration::from_secs(30),
            body_rate_bytes: 240,
            body_grace: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
        }
    }
}

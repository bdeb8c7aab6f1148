//! Decides how requests come in: accepting, TLS, limits, deadlines, HTTP/1.1 and HTTP/2.
//!
//! In: sockets. Out: [`Incoming`](crate::exchange::Incoming) for the handler, and its response back to the client. Every
//! wait has a deadline here: handshake, head, idle connection, body, a client that does not read, a tunnel. HTTP/1.1 is
//! `vestibule-http1`, driven by `http1`; HTTP/2 is hyper, and shows nowhere but in `http2`.

mod accept;
mod bind;
mod capacity;
mod connection;
mod crowd;
mod http1;
mod http2;
mod patience;
mod plan;
mod record;
mod room;
mod tls;
mod transport;
mod tunnel;

use std::time::Duration;

pub(crate) use accept::{Acceptor, accept, answer_calls};
pub use bind::BindError;
pub(crate) use bind::bind;
pub(crate) use capacity::connections;
pub(crate) use connection::{Serving, Tasks};
pub(crate) use crowd::Crowd;
pub use plan::{Limits, ListenerPlan, ServingPlan};
pub(crate) use record::Reporting;
pub(crate) use room::Room;
pub use tls::{
    CertificateError, CertificatePair, PemSource, TlsIdentity, covers, first_certificate,
};

/// When a silent TCP connection is first asked, and how often after that: dead peers go within two minutes.
pub(crate) const KEEPALIVE: (Duration, Duration) =
    (Duration::from_secs(60), Duration::from_secs(10));

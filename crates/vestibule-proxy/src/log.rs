//! Decides what the access log is told of one request.
//!
//! Nothing of a query, a cookie or a token can get here: the entry has no place for them.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use vestibule_gate::refusal::Refusal;
use vestibule_gate::request::{RawHead, Request};
use vestibule_gate::trace::Trace;

use crate::incident::IncidentId;
use crate::server::Unread;
use crate::telemetry::access::{Asked, Entry};

/// What its sender wrote of a request whose head could not be read, to be found again in the log.
pub(crate) struct Arrived {
    method: Bytes,
    target: Bytes,
    host: Option<Bytes>,
    peer: IpAddr,
}

impl Arrived {
    /// What is in this head.
    pub(crate) fn of(raw: RawHead) -> Self {
        let host = raw.fields.first("host").map(Bytes::copy_from_slice);
        Self {
            method: raw.method,
            target: raw.target,
            host: raw.authority.or(host),
            peer: raw.peer.ip(),
        }
    }
}

impl From<Unread> for Arrived {
    fn from(unread: Unread) -> Self {
        Self {
            method: unread.method,
            target: unread.target,
            host: None,
            peer: unread.peer.ip(),
        }
    }
}

/// The entry of a request whose head could not be read. The log escapes and cuts what is in it.
pub(crate) fn unread(incident: IncidentId, refusal: Refusal, arrived: Arrived) -> Entry {
    Entry {
        incident: Some(incident),
        asked: Asked::Raw {
            method: arrived.method,
            host: arrived.host.unwrap_or_default(),
            target: arrived.target,
        },
        client: Some(arrived.peer),
        error: Some(refusal.code()),
        trace: Some(Trace::refused(refusal)),
        ..Entry::default()
    }
}

/// The entry of a request that was decided on. What it asked for is added when nobody else needs the request any more, and
/// what went wrong when it is answered.
pub(crate) fn entry(
    incident: IncidentId,
    request: &Request,
    route: Option<Arc<str>>,
    trace: Trace,
) -> Box<Entry> {
    Box::new(Entry {
        incident: Some(incident),
        client: Some(request.client_ip()),
        route,
        trace: Some(trace),
        ..Entry::default()
    })
}

//! Decides what the access log is told of one request.
//!
//! Nothing of a query, a cookie or a token can get here: the entry has no place for them.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use vestibule_gate::decision::Decision;
use vestibule_gate::refusal::Refusal;
use vestibule_gate::request::{RawHead, Request};
use vestibule_gate::trace::Trace;
use vestibule_session::record::Record;

use crate::incident::IncidentId;
use crate::telemetry::access::Entry;

/// Bytes of the hash that stands for a person: enough to tell people apart, not to name one.
const SUBJECT_BYTES: usize = 8;

/// What is known of a request before its head is read: what its sender wrote, to be found again in the log.
pub(crate) struct Arrived {
    method: Bytes,
    target: Bytes,
    host: Option<Bytes>,
    peer: IpAddr,
}

impl Arrived {
    /// Notes it. Costs no copy.
    pub(crate) fn note(raw: &RawHead) -> Self {
        Self {
            method: raw.method.clone(),
            target: raw.target.clone(),
            host: raw
                .authority
                .clone()
                .or_else(|| raw.fields.first("host").cloned()),
            peer: raw.peer.ip(),
        }
    }
}

/// The entry of a request whose head could not be read. The log escapes and cuts what is in it.
pub(crate) fn unread(incident: IncidentId, refusal: Refusal, arrived: &Arrived) -> Entry {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let path = arrived
        .target
        .split(|&byte| matches!(byte, b'?' | b'#'))
        .next();
    Entry {
        incident: incident.to_string(),
        method: text(&arrived.method),
        host: arrived.host.as_deref().map(text).unwrap_or_default(),
        path: path.map(text).unwrap_or_default(),
        client: Some(arrived.peer),
        error: Some(refusal.code()),
        trace: Some(Trace::refused(refusal)),
        ..Entry::default()
    }
}

/// The entry of a request that was decided on.
pub(crate) fn entry(
    incident: IncidentId,
    request: &Request,
    route: Option<&str>,
    decision: &Decision<'_>,
    trace: Trace,
) -> Entry {
    let mut entry = Entry {
        incident: incident.to_string(),
        method: request.method().as_str().to_owned(),
        host: request.host().to_string(),
        path: request.path().as_str().to_owned(),
        client: Some(request.client_ip()),
        route: route.map(Into::into),
        trace: Some(trace),
        ..Entry::default()
    };
    match decision {
        Decision::Forward(authorized) => {
            entry.subject = authorized
                .session()
                .map(|session| subject(session.record()));
        }
        Decision::Own(_) | Decision::SignIn(_) | Decision::Preflight(_) => {}
        other => entry.error = Some(other.code()),
    }
    entry
}

/// A stand-in for the person: the same in every line of theirs, and no name.
fn subject(record: &Record) -> String {
    let name = [record.issuer(), "\n", record.subject()].concat();
    let hash = digest(&SHA256, name.as_bytes());
    let bytes = hash.as_ref().get(..SUBJECT_BYTES).unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

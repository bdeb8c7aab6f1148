//! Requests, sites, routes and sessions for the tests of this crate.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use vestibule_oidc::time::UnixTime;
use vestibule_session::claims::ClaimsSet;
use vestibule_session::handle::Handle;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::site::Site;
use vestibule_session::store::{Stored, Version as RecordVersion};

use crate::decision::Decision;
use crate::evidence::Evidence;
use crate::fields::Fields;
use crate::path::PathPrefix;
use crate::refusal::Refusal;
use crate::request::{RawHead, ReadPolicy, Request, Scheme, Version, read};
use crate::route::{Route, UpstreamId};
use crate::rule::Requirement;
use crate::trace::Trace;
use crate::{Gate, GateSettings};

pub(crate) const NOW: UnixTime = UnixTime(1_000_000);

pub(crate) fn raw(method: &str, target: &str, fields: &[(&str, &str)]) -> RawHead {
    let mut all = Fields::new();
    for (name, value) in fields {
        all.push(name, value);
    }
    RawHead {
        method: Bytes::copy_from_slice(method.as_bytes()),
        target: Bytes::copy_from_slice(target.as_bytes()),
        version: Version::Http11,
        scheme: Scheme::Http,
        authority: None,
        fields: all,
        peer: "192.0.2.7:1234".parse().unwrap(),
    }
}

/// Like [`raw`], for the site of [`site`].
pub(crate) fn local(method: &str, target: &str, fields: &[(&str, &str)]) -> RawHead {
    let mut head = raw(method, target, &[("host", "localhost:8080")]);
    for (name, value) in fields {
        head.fields.push(name, value);
    }
    head
}

pub(crate) fn read_default(head: RawHead) -> Result<Request, Refusal> {
    read(head, &ReadPolicy::default())
}

pub(crate) fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Request {
    read_default(local(method, target, fields)).unwrap()
}

pub(crate) fn site() -> Site {
    Site::loopback_http("localhost", 8080).unwrap()
}

pub(crate) fn route(prefix: &str) -> Route {
    Route::new(prefix, PathPrefix::parse(prefix).unwrap(), UpstreamId(0))
}

pub(crate) fn public(prefix: &str) -> Route {
    Route {
        require: Requirement::Public,
        ..route(prefix)
    }
}

pub(crate) fn gate(routes: Vec<Route>) -> Gate {
    let lifetimes = Lifetimes::new(Duration::from_secs(600), Duration::from_secs(3600)).unwrap();
    Gate::new(GateSettings {
        sites: vec![site()],
        routes,
        lifetimes,
    })
    .unwrap()
}

pub(crate) fn handle() -> Handle {
    Handle::from_entropy([7; 32])
}

/// The `Cookie` field that carries [`handle`].
pub(crate) fn cookie() -> String {
    format!(
        "{}={}",
        site().cookies().session(),
        handle().encoded().as_str()
    )
}

/// The claims of this JSON object.
pub(crate) fn object(text: &str) -> ClaimsSet {
    ClaimsSet::of(&serde_json::from_str(text).unwrap())
}

pub(crate) fn stored(fixture: RecordFixture) -> Arc<Stored> {
    let seen = fixture.created_at;
    Arc::new(Stored::new(RecordVersion::FIRST, fixture.build(), seen))
}

pub(crate) fn person() -> RecordFixture {
    RecordFixture::new("alice", NOW).claim("upn", "alice@example.com")
}

pub(crate) fn session() -> Evidence {
    Evidence::Session(stored(person()))
}

/// Reads, examines and decides, as the proxy does. Evidence is given only where it is asked for.
pub(crate) fn decide<'g>(
    gate: &'g Gate,
    request: &Request,
    evidence: Evidence,
) -> (Decision<'g>, Trace) {
    let examined = gate.examine(request);
    let evidence = if examined.handle().is_some() {
        evidence
    } else {
        Evidence::NotAsked
    };
    gate.decide(request, examined, evidence, NOW)
}

/// Each stage with its outcome, in one line.
pub(crate) fn line(trace: &Trace) -> String {
    let steps = trace.steps();
    let steps = steps.map(|step| format!("{}={}", step.stage.as_str(), step.outcome.code()));
    steps.collect::<Vec<_>>().join(" ")
}

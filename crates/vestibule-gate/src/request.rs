//! The one canonical reading of a request head.
//!
//! In comes a [`RawHead`] with the bytes as they were on the wire; out goes a [`Request`], on which
//! everything is decided and from which the upstream's head is written anew, or a [`Refusal`]. The
//! raw head is not looked at again.

mod admit;
mod target;

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use ipnet::IpNet;

use crate::fields::{Fields, Known, list};
use crate::forwarded::{self, ForwardedFamily};
use crate::framing::{self, BodyFraming};
use crate::host::{Host, ReadyHosts};
use crate::method::Method;
use crate::path::CanonicalPath;
use crate::refusal::Refusal;
pub use vestibule_http1::version::Version;

use admit::{check_fields, check_sizes, keep_fields};
use target::{read_host, read_target};

/// `http` or `https`. Exhaustive: there is no third.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The scheme as a URL spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A request head as the listener got it.
#[derive(Debug, Clone)]
pub struct RawHead {
    /// The method.
    pub method: Bytes,
    /// The request target of HTTP/1, `:path` of HTTP/2, byte for byte.
    pub target: Bytes,
    /// The version.
    pub version: Version,
    /// Whether the connection to us is over TLS.
    pub scheme: Scheme,
    /// `:authority` of HTTP/2, or an authority the HTTP engine took out of an absolute target.
    pub authority: Option<Bytes>,
    /// The fields in order, names in whatever case.
    pub fields: Fields,
    /// Who is at the other end of the connection.
    pub peer: SocketAddr,
}

/// What is accepted, and whom to believe.
#[derive(Debug, Clone)]
pub struct ReadPolicy {
    /// The networks whose forwarding fields are believed. Empty, the default, means nobody's.
    pub trusted_proxies: Vec<IpNet>,
    /// Which forwarding fields these proxies write.
    pub forwarded_family: ForwardedFamily,
    /// Whether these proxies are believed about the host, too. Default no: one that passes the client's
    /// own `X-Forwarded-Host` on would let the client choose between our sites.
    pub forwarded_host: bool,
    /// The most bytes a whole head may have, counted decoded. Default 32 KiB.
    pub max_head_bytes: usize,
    /// The most fields. Default 100.
    pub max_fields: usize,
    /// The longest target in bytes. Default 8 KiB.
    pub max_target_bytes: usize,
    /// Whether fields with `_` or `.` in their name are passed on instead of dropped. Identity names
    /// are removed in every spelling even so. Default no.
    pub danger_keep_odd_names: bool,
    /// The hosts of the public sites, which saves reading them in each request. Default none; what is refused and what is
    /// read does not depend on it.
    pub ready_hosts: ReadyHosts,
}

impl Default for ReadPolicy {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            forwarded_family: ForwardedFamily::default(),
            forwarded_host: false,
            max_head_bytes: 32 * 1024,
            max_fields: 100,
            max_target_bytes: 8 * 1024,
            danger_keep_odd_names: false,
            ready_hosts: ReadyHosts::default(),
        }
    }
}

/// A protocol the client asks to switch to. Anything but WebSocket is not seen and not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Upgrade {
    /// RFC 6455 §4.1
    WebSocket,
}

/// A request, read once and for all. Only [`read`] makes one.
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    host: Host,
    path: CanonicalPath,
    query: Option<Bytes>,
    version: Version,
    scheme: Scheme,
    fields: Fields,
    body: BodyFraming,
    upgrade: Option<Upgrade>,
    expects_continue: bool,
    peer: SocketAddr,
    client: IpAddr,
    proxies: Vec<IpAddr>,
    dropped: Vec<Bytes>,
}

impl Request {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The host that was asked for: `Host` or `:authority`, or what a trusted proxy says it was.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The path in canonical form.
    #[must_use]
    pub const fn path(&self) -> &CanonicalPath {
        &self.path
    }

    /// The query without its `?`, byte for byte. Nothing is decided by it.
    #[must_use]
    pub const fn query(&self) -> Option<&Bytes> {
        self.query.as_ref()
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The scheme the client used: the connection's, or what a trusted proxy says it was.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The fields, without those whose names have `_` or `.` in them.
    #[must_use]
    pub const fn fields(&self) -> &Fields {
        &self.fields
    }

    /// How the body is delimited.
    #[must_use]
    pub const fn body(&self) -> BodyFraming {
        self.body
    }

    /// The protocol the client wants to switch to.
    #[must_use]
    pub const fn upgrade(&self) -> Option<Upgrade> {
        self.upgrade
    }

    /// Whether the client waits for `100 Continue`.
    #[must_use]
    pub const fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    /// Who is at the other end of the connection.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The client's address: the peer's, or what trusted proxies say it is.
    #[must_use]
    pub const fn client_ip(&self) -> IpAddr {
        self.client
    }

    /// The addresses of the trusted proxies after the client, up to the peer; none if the peer is
    /// the client.
    #[must_use]
    pub fn proxies(&self) -> &[IpAddr] {
        &self.proxies
    }

    /// The client's address, then those of the trusted proxies up to the peer.
    pub fn hops(&self) -> impl Iterator<Item = IpAddr> {
        std::iter::once(self.client).chain(self.proxies.iter().copied())
    }

    /// The names that were dropped because they have `_` or `.` in them.
    #[must_use]
    pub fn dropped(&self) -> &[Bytes] {
        &self.dropped
    }

    /// What is left when nobody needs the rest any more: what the access log says was asked for. It keeps nothing of the
    /// head in memory.
    #[must_use]
    pub fn into_asked(self) -> Asked {
        Asked {
            method: self.method,
            host: self.host,
            path: self.path.detached(),
        }
    }

    /// Path and query as they would go on the wire.
    #[must_use]
    pub fn path_and_query(&self) -> Bytes {
        join_query(&self.path, self.query.as_ref())
    }
}

/// What a request asked for, without the query: nothing of it is a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// The host, as decided on.
    pub host: Host,
    /// The path, as decided on.
    pub path: CanonicalPath,
}

/// `path` and, if there is one, `?` and `query`.
pub(crate) fn join_query(path: &CanonicalPath, query: Option<&Bytes>) -> Bytes {
    let Some(query) = query else {
        return path.as_bytes().clone();
    };
    let mut joined = Vec::with_capacity(path.as_bytes().len() + 1 + query.len());
    joined.extend_from_slice(path.as_bytes());
    joined.push(b'?');
    joined.extend_from_slice(query);
    joined.into()
}

/// Reads a raw head.
///
/// # Errors
///
/// A [`Refusal`], with its status and code, for everything two readers could take differently.
pub fn read(raw: RawHead, policy: &ReadPolicy) -> Result<Request, Refusal> {
    match judge(&raw, policy) {
        Ok(judged) => Ok(judged.of(raw, policy)),
        Err(refusal) => Err(refusal),
    }
}

/// A head that was refused, and why.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// The head, to say in the log what was refused.
    pub head: RawHead,
}

/// Reads a raw head, and gives it back if it is refused.
///
/// # Errors
///
/// As [`read`].
pub fn read_or_return(raw: RawHead, policy: &ReadPolicy) -> Result<Request, Box<Refused>> {
    match judge(&raw, policy) {
        Ok(judged) => Ok(judged.of(raw, policy)),
        Err(refusal) => Err(Box::new(Refused { refusal, head: raw })),
    }
}

/// What was found in a head that is not refused.
struct Judged {
    method: Method,
    path: CanonicalPath,
    query: Option<Bytes>,
    host: Host,
    body: BodyFraming,
    expects_continue: bool,
    upgrade: Option<Upgrade>,
    client: forwarded::Origin,
}

fn judge(raw: &RawHead, policy: &ReadPolicy) -> Result<Judged, Refusal> {
    if raw.version == Version::Unsupported {
        return Err(Refusal::Version);
    }
    check_sizes(raw, policy)?;
    let method = Method::parse(&raw.method)?;
    check_fields(raw.version, &raw.fields)?;
    let target = read_target(raw)?;
    let host = read_host(raw, target.authority.as_deref(), &policy.ready_hosts)?;
    let path = CanonicalPath::parse(&target.path)?;
    let body = framing::of_request(raw.version, &raw.fields)?;
    let expects_continue = read_expect(raw.version, &raw.fields)?;
    let upgrade = read_upgrade(raw, &method, body)?;
    let client = forwarded::read(
        raw.peer,
        &raw.fields,
        &policy.trusted_proxies,
        policy.forwarded_family,
    )?;
    Ok(Judged {
        method,
        path,
        query: target.query,
        host,
        body,
        expects_continue,
        upgrade,
        client,
    })
}

impl Judged {
    fn of(self, raw: RawHead, policy: &ReadPolicy) -> Request {
        let mut dropped = Vec::new();
        let fields = keep_fields(raw.version, raw.fields, policy, &mut dropped);
        let client = self.client;
        let told = client.host.filter(|_| policy.forwarded_host);
        Request {
            method: self.method,
            host: told.unwrap_or(self.host),
            path: self.path,
            query: self.query,
            version: raw.version,
            scheme: client.scheme.unwrap_or(raw.scheme),
            fields,
            body: self.body,
            upgrade: self.upgrade,
            expects_continue: self.expects_continue,
            peer: raw.peer,
            client: client.client,
            proxies: client.proxies,
            dropped,
        }
    }
}

fn read_expect(version: Version, fields: &Fields) -> Result<bool, Refusal> {
    match fields.first_known(Known::Expect) {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case(b"100-continue") => {
            // RFC 9110 §10.1.1: in HTTP/1.0 the expectation is ignored.
            Ok(version != Version::Http10)
        }
        Some(_) => Err(Refusal::Expectation),
    }
}

fn read_upgrade(
    raw: &RawHead,
    method: &Method,
    body: BodyFraming,
) -> Result<Option<Upgrade>, Refusal> {
    let has = |name: Known, member: &[u8]| {
        raw.fields
            .all_known(name)
            .any(|value| list(value).any(|one| one.eq_ignore_ascii_case(member)))
    };
    // RFC 9110 §7.8: in HTTP/1.0, and without the connection option, the field is ignored.
    if raw.version != Version::Http11
        || !has(Known::Upgrade, b"websocket")
        || !has(Known::Connection, b"upgrade")
    {
        return Ok(None);
    }
    // RFC 6455 §4.2.1, steps 1, 5 and 6.
    let key = raw.fields.first_known(Known::SecWebsocketKey);
    let version = raw.fields.first_known(Known::SecWebsocketVersion);
    let well_formed = *method == Method::Get
        && body == BodyFraming::None
        && key.is_some_and(|key| key.len() == 24)
        && version.is_some_and(|version| version == b"13");
    if well_formed {
        Ok(Some(Upgrade::WebSocket))
    } else {
        Err(Refusal::Upgrade)
    }
}

#[cfg(test)]
mod tests;

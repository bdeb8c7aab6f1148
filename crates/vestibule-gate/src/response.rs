//! What is taken out of an upstream's answer, and what is translated for the browser when the
//! route's prefix was removed on the way in: `Location`, `Content-Location` and cookies.

use vestibule_http1::persistence::ConnectionOptions;
use vestibule_session::cookie::upstream_may_set;

use crate::fields::{Fields, Known, KnownSet, trim};
use crate::host::{Host, HostName};
use crate::request::Scheme;
use crate::route::Matched;

/// Fields between two ends of one connection (RFC 9110 §7.6.1), and `Alt-Svc`, by which an upstream
/// would offer *its* ports under *our* name (RFC 7838 §3).
const NEVER: KnownSet = KnownSet::of([
    Known::AltSvc,
    Known::Connection,
    Known::KeepAlive,
    Known::ProxyAuthenticate,
    Known::ProxyConnection,
    Known::Te,
    Known::Trailer,
    Known::TransferEncoding,
    Known::Upgrade,
]);

/// Takes out of an upstream's answer what must not reach the browser: hop-by-hop fields, those
/// `Connection` names, and cookies in our name. After a 101, whoever answers adds `Connection` and
/// `Upgrade` again.
pub fn clean(fields: &mut Fields) {
    if !fields.has(NEVER.with(Known::SetCookie)) {
        return;
    }
    let named = ConnectionOptions::of(fields);
    let gone = NEVER.or(named.known());
    fields.retain(|field| match field.known {
        Some(name) if gone.contains(name) => false,
        Some(Known::SetCookie) => upstream_may_set(field.value),
        Some(_) => true,
        None => !named.contain(field),
    });
}

/// Scheme, host and port of an upstream, to recognise its own address in its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamOrigin {
    /// The scheme.
    pub scheme: Scheme,
    /// The host.
    pub host: HostName,
    /// The port, the scheme's own if none was written.
    pub port: u16,
}

/// Translates `Location`, `Content-Location` and `Set-Cookie` of an answer.
pub fn translate(fields: &mut Fields, matched: &Matched<'_>, upstream: &UpstreamOrigin) {
    const TRANSLATED: KnownSet =
        KnownSet::of([Known::ContentLocation, Known::Location, Known::SetCookie]);
    if !fields.has(TRANSLATED) {
        return;
    }
    fields.rewrite(|field| match field.known? {
        Known::Location | Known::ContentLocation => location(field.value, matched, upstream),
        Known::SetCookie => set_cookie(field.value, matched, upstream),
        _ => None,
    });
}

/// A redirect target as the browser must see it, if that differs.
///
/// The upstream's own address becomes ours, a path gets the prefix back. Other hosts, relative
/// paths, and paths outside the upstream's base stay as they are.
#[must_use]
pub fn location(value: &[u8], matched: &Matched<'_>, upstream: &UpstreamOrigin) -> Option<Vec<u8>> {
    let (absolute, rest) = match split_authority(value) {
        Some((scheme, authority, rest)) => {
            let scheme = scheme.unwrap_or(upstream.scheme);
            let host = Host::parse(authority).ok()?;
            let port = host.port().unwrap_or(default_port(scheme));
            let own = scheme == upstream.scheme && *host.name() == upstream.host;
            if !own || port != upstream.port {
                return None;
            }
            (true, rest)
        }
        None if value.starts_with(b"/") => (false, value),
        None => return None,
    };
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'?' | b'#'))
        .unwrap_or(rest.len());
    let (path, tail) = rest.split_at(end);
    let public = public_path(if path.is_empty() { b"/" } else { path }, matched)?;
    let mut out = Vec::with_capacity(value.len() + 32);
    if absolute {
        out.extend_from_slice(matched.site().origin().as_bytes());
    }
    out.extend_from_slice(&public);
    out.extend_from_slice(tail);
    (out != value).then_some(out)
}

/// Scheme, authority and what follows, of an absolute or scheme-relative reference.
fn split_authority(value: &[u8]) -> Option<(Option<Scheme>, &[u8], &[u8])> {
    let (scheme, rest) = if let Some(rest) = value.strip_prefix(b"//") {
        (None, rest)
    } else {
        let at = memchr::memmem::find(value, b"://")?;
        let (scheme, rest) = value.split_at(at);
        let scheme = if scheme.eq_ignore_ascii_case(b"http") {
            Scheme::Http
        } else if scheme.eq_ignore_ascii_case(b"https") {
            Scheme::Https
        } else {
            return None;
        };
        (Some(scheme), rest.get(3..)?)
    };
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'))
        .unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    Some((scheme, authority, rest))
}

const fn default_port(scheme: Scheme) -> u16 {
    match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    }
}

/// The path by which a browser reaches `path` of the upstream, if there is one.
fn public_path(path: &[u8], matched: &Matched<'_>) -> Option<Vec<u8>> {
    let route = matched.route();
    let base = &route.upstream_base;
    let below = if base.is_root() {
        path
    } else {
        let below = path.strip_prefix(base.as_str().as_bytes())?;
        if !matches!(below, [] | [b'/', ..]) {
            return None;
        }
        below
    };
    let prefix = if route.keep_prefix || route.prefix.is_root() {
        ""
    } else {
        route.prefix.as_str()
    };
    let mut out = Vec::with_capacity(prefix.len() + below.len() + 1);
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(below);
    if out.is_empty() {
        out.push(b'/');
    }
    Some(out)
}

/// A `Set-Cookie` value as the browser must see it, if that differs.
///
/// `Path` gets the prefix back. `Domain` goes if it names the upstream's host and not ours, which
/// makes the cookie ours alone. A `__Host-` cookie keeps its `Path=/`, or browsers would drop it
/// (RFC 6265bis §4.1.3.2).
#[must_use]
pub fn set_cookie(
    value: &[u8],
    matched: &Matched<'_>,
    upstream: &UpstreamOrigin,
) -> Option<Vec<u8>> {
    let mut parts = value.split(|&byte| byte == b';');
    let pair = parts.next().unwrap_or_default();
    let host_bound = trim(pair)
        .get(..7)
        .is_some_and(|name| name.eq_ignore_ascii_case(b"__Host-"));
    let mut out = pair.to_vec();
    for part in parts {
        let (name, attribute) = match memchr::memchr(b'=', part) {
            Some(at) => (trim(part.get(..at)?), trim(part.get(at + 1..)?)),
            None => (trim(part), &b""[..]),
        };
        if name.eq_ignore_ascii_case(b"domain") && is_upstreams_domain(attribute, matched, upstream)
        {
            continue;
        }
        out.push(b';');
        if name.eq_ignore_ascii_case(b"path") && !host_bound {
            // `/` becomes `/foo`, not `/foo/`, which would leave `/foo` itself out.
            let path = if attribute == b"/" { b"" } else { attribute };
            let public = if attribute.starts_with(b"/") {
                cookie_path(path, matched)
            } else {
                None
            };
            if let Some(public) = public {
                out.extend_from_slice(b" Path=");
                out.extend_from_slice(&public);
                continue;
            }
        }
        out.extend_from_slice(part);
    }
    (out != value).then_some(out)
}

/// `path`, which is empty for the root, as a browser reaches it.
fn cookie_path(path: &[u8], matched: &Matched<'_>) -> Option<Vec<u8>> {
    let route = matched.route();
    if route.upstream_base.is_root() && (route.keep_prefix || route.prefix.is_root()) {
        return None;
    }
    public_path(path, matched).or_else(|| {
        // A cookie for more than the base is one for all of the route.
        let rest = route.upstream_base.as_str().as_bytes().strip_prefix(path)?;
        let wider = matches!(rest, [] | [b'/', ..]);
        (wider && !route.keep_prefix).then(|| route.prefix.as_str().as_bytes().to_vec())
    })
}

fn is_upstreams_domain(domain: &[u8], matched: &Matched<'_>, upstream: &UpstreamOrigin) -> bool {
    let domain = domain
        .strip_prefix(b".")
        .unwrap_or(domain)
        .to_ascii_lowercase();
    let within = |host: &str| {
        let host = host.as_bytes();
        host == domain
            || host
                .strip_suffix(domain.as_slice())
                .is_some_and(|rest| rest.ends_with(b"."))
    };
    !domain.is_empty() && within(upstream.host.as_str()) && !within(matched.site().host())
}

#[cfg(test)]
mod tests;

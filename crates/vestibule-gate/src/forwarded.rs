//! What a trusted proxy says about the connection in front of it, and nobody else.
//!
//! Without trusted proxies, the peer is the client and every forwarding field is noise. A trusted
//! proxy writes one family of fields, set by [`ForwardedFamily`]; the other family may have come
//! through it from a stranger and is ignored.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use ipnet::IpNet;
use vestibule_session::site::Site;

use crate::address::AddressText;
use crate::fields::{Fields, Known, list, trim};
use crate::host::Host;
use crate::refusal::Refusal;
use crate::request::Scheme;
use crate::site::scheme_of;

/// Which fields the trusted proxies write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ForwardedFamily {
    /// `X-Forwarded-For`, `X-Forwarded-Proto`, `X-Forwarded-Host`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Rfc7239,
}

/// What is known about the client's side of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The client's address.
    pub(crate) client: IpAddr,
    /// Those of the trusted proxies after it, up to the peer.
    pub(crate) proxies: Vec<IpAddr>,
    /// The scheme the client used, if a trusted proxy said so.
    pub(crate) scheme: Option<Scheme>,
    /// The host the client asked for, if a trusted proxy said so.
    pub(crate) host: Option<Host>,
}

/// One proxy's account of the hop in front of it.
#[derive(Debug, Default, Clone)]
struct Element {
    from: Option<IpAddr>,
    scheme: Option<Scheme>,
    host: Option<Host>,
}

/// Reads the forwarding fields if `peer` is trusted.
pub(crate) fn read(
    peer: SocketAddr,
    fields: &Fields,
    trusted: &[IpNet],
    family: ForwardedFamily,
) -> Result<Origin, Refusal> {
    let peer = canonical(peer.ip());
    if !is_trusted(peer, trusted) {
        return Ok(Origin {
            client: peer,
            proxies: Vec::new(),
            scheme: None,
            host: None,
        });
    }
    match family {
        ForwardedFamily::XForwarded => read_x_forwarded(peer, fields, trusted),
        ForwardedFamily::Rfc7239 => read_rfc7239(peer, fields, trusted),
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// An IPv4 client on a dual-stack listener is an IPv4 client.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn read_x_forwarded(peer: IpAddr, fields: &Fields, trusted: &[IpNet]) -> Result<Origin, Refusal> {
    let mut client = peer;
    let mut proxies = Vec::new();
    let mut depth = 0;
    for entry in fields
        .all_known(Known::XForwardedFor)
        .rev()
        .flat_map(|value| list(value).rev())
    {
        // Junk was reported by a trusted hop about its own peer: that hop is as far as we see.
        let Some(address) = parse_address(entry) else {
            break;
        };
        proxies.push(std::mem::replace(&mut client, address));
        if !is_trusted(address, trusted) {
            break;
        }
        depth += 1;
    }
    proxies.reverse();
    let scheme = nth_from_right(fields, Known::XForwardedProto, depth)
        .map(|value| parse_scheme(value).ok_or(Refusal::Forwarded))
        .transpose()?;
    let host = nth_from_right(fields, Known::XForwardedHost, depth)
        .map(|value| Host::parse(value).map_err(|_| Refusal::Forwarded))
        .transpose()?;
    Ok(Origin {
        client,
        proxies,
        scheme,
        host,
    })
}

/// The element the outermost trusted proxy wrote, `depth` steps from the right, or the leftmost one
/// where proxies overwrite instead of appending.
fn nth_from_right(fields: &Fields, name: Known, depth: usize) -> Option<&[u8]> {
    let mut found = None;
    for (at, member) in fields
        .all_known(name)
        .rev()
        .flat_map(|value| list(value).rev())
        .enumerate()
    {
        found = Some(member);
        if at == depth {
            break;
        }
    }
    found
}

fn read_rfc7239(peer: IpAddr, fields: &Fields, trusted: &[IpNet]) -> Result<Origin, Refusal> {
    let mut elements = Vec::new();
    for value in fields.all_known(Known::Forwarded) {
        split_quoted(value, b',', |element| elements.push(parse_element(element)))?;
    }
    let mut client = peer;
    let mut proxies = Vec::new();
    let mut outermost = Element::default();
    for element in elements.into_iter().rev() {
        // Only elements a trusted hop wrote are looked at, so junk further left harms nobody.
        let element = element.ok_or(Refusal::Forwarded)?;
        let from = element.from;
        outermost = Element {
            from,
            scheme: element.scheme.or(outermost.scheme),
            host: element.host.or(outermost.host),
        };
        let Some(address) = from else { break };
        proxies.push(std::mem::replace(&mut client, address));
        if !is_trusted(address, trusted) {
            break;
        }
    }
    proxies.reverse();
    Ok(Origin {
        client,
        proxies,
        scheme: outermost.scheme,
        host: outermost.host,
    })
}

/// One `forwarded-element` (RFC 7239 §4). `None` if it can't be read.
fn parse_element(raw: &[u8]) -> Option<Element> {
    let mut element = Element::default();
    let mut well_formed = true;
    let mut seen: Vec<Vec<u8>> = Vec::new();
    split_quoted(raw, b';', |pair| {
        let pair = trim(pair);
        if pair.is_empty() {
            return;
        }
        let Some(at) = memchr::memchr(b'=', pair) else {
            well_formed = false;
            return;
        };
        let (name, value) = pair.split_at(at);
        let name = name.to_ascii_lowercase();
        let Some(value) = unquote(value.get(1..).unwrap_or_default()) else {
            well_formed = false;
            return;
        };
        // RFC 7239 §4: each parameter at most once per element.
        well_formed &= !seen.contains(&name);
        match name.as_slice() {
            b"for" => element.from = parse_address(&value),
            b"proto" => {
                element.scheme = parse_scheme(&value);
                well_formed &= element.scheme.is_some();
            }
            b"host" => {
                element.host = Host::parse(&value).ok();
                well_formed &= element.host.is_some();
            }
            _ => {}
        }
        seen.push(name);
    })
    .ok()?;
    well_formed.then_some(element)
}

/// Splits at `separator` outside quoted strings. A string that is never closed is refused.
fn split_quoted(raw: &[u8], separator: u8, mut each: impl FnMut(&[u8])) -> Result<(), Refusal> {
    let mut start = 0;
    let mut quoted = false;
    let mut escaped = false;
    for (at, &byte) in raw.iter().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        } else if byte == separator && !quoted {
            each(raw.get(start..at).unwrap_or_default());
            start = at + 1;
        }
    }
    if quoted {
        return Err(Refusal::Forwarded);
    }
    each(raw.get(start..).unwrap_or_default());
    Ok(())
}

/// A token or quoted string (RFC 9110 §5.6.4) as its bytes.
fn unquote(raw: &[u8]) -> Option<Vec<u8>> {
    let [b'"', inner @ .., b'"'] = raw else {
        return (!raw.contains(&b'"')).then(|| raw.to_vec());
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => out.push(*bytes.next()?),
            b'"' => return None,
            _ => out.push(byte),
        }
    }
    Some(out)
}

fn parse_scheme(raw: &[u8]) -> Option<Scheme> {
    if raw.eq_ignore_ascii_case(b"https") || raw.eq_ignore_ascii_case(b"wss") {
        Some(Scheme::Https)
    } else if raw.eq_ignore_ascii_case(b"http") || raw.eq_ignore_ascii_case(b"ws") {
        Some(Scheme::Http)
    } else {
        None
    }
}

/// An address as proxies write it: bare, in brackets, with or without a port.
fn parse_address(raw: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(trim(raw)).ok()?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(canonical(address));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(canonical(address.ip()));
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    inner
        .parse::<Ipv6Addr>()
        .ok()
        .map(|address| canonical(address.into()))
}

/// A site's address as upstreams are told it.
#[derive(Debug, Clone)]
pub(crate) struct PublicAddress {
    /// `X-Forwarded-Host`, `X-Forwarded-Port` and `X-Forwarded-Proto`, the same for each request.
    fields: Fields,
    /// What `Forwarded` says after the client's address.
    forwarded: String,
}

impl PublicAddress {
    pub(crate) fn of(site: &Site) -> Self {
        let (authority, scheme) = (site.authority(), scheme_of(site).as_str());
        let mut fields = Fields::new();
        fields.push("X-Forwarded-Host", authority);
        fields.push("X-Forwarded-Port", site.port().to_string());
        fields.push("X-Forwarded-Proto", scheme);
        Self {
            fields,
            forwarded: format!(";host=\"{authority}\";proto={scheme}"),
        }
    }
}

/// The fields that describe the client's side of the connection to the upstream, made anew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rebuilt<'a> {
    /// The client.
    pub(crate) client: IpAddr,
    /// The trusted proxies after it, up to the peer.
    pub(crate) proxies: &'a [IpAddr],
    /// The site that was asked for.
    pub(crate) public: &'a PublicAddress,
    /// The prefix that was removed from the path, if one was.
    pub(crate) prefix: Option<&'a Bytes>,
}

impl Rebuilt<'_> {
    /// Adds `X-Forwarded-*`, `X-Real-IP` and `Forwarded`.
    pub(crate) fn write(&self, fields: &mut Fields) {
        let client = AddressText::of(self.client);
        let client = client.as_bytes();
        fields.push_with("X-Forwarded-For", |chain| {
            chain.extend_from_slice(client);
            for proxy in self.proxies {
                chain.extend_from_slice(b", ");
                chain.extend_from_slice(AddressText::of(*proxy).as_bytes());
            }
        });
        fields.extend_from(&self.public.fields);
        if let Some(prefix) = self.prefix {
            fields.push("X-Forwarded-Prefix", prefix);
        }
        fields.push("X-Real-IP", client);
        fields.push_with("Forwarded", |out| {
            out.extend_from_slice(b"for=");
            match self.client {
                IpAddr::V4(_) => out.extend_from_slice(client),
                // RFC 7239 §6.1: an IPv6 address is bracketed, and then needs quotes.
                IpAddr::V6(_) => {
                    out.extend_from_slice(b"\"[");
                    out.extend_from_slice(client);
                    out.extend_from_slice(b"]\"");
                }
            }
            out.extend_from_slice(self.public.forwarded.as_bytes());
        });
    }
}

#[cfg(test)]
mod tests;

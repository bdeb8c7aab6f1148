//! The host a request names, in one canonical spelling.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use thiserror::Error;
use vestibule_session::site::Site;

/// A host name or address in canonical spelling: lower case, no trailing dot, addresses as the
/// standard library prints them, IPv6 in brackets. Internationalised names are A-labels
/// (`xn--…`), as browsers send them. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(Arc<str>);

/// A host name with the port that was written beside it, if one was.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host {
    name: HostName,
    port: Option<u16>,
}

/// Why a host could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HostError {
    /// Nothing there.
    #[error("read an empty host")]
    Empty,
    /// A byte that no host name has: user info, percent-encoding, white space, other scripts.
    #[error("read a host with a byte no host name has")]
    Byte,
    /// A label is empty, too long, or begins or ends with a hyphen; or the whole is too long.
    #[error("read a host with a malformed label")]
    Label,
    /// Looks like an address and is none.
    #[error("read a host that looks like an address and is none")]
    Address,
    /// The port is not a plain number from 1 to 65535.
    #[error("read the port of a host")]
    Port,
}

impl HostName {
    /// Reads a host name or address, IPv6 in brackets.
    ///
    /// # Errors
    ///
    /// See [`HostError`].
    pub fn parse(raw: &[u8]) -> Result<Self, HostError> {
        if let [b'[', inner @ .., b']'] = raw {
            let text = std::str::from_utf8(inner).map_err(|_| HostError::Byte)?;
            let address: Ipv6Addr = text.parse().map_err(|_| HostError::Address)?;
            return Ok(Self(format!("[{address}]").into()));
        }
        let raw = match raw {
            [rest @ .., b'.'] => rest,
            whole => whole,
        };
        if raw.is_empty() {
            return Err(HostError::Empty);
        }
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if !raw.iter().fold(true, |all, byte| all & known(byte)) {
            return Err(HostError::Byte);
        }
        if raw.len() > 253 {
            return Err(HostError::Label);
        }
        let mut last: &[u8] = &[];
        for label in raw.split(|&byte| byte == b'.') {
            if label.is_empty()
                || label.len() > 63
                || label.starts_with(b"-")
                || label.ends_with(b"-")
            {
                return Err(HostError::Label);
            }
            last = label;
        }
        let text = std::str::from_utf8(raw)
            .map_err(|_| HostError::Byte)?
            .to_ascii_lowercase();
        // No number begins with anything but a digit.
        if !last.first().is_some_and(u8::is_ascii_digit) {
            return Ok(Self(text.into()));
        }
        // WHATWG URL §3.5: a host whose last label is a number is an IPv4 address or an error;
        // browsers read `127.1` and `0x7f.1` as addresses, so letting them be names is a trap.
        let numeric = match last {
            [b'0', b'x' | b'X', hex @ ..] => hex.iter().all(u8::is_ascii_hexdigit),
            _ => last.iter().all(u8::is_ascii_digit),
        };
        if numeric {
            // The parser takes no other spelling than the canonical one.
            let _: Ipv4Addr = text.parse().map_err(|_| HostError::Address)?;
        }
        Ok(Self(text.into()))
    }

    /// Whether this site has one of these names. None stand for every name.
    #[must_use]
    pub fn any_is_of(names: &[Self], site: &Site) -> bool {
        names.is_empty() || names.iter().any(|name| name.as_str() == site.host())
    }

    /// The canonical spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `localhost`, a name below it, or a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        if &*self.0 == "localhost" || self.0.ends_with(".localhost") {
            return true;
        }
        let text = self
            .0
            .strip_prefix('[')
            .and_then(|t| t.strip_suffix(']'))
            .unwrap_or(&self.0);
        text.parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
    }
}

impl std::fmt::Display for HostName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Host {
    /// Reads `host` or `host:port`.
    ///
    /// # Errors
    ///
    /// See [`HostError`].
    pub fn parse(raw: &[u8]) -> Result<Self, HostError> {
        let (name, port) = match raw.iter().rposition(|&byte| byte == b':') {
            // Within brackets the colons belong to the address.
            Some(at) if !raw.ends_with(b"]") => {
                let (name, port) = raw.split_at(at);
                (name, Some(parse_port(port.get(1..).unwrap_or_default())?))
            }
            _ => (raw, None),
        };
        Ok(Self {
            name: HostName::parse(name)?,
            port,
        })
    }

    /// A host from its parts.
    #[must_use]
    pub const fn new(name: HostName, port: Option<u16>) -> Self {
        Self { name, port }
    }

    /// The name without the port.
    #[must_use]
    pub const fn name(&self) -> &HostName {
        &self.name
    }

    /// The port that was written, if one was.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// The most hosts that are kept: each that is not asked for costs a comparison.
const MOST_READY: usize = 16;

/// Hosts that most requests name, read once. Whoever spells one of them as it is here gets what reading it would give;
/// every other spelling, and every other host, is read. Nothing is decided by being here or not.
#[derive(Debug, Clone, Default)]
pub struct ReadyHosts(Vec<(Box<[u8]>, Host)>);

impl ReadyHosts {
    /// The first few of these, as they are written in `Host`. What is no host is left out.
    pub fn of<'a>(spellings: impl IntoIterator<Item = &'a str>) -> Self {
        let read = spellings.into_iter().filter_map(|spelling| {
            let host = Host::parse(spelling.as_bytes()).ok()?;
            Some((spelling.as_bytes().into(), host))
        });
        Self(read.take(MOST_READY).collect())
    }

    /// [`Host::parse`]
    ///
    /// # Errors
    ///
    /// See [`HostError`].
    pub(crate) fn parse(&self, raw: &[u8]) -> Result<Host, HostError> {
        match self.0.iter().find(|(spelling, _)| **spelling == *raw) {
            Some((_, host)) => Ok(host.clone()),
            None => Host::parse(raw),
        }
    }
}

fn parse_port(raw: &[u8]) -> Result<u16, HostError> {
    if raw.is_empty() || raw.len() > 5 || !raw.iter().all(u8::is_ascii_digit) {
        return Err(HostError::Port);
    }
    let port = raw
        .iter()
        .fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    match u16::try_from(port) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(HostError::Port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_one_spelling() {
        for (raw, canonical) in [
            ("Portal.Example.COM", "portal.example.com"),
            ("portal.example.com.", "portal.example.com"),
            ("a.B.Corp.TEST.:443", "a.b.corp.test:443"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]", "[::1]"),
            ("[0:0:0:0:0:0:0:1]:8080", "[::1]:8080"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("my_host", "my_host"),
        ] {
            assert_eq!(
                Host::parse(raw.as_bytes()).unwrap().to_string(),
                canonical,
                "{raw}"
            );
        }
    }

    #[test]
    fn a_host_that_was_read_before_is_what_reading_gives() {
        let ready = ReadyHosts::of([
            "portal.example.com",
            "localhost:8080",
            "[::1]:8080",
            "no host",
            "127.0.0.1",
        ]);
        assert_eq!(ready.0.len(), 4);
        for raw in [
            "portal.example.com",
            "Portal.example.com",
            "portal.example.com.",
            "portal.example.com:443",
            "localhost:8080",
            "localhost",
            "localhost:8080 ",
            "[::1]:8080",
            "[0::1]:8080",
            "127.0.0.1",
            "127.1",
            "no host",
            "",
        ] {
            let raw = raw.as_bytes();
            assert_eq!(ready.parse(raw), Host::parse(raw), "{raw:?}");
        }
        let many: Vec<String> = (0..100).map(|at| format!("h{at}.test")).collect();
        let ready = ReadyHosts::of(many.iter().map(String::as_str));
        assert_eq!(ready.0.len(), MOST_READY);
        assert_eq!(ready.parse(b"h99.test"), Host::parse(b"h99.test"));
    }

    #[test]
    fn malformed_hosts_are_refused() {
        for raw in [
            "",
            ".",
            "..",
            "a..b",
            ":80",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:1x",
            "a@b",
            "user:pw@b",
            "a b",
            "a/b",
            "a%2eb",
            "a\\b",
            "a#b",
            "a?b",
            "b\u{fc}cher.example",
            "[::1",
            "::1",
            "[::1]x",
            "[::1%25eth0]",
            "127.1",
            "0x7f.0.0.1",
            "1.2.3.4.5",
            "-a.example",
            "a-.example",
            "a,b",
            "a\0",
            "2130706433",
            "256.1.1.1",
        ] {
            assert!(Host::parse(raw.as_bytes()).is_err(), "{raw:?}");
        }
        assert!(HostName::parse(&[b'a'; 64]).is_err());
    }

    /// RUSTSEC-2024-0421: a label that is ASCII in disguise was equal to the plain one.
    #[test]
    fn rustsec_2024_0421_a_disguised_label_is_no_host() {
        for raw in ["xn--example-.com", "xn--localhost-", "a.xn--.example"] {
            assert!(Host::parse(raw.as_bytes()).is_err(), "{raw}");
        }
    }

    #[test]
    fn loopback_is_recognised() {
        for (raw, loopback) in [
            ("localhost", true),
            ("app.localhost", true),
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("[::1]", true),
            ("notlocalhost", false),
            ("localhost.example.com", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(
                HostName::parse(raw.as_bytes()).unwrap().is_loopback(),
                loopback,
                "{raw}"
            );
        }
    }
}

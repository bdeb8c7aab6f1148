//! The site: one public origin this proxy serves, to which sessions and cookies are bound.
//!
//! A session made on one site is no session on another. Browsers keep cookies by host and ignore
//! the port, so the cookie names carry the port wherever two programs may share a host: always on
//! plain http, which is for loopback, and on https with a port other than 443.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::cookie::CookieNames;

/// A public origin, for example `https://portal.example.com` or `http://localhost:8080`.
///
/// Cheap to clone. Two sites are the same when their origins are.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    origin: String,
    host_start: usize,
    host_end: usize,
    port: u16,
    secure: bool,
    cookies: CookieNames,
}

/// Why a public URL cannot be a site.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The host is not a lower-case DNS name or an IP address (an IPv6 one in brackets).
    #[error("use {host:?} as the host of a public URL")]
    Host {
        /// The host as it was given.
        host: String,
    },
    /// Plain http for a host that is not this machine: session cookies would cross the network
    /// readable.
    #[error("serve {host:?} over plain http, which is for localhost only")]
    PlainHttp {
        /// The host as it was given.
        host: String,
    },
}

impl Site {
    /// A site that browsers reach over https. `port` is the public one, 443 when the URL names
    /// none.
    ///
    /// # Errors
    ///
    /// [`SiteError::Host`].
    pub fn https(host: &str, port: u16) -> Result<Self, SiteError> {
        Self::new(host, port, true)
    }

    /// A site that browsers reach over plain http on this machine. `port` is the public one, 80
    /// when the URL names none.
    ///
    /// # Errors
    ///
    /// [`SiteError::Host`]; [`SiteError::PlainHttp`] unless the host is `localhost`, a name below
    /// `.localhost`, or a loopback address.
    pub fn loopback_http(host: &str, port: u16) -> Result<Self, SiteError> {
        if !is_loopback(host) {
            return Err(SiteError::PlainHttp {
                host: host.to_owned(),
            });
        }
        Self::new(host, port, false)
    }

    fn new(host: &str, port: u16, secure: bool) -> Result<Self, SiteError> {
        if !is_canonical_host(host) || port == 0 {
            return Err(SiteError::Host {
                host: host.to_owned(),
            });
        }
        let scheme = if secure { "https://" } else { "http://" };
        let default_port = if secure { 443 } else { 80 };
        let mut origin = format!("{scheme}{host}");
        if port != default_port {
            origin.push_str(&format!(":{port}"));
        }
        let cookies = if secure {
            CookieNames::https(port)
        } else {
            CookieNames::loopback_http(port)
        };
        let host_start = scheme.len();
        let host_end = host_start + host.len();
        Ok(Self(Arc::new(Inner {
            origin,
            host_start,
            host_end,
            port,
            secure,
            cookies,
        })))
    }

    /// The origin as browsers write it in `Origin`: scheme, host, and the port unless it is the
    /// scheme's own.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The host, without the port; an IPv6 address keeps its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0
            .origin
            .get(self.0.host_start..self.0.host_end)
            .unwrap_or_default()
    }

    /// Host and port as a browser writes them in `Host`: the port is left out when it is the
    /// scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.origin.get(self.0.host_start..).unwrap_or_default()
    }

    /// The public port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Whether browsers reach the site over https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.secure
    }

    /// The names of this site's cookies.
    #[must_use]
    pub fn cookies(&self) -> &CookieNames {
        &self.0.cookies
    }
}

impl PartialEq for Site {
    fn eq(&self, other: &Self) -> bool {
        self.0.origin == other.0.origin
    }
}

impl Eq for Site {}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Site").field(&self.0.origin).finish()
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin)
    }
}

fn ip_address(host: &str) -> Option<IpAddr> {
    match host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(v6) => v6.parse().ok().filter(IpAddr::is_ipv6),
        None => host.parse().ok().filter(IpAddr::is_ipv4),
    }
}

/// Whether `host` can only mean this machine: `localhost`, a name below it (RFC 6761 §6.3), or a
/// loopback address.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    match ip_address(host) {
        Some(address) => address.is_loopback(),
        None => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// One spelling per host: anything a browser would rewrite before using it is refused.
fn is_canonical_host(host: &str) -> bool {
    if let Some(address) = ip_address(host) {
        return match address {
            IpAddr::V4(v4) => v4.to_string() == host,
            IpAddr::V6(v6) => format!("[{v6}]") == host,
        };
    }
    let label_is_good = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    // A last label of digits would be read as an IPv4 address by browsers.
    let last_is_numeric = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    host.len() <= 253 && !last_is_numeric && host.split('.').all(label_is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_leaves_out_the_default_port() {
        let check = |site: Site, origin: &str, authority: &str, host: &str| {
            assert_eq!(
                (site.origin(), site.authority(), site.host()),
                (origin, authority, host)
            );
        };
        check(
            Site::https("portal.example.com", 443).unwrap(),
            "https://portal.example.com",
            "portal.example.com",
            "portal.example.com",
        );
        check(
            Site::https("portal.example.com", 8443).unwrap(),
            "https://portal.example.com:8443",
            "portal.example.com:8443",
            "portal.example.com",
        );
        check(
            Site::loopback_http("localhost", 8080).unwrap(),
            "http://localhost:8080",
            "localhost:8080",
            "localhost",
        );
        check(
            Site::loopback_http("[::1]", 80).unwrap(),
            "http://[::1]",
            "[::1]",
            "[::1]",
        );
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for host in [
            "localhost",
            "app.localhost",
            "127.0.0.1",
            "127.8.9.1",
            "[::1]",
        ] {
            assert!(Site::loopback_http(host, 8080).is_ok(), "{host}");
        }
        for host in [
            "example.com",
            "10.0.0.1",
            "localhost.example.com",
            "notlocalhost",
            "[::2]",
            "0.0.0.0",
        ] {
            assert!(
                matches!(
                    Site::loopback_http(host, 8080),
                    Err(SiteError::PlainHttp { .. })
                ),
                "{host}"
            );
        }
    }

    #[test]
    fn a_host_has_one_spelling() {
        for host in [
            "",
            "Portal.example.com",
            "portal.example.com.",
            "a..b",
            "-a.example",
            "a b",
            "a/b",
            "a:1",
            "a@b",
            "127.1",
            "127.0.0.01",
            "[::0001]",
            "::1",
            "[127.0.0.1]",
            "example.123",
            "b\u{fc}cher.example",
            "a%41",
        ] {
            assert!(Site::https(host, 443).is_err(), "{host:?}");
        }
        assert!(Site::https("xn--bcher-kva.example", 443).is_ok());
        assert!(Site::https("a.example", 0).is_err());
    }

    #[test]
    fn two_programs_on_one_host_have_different_cookies() {
        let names = |site: Site| site.cookies().session().to_owned();
        let all = [
            names(Site::loopback_http("localhost", 8080).unwrap()),
            names(Site::loopback_http("localhost", 9090).unwrap()),
            names(Site::loopback_http("localhost", 80).unwrap()),
            names(Site::https("localhost", 8443).unwrap()),
            names(Site::https("localhost", 443).unwrap()),
        ];
        for (at, name) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(name), "{name}");
        }
    }
}

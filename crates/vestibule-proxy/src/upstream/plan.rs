//! Holds what is known of one upstream before the first request: where it is, how to talk to it, how long to wait.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use url::Url;
use vestibule_gate::host::Host;
use vestibule_gate::request::Scheme;
use vestibule_gate::response::UpstreamOrigin;

use crate::trust::{self, Believed, BundleError, SystemRoots, TrustError};

/// Where an upstream listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// A host name or an IP address without brackets, and a port.
    Tcp {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// A socket in the file system.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Which HTTP the upstream speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    /// HTTP/2 if TLS agrees on it (ALPN), else HTTP/1.1. Without TLS: HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only; without TLS by prior knowledge (RFC 9113 §3.3).
    Http2,
}

/// Which certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Trust {
    /// The system's roots.
    #[default]
    System,
    /// The system's roots and those of this PEM bundle.
    SystemAnd(Vec<u8>),
    /// Those of this PEM bundle only.
    Only(Vec<u8>),
}

/// TLS towards an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TlsSettings {
    /// Which certificates are trusted.
    pub trust: Trust,
    /// The name the certificate must have; the address's host if `None`.
    pub server_name: Option<String>,
    /// Accepts any certificate of anybody: whoever can reach the network path reads and changes all traffic.
    pub danger_accept_any_certificate: bool,
}

/// How long to wait for an upstream. Zero is no useful value for any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// To connect, the TLS handshake included.
    pub connect: Duration,
    /// From the end of the request to the response head.
    pub head: Duration,
    /// Between two pieces of an answer.
    pub stall: Duration,
    /// Between two pieces of an event stream, or two bytes of a tunnel.
    pub stream_idle: Duration,
    /// How long an unused connection is kept.
    pub keep_idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            head: Duration::from_secs(60),
            stall: Duration::from_secs(60),
            stream_idle: Duration::from_secs(3600),
            keep_idle: Duration::from_secs(55),
        }
    }
}

/// One upstream as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UpstreamSettings {
    /// Where it listens.
    pub address: Address,
    /// TLS, if it speaks it.
    pub tls: Option<TlsSettings>,
    /// Which HTTP.
    pub protocol: Protocol,
    /// The `Host` to send when the request's fields have none; the address if `None`.
    pub authority: Option<String>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// Unused connections kept per core; 128. Up to eight times as many are kept while they are in use every few seconds.
    pub keep: usize,
}

impl UpstreamSettings {
    /// An upstream at this address with everything else at its default.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self {
            address,
            tls: None,
            protocol: Protocol::default(),
            authority: None,
            timeouts: Timeouts::default(),
            keep: 128,
        }
    }

    /// The upstream that `http://host:port`, `https://host:port` or `unix:/path` names. A path after the port is the route's, not ours.
    ///
    /// # Errors
    /// [`UpstreamPlanError::Address`] for any other scheme, for user info, and without a host.
    pub fn from_url(url: &Url) -> Result<Self, UpstreamPlanError> {
        let wrong = |expected| UpstreamPlanError::Address {
            found: redacted(url),
            expected,
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("no user name or password"));
        }
        if url.scheme() == "unix" {
            return Ok(Self::new(Address::Unix(path_of(url))));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("http, https or unix"));
        }
        let host = match url.host() {
            Some(url::Host::Domain(name)) => name.to_owned(),
            Some(url::Host::Ipv4(address)) => address.to_string(),
            Some(url::Host::Ipv6(address)) => address.to_string(),
            None => return Err(wrong("a host")),
        };
        let Some(port) = url.port_or_known_default() else {
            return Err(wrong("a port"));
        };
        let mut settings = Self::new(Address::Tcp { host, port });
        // The authority keeps the URL's form: without the port where it is the scheme's own.
        settings.authority =
            Some(url[url::Position::BeforeHost..url::Position::AfterPort].to_owned());
        settings.tls = (url.scheme() == "https").then(TlsSettings::default);
        Ok(settings)
    }
}

/// The path of a file, which a URL writes with `%` for what its grammar has no place for.
fn path_of(url: &Url) -> PathBuf {
    let mut bytes = Vec::with_capacity(url.path().len());
    let mut rest = url.path().as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let encoded = after
            .split_at_checked(2)
            .filter(|_| first == b'%')
            .and_then(|(digits, after)| {
                let digits = std::str::from_utf8(digits).ok()?;
                let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let byte = u8::from_str_radix(digits, 16).ok().filter(|_| plain)?;
                Some((byte, after))
            });
        let (byte, after) = encoded.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    // A path that is no UTF-8 can't be written in a configuration.
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

fn redacted(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

/// Why an upstream's settings can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamPlanError {
    /// The address is none.
    #[error("use {found} as an upstream: expected {expected}")]
    Address {
        /// The address.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The name to verify the certificate against is none.
    #[error("use {name} as a TLS server name")]
    ServerName {
        /// The name.
        name: String,
    },
    /// The CA bundle has no usable certificate.
    #[error("read the CA bundle of the upstream {upstream}: {what}")]
    Bundle {
        /// Which upstream.
        upstream: String,
        /// What is wrong.
        what: BundleError,
    },
    /// No certificate would be trusted at all.
    #[error("find a trusted root certificate for the upstream {upstream}")]
    NoRoots {
        /// Which upstream.
        upstream: String,
    },
    /// rustls refused.
    #[error("set TLS up")]
    Tls(#[from] rustls::Error),
}

/// One upstream, ready to be connected to. Connections are pooled per plan: the same `Arc` is the same pool.
pub struct UpstreamPlan {
    settings: UpstreamSettings,
    authority: String,
    origin: UpstreamOrigin,
    tls: Option<Tls>,
}

/// TLS, ready to be used.
pub(super) struct Tls {
    pub(super) name: ServerName<'static>,
    /// Offers what the settings allow.
    pub(super) any: Arc<ClientConfig>,
    /// Offers HTTP/1.1 only: a WebSocket needs it.
    pub(super) http1: Arc<ClientConfig>,
}

impl fmt::Debug for UpstreamPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamPlan")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl UpstreamPlan {
    /// Checks the settings and prepares TLS.
    ///
    /// # Errors
    /// [`UpstreamPlanError`]. A missing or empty CA bundle is an error, never "trust nobody" or "trust everybody" at run time.
    pub fn build(
        settings: UpstreamSettings,
        roots: &SystemRoots,
    ) -> Result<Self, UpstreamPlanError> {
        let authority = settings
            .authority
            .clone()
            .unwrap_or_else(|| match &settings.address {
                Address::Unix(_) => "localhost".to_owned(),
                tcp @ Address::Tcp { .. } => tcp.to_string(),
            });
        let Ok(host) = Host::parse(authority.as_bytes()) else {
            return Err(UpstreamPlanError::Address {
                found: authority,
                expected: "host[:port]",
            });
        };
        let (scheme, default_port) = match settings.tls {
            Some(_) => (Scheme::Https, 443),
            None => (Scheme::Http, 80),
        };
        let port = host.port().unwrap_or(default_port);
        let origin = UpstreamOrigin {
            scheme,
            host: host.name().clone(),
            port,
        };
        let tls = settings
            .tls
            .as_ref()
            .map(|tls| prepare(&settings, tls, roots))
            .transpose()?;
        Ok(Self {
            settings,
            authority,
            origin,
            tls,
        })
    }

    /// The settings this was built from.
    #[must_use]
    pub fn settings(&self) -> &UpstreamSettings {
        &self.settings
    }

    /// The `Host` this upstream gets unless the request's fields say another.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The origin it takes for its own, and writes into its redirects.
    #[must_use]
    pub fn origin(&self) -> &UpstreamOrigin {
        &self.origin
    }

    /// Whether requests to it are encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }
}

fn prepare(
    settings: &UpstreamSettings,
    tls: &TlsSettings,
    roots: &SystemRoots,
) -> Result<Tls, UpstreamPlanError> {
    let name = match (&tls.server_name, &settings.address) {
        (Some(name), _) => name.clone(),
        (None, Address::Tcp { host, .. }) => host.clone(),
        (None, Address::Unix(_)) => "localhost".to_owned(),
    };
    let Ok(server_name) = ServerName::try_from(name.clone()) else {
        return Err(UpstreamPlanError::ServerName { name });
    };
    let upstream = || settings.address.to_string();
    let roots = match &tls.trust {
        Trust::System => Ok(roots.alone()),
        Trust::SystemAnd(bundle) => roots.and(bundle),
        Trust::Only(bundle) => SystemRoots::none().and(bundle),
    };
    let roots = roots.map_err(|what| UpstreamPlanError::Bundle {
        upstream: upstream(),
        what,
    })?;
    let config = |alpn: &[&[u8]]| {
        let believed = match tls.danger_accept_any_certificate {
            true => Believed::DangerAny,
            false => Believed::Roots(Arc::clone(&roots)),
        };
        match trust::client(believed, alpn) {
            Ok(config) => Ok(Arc::new(config)),
            Err(TrustError::NoRoots) => Err(UpstreamPlanError::NoRoots {
                upstream: upstream(),
            }),
            Err(TrustError::Tls(error)) => Err(error.into()),
        }
    };
    let http1 = config(&[b"http/1.1"])?;
    let any = match settings.protocol {
        Protocol::Http1 => Arc::clone(&http1),
        Protocol::Auto => config(&[b"h2", b"http/1.1"])?,
        Protocol::Http2 => config(&[b"h2"])?,
    };
    Ok(Tls {
        name: server_name,
        any,
        http1,
    })
}

impl Address {
    /// The IP address, when the host is one and nothing needs to be looked up.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp { host, .. } => host.parse().ok(),
            Self::Unix(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(url: &str) -> Result<UpstreamSettings, UpstreamPlanError> {
        UpstreamSettings::from_url(&Url::parse(url).unwrap())
    }

    #[test]
    fn urls_name_upstreams() {
        for (url, address, authority, tls) in [
            (
                "http://localhost:1234",
                "localhost:1234",
                Some("localhost:1234"),
                false,
            ),
            (
                "http://example.com",
                "example.com:80",
                Some("example.com"),
                false,
            ),
            (
                "https://example.com/base",
                "example.com:443",
                Some("example.com"),
                true,
            ),
            (
                "https://[2001:db8::1]:8443",
                "[2001:db8::1]:8443",
                Some("[2001:db8::1]:8443"),
                true,
            ),
            ("unix:/run/app.sock", "unix:/run/app.sock", None, false),
            (
                "unix:/run/my app/ä%25%2.sock",
                "unix:/run/my app/ä%%2.sock",
                None,
                false,
            ),
        ] {
            let settings = from(url).unwrap();
            assert_eq!(settings.address.to_string(), address);
            assert_eq!(settings.authority.as_deref(), authority);
            assert_eq!(settings.tls.is_some(), tls);
        }
    }

    #[test]
    fn other_urls_are_refused_and_no_password_is_shown() {
        for url in [
            "ftp://example.com",
            "file:///etc/passwd",
            "http://user:canary@example.com",
        ] {
            let error = from(url).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }

    /// CVE-2026-54762: a trust file without a certificate must not end in "no check".
    #[test]
    fn cve_2026_54762_an_empty_ca_bundle_is_refused() {
        for bundle in [
            &b""[..],
            b"not PEM",
            b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
        ] {
            for trust in [
                Trust::Only(bundle.to_vec()),
                Trust::SystemAnd(bundle.to_vec()),
            ] {
                let mut settings = from("https://example.com").unwrap();
                settings.tls = Some(TlsSettings {
                    trust,
                    ..TlsSettings::default()
                });
                let built = UpstreamPlan::build(settings, &SystemRoots::none());
                assert!(
                    matches!(built, Err(UpstreamPlanError::Bundle { .. })),
                    "{built:?}"
                );
            }
        }
        let built = UpstreamPlan::build(from("https://example.com").unwrap(), &SystemRoots::none());
        assert!(matches!(built, Err(UpstreamPlanError::NoRoots { .. })));
    }
}

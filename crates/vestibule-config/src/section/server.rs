//! The top of the file: public addresses, listeners, TLS, who may speak for a client.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

use super::{admin, limits, log, outbound, pages, provider, route, session, tls};
use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::read::{Item, Reader};

pub(crate) static ROOT: Section = Section {
    name: "",
    heading: "",
    doc: "These keys stand at the top of the file, before the first `[heading]`.",
    open: None,
    keys: &[
        Key {
            name: "public_url",
            kind: Kind::OneOrMore(&Kind::Text(
                "an address like \"https://portal.example.com\"",
            )),
            fallback: Fallback::Required,
            change: Change::Reload,
            doc: "The address people type, without a path. Several hosts are a list; each has its own redirect URI, \
                  `PUBLIC_URL/.vestibule/callback`, and its own cookie. Requests for any other host are refused. \
                  `https` says what the browser speaks: with a TLS terminator in front the listener may be plain. \
                  `http` is for `localhost` only, because the session cookie would travel in clear.",
        },
        Key {
            name: "listen",
            kind: Kind::OneOrMore(&Kind::Text("an IP address and port like \"0.0.0.0:8443\"")),
            fallback: Fallback::Required,
            change: Change::Restart,
            doc: "The address and port to listen on, or a list of them. IPv6 is written `[::]:8443`.",
        },
        Key {
            name: "tls",
            kind: Kind::Table(&tls::TLS),
            fallback: Fallback::Unset("the listener is plain, for a TLS terminator in front"),
            change: Change::Reload,
            doc: "Certificate and key of the listener. Both files are read again when they change, for new connections.",
        },
        Key {
            name: "trusted_proxies",
            kind: Kind::List(&Kind::Text("a network like \"10.0.0.0/8\", or one address")),
            fallback: Fallback::Unset("nobody's `X-Forwarded-*` and `Forwarded` are believed"),
            change: Change::Reload,
            doc: "The proxies in front whose `X-Forwarded-*` and `Forwarded` are believed, read from the right. \
                  Name only machines you run: whoever is listed can claim any client address.",
        },
        Key {
            name: "danger_any_forwarder",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Believes `X-Forwarded-*` and `Forwarded` of whoever connects, in place of `trusted_proxies`: for a platform whose proxies have no addresses that can be named, and let nobody else connect. \
                  Whoever can connect says what address they come from, in the log and to the upstream; rules on `networks` are refused with it.",
        },
        Key {
            name: "forwarded_host",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Whether `trusted_proxies` are believed about the host, too (`X-Forwarded-Host`). Say yes only if they all set it: \
                  one that passes the client's own on lets the client choose between your sites. Passing `Host` on needs no setting.",
        },
        Key {
            name: "threads",
            kind: Kind::Integer {
                least: 1,
                most: 1024,
            },
            fallback: Fallback::Unset("one per core"),
            change: Change::Restart,
            doc: "How many threads serve requests.",
        },
        Key {
            name: "limits",
            kind: Kind::Table(&limits::LIMITS),
            fallback: Fallback::Unset("the defaults below"),
            change: Change::Reload,
            doc: "Bounds on what clients may send.",
        },
        Key {
            name: "provider",
            kind: Kind::Table(&provider::PROVIDER),
            fallback: Fallback::Unset("every route must be public"),
            change: Change::Reload,
            doc: "The identity provider; several are `[provider.NAME]`.",
        },
        Key {
            name: "session",
            kind: Kind::Table(&session::SESSION),
            fallback: Fallback::Unset("the defaults below"),
            change: Change::Reload,
            doc: "Where sessions live and for how long.",
        },
        Key {
            name: "route",
            kind: Kind::Tables(&route::ROUTE),
            fallback: Fallback::Required,
            change: Change::Reload,
            doc: "What is behind the door; one `[[route]]` for each path.",
        },
        Key {
            name: "log",
            kind: Kind::Table(&log::LOG),
            fallback: Fallback::Unset("the defaults below"),
            change: Change::Reload,
            doc: "What is logged, and how.",
        },
        Key {
            name: "admin",
            kind: Kind::Table(&admin::ADMIN),
            fallback: Fallback::Unset("there is no admin listener"),
            change: Change::Restart,
            doc: "Liveness, readiness and metrics.",
        },
        Key {
            name: "outbound",
            kind: Kind::Table(&outbound::OUTBOUND),
            fallback: Fallback::Unset("providers are called directly, trusting the system's CAs"),
            change: Change::Reload,
            doc: "How calls to providers leave this machine.",
        },
        Key {
            name: "pages",
            kind: Kind::Table(&pages::PAGES),
            fallback: Fallback::Unset("the built-in pages"),
            change: Change::Reload,
            doc: "Your own templates for the pages people see.",
        },
    ],
};

/// One public address: scheme, host and port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
}

impl PublicUrl {
    /// The host as browsers send it: lower case, an international name in its ASCII form.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port; the scheme's own when none was written.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// Host, and port unless it is the scheme's own: what a browser sends as `Host`.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// Scheme, host and port as browsers write an origin, without a slash at its end.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.url.scheme(), self.authority())
    }

    /// Whether browsers speak TLS to it.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether it is this machine: `localhost`, a name under it, or a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(crate) fn read_public_urls(reader: &Reader<'_>) -> Vec<PublicUrl> {
    let help = "write the address people type, like public_url = \"https://portal.example.com\"";
    let Some(item) = reader.required("public_url", help) else {
        return Vec::new();
    };
    let items = item.items();
    if items.is_empty() && item.value.get_ref().is_array() {
        item.error("`public_url` is an empty list", help);
    }
    let mut urls: Vec<PublicUrl> = Vec::new();
    for item in items {
        let Some(url) = public_url(&item) else {
            continue;
        };
        if urls
            .iter()
            .any(|known| known.host() == url.host() && known.port() == url.port())
        {
            item.error(
                format!("{} is listed twice", url.authority()),
                "keep one; a host and port is one site with one cookie",
            );
            continue;
        }
        urls.push(url);
    }
    urls
}

fn public_url(item: &Item<'_>) -> Option<PublicUrl> {
    let text = item.filled_text()?;
    let Some(url) = Url::parse(text).ok().filter(|url| url.host_str().is_some()) else {
        let host = text.split('/').next().unwrap_or_default();
        let help = match Url::parse(&format!("https://{text}")) {
            Ok(_) if !text.contains("://") => format!("write the scheme too: \"https://{host}\""),
            _ => "write it like \"https://portal.example.com\"".to_owned(),
        };
        item.error("this is not an address", help);
        return None;
    };
    if !matches!(url.scheme(), "https" | "http") {
        item.error(
            format!("browsers can't open {}: here", url.scheme()),
            "write https://",
        );
        return None;
    }
    let public = PublicUrl { url };
    if !is_plain_host(public.host()) || public.port() == 0 {
        item.error(
            format!("browsers send no such host: {}", public.authority()),
            "write it like \"https://portal.example.com\"",
        );
        return None;
    }
    let bare = public.url.path() == "/"
        && public.url.query().is_none()
        && public.url.fragment().is_none()
        && public.url.username().is_empty()
        && public.url.password().is_none();
    if !bare {
        item.error(
            "a public URL is only scheme, host and port",
            format!("write \"{public}\"; paths belong to [[route]]"),
        );
        return None;
    }
    if !public.is_https() && !public.is_loopback() {
        item.error(
            "http is for localhost only: the session cookie would travel in clear",
            format!(
                "write \"https://{}\"; a plain listener behind a TLS terminator is fine",
                public.host()
            ),
        );
        return None;
    }
    Some(public)
}

/// An IP address, or labels of letters, digits, `-` and `_`. A dot at the end would be a host of its own to browsers.
fn is_plain_host(host: &str) -> bool {
    host.starts_with('[')
        || host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

pub(crate) fn read_listen(reader: &Reader<'_>) -> Vec<SocketAddr> {
    let help = "write the address and port to listen on, like listen = \"127.0.0.1:8080\"";
    let Some(item) = reader.required("listen", help) else {
        return Vec::new();
    };
    let items = item.items();
    if items.is_empty() && item.value.get_ref().is_array() {
        item.error("`listen` is an empty list", help);
    }
    let mut addresses = Vec::new();
    for item in items {
        let Some(address) = socket_address(&item) else {
            continue;
        };
        if addresses.contains(&address) {
            item.error(format!("{address} is listed twice"), "keep one");
        } else {
            addresses.push(address);
        }
    }
    addresses
}

pub(crate) fn socket_address(item: &Item<'_>) -> Option<SocketAddr> {
    let text = item.filled_text()?;
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address);
    }
    let help = if let Some(port) = text.strip_prefix(':') {
        format!(
            "write \"0.0.0.0:{port}\" for every address, or \"127.0.0.1:{port}\" for this machine only"
        )
    } else if let Some(port) = text.strip_prefix("localhost:") {
        format!("write \"127.0.0.1:{port}\"")
    } else if text.parse::<std::net::IpAddr>().is_ok() {
        "write the port too, like \"127.0.0.1:8080\" or \"[::1]:8080\"".to_owned()
    } else {
        "write an IP address and a port, like \"127.0.0.1:8080\" or \"[::1]:8080\"".to_owned()
    };
    item.error("this is not an IP address and port", help);
    None
}

pub(crate) fn read_networks(item: &Item<'_>) -> Vec<IpNet> {
    item.items().iter().filter_map(network).collect()
}

fn network(item: &Item<'_>) -> Option<IpNet> {
    let text = item.filled_text()?;
    if let Ok(address) = text.parse::<std::net::IpAddr>() {
        return Some(IpNet::from(address));
    }
    let Ok(network) = text.parse::<IpNet>() else {
        item.error(
            "this is not a network",
            "write it like \"10.0.0.0/8\" or \"fd00::/8\", or one address",
        );
        return None;
    };
    if network.trunc() != network {
        item.error(
            format!("{network} has bits set behind its prefix"),
            format!(
                "write \"{}\", or \"{}\" for that one address",
                network.trunc(),
                network.addr()
            ),
        );
        return None;
    }
    Some(network)
}

pub(crate) fn read_trusted_proxies(reader: &Reader<'_>) -> Vec<IpNet> {
    let anybody = reader.item("danger_any_forwarder");
    if let Some(item) = anybody.filter(|item| item.flag() == Some(true)) {
        if reader.marks().has("trusted_proxies") {
            item.error(
                "this makes `trusted_proxies` mean nothing",
                "take one of the two out; with `trusted_proxies` only those are believed",
            );
        }
        item.warning(
            "everybody's X-Forwarded-* and Forwarded are believed: whoever can connect chooses the address they seem to come from",
            "name the addresses of the proxies in front in trusted_proxies, a network like \"10.0.0.0/8\" if need be; else see to it that nobody but them can connect",
        );
        return vec![
            IpNet::from(Ipv4Net::default()),
            IpNet::from(Ipv6Net::default()),
        ];
    }
    let Some(item) = reader.item("trusted_proxies") else {
        return Vec::new();
    };
    for network in item.items() {
        if matches!(network.as_str(), Some("0.0.0.0/0" | "::/0")) {
            network.error(
                "this believes everybody: any client could claim any address",
                "name the addresses of the proxies in front",
            );
        }
    }
    read_networks(&item)
}

pub(crate) fn read_threads(reader: &Reader<'_>) -> Option<NonZeroUsize> {
    reader
        .integer("threads")
        .and_then(|n| usize::try_from(n).ok())
        .and_then(NonZeroUsize::new)
}

//! What is proxied where: `ProxyPass` and `ProxyPassMatch`, in the order in which Apache asks them, and what
//! `RewriteRule` proxies in their way.

use url::Url;

use super::balancer;
use super::expand::{Item, Line};
use super::location::{Location, covers, tidy};
use super::report::Ledger;
use super::rewrite::{self, is_proxying};
use super::site::Site;

/// A path and what is behind it.
#[derive(Debug, Clone)]
pub(crate) struct Mount<'t> {
    /// The prefix, without a slash at its end.
    pub(crate) path: String,
    /// The upstream's address without a slash at its end; `None` for `!`, which is not proxied.
    pub(crate) upstream: Option<String>,
    /// The address as it is written, which is what `<Proxy>` goes by.
    pub(crate) said: String,
    /// `key=value` behind the address, and the words without value.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) line: &'t Line,
}

/// All of them in the order in which one is taken: those within a `<Location>` first, of which the last that is merged
/// counts, then the others as they stand.
pub(crate) fn mounts<'t>(
    site: &Site<'t>,
    locations: &[Location<'t>],
    ledger: &mut Ledger,
) -> Vec<Mount<'t>> {
    let mut found = Vec::new();
    for location in locations.iter().rev() {
        for item in location.section.children.iter().rev() {
            let Item::Line(line) = item else { continue };
            if line.is("ProxyPass") && is_of_pattern(location) {
                pattern_stop(line, ledger);
            } else if line.is("ProxyPass") {
                let rest = line.words.get(1..).unwrap_or_default();
                // A slash at its end is one that has been written.
                let path = match location.below_only {
                    true => format!("{}/", location.path),
                    false => location.path.clone(),
                };
                found.extend(of_line(site, line, &path, line.word(0), rest, ledger));
            } else if line.is("ProxyPassMatch") {
                pattern_stop(line, ledger);
            }
        }
    }
    for line in &site.lines {
        if line.is("ProxyPass") {
            let rest = line.words.get(2..).unwrap_or_default();
            found.extend(of_line(
                site,
                line,
                line.word(0),
                line.word(1),
                rest,
                ledger,
            ));
        } else if line.is("ProxyPassMatch") {
            match of_pattern(line.word(0), line.word(1)) {
                Some((path, address)) => {
                    let rest = line.words.get(2..).unwrap_or_default();
                    found.extend(of_line(site, line, &path, &address, rest, ledger));
                }
                None => pattern_stop(line, ledger),
            }
        }
    }
    rewrite::follow(site, &mut found, ledger);
    found
}

/// Whether anything is written that sends requests to an app.
pub(crate) fn proxies(site: &Site<'_>) -> bool {
    let is_one =
        |line: &Line| line.is("ProxyPass") || line.is("ProxyPassMatch") || is_proxying(line);
    let inner = site.sections.iter().flat_map(|section| &section.children);
    site.lines.iter().any(|line| is_one(line))
        || inner.into_iter().any(|item| match item {
            Item::Line(line) => is_one(line),
            Item::Section(_) => false,
        })
}

/// Whether Apache takes the pattern itself for the path there, which fits nothing.
fn is_of_pattern(location: &Location<'_>) -> bool {
    let section = location.section;
    section.is("LocationMatch") || section.words.first().is_some_and(|word| word == "~")
}

fn of_line<'t>(
    site: &Site<'_>,
    line: &'t Line,
    path: &str,
    address: &str,
    rest: &[String],
    ledger: &mut Ledger,
) -> Option<Mount<'t>> {
    let mount = balancer::followed(site, line, address, ledger)
        .and_then(|followed| mount(line, path, &followed, rest, ledger));
    let Some(mut mount) = mount else {
        ledger.unmade();
        return None;
    };
    if mount.said != address && address.contains("://") {
        mount.said = address.trim_end_matches('/').to_owned();
    }
    Some(mount)
}

fn pattern_stop(line: &Line, ledger: &mut Ledger) {
    ledger.unmade();
    ledger.stop(
        line,
        "a route is a prefix, not a regular expression",
        "write ProxyPass with a plain path; ^/app/(.*)$ http://host/$1 is understood",
    );
}

/// A pattern that means a prefix: `^/app/(.*)$ http://h/base/$1`, `^/app(/.*)?$ http://h/base$1`, `^/secret !`.
pub(crate) fn of_pattern(pattern: &str, target: &str) -> Option<(String, String)> {
    let rest = pattern.strip_prefix('^')?;
    let (prefix, slash) = [
        ("/(.*)$", true),
        ("/(.*)", true),
        ("(/.*)?$", false),
        ("(/.*)$", false),
        ("(/|$)", false),
    ]
    .iter()
    .find_map(|(end, slash)| Some((rest.strip_suffix(end)?, *slash)))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_~".contains(c);
    if !prefix.chars().all(is_plain) || !(prefix.is_empty() || prefix.starts_with('/')) {
        return None;
    }
    if target == "!" {
        return Some((tidy(&format!("{prefix}/")), target.to_owned()));
    }
    let base = target.strip_suffix("$1")?;
    if base.contains('$') || base.ends_with('/') != slash {
        return None;
    }
    let path = match slash {
        true => format!("{prefix}/"),
        false => prefix.to_owned(),
    };
    Some((path, base.to_owned()))
}

/// What one line says, wherever it stands.
pub(crate) fn mount<'t>(
    line: &'t Line,
    path: &str,
    address: &str,
    rest: &[String],
    ledger: &mut Ledger,
) -> Option<Mount<'t>> {
    if let Some(name) = line.undefined.first() {
        let stop = super::expand::undefined(&line.at, name);
        ledger.stop(line, stop.message, stop.help);
        return None;
    }
    if !path.starts_with('/') {
        ledger.stop(
            line,
            "this is no path",
            "write a path, like ProxyPass /app http://localhost:3000",
        );
        return None;
    }
    let authority = address.split_once("://").map_or("", |(_, rest)| rest);
    if authority
        .split('/')
        .next()
        .unwrap_or_default()
        .contains('@')
    {
        ledger.stop(
            line,
            "there is a name or password in this address, which every request would carry",
            "write the address without it, and let the app believe who it is told of",
        );
        return None;
    }
    let tidied = tidy(path);
    let parameters = rest.iter().map(|word| match word.split_once('=') {
        Some((name, value)) => (name.to_ascii_lowercase(), value.to_owned()),
        None => (word.to_ascii_lowercase(), String::new()),
    });
    let parameters: Vec<(String, String)> = parameters.collect();
    if address == "!" {
        return Some(Mount {
            path: tidied,
            upstream: None,
            said: address.to_owned(),
            parameters,
            line,
        });
    }
    let (address, websocket) = match address.split_once("://") {
        Some(("ws", rest)) => (format!("http://{rest}"), true),
        Some(("wss", rest)) => (format!("https://{rest}"), true),
        _ => (address.to_owned(), false),
    };
    let address = match address.strip_prefix("unix:") {
        // `unix:/path|http://localhost/` names a socket, and a host that is only said.
        Some(socket) => match socket.split_once('|') {
            Some((socket, said)) if is_http_root(said) => format!("unix:{socket}"),
            _ => {
                ledger.stop(
                    line,
                    "only http without a path is spoken over a socket",
                    "write it like unix:/run/app.sock|http://localhost/",
                );
                return None;
            }
        },
        None => address,
    };
    let known = ["http://", "https://", "unix:"];
    if !known.iter().any(|scheme| address.starts_with(scheme)) {
        let scheme = address.split(':').next().unwrap_or_default();
        ledger.stop(
            line,
            format!("an upstream is spoken to over http or https, and this is {scheme}"),
            match scheme {
                "h2" | "h2c" => {
                    "write http:// or https://; after the import upstream_protocol says HTTP/2"
                }
                _ => "let the app listen for http, and name its address",
            },
        );
        return None;
    }
    let mut parameters = parameters;
    if websocket {
        parameters.push(("upgrade".to_owned(), "websocket".to_owned()));
    }
    let slashes = |text: &str| text.ends_with('/');
    if path.len() > 1 && slashes(path) != slashes(&address) && !address.starts_with("unix:") {
        ledger.differs(
            line,
            "one of the two addresses ends in a slash and the other does not: Apache doubles or loses one, Vestibule does neither",
            "",
        );
    }
    Some(Mount {
        path: tidied,
        upstream: Some(address.trim_end_matches('/').to_owned()),
        said: address.trim_end_matches('/').to_owned(),
        parameters,
        line,
    })
}

fn is_http_root(said: &str) -> bool {
    said.strip_prefix("http://")
        .is_some_and(|rest| rest.trim_end_matches('/').split('/').count() == 1)
}

/// The mount that Apache takes for `path`: the first that covers it.
pub(crate) fn serving<'m, 't>(mounts: &'m [Mount<'t>], path: &str) -> Option<&'m Mount<'t>> {
    mounts.iter().find(|mount| covers(&mount.path, path))
}

impl Mount<'_> {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether its path is the front page of the app.
    pub(crate) fn is_of_front_page(&self) -> bool {
        let upstream = self.upstream.as_deref().and_then(|it| Url::parse(it).ok());
        upstream.is_some_and(|url| url.has_host() && url.path() == "/")
    }

    /// Whether WebSockets pass.
    pub(crate) fn has_websockets(&self) -> bool {
        self.parameter("upgrade").is_some_and(|value| {
            value.eq_ignore_ascii_case("websocket") || value.eq_ignore_ascii_case("any")
        })
    }

    /// The whole address that `path`, which this covers, is asked at.
    pub(crate) fn at(&self, path: &str) -> Option<String> {
        let upstream = self.upstream.as_deref()?;
        let below = path.strip_prefix(self.path.as_str()).unwrap_or_default();
        let below = below.trim_start_matches('/');
        Some(match below.is_empty() {
            true => upstream.to_owned(),
            false => format!("{upstream}/{below}"),
        })
    }

    /// Whether `path`, which both cover, is asked at the same address by both.
    pub(crate) fn is_same_at(&self, path: &str, other: &Mount<'_>) -> bool {
        let address = |mount: &Mount<'_>| {
            let url = Url::parse(&mount.at(path)?).ok()?;
            let host = url.host_str()?.to_owned();
            let base = url.path().trim_end_matches('/').to_owned();
            Some((
                url.scheme().to_owned(),
                host,
                url.port_or_known_default(),
                base,
            ))
        };
        let own = address(self);
        own.is_some() && own == address(other)
    }

    /// The address that `path`, which this covers, has at the upstream; and whether that is the same path.
    pub(crate) fn address_of(&self, path: &str) -> Option<(String, bool)> {
        let upstream = self.upstream.as_deref()?;
        let whole = self.at(path)?;
        if upstream.starts_with("unix:") {
            // A socket has no path of its own: only a root, or a path that stays, can be told.
            return Some((upstream.to_owned(), path == "/" && self.path == "/"));
        }
        let (scheme, rest) = whole.split_once("://")?;
        let (authority, base) = match rest.split_once('/') {
            Some((authority, base)) => (authority, format!("/{base}")),
            None => (rest, "/".to_owned()),
        };
        match base == path && path != "/" {
            true => Some((format!("{scheme}://{authority}"), true)),
            false => Some((whole, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_mean_a_prefix_are_taken() {
        for (pattern, target, expected) in [
            (
                "^/app/(.*)$",
                "http://h/base/$1",
                Some(("/app/", "http://h/base/")),
            ),
            ("^/app(/.*)?$", "http://h$1", Some(("/app", "http://h"))),
            ("^/(.*)$", "http://h/$1", Some(("/", "http://h/"))),
            ("^/x(/|$)", "!", Some(("/x", "!"))),
            ("^/app/(.*)$", "http://h$1", None),
            ("^/a(b|c)/(.*)$", "http://h/$1", None),
            ("/app/(.*)$", "http://h/$1", None),
            ("^/app/(.*)$", "http://h/$1/$2", None),
        ] {
            let found = of_pattern(pattern, target);
            let found = found
                .as_ref()
                .map(|(path, to)| (path.as_str(), to.as_str()));
            assert_eq!(found, expected, "{pattern} {target}");
        }
    }
}

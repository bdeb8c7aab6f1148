//! The top of the file: the public address, which the redirect URI tells, the listener and its certificate.

use url::Url;

use super::{Choices, Draft, is_on, redirect_actions};
use crate::apache::expand::Line;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::syntax::Place;
use crate::apache::write::{one_or_more, text};
use crate::section::server::is_loopback;

pub(in crate::apache) fn map(
    site: &Site<'_>,
    choices: &Choices,
    draft: &mut Draft,
    ledger: &mut Ledger,
    whole: &Place,
) {
    let tls = site.setting(ledger, "SSLEngine").map(|line| {
        let on = is_on(line) == Some(true);
        ledger.became(
            line,
            if on {
                "tls = { … }"
            } else {
                "a plain listener"
            },
        );
        on
    });
    let tls = tls == Some(true);
    let Some(urls) = public_urls(site, tls, draft, ledger, whole) else {
        return;
    };
    draft.urls.clone_from(&urls);
    listen(site, &urls, choices, draft, ledger);
    if tls {
        certificate(site, &urls, draft, ledger);
    }
    client_certificates(site, ledger);
}

/// The addresses people type. With an absolute redirect URI there is one: at others sign-in would never come back.
fn public_urls(
    site: &Site<'_>,
    tls: bool,
    draft: &mut Draft,
    ledger: &mut Ledger,
    whole: &Place,
) -> Option<Vec<Url>> {
    let redirect = site.setting(ledger, "OIDCRedirectURI");
    let named = site.setting(ledger, "ServerName");
    let Some(line) = redirect else {
        ledger.stop_at(
            whole,
            "OIDCRedirectURI",
            "no OIDCRedirectURI says where people come back to from sign-in",
            "write the one that is registered at the provider, like OIDCRedirectURI https://portal.example.com/oidc/callback",
        );
        return None;
    };
    let value = line.word(0);
    let (urls, path) = if value.starts_with('/') {
        let urls = by_server_name(site, named, tls, line, ledger)?;
        (urls, value.to_owned())
    } else {
        let parsed = Url::parse(value).ok();
        let Some(url) = parsed.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            ledger.stop(
                line,
                "this is not an address",
                "write it like https://portal.example.com/oidc/callback",
            );
            return None;
        };
        for (name, line) in names(site) {
            if url.host_str() != Some(host_of(name)) {
                ledger.lost(
                    line,
                    format!(
                        "{name} is not served: sign-in comes back to {}, where its cookie is not",
                        url.authority()
                    ),
                    "write OIDCRedirectURI as a path alone if people are to sign in at every name",
                );
            } else {
                ledger.became(line, "the host of public_url");
            }
        }
        let path = url.path().to_owned();
        (vec![url], path)
    };
    let beyond = urls
        .iter()
        .any(|url| url.query().is_some() || url.fragment().is_some());
    if beyond {
        ledger.stop(
            line,
            "a redirect URI with ? or # can't be matched",
            "register one without, and write it here",
        );
        return None;
    }
    if let Some(url) = urls
        .iter()
        .find(|url| url.scheme() == "http" && !is_loopback(url))
    {
        let host = url.host_str().unwrap_or_default();
        ledger.stop(
            line,
            format!("http is for localhost only: on {host} the session cookie would travel in clear"),
            format!("register https://{host}{path} at the provider and write it here; a plain listener behind a TLS terminator is fine"),
        );
        return None;
    }
    let origins: Vec<String> = urls
        .iter()
        .map(|url| url.origin().ascii_serialization())
        .collect();
    draft
        .top
        .put("public_url", one_or_more(&origins), Some(&line.at));
    draft
        .provider
        .put("redirect_path", text(&path), Some(&line.at));
    draft.as_written.redirect_uri = origins.first().map(|origin| format!("{origin}{path}"));
    draft.as_written.redirect_path = Some(path.clone());
    ledger.became(
        line,
        format!("public_url = {} and redirect_path = \"{path}\": answers of the provider are taken there, and what is neither one nor a request of the module's own goes to the app", one_or_more(&origins)),
    );
    redirect_actions::map(site, line, draft, ledger);
    lost_sign_in_page(site, &origins, &path, draft, ledger);
    Some(urls)
}

/// `OIDCDefaultURL`, where it is a page of this site.
fn lost_sign_in_page(
    site: &Site<'_>,
    origins: &[String],
    redirect_path: &str,
    draft: &mut Draft,
    ledger: &mut Ledger,
) {
    let Some(line) = site.setting(ledger, "OIDCDefaultURL") else {
        return;
    };
    let value = line.word(0);
    let here = origins.iter().find_map(|origin| {
        let rest = value.strip_prefix(origin.as_str())?;
        matches!(rest.as_bytes().first(), None | Some(b'/')).then_some(rest)
    });
    let page = match here.unwrap_or(value) {
        "" => "/",
        page => page,
    };
    let path = page.split('?').next().unwrap_or_default();
    let plain = page
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>'));
    let is_page = plain && path.starts_with('/') && !path.starts_with("//");
    if !is_page || path.contains('%') || path.contains("..") || path == redirect_path {
        ledger.lost(
            line,
            "only a page of this site is taken: a sign-in that is not known, or took too long, ends on a page that says so and leads to another",
            "name a page of this site: lost_sign_in_page = \"/app\"",
        );
        return;
    }
    ledger.became(
        line,
        format!(
            "lost_sign_in_page = {}: for answers to sign-ins that are not known, or took too long",
            text(page)
        ),
    );
    draft
        .provider
        .put("lost_sign_in_page", text(page), Some(&line.at));
}

fn by_server_name(
    site: &Site<'_>,
    named: Option<&Line>,
    tls: bool,
    line: &Line,
    ledger: &mut Ledger,
) -> Option<Vec<Url>> {
    if named.is_none() {
        ledger.stop(
            line,
            "this names no host, and no ServerName does",
            "write ServerName portal.example.com above, or the whole redirect URI",
        );
        return None;
    }
    let mut urls: Vec<Url> = Vec::new();
    for (name, line) in names(site) {
        if name.contains(['*', '?']) {
            ledger.lost(
                line,
                format!("{name} stands for many hosts, and each must be named"),
                "name each in ServerAlias",
            );
            continue;
        }
        let whole = match name.contains("://") {
            true => name.to_owned(),
            false if tls => format!("https://{name}"),
            false => format!(
                "{}://{name}",
                if host_of(name) == "localhost" {
                    "http"
                } else {
                    "https"
                }
            ),
        };
        match Url::parse(&whole) {
            Ok(url) => {
                let port = port_of(site).filter(|_| url.port().is_none() && !name.contains("://"));
                let mut url = url;
                if let Some(port) = port {
                    // The default port of the scheme is not written.
                    let _ = url.set_port(Some(port));
                }
                ledger.became(line, format!("the host {} of public_url", host_of(name)));
                if !urls.contains(&url) {
                    urls.push(url);
                }
            }
            Err(_) => ledger.stop(line, "this is no host", "write it like portal.example.com"),
        }
    }
    (!urls.is_empty()).then_some(urls)
}

/// `ServerName` and every `ServerAlias` in force.
pub(in crate::apache) fn names<'t>(site: &Site<'t>) -> Vec<(&'t str, &'t Line)> {
    let first = site.last("ServerName").into_iter();
    let aliases = site.all("ServerAlias").into_iter();
    let first = first.map(|line| (line.word(0), line));
    let more = aliases.flat_map(|line| line.words.iter().map(move |word| (word.as_str(), line)));
    first.chain(more).collect()
}

pub(in crate::apache) fn host_of(name: &str) -> &str {
    let bare = name.split_once("://").map_or(name, |(_, rest)| rest);
    bare.split([':', '/']).next().unwrap_or(bare)
}

/// The port of `<VirtualHost addr:port>`, where it has one.
fn port_of(site: &Site<'_>) -> Option<u16> {
    let words = &site.host?.words;
    let (_, port) = words.first()?.rsplit_once(':')?;
    port.parse().ok()
}

fn listen(
    site: &Site<'_>,
    urls: &[Url],
    choices: &Choices,
    draft: &mut Draft,
    ledger: &mut Ledger,
) {
    let lines = site.all("Listen");
    if let Some(address) = choices.listen {
        draft.top.put("listen", text(&address.to_string()), None);
        for line in lines {
            ledger.became(line, format!("nothing: --listen says {address}"));
        }
        return;
    }
    let host_port = port_of(site);
    let mut addresses: Vec<String> = Vec::new();
    let mut from = None;
    for line in lines {
        let Some((address, port)) = address_and_port(line.word(0)) else {
            ledger.stop(
                line,
                "this is no address and port",
                "write it like Listen 443 or Listen 127.0.0.1:8080",
            );
            continue;
        };
        if host_port.is_some_and(|wanted| wanted != port) {
            ledger.lost(line, "the virtual host is on another port", "");
            continue;
        }
        let whole = format!("{address}:{port}");
        ledger.became(line, format!("listen = \"{whole}\""));
        from.get_or_insert(&line.at);
        if !addresses.contains(&whole) {
            addresses.push(whole);
        }
    }
    if addresses.is_empty() {
        let of_host = site.host.and_then(|host| {
            let (address, port) = address_and_port(host.words.first()?)?;
            from = Some(&host.at);
            Some(format!("{address}:{port}"))
        });
        let of_url = || {
            let url = urls.first()?;
            let address = if is_loopback(url) {
                "127.0.0.1"
            } else {
                "0.0.0.0"
            };
            Some(format!("{address}:{}", url.port_or_known_default()?))
        };
        addresses.extend(of_host.or_else(of_url));
    }
    draft.top.put("listen", one_or_more(&addresses), from);
}

/// `443`, `1.2.3.4:443`, `[::]:443`, `*:443`, `_default_:443`.
fn address_and_port(text: &str) -> Option<(String, u16)> {
    if let Ok(port) = text.parse() {
        return Some(("0.0.0.0".to_owned(), port));
    }
    let (address, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let address = match address {
        "*" | "_default_" => "0.0.0.0",
        address => address,
    };
    format!("{address}:{port}")
        .parse::<std::net::SocketAddr>()
        .ok()?;
    Some((address.to_owned(), port))
}

fn certificate(site: &Site<'_>, urls: &[Url], draft: &mut Draft, ledger: &mut Ledger) {
    let certificate = site.setting(ledger, "SSLCertificateFile");
    let key = site.setting(ledger, "SSLCertificateKeyFile");
    let Some(certificate) = certificate else {
        if let Some(line) = site.last("SSLEngine") {
            ledger.stop(
                line,
                "there is no SSLCertificateFile for TLS",
                "write the path of the certificate, with its chain",
            );
        }
        return;
    };
    if urls.iter().all(|url| url.scheme() == "http") {
        ledger.stop(
            certificate,
            "there is a certificate, and the redirect URI is http",
            "write https:// in OIDCRedirectURI",
        );
        return;
    }
    let key_line = key.unwrap_or(certificate);
    draft.top.put(
        "tls",
        format!(
            "{{ certificate = {}, key = {} }}",
            text(certificate.word(0)),
            text(&format!("file:{}", key_line.word(0)))
        ),
        Some(&certificate.at),
    );
    ledger.became(
        certificate,
        "the certificate of `tls`, with its chain behind it in the same file",
    );
    if let Some(key) = key {
        ledger.became(key, "the key of `tls`");
    }
    ledger.todo(format!(
        "let the user that runs vestibule, and nobody else, read {}",
        key_line.word(0)
    ));
    if let Some(line) = site.setting(ledger, "SSLCertificateChainFile") {
        ledger.differs(
            line,
            "the chain belongs into the certificate's file, behind the certificate",
            &format!(
                "cat {} {} > FULLCHAIN, and name that in `tls`",
                certificate.word(0),
                line.word(0)
            ),
        );
    }
}

/// A client certificate that is asked for protects something.
fn client_certificates(site: &Site<'_>, ledger: &mut Ledger) {
    let Some(line) = site.setting(ledger, "SSLVerifyClient") else {
        return;
    };
    if line.word(0).eq_ignore_ascii_case("none") {
        ledger.became(line, "the same: no client certificate is asked for");
    } else {
        ledger.stop(
            line,
            "client certificates are not asked for, and whoever comes without one would be let to sign-in",
            "take it out if sign-in alone is enough",
        );
    }
}

//! Makes the request as it would arrive, from what the command line says of it.

use std::net::SocketAddr;

use bytes::Bytes;
use vestibule_config::{PublicUrl, Settings};
use vestibule_gate::fields::Fields;
use vestibule_gate::request::{RawHead, Scheme, Version};

use crate::cli::ExplainArgs;
use crate::explain::{Failure, input};

/// The head of the request.
pub(super) fn head(
    arguments: &ExplainArgs,
    settings: &Settings,
    line: &str,
) -> Result<RawHead, Failure> {
    let (method, target) = match line.trim().split_once(char::is_whitespace) {
        Some((method, target)) => (method, target.trim()),
        // A path alone is what a browser asks for.
        None => ("GET", line.trim()),
    };
    // A whole address is what stands in the address bar: a browser asks its host for the path.
    let whole = match arguments.host {
        Some(_) => None,
        None => of_address(target),
    };
    let target = whole.as_ref().map_or(target, |whole| &whole.target);
    let first = settings.public_urls.first();
    let host = match (&arguments.host, &whole, first) {
        (Some(host), _, _) => host.clone(),
        (None, Some(whole), _) => whole.authority.to_owned(),
        (None, None, Some(url)) => url.authority(),
        (None, None, None) => {
            return Err(Failure::new("make the request", "there is no public URL"));
        }
    };
    let mut sites = settings.public_urls.iter();
    let site = sites.find(|url| is_at(url, &host)).or(first);
    let mut fields = Fields::new();
    fields.push("Host", &host);
    for header in &arguments.header {
        let Some((name, value)) = header.split_once(':') else {
            let error = "a header has the form `Name: value`";
            return Err(Failure::new("make the request", error));
        };
        fields.push(name.trim(), value.trim());
    }
    let token = match arguments.token.as_deref() {
        Some("-") => Some(input::standard_input()?),
        given => given.map(str::to_owned),
    };
    if let Some(token) = token {
        let token = vestibule_oidc::access_token::clean(&token).text;
        fields.push("Authorization", format!("Bearer {token}"));
    }
    // Who says nothing of themselves is taken for a person with a browser: that is what people ask about.
    let says_who = ["sec-fetch-mode", "accept", "authorization"]
        .iter()
        .any(|name| fields.contains(name));
    if !says_who {
        fields.push("Accept", "text/html");
    }
    let https = site.is_some_and(|url| url.is_https()) && settings.tls.is_some();
    Ok(RawHead {
        method: Bytes::copy_from_slice(method.as_bytes()),
        target: Bytes::copy_from_slice(target.as_bytes()),
        version: Version::Http11,
        scheme: if https { Scheme::Https } else { Scheme::Http },
        authority: None,
        fields,
        peer: SocketAddr::new(arguments.peer, 50_000),
    })
}

/// An address, in the parts a browser makes a request of.
struct Address<'a> {
    authority: &'a str,
    /// Path and query; what comes after `#` stays in the browser.
    target: String,
}

/// The parts of a whole address, as they are written.
fn of_address(text: &str) -> Option<Address<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let rest = rest.split('#').next()?;
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = authority
        .rsplit('@')
        .next()
        .filter(|host| !host.is_empty())?;
    Some(Address {
        authority: host,
        target: match target.starts_with('/') {
            true => target.to_owned(),
            false => format!("/{target}"),
        },
    })
}

/// Whether a `Host` names this site, with its port or without the one that goes without saying.
fn is_at(url: &PublicUrl, host: &str) -> bool {
    let with_port = format!("{}:{}", url.host(), url.port());
    url.authority().eq_ignore_ascii_case(host) || with_port.eq_ignore_ascii_case(host)
}

/// The same with one more cookie.
pub(super) fn with_cookie(mut head: RawHead, name: &str, value: &str) -> RawHead {
    let pair = format!("{name}={value}");
    match head.fields.first("cookie").map(<[u8]>::to_vec) {
        Some(others) => {
            let joined = [others.as_slice(), b"; ", pair.as_bytes()].concat();
            head.fields.set("Cookie", joined);
        }
        None => head.fields.push("Cookie", pair),
    }
    head
}

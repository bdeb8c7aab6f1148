//! Makes the request as it would arrive, from what the command line says of it.

use std::net::SocketAddr;

use bytes::Bytes;
use vestibule_config::Settings;
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
    let first = settings.public_urls.first();
    let host = match (&arguments.host, first) {
        (Some(host), _) => host.clone(),
        (None, Some(url)) => url.authority(),
        (None, None) => return Err(Failure::new("make the request", "there is no public URL")),
    };
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
    let https = first.is_some_and(|url| url.is_https()) && settings.tls.is_some();
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

//! Which requests a route is for: host, path, and the origins whose pages may call it.

use url::Url;

use crate::read::Item;
use crate::section::rule::is_token_byte;

pub(in crate::section) fn host(item: &Item<'_>) -> Option<String> {
    let text = item.filled_text()?;
    let sound = url::Host::parse(text).ok().map(|host| host.to_string());
    let Some(host) = sound.filter(|_| !text.contains(['/', '@', '*'])) else {
        let help = if text.contains('*') {
            "name each host; without any it is for every host of `public_url`"
        } else {
            "write the host only, like \"portal.example.com\"; its scheme and port are in `public_url`"
        };
        item.error("this is not a host", help);
        return None;
    };
    Some(host.trim_end_matches('.').to_owned())
}

pub(super) fn path(item: &Item<'_>) -> Option<String> {
    plain(item, item.filled_text()?)
}

/// The paths a route leaves out. Each must be one of its own, or leaving it out would mean nothing.
pub(super) fn except(list: &Item<'_>, path: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for item in list.items() {
        let Some(left) = item.filled_text().and_then(|text| plain(&item, text)) else {
            continue;
        };
        let below = |path: &str| match left.strip_prefix(path) {
            Some(rest) => rest.starts_with('/') || path == "/" && !rest.is_empty(),
            None => false,
        };
        match path {
            Some(path) if left == path => item.error(
                "this leaves out the whole route",
                "take the route out, or name a path below it",
            ),
            Some(path) if !below(path) => item.error(
                format!("{left} is not below {path}, so this route is not for it anyway"),
                "take it out, or write it into the route it is below",
            ),
            _ => found.push(left),
        }
    }
    found
}

/// A path without escapes, patterns, parameters, empty and dot segments, outside of what is our own.
pub(in crate::section) fn plain(item: &Item<'_>, text: &str) -> Option<String> {
    let refuse = |message: &str, help: String| {
        item.error(message, help);
        None
    };
    if !text.starts_with('/') {
        let tail = text.trim_start_matches(['.', '/']);
        return refuse("a path begins with a slash", format!("write \"/{tail}\""));
    }
    if text.contains('%') {
        return refuse(
            "a route's path is matched after decoding, so it holds no percent sign",
            "write the plain character, if it is a letter, a digit or one of -._~".to_owned(),
        );
    }
    if text.contains(['?', '#']) {
        return refuse(
            "a route is chosen by its path alone",
            "take out everything from ? or # on".to_owned(),
        );
    }
    if text.contains('*') {
        return refuse(
            "a path is a prefix, not a pattern",
            format!(
                "write \"{}\", which covers everything below it too",
                text.split("/*")
                    .next()
                    .filter(|t| !t.is_empty())
                    .unwrap_or("/")
            ),
        );
    }
    // RFC 3986 §3.3 `pchar`, without percent-encoding, and without what servers read as parameters.
    if !text.bytes().all(is_path_byte) {
        return refuse(
            "this path holds a character that can't stand in one",
            "use letters, digits and -._~!$&'()+,=:@".to_owned(),
        );
    }
    if text.contains("//") {
        return refuse(
            "this path has an empty segment",
            format!("write \"{}\"", squeeze(text)),
        );
    }
    if text
        .split('/')
        .any(|segment| segment == "." || segment == "..")
    {
        return refuse(
            "`.` and `..` are resolved before a route is chosen",
            "write the path without them".to_owned(),
        );
    }
    if text.len() > 1 && text.ends_with('/') {
        let bare = text.trim_end_matches('/');
        return refuse(
            "a path does not end with a slash",
            format!("write \"{bare}\", which covers {bare} and everything below it"),
        );
    }
    if text == "/.vestibule" || text.starts_with("/.vestibule/") {
        return refuse(
            "paths under /.vestibule/ are Vestibule's own",
            "choose another path".to_owned(),
        );
    }
    Some(text.to_owned())
}

/// RFC 3986 §3.3 `pchar`, without percent-encoding and `;`, which upstreams do not agree on; and the slash.
pub(super) fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()+,=:@".contains(&byte)
}

fn squeeze(text: &str) -> String {
    let segments: Vec<&str> = text
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    format!("/{}", segments.join("/"))
}

/// Names of cookies (RFC 6265 §4.1.1: tokens).
pub(super) fn cookies(item: &Item<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for item in item.items() {
        let Some(text) = item.filled_text() else {
            continue;
        };
        match text.bytes().all(is_token_byte) {
            true => names.push(text.to_owned()),
            false => item.error(
                "this is not the name of a cookie",
                "write it as browsers show it, without = and a value",
            ),
        }
    }
    names
}

pub(super) fn origins(item: &Item<'_>) -> Vec<String> {
    let mut origins = Vec::new();
    for item in item.items() {
        let Some(text) = item.filled_text() else {
            continue;
        };
        if matches!(text, "*" | "null") {
            item.error(
                "this would let any page on the web act for the person",
                "name each origin, like \"https://app.example.com\"",
            );
            continue;
        }
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http"));
        let origin = url.map(|url| url.origin().ascii_serialization());
        match origin {
            Some(origin) if origin == text => origins.push(origin),
            Some(origin) => item.error(
                "an origin is only scheme, host and port",
                format!("write \"{origin}\""),
            ),
            None => item.error(
                "this is not an origin",
                "write it like \"https://app.example.com\"",
            ),
        }
    }
    origins
}

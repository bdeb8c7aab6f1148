//! What is behind a route: address, protocol, whom to believe, how long to wait.

use url::Url;

use super::place::is_path_byte;
use super::{UpstreamProtocol, UpstreamSettings, UpstreamTls};
use crate::read::{Item, Reader};

pub(super) fn read(reader: &Reader<'_>) -> Option<UpstreamSettings> {
    let item = reader.required(
        "upstream",
        "write where the app is: upstream = \"http://localhost:3000\"",
    );
    let address = item.as_ref().and_then(address);
    let protocol = match reader.choice("upstream_protocol") {
        Some("http/1.1") => UpstreamProtocol::Http1,
        Some("h2") => UpstreamProtocol::H2,
        Some("h2c") => UpstreamProtocol::H2c,
        _ => UpstreamProtocol::Auto,
    };
    let connect_timeout = reader.duration("connect_timeout");
    let response_timeout = reader.duration("response_timeout");
    let stall_timeout = reader.duration("stall_timeout");
    let stream_idle_timeout = reader.duration("stream_idle_timeout");
    let ca = reader.certificates("upstream_ca");
    let insecure = reader.flag("danger_upstream_insecure");
    let (url, base_path) = address?;

    let marks = reader.marks();
    let refuse = |key: &str, message: &str, help: &str| {
        reader
            .context
            .error(marks.of(key), marks.key(key), message, help);
    };
    let https = url.scheme() == "https";
    match protocol {
        UpstreamProtocol::H2 if !https => refuse(
            "upstream_protocol",
            "\"h2\" is HTTP/2 over TLS, and the upstream is not https",
            "write \"h2c\", or https:// in `upstream`",
        ),
        UpstreamProtocol::H2c if https => refuse(
            "upstream_protocol",
            "\"h2c\" is HTTP/2 in clear, and the upstream is https",
            "write \"h2\"",
        ),
        _ => {}
    }
    for key in ["upstream_ca", "danger_upstream_insecure"] {
        if marks.has(key) && !https && (key == "upstream_ca" || insecure) {
            refuse(
                key,
                "only an https upstream shows a certificate",
                "write https:// in `upstream`, or take this out",
            );
        }
    }
    if ca.is_some() && insecure {
        refuse(
            "danger_upstream_insecure",
            "this makes `upstream_ca` mean nothing",
            "take one of the two out; with `upstream_ca` the upstream's certificate is checked",
        );
    }
    let tls = match (ca, insecure) {
        (_, true) => UpstreamTls::Insecure,
        (Some(path), false) => UpstreamTls::Ca(path),
        (None, false) => UpstreamTls::System,
    };
    Some(UpstreamSettings {
        url,
        base_path,
        protocol,
        tls,
        connect_timeout: connect_timeout?,
        response_timeout: response_timeout?,
        stall_timeout: stall_timeout?,
        stream_idle_timeout: stream_idle_timeout?,
    })
}

/// The address, and the path in it.
fn address(item: &Item<'_>) -> Option<(Url, String)> {
    let text = item.filled_text()?;
    if let Some(path) = text.strip_prefix("unix:") {
        let url = Url::parse(text)
            .ok()
            .filter(|_| path.starts_with('/') && !path.starts_with("//"));
        let Some(url) = url.filter(|url| url.query().is_none() && url.fragment().is_none()) else {
            item.error(
                "this names no socket",
                "write it like \"unix:/run/app.sock\"",
            );
            return None;
        };
        return Some((url, "/".to_owned()));
    }
    let url = Url::parse(text).ok().filter(|url| url.host_str().is_some());
    let Some(url) = url else {
        let help = if text.contains("://") {
            "write it like \"http://localhost:3000\"; a port is at most 65535".to_owned()
        } else {
            format!(
                "write it with its scheme, like \"http://{}\"",
                text.trim_start_matches('/')
            )
        };
        item.error("this is not an address", help);
        return None;
    };
    match url.scheme() {
        "http" | "https" => {}
        "ws" | "wss" => {
            let scheme = if url.scheme() == "ws" {
                "http"
            } else {
                "https"
            };
            item.error(
                "WebSockets go to the same address as other requests",
                format!("write {scheme}:// and add websocket = true"),
            );
            return None;
        }
        "h2c" => {
            item.error(
                "the protocol has a key of its own",
                "write http:// and add upstream_protocol = \"h2c\"",
            );
            return None;
        }
        _ => {
            item.error(
                "an upstream is spoken to over http or https",
                "write http:// or https://",
            );
            return None;
        }
    }
    if !url.username().is_empty() || url.password().is_some() {
        item.context.hide(item.span());
        item.error("a user name or password has no place here", "take it out");
        return None;
    }
    if url.query().is_some() || url.fragment().is_some() {
        item.error(
            "an upstream has no query and no #",
            "take out everything from ? or # on",
        );
        return None;
    }
    let path = text
        .split_once("://")
        .and_then(|(_, rest)| Some(rest.split_at(rest.find('/')?).1))
        .unwrap_or("/");
    let sound = path.bytes().all(is_path_byte)
        && !path.contains("//")
        && !path
            .split('/')
            .any(|segment| segment == "." || segment == "..");
    if !sound {
        item.error(
            "the path of this address is not plain",
            "use letters, digits and -._~!$&'()+,=:@ in it, without empty segments, `.` and `..`",
        );
        return None;
    }
    let base_path = match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    Some((url, base_path.to_owned()))
}

//! Tells a call that an HTTP proxy on the way out let not through from one that the provider did not answer.

use std::error::Error;
use std::sync::Arc;

use url::Url;
use vestibule_diagnosis::evidence::NoTunnel;

use super::examine::cause;

/// How the connector's errors about a proxy begin. Its type for them is not public.
const TUNNEL: &str = "tunnel error: ";

/// A proxy in messages: host and port, never its credentials.
pub(super) fn name(proxy: &Url) -> Arc<str> {
    let host = proxy.host_str().unwrap_or_default();
    let port = proxy.port_or_known_default().unwrap_or(80);
    format!("{host}:{port}").into()
}

/// What the proxy did, where the call failed at it. `None` where it failed behind it. For calls that go through one.
pub(super) fn failed(error: &reqwest::Error) -> Option<NoTunnel> {
    if error.is_connect() && error.is_timeout() {
        return Some(NoTunnel::TimedOut);
    }
    let mut at: &(dyn Error + 'static) = error;
    let said = loop {
        at = cause(at)?;
        if let Some(said) = at.to_string().strip_prefix(TUNNEL) {
            break said.to_owned();
        }
    };
    Some(match said.as_str() {
        "proxy authorization required" => NoTunnel::Credentials,
        "unexpected end of file" | "io error establishing tunnel" => NoTunnel::Closed,
        "failed to create underlying connection" => at_connecting(at),
        _ => NoTunnel::Refused,
    })
}

fn at_connecting(mut at: &(dyn Error + 'static)) -> NoTunnel {
    while let Some(next) = cause(at) {
        if next.to_string().contains("dns error") {
            return NoTunnel::NoSuchHost;
        }
        at = next;
    }
    NoTunnel::NoConnection
}

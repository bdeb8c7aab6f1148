//! How an upstream is spoken to: TLS, deadlines, upgrades.

use super::{is_on, seconds};
use crate::apache::location::InForce;
use crate::apache::mount::Mount;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::{Table, duration, text};

/// Parameters of ProxyPass that are about Apache's own pool, or about nothing here.
const OWN: &[&str] = &[
    "retry",
    "keepalive",
    "min",
    "max",
    "smax",
    "ttl",
    "acquire",
    "disablereuse",
    "enablereuse",
    "flushpackets",
    "flushwait",
    "iobuffersize",
    "responsefieldsize",
    "lbset",
    "loadfactor",
    "route",
    "redirect",
    "status",
    "ping",
    "nocanon",
    "addressttl",
    "receivebuffersize",
];

/// `ProxyPreserveHost`: whose name the upstream is asked by.
fn keep_host(here: &InForce<'_>, route: &mut Table, ledger: &mut Ledger) {
    let Some(line) = here.last("ProxyPreserveHost") else {
        return;
    };
    match is_on(line) {
        Some(true) => {
            ledger.became(line, "keep_host = true");
            route.put("keep_host", "true", Some(&line.at));
        }
        Some(false) => ledger.became(line, "the same: the upstream gets its own address as Host"),
        None => ledger.stop(
            line,
            "this is neither On nor Off, and Apache does not start with it",
            "write On or Off",
        ),
    }
}

pub(super) fn map(
    site: &Site<'_>,
    mount: &Mount<'_>,
    here: &InForce<'_>,
    route: &mut Table,
    ledger: &mut Ledger,
) {
    let at = Some(&mount.line.at);
    keep_host(here, route, ledger);
    if mount.has_websockets() {
        route.put("websocket", "true", at);
    }
    let limit = |secs: u64, most: u64| secs.clamp(1, most);
    if let Some(secs) = mount.parameter("connectiontimeout") {
        let parsed = secs.strip_suffix("ms").map_or_else(
            || {
                secs.parse::<u64>()
                    .ok()
                    .map(|secs| format!("\"{}s\"", secs.clamp(1, 60)))
            },
            |ms| {
                ms.parse::<u64>()
                    .ok()
                    .map(|ms| format!("\"{}ms\"", ms.clamp(100, 60_000)))
            },
        );
        if let Some(value) = parsed {
            route.put("connect_timeout", value, at);
        }
    }
    let own = mount
        .parameter("timeout")
        .and_then(|secs| secs.parse::<u64>().ok());
    let mut shared = || {
        let line = here
            .last("ProxyTimeout")
            .or_else(|| site.last("ProxyTimeout"))?;
        let secs = seconds(line, ledger)?;
        ledger.became(line, "response_timeout and stall_timeout of the routes");
        Some((secs, &line.at))
    };
    let timeout = match own {
        Some(secs) => Some((secs, &mount.line.at)),
        None => shared(),
    };
    if let Some((secs, at)) = timeout {
        route.put("response_timeout", duration(limit(secs, 3600)), Some(at));
        route.put("stall_timeout", duration(limit(secs, 86_400)), Some(at));
    }
    for (name, _) in &mount.parameters {
        let known = OWN.contains(&name.as_str())
            || ["timeout", "connectiontimeout", "upgrade"].contains(&name.as_str());
        if !known {
            ledger.differs(
                mount.line,
                format!("its parameter {name} has no counterpart"),
                "",
            );
        }
    }
    tls(site, mount, here, route, ledger);
}

/// Apache verifies an upstream only when told; Vestibule always does.
fn tls(
    site: &Site<'_>,
    mount: &Mount<'_>,
    here: &InForce<'_>,
    route: &mut Table,
    ledger: &mut Ledger,
) {
    if !mount
        .upstream
        .as_deref()
        .is_some_and(|upstream| upstream.starts_with("https://"))
    {
        return;
    }
    let ca = here
        .last("SSLProxyCACertificateFile")
        .or_else(|| site.last("SSLProxyCACertificateFile"));
    if let Some(line) = ca {
        route.put("upstream_ca", text(line.word(0)), Some(&line.at));
        ledger.became(line, "upstream_ca of the routes over TLS");
    }
    let verify = here
        .last("SSLProxyVerify")
        .or_else(|| site.last("SSLProxyVerify"));
    match verify {
        Some(line) if line.word(0).eq_ignore_ascii_case("require") => {
            ledger.became(
                line,
                "the same, always: the upstream's certificate is verified",
            );
        }
        other => {
            let line = other.unwrap_or(mount.line);
            ledger.differs(
                line,
                "the upstream's certificate is verified, which Apache does not do here: whoever stands in between reads every token",
                "name its CA with upstream_ca if it is one of your own; danger_upstream_insecure = true is what Apache did",
            );
        }
    }
}

//! Requests that a proxy in front hands on under a host that is none of ours.

use std::net::IpAddr;

use super::proxy::is_inner;
use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{host_of, port_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

/// `$host` would leave the port out.
pub(super) const NGINX: &str = "proxy_set_header Host $http_host;";

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-FRONT-HOST-UNKNOWN",
    title: "a proxy in front asks for another host",
    severity: Severity::Error,
    confidence: Confidence::Inferred,
    source: "RFC 9110 §7.2 and §15.5.20; nginx: proxy_set_header, whose default is `$proxy_host`",
    symptom: "Everybody gets a 421, \"This server does not serve the host that was asked for\", and the access log has \
              `host_unknown`.",
    cause: "The proxy in front does not pass on the `Host` that the browser sent. nginx puts the address of its \
            `proxy_pass` there unless it is told otherwise, and Apache that of its `ProxyPass`; nginx's `$host` leaves \
            out the port.",
    cure: "Let the proxy in front pass `Host` on as it came.",
    fault: None,
    explains: &[],
    judge: host_unknown,
}];

/// Whether a host is an address that is reached from outside: who scans addresses asks for those, past any proxy's mistake.
fn is_scanned(host: &str) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    address.is_some_and(|address| !address.is_loopback() && !is_inner(host))
}

fn host_unknown(evidence: &Evidence) -> Option<Case> {
    if evidence.response.as_ref()?.status != Some(421) {
        return None;
    }
    let request = evidence.request.as_ref()?;
    let asked = request.value("Host")?;
    let url = format!("https://{asked}");
    let host = host_of(&url)?;
    let public = &evidence.settings.as_ref()?.public_urls;
    let meant = public.first()?;
    let forwarded = request.value("X-Forwarded-Host");
    let is_public = |name: &str| {
        public
            .iter()
            .any(|url| host_of(url).is_some_and(|host| host.eq_ignore_ascii_case(name)))
    };
    // Where the field beside it names us, it is the proxy's doing whatever the host is.
    let named = forwarded.is_some_and(|named| is_public(named.split(':').next().unwrap_or(named)));
    if is_scanned(host) && !named {
        return None;
    }
    let who = request.peer.as_deref().map_or_else(
        || "the proxy in front".to_owned(),
        |peer| format!("the proxy in front ({})", shown(peer)),
    );
    let case = Case::new(format!(
        "A request of {who} asks for the host {}, and the public URL is {}.",
        shown(asked),
        shown(meant)
    ));
    let ends_apart = public
        .iter()
        .find(|url| host_of(url).is_some_and(|name| name.eq_ignore_ascii_case(host)));
    let case = match ends_apart {
        Some(url) => case.because(format!(
            "The host is right and its port is not: browsers name port {}. nginx's `$host` leaves the port out.",
            port_of(url)
        )),
        None => case,
    };
    let case = case
        .change(
            Change::environment(
                "the proxy in front, nginx",
                "Let it pass `Host` on as the browser sent it.",
            )
            .line(NGINX),
        )
        .change(
            Change::environment(
                "the proxy in front, Apache",
                "Let it pass `Host` on as the browser sent it.",
            )
            .line("ProxyPreserveHost On"),
        );
    let case = match named {
        true => case.change(setting(
            evidence,
            Change::config(
                "forwarded_host",
                "Or believe its `X-Forwarded-Host`, if it always sets that itself; it has to be among `trusted_proxies`.",
            )
            .line("forwarded_host = true"),
            Change::apache("OIDCXForwardedHeaders", "Or believe its `X-Forwarded-Host`, if it always sets that itself.")
                .line("OIDCXForwardedHeaders X-Forwarded-Host"),
        )),
        false => case,
    };
    let typed = !is_inner(host) && host != "localhost" && ends_apart.is_none();
    let is_address = host.parse::<IpAddr>().is_ok();
    Some(match typed && !is_address && !named {
        true => case.change(setting(
            evidence,
            Change::config(
                "public_url",
                format!("Or, if people type {}, add it there.", shown(host)),
            ),
            Change::apache(
                "ServerAlias",
                format!("Or, if people type {}, add it there.", shown(host)),
            ),
        )),
        false => case,
    })
}

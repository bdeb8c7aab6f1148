//! Upstreams that are no app.

use crate::catalogue::{Case, Row};
use crate::evidence::{Origin, RouteSettings, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-SETTINGS-LOOP",
    title: "the upstream is this program itself",
    severity: Severity::Error,
    confidence: Confidence::Inferred,
    source: "RFC 9110 §7.6.3",
    symptom: "A request runs in a circle until a limit stops it: the page does not load, or answers 401, 404, 431 or 502.",
    cause: "The upstream's address leads back to the address this program listens at, or people come to.",
    cure: "Write the address the app itself listens at.",
    fault: None,
    explains: &[],
    judge: upstream_is_self,
}];

/// The port of an address: its own, or its scheme's.
fn port_of(url: &str) -> Option<u16> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port.parse().ok(),
        _ if scheme == "https" => Some(443),
        _ => Some(80),
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "::1" | "0.0.0.0" | "::") || host.starts_with("127.")
}

/// Whether a listener at `address` takes what is sent to this host and port.
fn listens(address: &str, host: &str, port: u16) -> bool {
    let Some((own, own_port)) = address.rsplit_once(':') else {
        return false;
    };
    let own = own.trim_start_matches('[').trim_end_matches(']');
    let every = matches!(own, "0.0.0.0" | "::");
    let same = own == host || is_loopback(own) && is_loopback(host) || every && is_loopback(host);
    own_port.parse() == Ok(port) && same
}

fn upstream_is_self(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    // What answered says more; and Apache listens where it is told elsewhere.
    if !evidence.probes.is_empty() || evidence.text.is_some() || evidence.token.is_some() {
        return None;
    }
    let named = evidence.route.is_some();
    let of_route = evidence.route_settings().into_iter();
    let routes = of_route.chain(settings.routes.iter().filter(|_| !named));
    let address = settings
        .listener
        .address
        .as_deref()
        .filter(|_| settings.origin != Some(Origin::Apache));
    let judge = |route: &RouteSettings| {
        let upstream = route.upstream.as_deref()?;
        let (host, port) = (host_of(upstream)?, port_of(upstream)?);
        if let Some(address) = address.filter(|address| listens(address, host, port)) {
            return Some((
                upstream.to_owned(),
                format!("listens at {}", shown(address)),
                true,
            ));
        }
        let public = settings.public_urls.iter().find(|url| {
            host_of(url).is_some_and(|own| own.eq_ignore_ascii_case(host))
                && port_of(url) == Some(port)
                && !is_loopback(host)
        })?;
        Some((
            upstream.to_owned(),
            format!("is reached at {}", shown(public)),
            false,
        ))
    };
    let (route, (upstream, what, sure)) = routes
        .into_iter()
        .find_map(|route| Some((route, judge(route)?)))?;
    let path = route
        .path
        .as_deref()
        .or(route.name.as_deref())
        .unwrap_or("/");
    let case = Case::new(format!(
        "The upstream of the route {} is {}, and this program {what}.",
        shown(path),
        shown(&upstream)
    ))
    .change(
        Change::config("upstream", "Write the address the app itself listens at.")
            .line("upstream = \"http://localhost:PORT\""),
    );
    Some(match sure {
        true => case,
        // The name can lead elsewhere inside.
        false => case.severity(Severity::Warning),
    })
}

//! The HTTP proxy through which providers are called.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{NoTunnel, Probe, ProbeOutcome, host_of, port_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-OUTBOUND-PROXY",
    title: "the outbound proxy lets calls to the provider not through",
    severity: Severity::Error,
    confidence: Confidence::Observed,
    source: "RFC 9110 §9.3.6; docs/configuration.md, outbound.proxy",
    symptom: "Nobody can sign in: the provider can't be reached from this server.",
    cause: "The provider is called through an HTTP proxy, and the way ends there. The provider itself was not asked.",
    cure: "Correct the proxy's address and credentials, or take the proxy out. Have it allow `CONNECT` to the \
           provider's hosts on port 443.",
    fault: None,
    explains: &[],
    judge: no_tunnel,
}];

fn no_tunnel(evidence: &Evidence) -> Option<Case> {
    let (probe, proxy, reason) = evidence.probes.iter().find_map(tunnel)?;
    let place = |text: &str| {
        setting(
            evidence,
            Change::config("outbound.proxy", text),
            Change::apache("OIDCOutgoingProxy", text),
        )
    };
    let host = host_of(&probe.url).unwrap_or(&probe.url);
    let port = port_of(&probe.url);
    let allow = Change::environment(
        "the outbound proxy",
        format!(
            "Have it allow `CONNECT` to {} on port {port}: its own log says why it does not.",
            shown(host)
        ),
    );
    let case = Case::new(format!(
        "The way to {} is through the proxy {}, and {}.",
        shown(host),
        shown(proxy),
        reason.as_str()
    ));
    Some(match reason {
        NoTunnel::NoSuchHost | NoTunnel::NoConnection => case
            .change(place("Correct its address, or remove the line if this machine reaches the provider without it."))
            .change(Change::environment(
                "DNS, routes, firewall",
                format!("Start the proxy, or let this machine reach {}.", shown(proxy)),
            )),
        NoTunnel::Credentials => case.change(setting(
            evidence,
            Change::config(
                "outbound.proxy",
                "Put the whole address there, with the name and password that it takes: `http://NAME:PASSWORD@HOST:PORT`.",
            )
            .line("proxy = \"env:VESTIBULE_PROXY\""),
            Change::apache("OIDCOutgoingProxy", "Write the name and password that it takes behind the address.")
                .line("OIDCOutgoingProxy HOST:PORT NAME:PASSWORD basic"),
        )),
        NoTunnel::TimedOut => case
            .change(Change::environment(
                "the outbound proxy",
                format!("Look whether it answers, and whether it reaches {} on port {port}.", shown(host)),
            ))
            .change(place("Correct its address, or remove the line if this machine reaches the provider without it.")),
        NoTunnel::Refused | NoTunnel::Closed => case.change(allow).change(place(
            "Look whether an HTTP proxy is at this address: another server refuses `CONNECT`.",
        )),
    })
}

fn tunnel(probe: &Probe) -> Option<(&Probe, &str, NoTunnel)> {
    match &probe.outcome {
        ProbeOutcome::NoTunnel { proxy, reason } => Some((probe, proxy, *reason)),
        _ => None,
    }
}

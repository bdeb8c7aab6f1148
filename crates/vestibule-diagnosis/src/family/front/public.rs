//! Where the public address leads.

use super::super::certificate::{self, Reason};
use crate::catalogue::{Case, Row};
use crate::evidence::{ProbeOutcome, ProbeTarget};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-FRONT-PUBLIC-URL",
    title: "the public address leads elsewhere",
    severity: Severity::Error,
    confidence: Confidence::Inferred,
    source: "What answered there",
    symptom: "People who type the public address do not get to the program, or come back from the provider to \
              something else.",
    cause: "Between the address and the program are names, load balancers, proxies and their certificates. One of them \
            sends people elsewhere, or hands on another host name.",
    cure: "Let what is in front send all of the address, under its own `Host`, to where the program listens.",
    fault: None,
    explains: &[],
    judge: public,
}];

fn public(evidence: &Evidence) -> Option<Case> {
    let probe = evidence
        .probes
        .iter()
        .find(|probe| probe.target == ProbeTarget::PublicUrl)?;
    let url = shown(&probe.url);
    let from_here = |what: &str| {
        Case::new(format!("{url}: {what}, from this machine."))
            .because(
                "The program runs, and its own public address was asked from this machine. People elsewhere may have \
                 another way to it.",
            )
            .severity(Severity::Warning)
            .change(Change::environment(
                "DNS, load balancer, firewall",
                "Ask for the address from where people are. If it works there, all is well.",
            ))
    };
    Some(match &probe.outcome {
        ProbeOutcome::NoSuchHost => from_here("the host has no address"),
        ProbeOutcome::NoConnection => from_here("nothing takes the connection"),
        ProbeOutcome::Closed => from_here("the connection is closed without an answer"),
        ProbeOutcome::TimedOut => from_here("no answer in time"),
        ProbeOutcome::Tls {
            detail,
            certificate,
        } => {
            let seen = format!("{url}: {}.", shown(detail));
            let change = Change::environment(
                "certificate",
                "Put a certificate there that browsers trust, for this name: in `tls`, or where TLS ends in front.",
            );
            let Some(found) = certificate else {
                return Some(Case::new(seen).severity(Severity::Warning).change(change));
            };
            let reason = certificate::reason(found, &probe.url, evidence.now);
            let case = Case::new(format!("{seen} {}", certificate::described(found)))
                .because(reason.words())
                .change(change);
            // Browsers may trust an issuer that this machine does not know.
            match reason {
                Reason::OwnIssuer | Reason::Issuer => case.severity(Severity::Warning),
                _ => case,
            }
        }
        ProbeOutcome::Failed { detail } => Case::new(format!("{url}: {}.", shown(detail)))
            .change(Change::environment(
                "proxy in front",
                "Send all of the address to where the program listens, and leave `Host` as it came.",
            ))
            .change(
                Change::config("public_url", "Or write the address people type.")
                    .line("public_url = \"https://PUBLIC-HOST\""),
            ),
        ProbeOutcome::Http { .. } | ProbeOutcome::NoTunnel { .. } => return None,
    })
}

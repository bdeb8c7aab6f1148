//! The session store.

use crate::catalogue::{Case, Row};
use crate::evidence::{ProbeOutcome, ProbeTarget};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-STORE-UNUSABLE",
    title: "the session store can't be used",
    severity: Severity::Error,
    confidence: Confidence::Inferred,
    source: "What the system said",
    symptom: "The proxy does not start, or people get a page that says that sign-in is unavailable for the moment.",
    cause: "Sessions live in the store. It can't be reached, read or written.",
    cure: "Let the user the proxy runs as read and write it, and see that there is room.",
    fault: None,
    explains: &[],
    judge: store,
}];

fn store(evidence: &Evidence) -> Option<Case> {
    let probe = evidence
        .probes
        .iter()
        .find(|probe| probe.target == ProbeTarget::Store)?;
    let what = match &probe.outcome {
        ProbeOutcome::NoSuchHost => "the host has no address".to_owned(),
        ProbeOutcome::NoConnection => "nothing takes the connection".to_owned(),
        ProbeOutcome::Closed => "the connection is closed without an answer".to_owned(),
        ProbeOutcome::TimedOut => "no answer in time".to_owned(),
        ProbeOutcome::Tls { detail, .. } | ProbeOutcome::Failed { detail } => shown(detail),
        ProbeOutcome::Http { .. } | ProbeOutcome::NoTunnel { .. } => return None,
    };
    Some(
        Case::new(format!("The store {}: {what}.", shown(&probe.url)))
            .change(Change::environment(
                "folder and file of the store",
                "Let the user the proxy runs as own the folder, with mode 0700. See that the disk has room and is not \
                 read-only.",
            ))
            .change(
                Change::config("session.store", "Or keep sessions elsewhere.")
                    .line("store = \"file:/var/lib/vestibule/sessions\""),
            ),
    )
}

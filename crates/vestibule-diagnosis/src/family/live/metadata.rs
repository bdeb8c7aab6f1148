//! Metadata that come and can't be used.

use crate::catalogue::{Case, Row};
use crate::evidence::{ProbeOutcome, ProbeTarget};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-KEYS-METADATA",
    title: "something else in the place of the metadata",
    severity: Severity::Error,
    confidence: Confidence::Documented,
    source: "OIDC Discovery §4.2 and §4.3",
    symptom: "Nobody can sign in, and the log says that the provider's documents were refused.",
    cause: "At the metadata's address is no document that can be used. A page of HTML comes from something in \
            between: an outbound proxy, a sign-in page of the network, an inspection. Statuses of 500 and more are \
            the provider's own trouble.",
    cure: "Ask for the address from this machine: what answers, and from where.",
    fault: Some("discovery-body"),
    explains: &["VST-KEYS-NOT-KEYS", "VST-KEYS-KID-MISSING"],
    judge: metadata,
}];

fn metadata(evidence: &Evidence) -> Option<Case> {
    let probe = evidence
        .probes
        .iter()
        .find(|probe| probe.target == ProbeTarget::Metadata)?;
    let url = shown(&probe.url);
    let ask = Change::environment(
        "outbound proxy, firewall",
        "Ask for the address from this machine with curl: what answers, and from where. Let the provider's hosts \
         through.",
    );
    Some(match &probe.outcome {
        ProbeOutcome::Failed { detail } => Case::new(format!("{url} has metadata that can't be used: {}.", shown(detail)))
            .because("The document lacks a member that sign-in needs, or has one that can't be believed.")
            .change(Change::provider(
                "metadata",
                "Compare the document with OIDC Discovery §3: `issuer`, `authorization_endpoint`, `token_endpoint` and \
                 `jwks_uri` are needed, each an https address.",
            )),
        ProbeOutcome::Http { status, .. } if *status >= 500 || *status == 429 => {
            Case::new(format!("{url} answers {status}."))
                .because("The provider, or something in front of it, has trouble of its own.")
                .change(Change::provider("status page", "Look whether the provider knows of it, and try again."))
        }
        ProbeOutcome::Http { status, .. } if (300..400).contains(status) => {
            Case::new(format!("{url} answers {status}, a redirect, and metadata are never fetched from elsewhere."))
                .because("Metadata that move would let whoever answers choose where people sign in.")
                .change(Change::config("provider.issuer", "Write the address that it leads to, if that is the provider you mean."))
        }
        ProbeOutcome::Http { status: 200, content_type, first_char } if evidence.metadata.is_none() => {
            let html = *first_char == Some('<')
                || content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
            let what = match (html, first_char) {
                (true, _) => "a page of HTML",
                (false, None) => "nothing",
                (false, Some(_)) => "no JSON object",
            };
            Case::new(format!("{url} has {what} where metadata are expected.")).change(ask)
        }
        _ => return None,
    })
}

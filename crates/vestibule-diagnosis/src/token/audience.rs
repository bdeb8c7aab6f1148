//! Recognises a token that is in order and for somebody else.

use vestibule_oidc::microsoft::is_graph_audience;

use super::cure::ask_for_the_api;
use super::evidence::{TokenEvidence, shown};
use crate::{Change, Confidence, Finding, Place, Severity};

pub(super) fn judge(evidence: &TokenEvidence) -> Option<Finding> {
    let found = evidence.found_audiences();
    let fits = |audience: &&str| evidence.audiences.iter().any(|own| own == audience);
    let says_enough = !found.is_empty() && !evidence.audiences.is_empty();
    // A token for Graph has its own finding.
    if !says_enough || found.iter().any(fits) || found.iter().any(|aud| is_graph_audience(aud)) {
        return None;
    }
    let other_name = found.iter().find(|audience| {
        evidence
            .audiences
            .iter()
            .any(|own| bare(own).eq_ignore_ascii_case(bare(audience)))
    });
    let names: Vec<_> = found
        .iter()
        .map(|audience| format!("`{}`", shown(audience)))
        .collect();
    let expected: Vec<_> = evidence
        .audiences
        .iter()
        .map(|own| format!("`{own}`"))
        .collect();
    let seen = format!(
        "{} is for {}; the API expects {}.",
        evidence.subject(),
        names.join(", "),
        expected.join(" or ")
    );
    Some(match other_name {
        Some(name) => same_api(seen, &shown(name)),
        None => another_api(evidence, seen),
    })
}

/// The id in any of the shapes Entra's v1.0 tokens name one API in.
fn bare(audience: &str) -> &str {
    audience
        .strip_prefix("api://")
        .unwrap_or(audience)
        .trim_end_matches('/')
}

fn same_api(seen: String, name: &str) -> Finding {
    Finding {
        code: "VST-TOKEN-AUDIENCE",
        severity: Severity::Error,
        seen,
        why: "Both are names of one API. In a v1.0 access token `aud` is the name the client asked for, \
              with or without `api://` and slash; in a v2.0 token it is always the application id."
            .to_owned(),
        change: vec![
            Change {
                place: Place::Api,
                name: "accepted audiences".to_owned(),
                text: format!("Accept `{name}` beside the audience the API expects now."),
                line: None,
            },
            Change {
                place: Place::Portal,
                name: "App registrations > (the API) > Manifest > api.requestedAccessTokenVersion"
                    .to_owned(),
                text: "Or ask for v2.0 tokens, whose audience is always the application id. This is \
                       the API's registration, not that of the sign-in app."
                    .to_owned(),
                line: Some("\"requestedAccessTokenVersion\": 2".to_owned()),
            },
        ],
        confidence: Confidence::Certain,
        source: "Microsoft identity platform: access token claims reference, `aud`",
    }
}

fn another_api(evidence: &TokenEvidence, seen: String) -> Finding {
    Finding {
        code: "VST-TOKEN-AUDIENCE",
        severity: Severity::Error,
        seen,
        why: format!(
            "{} The audience follows from the scope: the token is for the API whose scope was asked \
             for. An API must refuse a token for another, or any app people sign in to could use \
             their token here.",
            evidence.asked_for()
        ),
        change: ask_for_the_api(evidence),
        confidence: Confidence::Certain,
        source: "RFC 9068 §4; RFC 8725 §3.9",
    }
}

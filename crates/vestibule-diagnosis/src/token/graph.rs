//! Recognises a token for Microsoft Graph: it looks like a JWT, and nobody but Graph can verify it.

use vestibule_oidc::access_token::TokenShape;
use vestibule_oidc::microsoft::is_graph_audience;

use super::cure::ask_for_the_api;
use super::evidence::{TokenEvidence, shown};
use crate::{Confidence, Finding, Severity};

pub(super) fn judge(evidence: &TokenEvidence) -> Option<Finding> {
    let TokenShape::Jwt { header, .. } = &evidence.shape else {
        return None;
    };
    let audience = evidence
        .found_audiences()
        .into_iter()
        .find(|found| is_graph_audience(found));
    let nonce = header.contains_key("nonce");
    let (seen, confidence) = match (audience, nonce) {
        (Some(audience), true) => (
            format!(
                "is for Microsoft Graph (`aud` is `{}`, its header has a `nonce`)",
                shown(audience)
            ),
            Confidence::Certain,
        ),
        (Some(audience), false) => (
            format!("is for Microsoft Graph (`aud` is `{}`)", shown(audience)),
            Confidence::Certain,
        ),
        (None, true) => (
            "has a `nonce` in its header, as only tokens for Microsoft's own APIs have".to_owned(),
            Confidence::Likely,
        ),
        (None, false) => return None,
    };
    Some(Finding {
        code: "VST-TOKEN-GRAPH",
        severity: Severity::Error,
        seen: format!("{} {seen}.", evidence.subject()),
        why: format!(
            "{} Where no API is named, Entra gives a token for Microsoft Graph, which serves its \
             user-info endpoint. It looks like a JWT, but its signature is not over the bytes that are \
             sent: only Graph can verify it, and no setting of the API will help.",
            evidence.asked_for()
        ),
        change: ask_for_the_api(evidence),
        confidence,
        source: "Microsoft identity platform: access tokens, \"Token formats\"; troubleshooting \
                 signature validation errors",
    })
}

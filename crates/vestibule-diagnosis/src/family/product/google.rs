//! Google.

use vestibule_oidc::access_token::TokenShape;

use super::{add_parameters, is, is_opaque, passes_a_token};
use crate::catalogue::{Case, Row};
use crate::cure::write_scopes;
use crate::evidence::{Grant, Product};
use crate::{Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-GOOGLE-OPAQUE",
        title: "Google's access tokens are for Google",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Google Cloud: token types, access tokens",
        symptom: "The access token begins with `ya29.` and no library can validate it.",
        cause: "Google's access tokens are opaque and good for Google's own APIs. There are none for an API of yours.",
        cure: "Let the API validate the ID token, whose audience is the client id, or pass the person on in headers.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: opaque,
    },
    Row {
        code: "VST-GOOGLE-NO-REFRESH",
        title: "no refresh token from Google",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Google Identity: OAuth 2.0 for web server applications, access_type",
        symptom: "After an hour the access token is over and can't be renewed, or sign-in fails with `invalid_scope`.",
        cause: "Google gives a refresh token for the parameter `access_type=offline`, and at the first consent only. It \
                does not know the scope `offline_access`.",
        cure: "Send `access_type=offline` and `prompt=consent`, and leave `offline_access` out.",
        fault: None,
        explains: &["VST-TOKEN-NO-REFRESH"],
        judge: no_refresh,
    },
];

fn opaque(evidence: &Evidence) -> Option<Case> {
    let own = evidence
        .token
        .as_ref()
        .is_some_and(|token| token.shape == TokenShape::GoogleOpaque);
    // No token of an API's is ever to come of these settings.
    if evidence.token.is_none() && is(evidence, Product::Google) && passes_a_token(evidence) {
        return Some(
            Case::new("A route passes Google's access token on.")
                .severity(Severity::Warning)
                .changes(super::ask::google(evidence)),
        );
    }
    ((own || is(evidence, Product::Google)) && is_opaque(evidence)).then(|| {
        Case::new(format!(
            "{} is an opaque one of Google's.",
            evidence.subject()
        ))
        .changes(super::ask::google(evidence))
    })
}

fn no_refresh(evidence: &Evidence) -> Option<Case> {
    if !is(evidence, Product::Google) {
        return None;
    }
    let scopes = evidence.scopes().unwrap_or_default();
    let asked = scopes.iter().any(|scope| scope == "offline_access");
    let offline = evidence
        .provider()
        .and_then(|provider| provider.parameter("access_type"))
        == Some("offline");
    let lacks = evidence.token_response.as_ref().is_some_and(|answer| {
        matches!(answer.asked.grant, None | Some(Grant::Code))
            && answer.has("access_token")
            && !answer.has("refresh_token")
    });
    let seen = match (asked, lacks, offline) {
        (true, ..) => "`offline_access` is asked for, which Google does not know.",
        (false, true, false) => {
            "The answer has no `refresh_token`, and `access_type=offline` was not sent."
        }
        (false, true, true) => {
            "The answer has no `refresh_token`: Google gives it at the first consent alone."
        }
        (false, false, _) => return None,
    };
    let case = Case::new(seen).change(add_parameters(
        evidence,
        &[("access_type", "offline"), ("prompt", "consent")],
        "Ask Google for a refresh token.",
    ));
    Some(match asked {
        true => {
            let rest: Vec<&str> = scopes
                .iter()
                .map(String::as_str)
                .filter(|scope| *scope != "offline_access")
                .collect();
            case.severity(Severity::Error).change(write_scopes(
                evidence,
                &rest,
                "Leave `offline_access` out.".to_owned(),
            ))
        }
        false => case,
    })
}

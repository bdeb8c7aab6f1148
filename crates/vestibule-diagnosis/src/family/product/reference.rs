//! Providers where somebody chooses between JWTs and reference tokens: Salesforce, Ping.

use vestibule_oidc::access_token::TokenShape;

use super::{is, is_opaque};
use crate::catalogue::{Case, Row};
use crate::evidence::Product;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SALESFORCE-OPAQUE",
        title: "Salesforce gives opaque tokens unless told otherwise",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Salesforce Help: JWT-based access tokens",
        symptom: "The access token begins with `00D` and has an exclamation mark in it.",
        cause: "It is a session id of Salesforce. JWTs are made only for apps that have them switched on.",
        cure: "Switch JWT-based access tokens on for the app, or ask Salesforce's introspection endpoint.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: salesforce,
    },
    Row {
        code: "VST-PING-REFERENCE",
        title: "a reference token of Ping's",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "PingFederate: access token management",
        symptom: "The access token is a short random text.",
        cause: "An access token manager makes either JWTs or references that only the server can look up. This client's \
                makes references.",
        cure: "Give the client a manager that makes JWTs, or let the API introspect.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: ping,
    },
];

fn salesforce(evidence: &Evidence) -> Option<Case> {
    let own = evidence
        .token
        .as_ref()
        .is_some_and(|token| token.shape == TokenShape::SalesforceOpaque);
    ((own || is(evidence, Product::Salesforce)) && is_opaque(evidence)).then(|| {
        Case::new(format!(
            "{} is a session id of Salesforce.",
            evidence.subject()
        ))
        .change(Change::provider(
            "Setup > App Manager > your app > Issue JSON Web Token (JWT)-based access tokens",
            "Switch it on. Their header then says `tty: sfdc-core-token`, signed with RS256.",
        ))
        .change(Change::api(
            "introspection",
            "Or ask `/services/oauth2/introspect` about it.",
        ))
    })
}

fn ping(evidence: &Evidence) -> Option<Case> {
    (is(evidence, Product::Ping) && is_opaque(evidence)).then(|| {
        Case::new(format!(
            "{} is a reference of Ping's, no JWT.",
            evidence.subject()
        ))
        .change(Change::provider(
            "Applications > OAuth > Access Token Management",
            "Make a manager of the type JSON Web Tokens, and choose it for the client.",
        ))
        .change(Change::api(
            "introspection",
            "Or ask the introspection endpoint about it.",
        ))
    })
}

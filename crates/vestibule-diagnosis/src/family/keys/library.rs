//! What Microsoft's libraries write into logs and no other row judges.

use crate::catalogue::{Case, Row};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-KEYS-LIBRARY",
    title: "a message of Microsoft's token library",
    severity: Severity::Error,
    confidence: Confidence::Inferred,
    source: "the messages of IdentityModel",
    symptom: "The API's log has a number of Microsoft's libraries that begins with IDX.",
    cause: "A library checks signature, issuer, audience and times, one after the other, and names the first that \
            fails. Most of its numbers have a page of their own here.",
    cure: "Hand the token to `vestibule explain`: it says which of these is the root.",
    fault: None,
    explains: &[],
    judge: library,
}];

/// Number, what it says, why, what to do. What another row judges is not here.
const MESSAGES: &[(&str, &str, &str, &str)] = &[
    (
        "IDX10204",
        "no issuer is configured to compare with",
        "The API was set up neither with an issuer nor with metadata that names one.",
        "Give the API its authority, or the issuers it accepts.",
    ),
    (
        "IDX10208",
        "no audience is configured to compare with",
        "The API was not told its own name.",
        "Give the API its audience: its application id, or its Application ID URI.",
    ),
    (
        "IDX10206",
        "the token has no audience",
        "The token has no `aud`: it is not one for an API, or of a provider that writes none.",
        "Look at the token with `vestibule explain`, and at who issued it.",
    ),
    (
        "IDX10211",
        "the token has no issuer",
        "The token has no `iss`: it is not one of an ordinary provider.",
        "Look at the token with `vestibule explain`, and at who made it.",
    ),
    (
        "IDX10225",
        "the token has no end",
        "The token has no `exp`, which access tokens must have.",
        "Let who makes the token write `exp`.",
    ),
    (
        "IDX40002",
        "the issuer has a form the library does not support",
        "B2C issuers with `/tfp/` are not supported.",
        "Let the B2C policy write the default form of the issuer.",
    ),
];

fn library(evidence: &Evidence) -> Option<Case> {
    let (code, what, why, cure) = MESSAGES.iter().find(|(code, ..)| evidence.has_code(code))?;
    Some(
        Case::new(format!("The library says {code}: {what}."))
            .because(*why)
            .change(Change::api("token validation", *cure)),
    )
}

//! What was passed on in the place of a token, or spoiled on its way.

use vestibule_oidc::access_token::{Cleaning, TokenShape};

use crate::catalogue::{Case, Row};
use crate::evidence::Role;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-CODE-OR-REFRESH",
        title: "a code or a refresh token in the place of an access token",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Test data of Microsoft's authentication library: codes of three parts",
        symptom: "The token has two dots and looks like a JWT, but no part of it can be decoded; it \
                  begins with 0. or 1.",
        cause: "Entra's authorization codes and refresh tokens have two dots as well. They belong to the \
                sign-in alone: whoever gets one can sign in as that person.",
        cure: "Pass on the `access_token` of the token endpoint's answer. End the sessions whose refresh \
               token went to an API.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: code_or_refresh,
    },
    Row {
        code: "VST-TOKEN-TRUNCATED",
        title: "a token that was cut off",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7515 §3.1; RFC 7518 §3.3",
        symptom: "The API says that the token has too few parts or a bad signature; it fails for people \
                  with many groups first.",
        cause: "A signed token is a header, a payload and a signature with dots between them. The end of \
                this one is missing, so something on its way cuts long headers or log lines.",
        cure: "Raise the header limits of what stands before the API, or make the token smaller.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-SIGNATURE", "VST-KEYS-LIBRARY"],
        judge: truncated,
    },
    Row {
        code: "VST-TOKEN-WRAPPED",
        title: "something around the token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6750 §2.1",
        symptom: "The API can't read a token that looks right on a page made for looking at tokens.",
        cause: "The API takes what follows `Bearer ` for the token, to the last character: quotation \
                marks, line breaks and a second `Bearer` make it another one.",
        cure: "Correct the header's template: `Authorization: Bearer <token>`, with one space and no \
               quotation marks.",
        fault: None,
        explains: &[],
        judge: wrapped,
    },
    Row {
        code: "VST-TOKEN-RESPONSE",
        title: "the whole answer in the place of the token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6749 §5.1",
        symptom: "The API gets JSON where it expects a token.",
        cause: "The token endpoint answers with a JSON object that has the token in it. The object was \
                passed on, with the refresh token if there is one.",
        cure: "Pass on the value of `access_token` alone.",
        fault: None,
        explains: &[],
        judge: whole_response,
    },
];

fn code_or_refresh(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    if token.shape != TokenShape::EntraCodeOrRefreshToken {
        return None;
    }
    let seen = format!(
        "{} is an authorization code or a refresh token of Entra's: {} bytes in parts, the first a \
         single digit.",
        evidence.subject(),
        token.length
    );
    Some(
        Case::new(seen)
            .change(Change::api(
                "access_token",
                "Whoever passes it on: pass on the member `access_token` of the answer, never `code` or \
                 `refresh_token`.",
            ))
            .change(Change::portal(
                "Users > the person > Revoke sessions",
                "If it left your own machines: revoke the person's sessions.",
            )),
    )
}

/// The characters of an RSA signature of 2048 bits, the shortest anybody issues.
const RSA_SIGNATURE_CHARS: usize = 342;
/// The characters of an ECDSA signature on P-256, or one of Ed25519.
const P256_SIGNATURE_CHARS: usize = 86;

fn truncated(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let seen = match &token.shape {
        TokenShape::TruncatedJwt { .. } => {
            "is the beginning of a JWT: its signature is missing".to_owned()
        }
        TokenShape::Jwt { .. } => {
            let least = match token.header_text("alg")? {
                alg if alg.starts_with("RS") || alg.starts_with("PS") => RSA_SIGNATURE_CHARS,
                alg if alg.starts_with("ES") || alg == "EdDSA" => P256_SIGNATURE_CHARS,
                _ => return None,
            };
            let length = token.signature_length.filter(|length| *length < least)?;
            format!(
                "has a signature of {length} characters where its algorithm makes at least {least}"
            )
        }
        _ => return None,
    };
    Some(
        Case::new(format!("{} {seen}.", evidence.subject()))
            .change(Change::environment(
                "header limits of the proxies and servers in front of the API",
                "Let them take heads of 16 KiB.",
            ))
            .change(Change::portal(
                "App registrations > your API > Token configuration",
                "Or make the token smaller: \"Groups assigned to the application\" instead of all \
                 groups, and no optional claims nobody reads.",
            )),
    )
}

fn wrapped(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    // White space and one `Bearer` come from how people copy; a role says where it was found.
    let known = token.role != Role::Unknown;
    let around = |what: &Cleaning| match what {
        Cleaning::Quotes => Some("quotation marks"),
        Cleaning::WhiteSpace if known => Some("white space or line breaks"),
        Cleaning::Bearer if known => Some("the word `Bearer`"),
        Cleaning::Name if known => Some("a name"),
        _ => None,
    };
    let found: Vec<_> = token.removed.iter().filter_map(around).collect();
    if found.is_empty() || token.shape == TokenShape::Empty {
        return None;
    }
    Some(
        Case::new(format!("{} has {} around it.", evidence.subject(), found.join(" and "))).change(
            Change::api(
                "Authorization",
                "Whoever writes the header: write `Bearer`, one space and the token, and nothing else.",
            )
            .line("Authorization: Bearer <token>"),
        ),
    )
}

fn whole_response(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    (token.shape == TokenShape::TokenResponse && evidence.text.is_none()).then(|| {
        Case::new(format!(
            "{} is a JSON object: the token endpoint's whole answer.",
            evidence.subject()
        ))
        .change(Change::api(
            "access_token",
            "Whoever passes it on: pass on the value of the member `access_token` alone.",
        ))
    })
}

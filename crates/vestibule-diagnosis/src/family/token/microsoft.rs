//! Tokens for Microsoft's own APIs, which nobody else can validate.

use vestibule_oidc::access_token::TokenShape;
use vestibule_oidc::microsoft::{is_graph_audience, microsoft_api};

use super::opaque::asked_for;
use crate::catalogue::{Case, Row};
use crate::cure::{ask_for_the_api, portal};
use crate::evidence::Role;
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-GRAPH",
        title: "a token for Microsoft Graph",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Token formats\"; troubleshooting signature \
                 validation errors",
        symptom: "The API says that the signature is wrong, though issuer, key and time are right.",
        cause: "Where no API is named, Entra gives a token for Microsoft Graph, which serves its user-info \
                endpoint. It looks like a JWT, but its format is Graph's own: only Graph can verify it.",
        cure: "Ask for a scope of the API. Do not switch the check of the signature off.",
        fault: Some("without-api-scope"),
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-AUDIENCE-NAME",
            "VST-TOKEN-VERSION",
            "VST-TOKEN-SCOPE",
            "VST-TOKEN-MIXED-ACCOUNTS",
            "VST-KEYS-SIGNATURE",
            "VST-KEYS-FOREIGN-ISSUER",
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-LIBRARY",
            "VST-AADSTS-500131",
        ],
        judge: graph,
    },
    Row {
        code: "VST-TOKEN-MICROSOFT-API",
        title: "a token for an API of Microsoft's own",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Token formats\"",
        symptom: "The API says that the audience or the signature is wrong; the audience is an address or an id of \
                  Microsoft's, as `https://management.azure.com`.",
        cause: "The token was asked for with a scope of one of Microsoft's APIs, or by a v1.0 request without a \
                resource. Microsoft's APIs have formats of their own for their tokens, which may change and are not \
                for others to validate.",
        cure: "Ask for a scope of the API itself.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-AUDIENCE-NAME",
            "VST-TOKEN-VERSION",
            "VST-TOKEN-SCOPE",
            "VST-TOKEN-NO-PERMISSIONS",
            "VST-KEYS-SIGNATURE",
            "VST-KEYS-FOREIGN-ISSUER",
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-LIBRARY",
        ],
        judge: microsoft_api_token,
    },
    Row {
        code: "VST-TOKEN-GRAPH-FORBIDDEN",
        title: "Microsoft Graph refuses for want of a permission",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft Graph: resolve authorization errors",
        symptom: "A call of Microsoft Graph answers 403 with `Authorization_RequestDenied`: insufficient privileges.",
        cause: "The token is Graph's and in order, and does not carry the permission that this call needs; or it is a \
                person's, and that person may not do it.",
        cure: "Look the call's permissions up in Graph's reference, add one of them, and let an administrator consent.",
        fault: None,
        explains: &[],
        judge: graph_forbidden,
    },
];

/// What Graph says where a permission is missing, of whatever call.
fn graph_forbidden(evidence: &Evidence) -> Option<Case> {
    let text = evidence.text.as_ref()?;
    let refused = text.says("authorization_requestdenied")
        || text.says("insufficient privileges to complete the operation");
    refused.then(|| {
        Case::new("Microsoft Graph says that there are not enough permissions for the call.")
            .change(Change::portal(
                format!("{} > Add a permission > Microsoft Graph", portal::API_PERMISSIONS),
                "Add the least permission that Graph's reference names for this call: Delegated where a person is signed in, \
                 Application where an app calls by itself; then Grant admin consent.",
            ))
            .change(Change::api(
                "the token",
                "Get a new token: one from before does not carry it. `vestibule explain` shows its scopes and roles.",
            ))
    })
}

fn graph(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let TokenShape::Jwt { header, .. } = &token.shape else {
        return None;
    };
    let audience = token
        .audiences()
        .into_iter()
        .find(|found| is_graph_audience(found));
    // Graph itself is behind the route.
    let accepts = |audience| {
        let mut accepted = evidence.api.iter().flat_map(|api| &api.audiences);
        accepted.any(|own| own == audience)
    };
    if audience.is_some_and(accepts) {
        return None;
    }
    let nonce = header.contains_key("nonce");
    let (seen, confidence) = match (audience, nonce) {
        (Some(audience), true) => (
            format!(
                "is for Microsoft Graph (`aud` is {}, its header has a `nonce`)",
                shown(audience)
            ),
            Confidence::Documented,
        ),
        (Some(audience), false) => (
            format!("is for Microsoft Graph (`aud` is {})", shown(audience)),
            Confidence::Documented,
        ),
        (None, true) => (
            "has a `nonce` in its header, as tokens for Microsoft's own APIs have".to_owned(),
            Confidence::Observed,
        ),
        (None, false) => return None,
    };
    let why = format!(
        "{}Where no API is named, Entra gives a token for Microsoft Graph, which serves its user-info \
         endpoint. It looks like a JWT, but its format is Graph's own: only Graph can verify it, and no \
         setting of the API will help.",
        asked_for(evidence)
    );
    Some(
        Case::new(format!("{} {seen}.", evidence.subject()))
            .because(why)
            .confidence(confidence)
            .changes(ask_for_the_api(evidence)),
    )
}

fn microsoft_api_token(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let audiences = token.audiences();
    let (audience, name) = audiences
        .iter()
        .find_map(|audience| Some((*audience, microsoft_api(audience)?)))?;
    // That API itself may be behind the route.
    let mut accepted = evidence.api.iter().flat_map(|api| &api.audiences);
    if accepted.any(|own| own == audience) || token.role == Role::Id {
        return None;
    }
    let why = format!(
        "{}A token is for the API whose scope or resource was asked for, and this one's is Microsoft's. Its \
         format is that API's own: nobody else is meant to validate it.",
        asked_for(evidence)
    );
    Some(
        Case::new(format!(
            "{} is for {name} (`aud` is {}).",
            evidence.subject(),
            shown(audience)
        ))
        .because(why)
        .changes(ask_for_the_api(evidence)),
    )
}

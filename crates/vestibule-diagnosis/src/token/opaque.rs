//! Recognises Microsoft's tokens that are no JWTs at all.

use vestibule_oidc::access_token::TokenShape;

use super::cure::ask_for_the_api;
use super::evidence::TokenEvidence;
use crate::{Change, Confidence, Finding, Place, Severity};

pub(super) fn judge(evidence: &TokenEvidence) -> Option<Finding> {
    match evidence.shape {
        TokenShape::PersonalAccountTicket => Some(personal(evidence)),
        TokenShape::EntraV1Opaque => Some(v1(evidence)),
        _ => None,
    }
}

fn personal(evidence: &TokenEvidence) -> Finding {
    let mut change = ask_for_the_api(evidence);
    change.push(Change {
        place: Place::Portal,
        name: "App registrations > (the API) > Manifest > api.requestedAccessTokenVersion"
            .to_owned(),
        text: "An API that personal accounts may use must have version 2 here, and \"Supported \
               account types\" that include personal Microsoft accounts."
            .to_owned(),
        line: Some("\"requestedAccessTokenVersion\": 2".to_owned()),
    });
    Finding {
        code: "VST-TOKEN-OPAQUE-PERSONAL",
        severity: Severity::Error,
        seen: format!(
            "{} is not a JWT: {} bytes that begin as Microsoft's encrypted tickets for personal \
             accounts do.",
            evidence.subject(),
            evidence.length
        ),
        why: format!(
            "{} For a personal Microsoft account Entra then gives an encrypted ticket that only \
             Microsoft Graph can read. People with work accounts get a JWT from the same set-up, so \
             it can fail for some and not for others.",
            evidence.asked_for()
        ),
        change,
        confidence: Confidence::Likely,
        source: "Microsoft identity platform: UserInfo endpoint, \"Consider using an ID token instead\"",
    }
}

fn v1(evidence: &TokenEvidence) -> Finding {
    let mut change = ask_for_the_api(evidence);
    let authority = match evidence.from_apache {
        true => Change {
            place: Place::Apache,
            name: "OIDCProviderMetadataURL".to_owned(),
            text: "Use the v2.0 document: the v1.0 endpoint ignores scopes.".to_owned(),
            line: Some(
                "OIDCProviderMetadataURL https://login.microsoftonline.com/<tenant id>/v2.0/\
                 .well-known/openid-configuration"
                    .to_owned(),
            ),
        },
        false => Change {
            place: Place::Config,
            name: "issuer".to_owned(),
            text: "Use the v2.0 issuer: the v1.0 endpoint ignores scopes. In [provider] write"
                .to_owned(),
            line: Some(
                "issuer = \"https://login.microsoftonline.com/<tenant id>/v2.0\"".to_owned(),
            ),
        },
    };
    change.insert(0, authority);
    Finding {
        code: "VST-TOKEN-OPAQUE-V1",
        severity: Severity::Error,
        seen: format!(
            "{} is not a JWT: {} bytes that begin as the tokens of Entra's v1.0 endpoint do when no \
             `resource` is named.",
            evidence.subject(),
            evidence.length
        ),
        why: "The v1.0 endpoint ignores scopes and looks for a `resource`. Without one it gives a token \
              for its own user-info endpoint, which nobody else can read. Authorization codes and \
              refresh tokens can look the same: check that none of these is passed on instead."
            .to_owned(),
        change,
        confidence: Confidence::Likely,
        source: "Azure Active Directory v1.0: authorization code flow, the parameter `resource`",
    }
}

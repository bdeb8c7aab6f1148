//! What was passed on in the place of an access token: a code, a secret, an assertion, a whole answer.

use vestibule_oidc::access_token::TokenShape;

use crate::catalogue::{Case, Row};
use crate::cure::portal;
use crate::evidence::Role;
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-CODE-OR-REFRESH",
        title: "a code or a refresh token in the place of an access token",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Test data of Microsoft's authentication library: codes of three parts; public reports of codes of \
                 personal accounts; Keycloak: `typ` among the claims",
        symptom: "The token has two dots and looks like a JWT, but no part of it can be decoded; it \
                  begins with 0. or 1., or, for personal accounts, as `M.C507_BAY.` does. Or it is one of Keycloak's \
                  whose `typ` is `Refresh`.",
        cause: "Entra's authorization codes and refresh tokens have two dots as well, and Keycloak's refresh tokens \
                are JWTs. They belong to the sign-in alone: whoever gets a refresh token can act as that person.",
        cure: "Pass on the `access_token` of the token endpoint's answer. Refresh tokens that went to an API are \
               to be revoked.",
        fault: None,
        explains: &[
            "VST-TOKEN-OPAQUE",
            "VST-KEYS-LIBRARY",
            "VST-TOKEN-SHARED-SECRET",
            "VST-TOKEN-ALGORITHM",
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-AUDIENCE-NAME",
            "VST-TOKEN-NO-PERMISSIONS",
            "VST-TOKEN-SCOPE",
            "VST-KEYCLOAK-AUDIENCE",
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-SIGNATURE",
        ],
        judge: code_or_refresh,
    },
    Row {
        code: "VST-TOKEN-SECRET",
        title: "a client secret in the place of a token",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "public descriptions of secrets for those who look for leaked ones: three characters, a digit, `Q~`",
        symptom: "What is sent as token is about 40 characters long, has no dots to speak of, and `Q~` near its beginning.",
        cause: "It is the secret of an app registration of Entra's. The app shows it to the token endpoint alone; whoever \
                else has it can act as the app.",
        cure: "Send the access token. Delete the secret in the portal and make a new one, if it was sent to anybody else.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: secret,
    },
    Row {
        code: "VST-TOKEN-SAML",
        title: "a SAML assertion in the place of an access token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "SAML 2.0: assertions; RFC 6750 §2.1",
        symptom: "The token has no dots, begins with `PHN` or `PD9`, and decodes to XML.",
        cause: "It is a statement of SAML's, which a sign-in by SAML gives. An API that validates JWTs can't use it.",
        cure: "Sign in with OpenID Connect, and ask for an access token for the API.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: saml,
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
    let personal = token.shape == TokenShape::PersonalCodeOrRefreshToken;
    let entra = personal || token.shape == TokenShape::EntraCodeOrRefreshToken;
    // In a text a code or a refresh token is where it belongs, unless it stands where access tokens do.
    if !entra && !token.is_refresh_token() || token.role == Role::Unknown && evidence.text.is_some()
    {
        return None;
    }
    let seen = match entra {
        true if personal => format!(
            "{} is an authorization code or a refresh token of a personal Microsoft account: {} bytes that begin \
             as those do.",
            evidence.subject(),
            token.length
        ),
        true => format!(
            "{} is an authorization code or a refresh token of Entra's: {} bytes in parts, the first a \
             single digit.",
            evidence.subject(),
            token.length
        ),
        false => format!(
            "{} says that it is a refresh token (`typ` is {} among its claims).",
            evidence.subject(),
            shown(token.text("typ").unwrap_or_default())
        ),
    };
    let case = Case::new(seen).change(Change::api(
        "access_token",
        "Whoever passes it on: pass on the member `access_token` of the answer, never `code` or \
         `refresh_token`.",
    ));
    // Only where it was seen in an API's hands is there anything to revoke.
    Some(match (token.role, entra) {
        (Role::Access, true) => case.change(Change::portal(
            "Users > the person > Revoke sessions",
            "If it is a refresh token (a code is over in ten minutes) and it left your own machines: this ends \
             all sessions of the person.",
        )),
        (Role::Access, false) => case.change(Change::provider(
            "Sessions > the person's session > Sign out",
            "If it left your own machines: end that session.",
        )),
        _ => case,
    })
}

fn secret(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    // In a text it stands where secrets do, unless it is where access tokens are.
    let is_one = token.shape == TokenShape::EntraClientSecret
        && !(token.role == Role::Unknown && evidence.text.is_some());
    is_one.then(|| {
        Case::new(format!(
            "{} is a client secret by its form: {} bytes with `Q~` behind the fourth.",
            evidence.subject(),
            token.length
        ))
        .change(Change::api(
            "access_token",
            "Pass on the member `access_token` of the token endpoint's answer. The secret goes to the token endpoint \
             alone.",
        ))
        .change(Change::portal(
            portal::SECRETS,
            "If it was sent to anybody but Entra, or stands in a log: make a new one, and delete this.",
        ))
    })
}

fn saml(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    (token.shape == TokenShape::Saml).then(|| {
        Case::new(format!(
            "{} is XML of SAML's: an assertion or a response.",
            evidence.subject()
        ))
        .changes(crate::cure::ask_for_the_api(evidence))
    })
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

//! Auth0.

use vestibule_oidc::access_token::TokenShape;

use super::{add_parameters, is, is_opaque, passes_a_token};
use crate::catalogue::{Case, Row};
use crate::evidence::{Failure, Product};
use crate::shown::shown_list;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-AUTH0-NO-AUDIENCE",
        title: "no API was named to Auth0",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Auth0: get access tokens; its community on opaque tokens",
        symptom: "The access token of Auth0 is a short random text or has five parts, and no library can validate it.",
        cause: "Without `audience` Auth0 gives a token for its own user-info endpoint, which nobody else can read.",
        cure: "Name the API by its identifier: send `audience` when signing in, or set a default audience for the tenant.",
        fault: None,
        explains: &[
            "VST-TOKEN-OPAQUE",
            "VST-TOKEN-ENCRYPTED",
            "VST-KEYS-LIBRARY",
        ],
        judge: no_audience,
    },
    Row {
        code: "VST-AUTH0-TWO-AUDIENCES",
        title: "Auth0's token has two audiences",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Auth0: validate access tokens; RFC 7519 §4.1.3",
        symptom: "The API says that the audience is wrong, though its own is in the token.",
        cause: "Asked for `openid` and an API, Auth0 makes `aud` a list: the API and the user-info endpoint. The API \
                compares it as one text.",
        cure: "Look for the API's audience in the list.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-AUDIENCE-NAME",
            "VST-KEYS-LIBRARY",
        ],
        judge: two_audiences,
    },
];

fn no_audience(evidence: &Evidence) -> Option<Case> {
    let encrypted = |evidence: &Evidence| {
        let token = evidence.token.as_ref()?;
        let by_issuer = || Product::of_url(token.header_text("iss")?);
        let auth0 = is(evidence, Product::Auth0) || by_issuer() == Some(Product::Auth0);
        Some(auth0 && matches!(token.shape, TokenShape::Jwe { .. }))
    };
    let named = evidence
        .provider()
        .is_some_and(|provider| provider.parameter("audience").is_some());
    let jwe = encrypted(evidence).unwrap_or(false);
    let opaque = is(evidence, Product::Auth0) && is_opaque(evidence);
    let (seen, severity) = if jwe || opaque {
        (
            format!(
                "{} is no JWT that an API can read, and it is of Auth0.",
                evidence.subject()
            ),
            Severity::Error,
        )
    } else if is(evidence, Product::Auth0)
        && evidence.token.is_none()
        && passes_a_token(evidence)
        && !named
    {
        (
            "A route passes Auth0's access token on, and no `audience` is asked for.".to_owned(),
            Severity::Warning,
        )
    } else {
        return None;
    };
    let audience = evidence
        .api_name()
        .filter(|name| !name.contains('"'))
        .unwrap_or("API-IDENTIFIER");
    Some(
        Case::new(seen)
            .severity(severity)
            .change(add_parameters(
                evidence,
                &[("audience", audience)],
                "Name the API by its identifier.",
            ))
            .change(Change::provider(
                "Applications > APIs > your API > Settings > Identifier",
                "Take the identifier from here; if there is no API, create one, with RS256.",
            ))
            .change(Change::provider(
                "Settings > General > API Authorization Settings > Default Audience",
                "Or name the API here, for every sign-in of the tenant.",
            )),
    )
}

fn two_audiences(evidence: &Evidence) -> Option<Case> {
    let token = evidence
        .token
        .as_ref()
        .filter(|token| token.product() == Some(Product::Auth0))?;
    let found = token.audiences();
    let two = found.len() > 1 && found.iter().any(|audience| audience.ends_with("/userinfo"));
    (two && token.failed(Failure::Audience)).then(|| {
        Case::new(format!(
            "{} is for {}.",
            evidence.subject(),
            shown_list(found.iter().copied(), "and")
        ))
        .change(Change::api(
            "accepted audiences",
            "Take the token if one of its audiences is the API's own.",
        ))
    })
}

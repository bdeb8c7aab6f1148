//! Okta.

use super::{is, passes_a_token, wrong_audience};
use crate::catalogue::{Case, Row};
use crate::cure::write_issuer;
use crate::evidence::{Product, Role, Token};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-OKTA-ORG-SERVER",
        title: "a token of Okta's org authorization server",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Okta: authorization servers; validate access tokens",
        symptom: "The API can't validate Okta's access token: the key is missing or the audience is Okta itself.",
        cause: "The org's own server, whose issuer has no `/oauth2/`, makes access tokens for Okta alone. Okta says that \
                nobody else can validate them.",
        cure: "Sign in at a custom authorization server: `/oauth2/default`, or one of your own.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-ISSUER",
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-SIGNATURE",
            "VST-KEYS-LIBRARY",
            "VST-OKTA-AUDIENCE",
        ],
        judge: org_server,
    },
    Row {
        code: "VST-OKTA-AUDIENCE",
        title: "the audience of an Okta server is not the API's",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "Okta: create an authorization server, Audience",
        symptom: "The API says that the audience is wrong; the token has `api://default`.",
        cause: "At Okta the authorization server has an audience, and all its access tokens carry it, whatever scope was \
                asked for.",
        cure: "Let the API accept that audience, or make an authorization server with the API's own.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-AUDIENCE-NAME",
            "VST-KEYS-LIBRARY",
        ],
        judge: audience,
    },
];

/// Whether an issuer is that of an Okta org itself.
fn is_org(issuer: &str) -> bool {
    Product::of_url(issuer) == Some(Product::Okta) && !issuer.contains("/oauth2/")
}

fn org_server(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref();
    let of_token = token
        .filter(|token| token.role != Role::Id && !token.looks_like_id_token())
        .and_then(|token| token.text("iss"))
        .filter(|issuer| is_org(issuer));
    let of_settings = || {
        let issuer = evidence.provider()?.issuer.as_deref()?;
        (token.is_none() && is_org(issuer) && passes_a_token(evidence)).then_some(issuer)
    };
    let (seen, issuer) = match of_token {
        Some(issuer) => (
            format!(
                "{} is issued by {}, the org's own server.",
                evidence.subject(),
                shown(issuer)
            ),
            issuer,
        ),
        None => {
            let issuer = of_settings()?;
            (
                format!(
                    "A route passes on an access token of {}, the org's own server.",
                    shown(issuer)
                ),
                issuer,
            )
        }
    };
    let custom = format!("{}/oauth2/default", issuer.trim_end_matches('/'));
    Some(
        Case::new(seen)
            .change(write_issuer(evidence, &custom, "Sign in at the custom server."))
            .change(Change::provider(
                "Security > API > Authorization Servers",
                "Take the issuer from here. If there is none but the org's, the plan lacks API Access Management.",
            )),
    )
}

fn audience(evidence: &Evidence) -> Option<Case> {
    let token: &Token = evidence.token.as_ref()?;
    if !is(evidence, Product::Okta)
        || token.product() != Some(Product::Okta)
        || token.looks_like_id_token()
    {
        return None;
    }
    let found = token.audiences();
    (!found.is_empty() && wrong_audience(evidence)).then(|| {
        Case::new(format!(
            "{} is for {}.",
            evidence.subject(),
            shown_list(found.iter().copied(), "and")
        ))
        .change(Change::api(
            "accepted audiences",
            "Accept the audience of the authorization server.",
        ))
        .change(Change::provider(
            "Security > API > Authorization Servers > your server > Settings > Audience",
            "Or write the API's audience here, on a server of its own.",
        ))
    })
}

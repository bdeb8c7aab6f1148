//! Okta.

use super::{is, passes_a_token, wrong_audience};
use crate::catalogue::{Case, Row};
use crate::cure::{setting, write_issuer};
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
    Row {
        code: "VST-OKTA-SCOPE",
        title: "a scope the Okta authorization server does not have",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "public reports of Okta's page; Okta: authorization servers",
        symptom: "In the place of the sign-in page Okta says that one or more scopes are not configured for the \
                  authorization server resource.",
        cause: "Each authorization server of Okta has its own list of scopes, and refuses a request that names another. \
                The org's own server has OpenID's scopes and Okta's, and none of yours.",
        cure: "Add the scope to that server, or take it out of the request.",
        fault: None,
        explains: &[],
        judge: scope,
    },
    Row {
        code: "VST-OKTA-POLICY",
        title: "no access policy of the Okta authorization server lets this through",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "public reports of Okta's answer; Okta: authorization servers",
        symptom: "Sign-in at Okta ends with `access_denied` and \"Policy evaluation failed for this request\".",
        cause: "A custom authorization server of Okta gives tokens only where a rule of one of its access policies fits: \
                the client, the grant, the person's groups and the scopes. A new server has none.",
        cure: "Give that server an access policy for this client, with a rule for the authorization code grant.",
        fault: None,
        explains: &[],
        judge: policy,
    },
];

fn scope(evidence: &Evidence) -> Option<Case> {
    evidence
        .says("scopes are not configured for the authorization server resource")
        .then(|| {
            Case::new("Okta says that a scope of the request is none of the authorization server's.")
                .change(Change::provider(
                    "Security > API > Authorization Servers > your server > Scopes",
                    "Compare with the scopes of the request, and add the one that is missing.",
                ))
                .change(setting(
                    evidence,
                    Change::config(
                        "provider.scopes",
                        "Or take it out, here or in `access_token` of the route. `groups` is one of these scopes only \
                         where the server has it.",
                    ),
                    Change::apache("OIDCScope", "Or take it out."),
                ))
        })
}

fn policy(evidence: &Evidence) -> Option<Case> {
    evidence.says("policy evaluation failed for this request").then(|| {
        Case::new("Okta says that no policy lets this request through.")
            .change(Change::provider(
                "Security > API > Authorization Servers > your server > Access Policies",
                "See that a policy is assigned to this client, and that a rule of it allows the grant Authorization Code, \
                 the person's groups and the scopes of the request.",
            ))
            .change(Change::provider(
                "Reports > System Log",
                "Find this sign-in: the event names the policy and the rule that refused.",
            ))
    })
}

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

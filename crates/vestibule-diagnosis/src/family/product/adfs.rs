//! AD FS.

use super::{is, user_info};
use crate::catalogue::{Case, Row};
use crate::cure::{add_scope, setting};
use crate::evidence::{ProbeTarget, Product};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-ADFS-DEFAULT-RESOURCE",
        title: "no resource was named to AD FS",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "AD FS: OpenID Connect and OAuth flows, resource",
        symptom: "The access token's audience is `urn:microsoft:userinfo`.",
        cause: "Without a resource AD FS makes the token for its own user-info endpoint.",
        cure: "Name the Web API: as the scope `API-ID/openid`, or as `resource`.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-NO-PERMISSIONS",
            "VST-TOKEN-SCOPE",
            "VST-KEYS-LIBRARY",
        ],
        judge: default_resource,
    },
    Row {
        code: "VST-ADFS-USERINFO",
        title: "user info of AD FS asked for with a token for an API",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "public reports of MSIS9921",
        symptom: "Sign-in at AD FS fails at the user-info endpoint, with MSIS9921 or a 401.",
        cause: "That endpoint takes only tokens for `urn:microsoft:userinfo`, and this one is for an API. All it ever says \
                is `sub`.",
        cure: "Do not ask for user info.",
        fault: None,
        explains: &["VST-KEYS-USERINFO"],
        judge: no_user_info,
    },
    Row {
        code: "VST-ADFS-CLAIMS",
        title: "AD FS leaves claims out of the ID token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "AD FS: custom ID tokens",
        symptom: "The ID token of AD FS has no name, no mail, no groups, though the rules issue them.",
        cause: "The rules of the Web API fill the access token. Into the ID token they go only for the scope `allatclaims`, \
                with `form_post`, or when client and Web API have one id.",
        cure: "Grant the permission `allatclaims` and ask for that scope.",
        fault: None,
        explains: &[
            "VST-TOKEN-USER-CLAIM",
            "VST-TOKEN-NO-GROUPS",
            "VST-TOKEN-RULE-CLAIM",
        ],
        judge: claims,
    },
    Row {
        code: "VST-ADFS-AUTH-TIME",
        title: "AD FS writes auth_time as text",
        severity: Severity::Warning,
        confidence: Confidence::Observed,
        source: "OIDC Core §2, `auth_time`; a report in Microsoft's questions and answers",
        symptom: "A strict library refuses the ID token of AD FS because of `auth_time`.",
        cause: "The claim is to be a number of seconds. AD FS writes a date as text.",
        cure: "Do not ask for `max_age`, or let the library leave the claim alone.",
        fault: None,
        explains: &[],
        judge: auth_time,
    },
];

/// Where AD FS lists what the parts of an application may ask each other.
const PERMISSIONS: &str =
    "AD FS Management > Application Groups > your group > Web API > Client Permissions";

fn default_resource(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let found = token.audiences().contains(&"urn:microsoft:userinfo");
    found.then(|| {
        let api = evidence.api_name().unwrap_or("API-ID");
        let scope = format!("{api}/openid");
        Case::new(format!(
            "{} is for `urn:microsoft:userinfo`.",
            evidence.subject()
        ))
        .change(setting(
            evidence,
            Change::config("access_token", "Ask for a token of the Web API's own.")
                .line(format!("access_token = {{ scope = \"{scope}\" }}")),
            Change::apache("OIDCAuthRequestParams", "Name the Web API.")
                .line(format!("OIDCAuthRequestParams resource={api}")),
        ))
        .change(Change::provider(
            PERMISSIONS,
            "Let the client ask for the Web API, with the scope `openid`.",
        ))
    })
}

fn no_user_info(evidence: &Evidence) -> Option<Case> {
    let refused = || {
        let probe = evidence.probes.iter().find(|probe| {
            probe.target == ProbeTarget::UserInfo && matches!(probe.status(), Some(401 | 403))
        })?;
        let adfs =
            is(evidence, Product::AdFs) || Product::of_url(&probe.url) == Some(Product::AdFs);
        adfs.then(|| {
            format!(
                "{} answers {}.",
                shown(&probe.url),
                probe.status().unwrap_or_default()
            )
        })
    };
    let said = || {
        evidence
            .has_code("MSIS9921")
            .then(|| "AD FS answers MSIS9921: the token is not for its user info.".to_owned())
    };
    Some(Case::new(refused().or_else(said)?).change(user_info(
        evidence,
        false,
        "Do not ask for user info; read the ID token.",
    )))
}

fn claims(evidence: &Evidence) -> Option<Case> {
    let token = evidence
        .id_token
        .as_ref()
        .filter(|_| is(evidence, Product::AdFs))?;
    let route = evidence.route_settings()?;
    let of_rules = route.rules.iter().map(|rule| &rule.claim);
    let wanted = route
        .user_claims
        .iter()
        .chain(&route.header_claims)
        .chain(of_rules);
    let missing = wanted.into_iter().find(|claim| !token.has(claim))?;
    let asked = evidence
        .scopes()
        .is_some_and(|scopes| scopes.iter().any(|scope| scope == "allatclaims"));
    (!asked).then(|| {
        Case::new(format!("The ID token of AD FS has no {}.", shown(missing)))
            .change(add_scope(evidence, "allatclaims"))
            .change(Change::provider(PERMISSIONS, "Tick `allatclaims` beside `openid`; and in Issuance Transform Rules issue the claim."))
    })
}

fn auth_time(evidence: &Evidence) -> Option<Case> {
    let token = evidence.id_token.as_ref().or(evidence.token.as_ref())?;
    (is(evidence, Product::AdFs) && token.text("auth_time").is_some()).then(|| {
        Case::new("`auth_time` is text, not a number.").change(setting(
            evidence,
            Change::config(
                "provider.max_age",
                "Leave it out: it is what makes the claim count.",
            ),
            Change::apache(
                "OIDCAuthRequestParams",
                "Leave `max_age` out: it is what makes the claim count.",
            ),
        ))
    })
}

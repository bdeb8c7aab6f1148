//! GitHub and GitLab.

use vestibule_oidc::access_token::TokenShape;

use super::{is, is_opaque, passes_a_token, user_info};
use crate::catalogue::{Case, Row};
use crate::evidence::{Product, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-GITHUB-NO-OIDC",
        title: "GitHub signs people in without OpenID Connect",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "GitHub: authorizing OAuth apps",
        symptom: "GitHub has no metadata, no ID token, and an access token that begins with `gho_` or `ghu_`.",
        cause: "For people GitHub speaks OAuth 2.0 alone. Its OpenID Connect issuer is for workflows of Actions.",
        cure: "Put a provider in between that speaks both, like Keycloak, Dex or Entra External ID.",
        fault: None,
        explains: &[
            "VST-TOKEN-OPAQUE",
            "VST-TOKEN-NO-ID-TOKEN",
            "VST-KEYS-NO-METADATA",
            "VST-KEYS-LIBRARY",
        ],
        judge: github,
    },
    Row {
        code: "VST-GITLAB-OPAQUE",
        title: "GitLab's access tokens are for GitLab",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "GitLab: OpenID Connect provider; OAuth 2.0 token information",
        symptom: "The access token is a random text, and no library can validate it.",
        cause: "GitLab's access tokens are opaque and good for GitLab's own API.",
        cure: "Let the API take the ID token or headers, or ask GitLab's token information endpoint.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: gitlab,
    },
    Row {
        code: "VST-GITLAB-USERINFO",
        title: "GitLab's ID token lacks the profile",
        severity: Severity::Warning,
        confidence: Confidence::Observed,
        source: "OIDC Core §5.4; public reports about GitLab's ID token",
        symptom: "Name and mail are missing though `profile` and `email` were asked for.",
        cause: "Where there is an access token, the profile may be had from user info alone, and GitLab does it so.",
        cure: "Ask the user-info endpoint.",
        fault: None,
        explains: &[
            "VST-TOKEN-USER-CLAIM",
            "VST-TOKEN-NO-GROUPS",
            "VST-TOKEN-RULE-CLAIM",
        ],
        judge: gitlab_user_info,
    },
];

fn github(evidence: &Evidence) -> Option<Case> {
    let own = evidence
        .token
        .as_ref()
        .is_some_and(|token| token.shape == TokenShape::GitHubOpaque)
        && is_opaque(evidence);
    let authority = evidence
        .provider()
        .and_then(|provider| provider.authority());
    let configured = authority.filter(|url| host_of(url) == Some("github.com"));
    let seen = match (own, configured) {
        (_, Some(url)) => format!("The provider is {}.", shown(url)),
        (true, None) => format!("{} is one of GitHub's.", evidence.subject()),
        (false, None) => return None,
    };
    Some(
        Case::new(seen)
            .change(Change::environment(
                "a provider in between",
                "Let Keycloak, Dex or the like sign people in at GitHub, and use it as the provider here.",
            ))
            .change(Change::api("access token", "An API that has such a token asks `https://api.github.com/user` who it is of.")),
    )
}

fn gitlab(evidence: &Evidence) -> Option<Case> {
    let own = evidence
        .token
        .as_ref()
        .is_some_and(|token| token.shape == TokenShape::GitLabOpaque);
    // No token of an API's is ever to come of these settings.
    let only_set =
        evidence.token.is_none() && is(evidence, Product::GitLab) && passes_a_token(evidence);
    (only_set || (own || is(evidence, Product::GitLab)) && is_opaque(evidence)).then(|| {
        let case = match only_set {
            true => Case::new("A route passes GitLab's access token on.").severity(Severity::Warning),
            false => Case::new(format!("{} is an opaque one of GitLab's.", evidence.subject())),
        };
        case.change(Change::api(
            "token validation",
            "Ask `/oauth/token/info` of GitLab about it, or take the ID token, whose audience is the application's id.",
        ))
    })
}

fn gitlab_user_info(evidence: &Evidence) -> Option<Case> {
    let token = evidence
        .id_token
        .as_ref()
        .filter(|_| is(evidence, Product::GitLab))?;
    let route = evidence.route_settings()?;
    let asks = evidence.provider()?.user_info == Some(true);
    let wanted = ["name", "email", "preferred_username", "nickname", "groups"];
    let claims = route.user_claims.iter().chain(&route.header_claims);
    let missing = claims
        .into_iter()
        .find(|claim| wanted.contains(&claim.as_str()) && !token.has(claim))?;
    (!asks).then(|| {
        Case::new(format!(
            "The ID token of GitLab has no {}, and user info is not asked for.",
            shown(missing)
        ))
        .change(user_info(evidence, true, "Ask for user info."))
    })
}

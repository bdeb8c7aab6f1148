//! Groups that do not fit into a token, and what asking Microsoft Graph for them came to.

use vestibule_oidc::microsoft::PERSONAL_TENANT;

use super::group::{app_roles, assigned_only, rule, says_overage};
use super::lookup::{asks_graph, can_not_ask, logged_forbidden};
use crate::catalogue::{Case, Row};
use crate::cure::{portal, write_scopes};
use crate::evidence::{Grant, ProbeOutcome, ProbeTarget, Role, Token, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-GROUPS-FORBIDDEN",
        title: "Microsoft Graph refuses to tell the groups",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft Graph: getMemberObjects, permissions",
        symptom: "People in many groups are refused, and the log has a 403 of Microsoft Graph.",
        cause: "Asking for a person's own groups needs the permission `User.Read`. For personal accounts \
                Graph has no groups at all.",
        cure: "Add `User.Read` (delegated) and grant it. Or use app roles, which are in the token.",
        fault: None,
        explains: &[
            "VST-TOKEN-GROUPS-OVERAGE",
            "VST-TOKEN-NO-GROUPS",
            "VST-TOKEN-RULE-CLAIM",
            "VST-TOKEN-GROUPS-UNKNOWN",
            "VST-TOKEN-GRAPH-FORBIDDEN",
        ],
        judge: |evidence| forbidden(evidence).or_else(|| logged_forbidden(evidence)),
    },
    Row {
        code: "VST-TOKEN-GROUPS-NO-TOKEN",
        title: "no token to ask Microsoft Graph for groups with",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: refresh tokens; permissions and consent, `.default`",
        symptom: "People in many groups are refused, and others are not.",
        cause: "Their groups are not in the token and have to be asked for at Microsoft Graph. The token \
                for that is got with the session's refresh token, or with the client secret, and Entra gave none.",
        cure: "Have sign-in ask for `offline_access`, and grant the permission `User.Read` of Microsoft Graph. \
               Or use app roles, which are in the token.",
        fault: None,
        explains: &[
            "VST-TOKEN-GROUPS-UNKNOWN",
            "VST-TOKEN-GROUPS-OVERAGE",
            "VST-TOKEN-NO-GROUPS",
            "VST-TOKEN-RULE-CLAIM",
            "VST-SCOPE-CONSENT",
            "VST-SETTINGS-NO-RENEWAL",
        ],
        judge: |evidence| no_token(evidence).or_else(|| can_not_ask(evidence)),
    },
    Row {
        code: "VST-TOKEN-GROUPS-UNKNOWN",
        title: "the groups can't be asked for",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "Microsoft identity platform: access token claims reference, groups overage",
        symptom: "People in many groups are refused now and then, and others are not.",
        cause: "Their groups are not in the token and have to be asked for at Microsoft Graph, which did \
                not answer. No answer is not \"no groups\": rules on groups refuse until it is known.",
        cure: "Let the proxy reach graph.microsoft.com. App roles need no such question.",
        fault: None,
        explains: &[
            "VST-TOKEN-GROUPS-OVERAGE",
            "VST-TOKEN-NO-GROUPS",
            "VST-TOKEN-RULE-CLAIM",
        ],
        judge: unknown,
    },
    Row {
        code: "VST-TOKEN-GROUPS-OLD-URL",
        title: "groups asked for at the retired Azure AD Graph",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access token claims reference, groups overage",
        symptom: "An app follows the address in the token and gets an error of graph.windows.net.",
        cause: "The token's `_claim_sources` can still name Azure AD Graph, which is retired.",
        cure: "Ignore that address and ask Microsoft Graph: `/me/transitiveMemberOf` or \
               `getMemberObjects`.",
        fault: None,
        explains: &[
            "VST-TOKEN-GROUPS-OVERAGE",
            "VST-TOKEN-NO-GROUPS",
            "VST-TOKEN-RULE-CLAIM",
        ],
        judge: old_url,
    },
    Row {
        code: "VST-TOKEN-GROUPS-OVERAGE",
        title: "too many groups for the token",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access token claims reference, groups overage",
        symptom: "People in many groups are refused; others in the same group get in.",
        cause: "Over 200 groups are not written into a token. It says instead that they have to be asked \
                for. Groups in groups count.",
        cure: "Send only groups assigned to the application, or use app roles.",
        fault: None,
        explains: &["VST-TOKEN-NO-GROUPS", "VST-TOKEN-RULE-CLAIM"],
        judge: overage,
    },
];

fn forbidden(evidence: &Evidence) -> Option<Case> {
    let probe = evidence
        .probes
        .iter()
        .find(|probe| probe.target == ProbeTarget::Graph && probe.status() == Some(403))?;
    let is_personal = |token: &Token| token.text("tid") == Some(PERSONAL_TENANT);
    let case = Case::new(format!(
        "Microsoft Graph answers 403 at {}.",
        shown(&probe.url)
    ));
    Some(match evidence.id_token.as_ref().is_some_and(is_personal) {
        true => case
            .because("This is a personal Microsoft account: Graph has no groups for it.")
            .change(Change::config(
                "require",
                "Let people with personal accounts in by other rules than groups.",
            )),
        false => case
            .change(Change::portal(
                format!(
                    "{} > Add a permission > Microsoft Graph > Delegated",
                    portal::API_PERMISSIONS
                ),
                "Add `User.Read` and grant it; for more than the person's own groups \
                 `GroupMember.Read.All`, which an administrator has to grant.",
            ))
            .change(app_roles()),
    })
}

fn no_token(evidence: &Evidence) -> Option<Case> {
    let said = evidence.provider_error.as_ref()?;
    if said.grant != Some(Grant::Groups) {
        return None;
    }
    let permission = Change::portal(
        format!(
            "{} > Add a permission > Microsoft Graph > Delegated",
            portal::API_PERMISSIONS
        ),
        "Add `User.Read`, and grant admin consent: nobody is asked in between.",
    );
    Some(match said.aadsts.first() {
        Some(number) => Case::new(format!(
            "A person's groups have to be asked for at Microsoft Graph, and Entra gives no token for it: AADSTS{number}."
        ))
        .change(permission)
        .change(app_roles()),
        None => Case::new(
            "A person's groups have to be asked for at Microsoft Graph, and there is no refresh token to get a token for it with.",
        )
        .change(write_scopes(
            evidence,
            &["openid", "profile", "offline_access"],
            "Have sign-in ask for `offline_access`; people sign in once more.".to_owned(),
        ))
        .change(app_roles()),
    })
}

/// Whether the route needs the groups, for a rule or for a header.
fn needs_groups(evidence: &Evidence) -> bool {
    let header = |claim: &String| claim == "groups";
    rule(evidence).is_some()
        || evidence
            .route_settings()
            .is_some_and(|route| route.header_claims.iter().any(header))
}

fn unknown(evidence: &Evidence) -> Option<Case> {
    if !needs_groups(evidence) {
        return None;
    }
    let failed = |status: Option<u16>| status.is_none_or(|status| status >= 400 && status != 403);
    let probe = evidence
        .probes
        .iter()
        .find(|probe| probe.target == ProbeTarget::Graph && failed(probe.status()))?;
    let what = match &probe.outcome {
        ProbeOutcome::Http { status, .. } => format!(" (status {status})"),
        ProbeOutcome::Failed { detail } => format!(" ({})", shown(detail)),
        _ => String::new(),
    };
    let case = Case::new(format!(
        "The route needs groups, and Microsoft Graph gave none at {}{what}.",
        shown(&probe.url)
    ));
    // Whoever answered was reached.
    let case = match probe.status().is_some() {
        true => case,
        false => case.change(Change::environment(
            "graph.microsoft.com",
            "Let the proxy reach this host on port 443.",
        )),
    };
    Some(case.change(app_roles()))
}

fn old_url(evidence: &Evidence) -> Option<Case> {
    let old = |url: &str| host_of(url) == Some("graph.windows.net");
    let probed = evidence.probes.iter().any(|probe| old(&probe.url));
    let text = evidence.text.as_ref();
    let logged = text.is_some_and(|text| text.urls.iter().any(|url| old(url)));
    (probed || logged).then(|| {
        Case::new("Something asks `graph.windows.net` for groups.").change(Change::api(
            "groups",
            "Who asks: do not follow the address in the token. Ask \
             `https://graph.microsoft.com/v1.0/me/transitiveMemberOf?$select=id` with the permission \
             `User.Read`.",
        ))
    })
}

fn overage(evidence: &Evidence) -> Option<Case> {
    let tokens = [evidence.id_token.as_ref(), evidence.token.as_ref()];
    let token = tokens
        .into_iter()
        .flatten()
        .find(|token| says_overage(token))?;
    let name = match evidence.id_token.as_ref() == Some(token) {
        true => "The ID token".to_owned(),
        false => evidence.subject(),
    };
    let case = Case::new(format!(
        "{name} says that the person's groups do not fit into it."
    ));
    let is_id = evidence.id_token.as_ref() == Some(token) || token.role == Role::Id;
    let case = match asks_graph(evidence).filter(|_| is_id) {
        Some(asks) => case
            .severity(Severity::Info)
            .because(asks.why())
            .changes(asks.needs(evidence)),
        None => case,
    };
    Some(case.change(assigned_only()).change(app_roles()))
}

//! Groups in a token: none, by other names than the rule has, asked for as a scope.

use serde_json::Value;
use vestibule_oidc::microsoft::TenantId;

use crate::catalogue::{Case, Row};
use crate::cure::{portal, write_scopes};
use crate::evidence::{ClaimRule, Token};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-NO-GROUPS",
        title: "no groups in the token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: app manifest, `groupMembershipClaims`; optional claims",
        symptom: "Rules on groups refuse everybody.",
        cause: "Entra writes groups into a token only where the registration the token is for says so, \
                and for that kind of token. There is no scope for it.",
        cure: "Add the groups claim in the registration of the sign-in app for ID tokens, in that of the \
               API for access tokens.",
        fault: None,
        explains: &[],
        judge: no_groups,
    },
    Row {
        code: "VST-TOKEN-GROUP-NAMES",
        title: "names of groups compared with their ids",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: optional claims, \"Configure groups optional claims\"",
        symptom: "Rules on groups refuse everybody, and the groups are in the token.",
        cause: "Entra writes object ids of groups. Names come only for groups that are synchronized, or \
                for groups assigned to the application, where the registration says so.",
        cure: "Write the groups' object ids into the rules.",
        fault: None,
        explains: &[],
        judge: names,
    },
    Row {
        code: "VST-TOKEN-GROUPS-SCOPE",
        title: "`groups` asked for as a scope",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Reports of AADSTS650053 for the scope `groups`",
        symptom: "Sign-in ends with AADSTS650053: a scope that does not exist.",
        cause: "At Entra `groups` is no scope: it is taken for a permission of Microsoft Graph, which has \
                none of that name. Groups are a setting of the registration.",
        cure: "Remove the scope, and add the groups claim in the portal.",
        fault: None,
        explains: &[
            "VST-AADSTS-650053",
            "VST-TOKEN-NO-GROUPS",
            "VST-TOKEN-RULE-CLAIM",
        ],
        judge: scope,
    },
];

pub(super) fn rule(evidence: &Evidence) -> Option<&ClaimRule> {
    let rules = &evidence.route_settings()?.rules;
    rules.iter().find(|rule| rule.claim == "groups")
}

pub(super) fn says_overage(token: &Token) -> bool {
    let names = token.claim("_claim_names");
    let listed = names.and_then(|names| names.get("groups")).is_some();
    let has = token.claim("hasgroups");
    listed || has.is_some_and(|has| *has == Value::Bool(true) || has == "true")
}

fn add_claim(text: &str) -> Change {
    Change::portal(
        format!("{} > Add groups claim", portal::TOKEN_CONFIGURATION),
        text,
    )
}

pub(super) fn assigned_only() -> Change {
    add_claim(
        "Choose \"Groups assigned to the application\": only these are written, and they are few.",
    )
}

pub(super) fn app_roles() -> Change {
    Change::portal(
        "App registrations > your sign-in app > App roles",
        "Or define app roles, assign groups to them, and write rules on `roles`.",
    )
}

fn no_groups(evidence: &Evidence) -> Option<Case> {
    rule(evidence)?;
    let token = evidence.id_token.as_ref()?;
    let missing = evidence.is_entras(token) && !token.has("groups") && !says_overage(token);
    missing.then(|| {
        Case::new("A rule is on groups, and the ID token has none and does not say that there are too many.")
            .change(add_claim("Choose the groups, and tick them for the ID token."))
            .change(app_roles())
    })
}

fn names(evidence: &Evidence) -> Option<Case> {
    let rule = rule(evidence)?;
    let Some(token) = &evidence.id_token else {
        return names_in_rule(evidence, rule);
    };
    if !token.is_entra() {
        return None;
    }
    let found = token.words("groups");
    let are_ids = |all: &mut dyn Iterator<Item = &str>| {
        let kinds: Vec<bool> = all.map(|value| TenantId::parse(value).is_some()).collect();
        kinds
            .first()
            .copied()
            .filter(|first| kinds.iter().all(|kind| kind == first))
    };
    let in_token = are_ids(&mut found.iter().copied())?;
    let in_rule = are_ids(&mut rule.values.iter().map(String::as_str))?;
    if in_token == in_rule {
        return None;
    }
    let case = Case::new(format!(
        "The rule names {}; the token has {}.",
        shown_list(rule.values.iter().map(String::as_str), "or"),
        shown_list(found.iter().take(3).copied(), "and")
    ));
    Some(match in_token {
        true => case
            .change(
                Change::config(
                    "require",
                    "Write the object ids of the groups into the rule.",
                )
                .line("require = { groups = [\"<object id of the group>\"] }"),
            )
            .change(Change::portal(
                "Groups > the group > Overview > Object ID",
                "Find the id here.",
            )),
        false => case
            .because("The registration writes names of groups, and the rule has object ids.")
            .change(add_claim(
                "Choose \"Group ID\" for the ID token, and ids are written again.",
            )),
    })
}

/// A rule with names, of which nobody knows yet whether the registration writes such.
fn names_in_rule(evidence: &Evidence, rule: &ClaimRule) -> Option<Case> {
    let name = rule
        .values
        .iter()
        .find(|value| TenantId::parse(value).is_none())?;
    (evidence.is_entra() && evidence.token.is_none()).then(|| {
        Case::new(format!("A rule names the group {}.", shown(name)))
            .severity(Severity::Warning)
            .because(
                "Unless the registration was told to write names, Entra writes object ids of groups, and no name is \
                 equal to one. Names can be had for synchronized groups and for those assigned to the application.",
            )
            .change(
                Change::config(
                    "require",
                    "Write the object ids of the groups into the rule.",
                )
                .line("require = { groups = [\"<object id of the group>\"] }"),
            )
            .change(Change::portal(
                "Groups > the group > Overview > Object ID",
                "Find the id here.",
            ))
    })
}

fn scope(evidence: &Evidence) -> Option<Case> {
    let scopes = evidence.scopes()?;
    (evidence.is_entra() && scopes.iter().any(|scope| scope == "groups")).then(|| {
        let rest: Vec<&str> = scopes
            .iter()
            .map(String::as_str)
            .filter(|scope| *scope != "groups")
            .collect();
        Case::new("`groups` is among the scopes, and the provider is Microsoft's.")
            .change(write_scopes(
                evidence,
                &rest,
                "Remove `groups` from the scopes.".to_owned(),
            ))
            .change(add_claim("Have the groups written into the ID token here."))
    })
}

//! Scopes and roles.

use super::resource::bare;
use crate::catalogue::{Case, Row};
use crate::cure::{ask_for_the_scope, portal};
use crate::evidence::{Role, Token};
use crate::shown::shown_list;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-APP-ONLY",
        title: "a token of an app where a person is expected",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access token claims reference, `scp` and `roles`; optional \
                 claims, `idtyp`",
        symptom: "The API finds no scopes (`scp`) and no user in a token that is otherwise right.",
        cause: "The token was issued to an app for itself, by client credentials. Such tokens carry roles, \
                never scopes: scopes are what a person lets an app do.",
        cure: "Call the API with a token of a signed-in person, or let it accept app roles where apps may \
               call it.",
        fault: None,
        explains: &[
            "VST-TOKEN-SCOPE",
            "VST-TOKEN-NO-PERMISSIONS",
            "VST-TOKEN-USER-CLAIM",
        ],
        judge: app_only,
    },
    Row {
        code: "VST-TOKEN-NO-PERMISSIONS",
        title: "neither scopes nor roles",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: client credentials flow; Microsoft.Identity.Web, IDW10201",
        symptom: "The API answers 401 or 403, and Microsoft.Identity.Web logs IDW10201.",
        cause: "The token carries neither `scp` nor `roles`. An app gets a token for an API without being \
                given any role there; an ID token carries none either.",
        cure: "Give the app a role of the API and grant it. If a person signed in, pass on the access \
               token.",
        fault: Some("no-permissions"),
        explains: &["VST-TOKEN-SCOPE", "VST-TOKEN-NO-ROLES", "VST-KEYS-LIBRARY"],
        judge: no_permissions,
    },
    Row {
        code: "VST-TOKEN-SCOPE",
        title: "the scope the API asks for is not in the token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access token claims reference, `scp`; RFC 9068 §5",
        symptom: "The API answers 403, and Microsoft.Identity.Web logs IDW10203.",
        cause: "`scp` holds short names like `access_as_user`, without the API's URI, and only what was \
                asked for and consented to.",
        cure: "Compare short names in the API; ask for the scope and consent to it.",
        fault: None,
        explains: &["VST-KEYS-LIBRARY"],
        judge: scope,
    },
    Row {
        code: "VST-TOKEN-NO-ROLES",
        title: "no roles in the token",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access token claims reference, `roles`; optional claims, \
                 `emit_as_roles`",
        symptom: "Rules on roles refuse some people; or everybody, though roles are assigned in the portal.",
        cause: "Either this person has no role in the app, and then Entra leaves `roles` out: nothing is wrong where others \
                have theirs. Or nobody gets any: a token carries the roles of the app it is for, and not those defined or \
                assigned at another registration; and where groups are written as roles, they take the place of app roles.",
        cure: "Assign the person a role, if they are to have one. If nobody gets roles: define them in the registration the \
               token is for, and assign them in its enterprise application.",
        fault: None,
        explains: &["VST-TOKEN-NOT-ALLOWED"],
        judge: |evidence| no_roles(evidence).or_else(|| logged_role(evidence)),
    },
];

fn jwt(evidence: &Evidence) -> Option<&Token> {
    evidence
        .token
        .as_ref()
        .filter(|token| token.claims().is_some())
}

/// Whether a token is an app's own: it says so, or it carries what only such tokens carry.
fn is_app_only(token: &Token) -> bool {
    match token.text("idtyp") {
        Some(kind) => kind == "app",
        None => {
            !token.has("scp")
                && (token.has("azpacr") || token.has("appidacr"))
                && !["name", "preferred_username", "upn", "unique_name"]
                    .iter()
                    .any(|name| token.has(name))
        }
    }
}

fn app_only(evidence: &Evidence) -> Option<Case> {
    let token = jwt(evidence)?;
    let wants_person = evidence
        .api
        .as_ref()
        .is_some_and(|api| !api.scopes.is_empty())
        || evidence.has_code("IDW10203");
    if !token.is_entra() || !wants_person || token.has("scp") || !is_app_only(token) {
        return None;
    }
    let roles = token.words("roles");
    let carries = match roles.as_slice() {
        [] => "neither scopes nor roles".to_owned(),
        roles => format!(
            "the roles {} and no scopes",
            shown_list(roles.iter().copied(), "and")
        ),
    };
    Some(
        Case::new(format!(
            "{} is an app's own: it carries {carries}.",
            evidence.subject()
        ))
        .change(Change::api(
            "permissions",
            "Where apps may call the API: accept app roles (`roles`) beside scopes (`scp`).",
        ))
        .changes(ask_for_the_scope(evidence)),
    )
}

fn no_permissions(evidence: &Evidence) -> Option<Case> {
    let logged = evidence.has_code("IDW10201");
    let bare_token = jwt(evidence).filter(|token| {
        let entra = token.is_entra() || token.has("tid") && token.has("ver");
        entra
            && token.role == Role::Access
            && !["scp", "scope", "roles"].iter().any(|name| token.has(name))
    });
    let seen = match (bare_token, logged) {
        (Some(_), _) => format!("{} carries neither `scp` nor `roles`.", evidence.subject()),
        (None, true) if jwt(evidence).is_none() => {
            "The API's library says IDW10201: the token carries neither scopes nor roles."
                .to_owned()
        }
        _ => return None,
    };
    let of_person = bare_token.is_some_and(|token| {
        token.text("idtyp") == Some("user")
            || ["preferred_username", "upn", "unique_name"]
                .iter()
                .any(|name| token.has(name))
    });
    let case = Case::new(seen);
    Some(match of_person {
        true => case
            .because(
                "The token is a person's. Its `scp` names the scopes of the API that were asked for and consented to, and \
                 there are none.",
            )
            .changes(ask_for_the_scope(evidence))
            .change(Change::portal(
                portal::EXPOSE_AN_API,
                "See that the API offers a scope under \"Scopes defined by this API\"; add one if there is none.",
            ))
            .change(Change::portal(
                portal::API_PERMISSIONS,
                "Add that scope as a delegated permission, and consent to it.",
            )),
        false => case
            .change(Change::portal(
                "App registrations > the calling app > API permissions > Add a permission > My APIs",
                "For an app: add an application permission (a role of the API), then \"Grant admin \
                 consent\".",
            ))
            .changes(ask_for_the_scope(evidence)),
    })
}

fn scope(evidence: &Evidence) -> Option<Case> {
    let wanted = evidence.api.as_ref().map_or(&[][..], |api| &api.scopes);
    let Some(token) = jwt(evidence) else {
        let seen = match evidence.has_code("IDW10203") {
            true => {
                "The API's library says IDW10203: none of the scopes or roles it accepts is in the token."
            }
            false if evidence.heard(Saying::Permission) => {
                "The API answers `insufficient_scope`: a permission it asks for is not in the token."
            }
            false => return None,
        };
        return Some(Case::new(seen).changes(cures(evidence, &[])));
    };
    let found = token.scopes();
    if found.is_empty()
        || wanted.is_empty()
        || wanted.iter().any(|own| found.contains(&own.as_str()))
    {
        return None;
    }
    let short: Vec<&str> = wanted
        .iter()
        .filter_map(|own| own.rsplit('/').next())
        .filter(|own| found.contains(own))
        .collect();
    let case = Case::new(format!(
        "{} carries the scopes {}; the API asks for {}.",
        evidence.subject(),
        shown_list(found.iter().copied(), "and"),
        shown_list(wanted.iter().map(String::as_str), "or")
    ));
    Some(match short.first() {
        Some(name) => case
            .because(
                "The scope is there by its short name. A client asks for `<App ID URI>/<scope>`; the token \
                 says `<scope>` alone.",
            )
            .change(Change::api(
                "required scope",
                format!("Compare with `{}`, without the API's URI.", bare(name)),
            )),
        None => case.changes(cures(evidence, wanted)),
    })
}

fn cures(evidence: &Evidence, wanted: &[String]) -> Vec<Change> {
    let name = wanted.first().map_or("the scope", String::as_str);
    let mut changes = vec![Change::portal(
        portal::API_PERMISSIONS,
        format!(
            "Add {} of the API, grant consent, and sign in again.",
            crate::shown::shown(name)
        ),
    )];
    changes.extend(ask_for_the_scope(evidence));
    changes
}

/// A library that says that a role is missing.
fn logged_role(evidence: &Evidence) -> Option<Case> {
    (jwt(evidence).is_none() && evidence.heard(Saying::NoRole)).then(|| {
        Case::new("The app's library says that the person has none of the roles it asks for.")
            .confidence(Confidence::Inferred)
            .change(Change::portal(
                portal::USERS_AND_GROUPS,
                "Assign the role to the person or a group they are in directly; then sign in again.",
            ))
            .change(Change::portal(
                "App registrations > the app the token is for > App roles",
                "Compare the role's value with the one the app asks for, letter for letter.",
            ))
    })
}

fn no_roles(evidence: &Evidence) -> Option<Case> {
    // The API reads its token's roles; our rules read the ID token's.
    let of_api = evidence
        .api
        .as_ref()
        .is_some_and(|api| !api.roles.is_empty());
    let of_rules = evidence
        .route_settings()
        .is_some_and(|route| route.rules.iter().any(|rule| rule.claim == "roles"));
    let lacks =
        |token: &&Token| token.is_entra() && token.claims().is_some() && !token.has("roles");
    let api_token = evidence
        .token
        .as_ref()
        .filter(|token| of_api && token.has("scp") && lacks(token));
    let id_token = evidence.id_token.as_ref().filter(|token| {
        let lacks = token.claims().is_some() && !token.has("roles");
        of_rules && lacks && evidence.is_entras(token)
    });
    let (whose, registration) = match (api_token, id_token) {
        (Some(_), _) => (evidence.subject(), "your API"),
        (None, Some(_)) => ("The ID token".to_owned(), "your sign-in app"),
        (None, None) => return None,
    };
    Some(
        Case::new(format!(
            "{whose} carries no `roles`, and roles are asked for."
        ))
        .change(Change::portal(
            portal::USERS_AND_GROUPS,
            format!(
                "If the person is to come in: assign them, or a group they are in directly, a role in the enterprise \
                 application of {registration}; then they sign in again."
            ),
        ))
        .change(Change::portal(
            format!("App registrations > {registration} > App roles"),
            "If others get no roles either: define them here, since the token is for this registration.",
        )),
    )
}

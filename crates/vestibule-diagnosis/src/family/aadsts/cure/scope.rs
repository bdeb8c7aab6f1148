//! What helps with scopes, where the message names them.

use vestibule_oidc::microsoft::{TenantId, is_graph_audience};

use super::super::super::said::{Said, refused_scopes};
use crate::cure::{ask_in_file, portal, setting};
use crate::shown::{shown, shown_list};
use crate::{Change, Evidence};

/// OpenID's own scopes.
const OF_OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The scopes a message names by their whole names, each once.
fn named(evidence: &Evidence) -> Vec<&str> {
    let text = evidence.text.iter();
    let written = text.flat_map(|text| text.api_uris.iter().chain(&text.urls));
    let described = evidence
        .provider_error
        .iter()
        .filter_map(|error| error.description.as_deref())
        .flat_map(|text| {
            text.split(|char: char| char.is_whitespace() || char == '\'' || char == '"')
        })
        .map(|word| word.trim_end_matches(['.', ',']));
    let mut found: Vec<&str> = Vec::new();
    for scope in written.map(String::as_str).chain(described) {
        let is_scope = scope.split_once("://").is_some_and(|(scheme, rest)| {
            let path = rest
                .split_once('/')
                .map(|(_, path)| path)
                .unwrap_or_default();
            !path.is_empty() && !path.contains(['/', '?']) && (scheme == "api" || scheme == "https")
        });
        if is_scope && !found.contains(&scope) {
            found.push(scope);
        }
    }
    found
}

/// The API of a scope's whole name.
fn api_of(scope: &str) -> &str {
    scope.rsplit_once('/').map_or(scope, |(api, _)| api)
}

/// The scopes of a request are of several APIs.
pub(super) fn one_resource(evidence: &Evidence, _: &Said) -> Option<Vec<Change>> {
    let scopes = named(evidence);
    let mut apis: Vec<&str> = scopes.iter().map(|scope| api_of(scope)).collect();
    apis.dedup();
    // What is the API's own, and not Microsoft's.
    let own = scopes
        .iter()
        .find(|scope| !is_graph_audience(api_of(scope)))?;
    let ours = format!(
        "The request named {}. Leave the OpenID scopes in `scopes`, and name each API in a route of its own.",
        shown_list(scopes.iter().copied(), "and")
    );
    let theirs = format!(
        "The request named {}. Name one API; the other's token comes with a refresh, which names it alone.",
        shown_list(scopes.iter().copied(), "and")
    );
    Some(vec![setting(
        evidence,
        Change::config("access_token", ours)
            .line(format!("access_token = {{ scope = \"{own}\" }}")),
        Change::apache("OIDCScope", theirs)
            .line(format!("OIDCScope \"openid profile offline_access {own}\"")),
    )])
}

/// The scope is not valid, perhaps because it is of several APIs.
pub(super) fn several(evidence: &Evidence, said: &Said) -> Option<Vec<Change>> {
    let scopes = named(evidence);
    let mut apis: Vec<&str> = scopes.iter().map(|scope| api_of(scope)).collect();
    apis.sort_unstable();
    apis.dedup();
    match apis.len() {
        0 => bare(evidence),
        1 => None,
        _ => one_resource(evidence, said),
    }
}

/// A scope that names its API by the id alone: `GUID/access`.
fn bare(evidence: &Evidence) -> Option<Vec<Change>> {
    let scopes = refused_scopes(evidence);
    let is_bare = |scope: &&String| {
        let (api, name) = scope.split_once('/').unwrap_or_default();
        TenantId::parse(api).is_some() && !name.is_empty()
    };
    let scope = scopes.iter().find(is_bare)?;
    Some(vec![
        ask_in_file(
            evidence,
            &format!(
                "{} names its API without `api://`. Write the Application ID URI as the portal shows it",
                shown(scope)
            ),
            &format!("api://{scope}"),
        ),
        Change::portal(
            portal::EXPOSE_AN_API,
            "The whole name stands under \"Scopes defined by this API\".",
        ),
    ])
}

/// The API is there and has no such scope, though the number stands for more.
pub(super) fn no_such_scope(evidence: &Evidence, said: &Said) -> Option<Vec<Change>> {
    match evidence.says("doesn't exist on the resource") {
        true => unknown(evidence, said),
        false => None,
    }
}

/// The API has no scope of that name.
pub(super) fn unknown(evidence: &Evidence, said: &Said) -> Option<Vec<Change>> {
    let scope = said.scope.as_deref()?;
    let resource = said.resource.as_deref();
    let bare = scope.rsplit_once('/').map_or(scope, |(_, name)| name);
    let graph = resource.is_none_or(is_graph_audience);
    if bare == "groups" || scope.contains(',') || OF_OPENID.contains(&bare) {
        return None;
    }
    if graph {
        let line = "api://<the API's application id>/".to_owned() + bare;
        return (!scope.contains("://")).then(|| {
            vec![
                ask_in_file(
                    evidence,
                    &format!(
                        "Without an API in front {} is looked for at Microsoft Graph. If it is your API's: write its \
                         whole name",
                        shown(scope)
                    ),
                    &line,
                ),
                Change::portal(
                    portal::EXPOSE_AN_API,
                    "The whole name stands under \"Scopes defined by this API\".",
                ),
            ]
        });
    }
    let resource = resource?;
    let uri = match resource.contains("://") {
        true => resource.to_owned(),
        false => format!("api://{resource}"),
    };
    Some(vec![
        Change::portal(
            portal::EXPOSE_AN_API,
            format!(
                "Compare {} with \"Scopes defined by this API\" of {}, letter for letter; add it there if it is missing.",
                shown(bare),
                shown(resource)
            ),
        ),
        ask_in_file(
            evidence,
            "Or ask for everything that was granted",
            &format!("{uri}/.default"),
        ),
    ])
}

/// An app without a person names `/.default` alone.
pub(super) fn of_app(evidence: &Evidence, said: &Said) -> Option<Vec<Change>> {
    let scopes = named(evidence);
    let api = match scopes.first() {
        Some(scope) => api_of(scope).to_owned(),
        None => {
            let scope = said
                .scope
                .as_deref()
                .filter(|scope| scope.contains("://"))?;
            scope.trim_end_matches('/').to_owned()
        }
    };
    Some(vec![
        Change::api("scope", "Send the Application ID URI and `/.default`.")
            .line(format!("{api}/.default")),
        Change::portal(
            "App registrations > the app that asks > API permissions > Add a permission > My APIs > Application permissions",
            "What the token then carries are the app roles granted here, in `roles`; scopes are for people.",
        ),
    ])
}

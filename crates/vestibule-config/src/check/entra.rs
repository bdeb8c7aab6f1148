//! What Microsoft Entra ID makes of scopes: one API per token, and scopes named with their API.

use super::{Tables, providers_of};
use crate::read::{At, Context, finding};
use crate::section::provider::{ProviderKind, ProviderSettings};
use crate::section::route::{AccessToken, Require, RouteSettings};
use crate::section::rule::RuleSettings;

/// At Entra's token endpoint all scopes must be of one resource (AADSTS28000). Whether they are.
pub(super) fn one_api(
    context: &Context<'_>,
    provider: &At<ProviderSettings>,
    route: &At<RouteSettings>,
    scopes: &[&str],
) -> bool {
    let resources: Vec<&str> = scopes
        .iter()
        .filter_map(|scope| entra_resource(scope))
        .collect();
    if provider.value.kind != ProviderKind::Entra
        || !resources.windows(2).any(|pair| pair.first() != pair.last())
    {
        return true;
    }
    context.error(
        route.marks.of("access_token"),
        route.marks.key("access_token"),
        finding(
            "VST-SCOPE-TWO-APIS",
            "these scopes are of different APIs, and a token is for one",
        ),
        "keep the scopes of the API behind this route",
    );
    false
}

/// Nor may what every sign-in asks for be of another API than the token it brings.
pub(super) fn sign_in_scopes(
    context: &Context<'_>,
    provider: &At<ProviderSettings>,
    route: &At<RouteSettings>,
    scopes: &[&str],
) {
    if provider.value.kind != ProviderKind::Entra {
        return;
    }
    let mut resources: Vec<&str> = scopes
        .iter()
        .filter_map(|scope| entra_resource(scope))
        .collect();
    resources.extend(
        provider
            .value
            .scopes
            .iter()
            .filter_map(|scope| entra_resource(scope)),
    );
    if resources.windows(2).any(|pair| pair.first() != pair.last()) {
        context.error(
            provider.marks.of("scopes"),
            provider.marks.key("scopes"),
            finding(
                "VST-SCOPE-TWO-APIS",
                format!(
                    "sign-in asks for another API than the route {}, and Entra gives a token for one (AADSTS28000)",
                    route.value.path
                ),
            ),
            "keep only \"openid\", \"profile\" and \"offline_access\" here; the route's scope is added by itself",
        );
    }
}

/// The resource in one of Entra's scopes; `None` for those of OpenID Connect.
fn entra_resource(scope: &str) -> Option<&str> {
    if is_of_openid(scope) {
        return None;
    }
    match scope.rsplit_once('/') {
        // `api://GUID` alone names no scope and is its own resource.
        Some((resource, _)) if resource.ends_with('/') && !scope.ends_with("/.default") => {
            Some(scope)
        }
        Some((resource, _)) => Some(resource),
        // A name without resource is Microsoft Graph's.
        None => Some("https://graph.microsoft.com"),
    }
}

/// The mistake the whole program exists for: a token that nobody but Microsoft can read.
pub(super) fn sign_in_token(
    context: &Context<'_>,
    tables: &Tables<'_>,
    provider: &At<ProviderSettings>,
) {
    if provider.value.kind != ProviderKind::Entra {
        return;
    }
    let own_api = provider
        .value
        .scopes
        .iter()
        .filter_map(|scope| entra_resource(scope))
        .any(|resource| !resource.starts_with("https://graph.microsoft."));
    let routes = tables.routes.iter().filter(|route| {
        (tables.providers.len() == 1 || route.value.provider == provider.value.name)
            && route.value.access_token == Some(AccessToken::SignIn)
    });
    for route in routes.filter(|_| !own_api) {
        context.warning(
            route.marks.of("access_token"),
            route.marks.key("access_token"),
            finding(
                "VST-TOKEN-MIXED-ACCOUNTS",
                "the sign-in's own token is for Microsoft Graph: the upstream can't validate it",
            ),
            "write access_token = { scope = \"api://API-ID/.default\" }, the Application ID URI under Expose an API",
        );
    }
}

/// Entra's token endpoint lists what it granted as `api://GUID/access`; the short name is only in the token.
pub(super) fn rule_scopes(context: &Context<'_>, tables: &Tables<'_>, route: &At<RouteSettings>) {
    let Require::Rule(rule) = &route.value.require else {
        return;
    };
    if !providers_of(tables, route).any(|provider| provider.kind == ProviderKind::Entra) {
        return;
    }
    let mut scopes = Vec::new();
    scopes_in(rule, &mut scopes);
    for scope in scopes {
        if !scope.contains('/') && !is_of_openid(scope) {
            context.warning(
                route.marks.of("require"),
                route.marks.key("require"),
                format!("`{scope}` is a scope's short name, and Entra lists a granted scope with its API"),
                format!(
                    "write \"api://API-ID/{scope}\", the Application ID URI under Expose an API and then the name, as `scope` in the token endpoint's answer has it"
                ),
            );
        }
    }
}

fn scopes_in<'r>(rule: &'r RuleSettings, scopes: &mut Vec<&'r str>) {
    match rule {
        RuleSettings::All(rules) | RuleSettings::Any(rules) => {
            rules.iter().for_each(|rule| scopes_in(rule, scopes));
        }
        RuleSettings::Not(rule) => scopes_in(rule, scopes),
        RuleSettings::Scopes(names) => scopes.extend(names.iter().map(String::as_str)),
        RuleSettings::Claim { .. }
        | RuleSettings::Matches { .. }
        | RuleSettings::Groups(_)
        | RuleSettings::Roles(_)
        | RuleSettings::Methods(_)
        | RuleSettings::Networks(_) => {}
    }
}

/// Scopes of OpenID Connect itself, which belong to no API.
fn is_of_openid(scope: &str) -> bool {
    matches!(scope, "openid" | "profile" | "email" | "offline_access")
}

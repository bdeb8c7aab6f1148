//! Decides which API a scope of Entra's is of.

use vestibule_oidc::microsoft::TenantId;

use crate::Evidence;
use crate::evidence::AskedToken;

/// The scopes that are of no API.
const OPENID_SCOPES: [&str; 7] = [
    "openid",
    "profile",
    "email",
    "offline_access",
    "address",
    "phone",
    "groups",
];

/// What an unqualified scope is of.
pub(super) const GRAPH: &str = "Microsoft Graph";

/// The API of a scope, without slashes at its end; `None` for OpenID's own scopes.
pub(super) fn resource_of(scope: &str) -> Option<&str> {
    if OPENID_SCOPES.contains(&scope) {
        return None;
    }
    let resource = match scope.split_once("://") {
        // The name behind the last slash, unless that slash is one of `://`.
        Some((scheme, rest)) => match rest.rfind('/') {
            Some(slash) => scope.get(..scheme.len() + 3 + slash)?,
            None => scope,
        },
        None => match scope.split_once('/') {
            Some((resource, _)) => resource,
            None if TenantId::parse(scope).is_some() => scope,
            None => return Some(GRAPH),
        },
    };
    let bare = resource.trim_end_matches('/');
    Some(match bare {
        "https://graph.microsoft.com" | "00000003-0000-0000-c000-000000000000" => GRAPH,
        _ => bare,
    })
}

/// The name behind the API, if there is one.
pub(super) fn name_of(scope: &str) -> Option<&str> {
    let path = match scope.split_once("://") {
        Some((_, rest)) => rest,
        None => scope,
    };
    path.rsplit_once('/')
        .map(|(_, name)| name)
        .filter(|name| !name.is_empty())
}

/// The lists of scopes asked for together: the sign-in's, and each route's own.
pub(super) fn requests(evidence: &Evidence) -> Vec<Vec<&str>> {
    let sign_in = evidence.scopes().map(|scopes| {
        scopes
            .iter()
            .flat_map(|scope| scope.split_ascii_whitespace())
            .collect()
    });
    let routes = evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.routes);
    let of_routes = routes.filter_map(|route| match &route.token {
        Some(AskedToken::Scope(scope)) => Some(scope.split_ascii_whitespace().collect()),
        _ => None,
    });
    sign_in.into_iter().chain(of_routes).collect()
}

#[cfg(test)]
#[test]
fn scopes_are_of_their_api() {
    for (scope, resource, name) in [
        ("openid", None, None),
        ("User.Read", Some(GRAPH), None),
        (
            "https://graph.microsoft.com/User.Read",
            Some(GRAPH),
            Some("User.Read"),
        ),
        ("api://x/access", Some("api://x"), Some("access")),
        ("api://x/.default", Some("api://x"), Some(".default")),
        ("api://x", Some("api://x"), None),
        ("api://x/", Some("api://x"), None),
        (
            "https://contoso.com//.default",
            Some("https://contoso.com"),
            Some(".default"),
        ),
        (
            "https://contoso.com/api/read",
            Some("https://contoso.com/api"),
            Some("read"),
        ),
        (
            "9e59d98b-d747-4a9a-96fd-178f04d08b02/.default",
            Some("9e59d98b-d747-4a9a-96fd-178f04d08b02"),
            Some(".default"),
        ),
    ] {
        assert_eq!(resource_of(scope), resource, "{scope}");
        assert_eq!(name_of(scope), name, "{scope}");
    }
}

//! Scopes of a route that are well written and of the wrong API.

use vestibule_oidc::microsoft::microsoft_api;

use super::super::said::once;
use super::asked::is_entra;
use super::resource::{GRAPH, name_of, requests, resource_of};
use crate::catalogue::{Case, Row};
use crate::cure::{ask_in_file, portal};
use crate::evidence::{AskedToken, RouteSettings, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

const SCOPES: &str = "Microsoft identity platform: scopes and permissions";

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SCOPE-FOREIGN-API",
        title: "the app gets a token for an API of Microsoft's",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: SCOPES,
        symptom: "The app behind the route can't validate its access token: audience and signature are wrong.",
        cause: "The route asks for a scope of Microsoft Graph or another API of Microsoft's, so its token is for that \
                API. An app can call that API with it, and can't validate it.",
        cure: "If the app is to validate the token: ask for a scope of its own API.",
        fault: None,
        explains: &[],
        judge: foreign_api,
    },
    Row {
        code: "VST-SCOPE-DOUBLED",
        title: "an Application ID URI written twice over",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "public reports of AADSTS500011",
        symptom: "Sign-in ends with AADSTS500011, which names `api://api://…`.",
        cause: "The Application ID URI begins with `api://` already, and something put another in front of it.",
        cure: "Write the Application ID URI once, then `/.default` or the name of a scope.",
        fault: None,
        explains: &[
            "VST-AADSTS-500011",
            "VST-AADSTS-50001",
            "VST-SCOPE-NO-NAME",
            "VST-SCOPE-TWO-APIS",
        ],
        judge: doubled,
    },
    Row {
        code: "VST-SCOPE-OWN-CLIENT",
        title: "the sign-in app asks for everything of itself",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: SCOPES,
        symptom: "The app gets an ID token in the place of an access token, or Entra says AADSTS90009.",
        cause: "`/.default` of the client's own id is an old form: Microsoft says that an ID token then comes in the \
                place of an access token.",
        cure: "Register the API by itself, and ask for its scope; or name one scope that the app exposes.",
        fault: None,
        explains: &["VST-AADSTS-90009"],
        judge: own_client,
    },
];

fn scopes_of(route: &RouteSettings) -> Vec<&str> {
    match &route.token {
        Some(AskedToken::Scope(scopes)) => scopes.split_ascii_whitespace().collect(),
        _ => Vec::new(),
    }
}

fn foreign_api(evidence: &Evidence) -> Option<Case> {
    // A token at hand says more.
    if !is_entra(evidence) || evidence.token.is_some() {
        return None;
    }
    let route = evidence.route_settings()?;
    let scopes = scopes_of(route);
    let (scope, name) = scopes.into_iter().find_map(|scope| {
        let resource = resource_of(scope)?;
        let name = match resource {
            GRAPH => GRAPH,
            _ => microsoft_api(resource)?,
        };
        Some((scope, name))
    })?;
    // That API itself is behind the route.
    let upstream = route.upstream.as_deref().and_then(host_of);
    let own = resource_of(scope).and_then(host_of);
    if upstream == Some("graph.microsoft.com") || upstream.is_some() && upstream == own {
        return None;
    }
    let path = route
        .path
        .as_deref()
        .or(route.name.as_deref())
        .unwrap_or("the route");
    Some(
        Case::new(format!(
            "The route {} passes a token for {name} on ({}).",
            shown(path),
            shown(scope)
        ))
        .change(ask_in_file(
            evidence,
            "If the app is to validate it, ask for a token of the app's own API",
            "api://<the API's application id>/.default",
        ))
        .change(Change::portal(
            portal::EXPOSE_AN_API,
            "The Application ID URI and the scopes of the API stand here.",
        )),
    )
}

fn doubled(evidence: &Evidence) -> Option<Case> {
    let asked = requests(evidence);
    let scope = asked
        .iter()
        .flatten()
        .find(|scope| scope.rfind("api://").is_some_and(|start| start > 0))?;
    Some(
        Case::new(format!("The scope {} has `api://` twice.", shown(scope))).change(ask_in_file(
            evidence,
            "Write it once",
            once(scope),
        )),
    )
}

fn own_client(evidence: &Evidence) -> Option<Case> {
    // What came of it a token at hand shows.
    if !is_entra(evidence) || evidence.token.is_some() {
        return None;
    }
    let client = evidence.provider()?.client_id.as_deref()?;
    let asked = requests(evidence);
    let scope = asked.iter().flatten().find(|scope| {
        let resource = resource_of(scope).unwrap_or_default();
        let bare = resource.strip_prefix("api://").unwrap_or(resource);
        bare.eq_ignore_ascii_case(client) && name_of(scope) == Some(".default")
    })?;
    Some(
        Case::new(format!(
            "The scope {} is of the sign-in app itself.",
            shown(scope)
        ))
        .change(ask_in_file(
            evidence,
            "Ask for the API's own scope",
            "api://<the API's application id>/.default",
        ))
        .change(Change::portal(
            portal::EXPOSE_AN_API,
            "Where one registration is to be both: expose a scope here, and ask for it by its name.",
        )),
    )
}

//! `/.default`, which asks for all that was granted: beside other scopes, in other letters, at providers that don't know it.

use super::super::ask_other;
use super::asked::{SCOPES, is_entra};
use super::resource::{name_of, requests, resource_of};
use crate::catalogue::{Case, Row};
use crate::cure::{oidc_scope, setting, write_scopes};
use crate::evidence::{AskedToken, Product};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SCOPE-DEFAULT-MIXED",
        title: "/.default beside named scopes",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SCOPES,
        symptom: "Sign-in ends with AADSTS70011.",
        cause: "`/.default` stands for everything that was granted, and can't be combined with single scopes of the API.",
        cure: "Keep `/.default`, or the names.",
        fault: None,
        explains: &["VST-AADSTS-70011"],
        judge: default_mixed,
    },
    Row {
        code: "VST-SCOPE-DEFAULT-CASE",
        title: "`.default` in other letters than Microsoft writes it",
        severity: Severity::Warning,
        confidence: Confidence::Inferred,
        source: SCOPES,
        symptom: "Sign-in ends with AADSTS650053 or AADSTS70011, or it works and nobody knows for how long.",
        cause: "Microsoft documents `/.default`, in small letters and with a dot. In another form it is the name of a \
                scope, which the API does not have.",
        cure: "Write `/.default`.",
        fault: None,
        explains: &["VST-AADSTS-650053", "VST-AADSTS-70011"],
        judge: default_case,
    },
    Row {
        code: "VST-SCOPE-DEFAULT-ELSEWHERE",
        title: "`/.default` at a provider that is not Microsoft Entra ID",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "Microsoft identity platform: scopes and permissions; the providers' own documentation of scopes and audiences",
        symptom: "Sign-in or the token request ends with `invalid_scope`; or it works, and the token is not for the API.",
        cause: "`<API>/.default` is Microsoft Entra ID's own way of asking for everything that was granted. To other providers \
                it is the name of a scope that nobody defined.",
        cure: "Ask in the provider's own way.",
        fault: None,
        explains: &[
            "VST-OAUTH-INVALID-SCOPE",
            "VST-AUTH0-NO-AUDIENCE",
            "VST-GOOGLE-OPAQUE",
        ],
        judge: default_elsewhere,
    },
];

fn default_mixed(evidence: &Evidence) -> Option<Case> {
    if !is_entra(evidence) {
        return None;
    }
    let (at, default, named) =
        requests(evidence)
            .into_iter()
            .enumerate()
            .find_map(|(at, request)| {
                let default = *request
                    .iter()
                    .find(|scope| name_of(scope) == Some(".default"))?;
                let named = request.into_iter().find(|scope| {
                    *scope != default
                        && resource_of(scope).is_some()
                        && resource_of(scope) == resource_of(default)
                })?;
                Some((at, default, named))
            })?;
    let case = Case::new(format!(
        "{} stands beside {}.",
        shown(default),
        shown(named)
    ));
    let own = evidence
        .provider()
        .and_then(|set| set.own_scopes.as_deref());
    // The sign-in's own list is wrong, and the routes ask for the API themselves.
    if let (0, Some(own)) = (at, own)
        && own.iter().any(|scope| resource_of(scope).is_some())
    {
        let routes = evidence
            .settings
            .iter()
            .flat_map(|settings| &settings.routes);
        let asked_by_route = routes
            .filter_map(|route| match &route.token {
                Some(AskedToken::Scope(scopes)) => Some(scopes),
                _ => None,
            })
            .any(|scopes| {
                scopes
                    .split_ascii_whitespace()
                    .any(|scope| scope == default)
            });
        let keep: Vec<&str> = own
            .iter()
            .map(String::as_str)
            .filter(|scope| resource_of(scope).is_none() || *scope == default && !asked_by_route)
            .collect();
        return Some(case.change(write_scopes(
            evidence,
            &keep,
            match asked_by_route {
                true => "Leave the scopes of the API to its route, which asks for them.".to_owned(),
                false => "Keep one of the two.".to_owned(),
            },
        )));
    }
    Some(
        case.change(setting(
            evidence,
            Change::config("access_token", "Keep one of the two.")
                .line(format!("access_token = {{ scope = \"{default}\" }}")),
            Change::apache("OIDCScope", "Keep one of the two.").line(oidc_scope(evidence, default)),
        )),
    )
}

fn default_case(evidence: &Evidence) -> Option<Case> {
    if !is_entra(evidence) {
        return None;
    }
    let asked = requests(evidence);
    let scope = asked.iter().flatten().find(|scope| {
        let name = name_of(scope).unwrap_or_default();
        name != ".default" && name.trim_start_matches('.').eq_ignore_ascii_case("default")
    })?;
    let api = scope.rsplit_once('/').map_or("", |(api, _)| api);
    let right = format!("{api}/.default");
    Some(
        Case::new(format!("The scope is {}.", shown(scope))).change(setting(
            evidence,
            Change::config("access_token", "Write it in small letters, with its dot.")
                .line(format!("access_token = {{ scope = \"{right}\" }}")),
            Change::apache("OIDCScope", "Write it in small letters, with its dot.")
                .line(oidc_scope(evidence, &right)),
        )),
    )
}

/// How this provider names the API a token is for, and its scopes.
const fn own_way(product: Product) -> &'static str {
    match product {
        Product::Auth0 => {
            "Auth0 learns from `audience` which API is meant, and its scopes are that API's permissions by their bare names."
        }
        Product::Okta => {
            "Okta's scopes are bare names that a custom authorization server defines (Security > API > Authorization Servers > \
             Scopes), and whom the token is for is that server's audience."
        }
        Product::Keycloak => {
            "Keycloak's scopes are the bare names of client scopes, and whom the token is for an audience mapper decides."
        }
        Product::Google => {
            "Google's scopes are those of Google's own APIs; it gives no tokens for other people's."
        }
        Product::Cognito => {
            "Cognito's scopes are `<resource server>/<scope>`, and it has no word for all of them."
        }
        Product::AdFs => {
            "AD FS takes the Web API's identifier and a scope behind it, as `<identifier>/openid`."
        }
        _ => "This provider's scopes have the names that its own documentation gives them.",
    }
}

fn default_elsewhere(evidence: &Evidence) -> Option<Case> {
    // A token that came says more of what the provider made of the scope.
    if evidence.token.is_some() {
        return None;
    }
    let product = evidence.product().filter(|product| !product.is_entra())?;
    let asked = requests(evidence);
    let default = *asked
        .iter()
        .flatten()
        .find(|scope| name_of(scope) == Some(".default"))?;
    let in_sign_in = evidence
        .provider()
        .and_then(|set| set.own_scopes.as_deref().or(set.scopes.as_deref()))
        .filter(|own| own.iter().any(|scope| scope == default));
    let case = Case::new(format!(
        "The scope {} is asked for at {}.",
        shown(default),
        product.name()
    ))
    .because(format!(
        "`/.default` is Microsoft Entra ID's. {}",
        own_way(product)
    ));
    let case = match in_sign_in {
        Some(own) => {
            let keep: Vec<&str> = own
                .iter()
                .map(String::as_str)
                .filter(|scope| *scope != default)
                .collect();
            case.change(write_scopes(evidence, &keep, "Take it out.".to_owned()))
        }
        None => case.change(setting(
            evidence,
            Change::config(
                "access_token",
                "Name a scope of this provider's, or take the line out.",
            ),
            Change::apache("OIDCScope", "Take it out."),
        )),
    };
    Some(case.changes(ask_other(evidence, product)))
}

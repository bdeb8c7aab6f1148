//! Scopes that are asked for wrongly.

use vestibule_oidc::microsoft::TenantId;

use super::super::said::message_scope;
use super::resource::{name_of, requests, resource_of};
use crate::catalogue::{Case, Row};
use crate::cure::{add_scope, setting, write_scopes};
use crate::evidence::{AskedToken, Product};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const SCOPES: &str = "Microsoft identity platform: scopes and permissions";

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SCOPE-COMMAS",
        title: "scopes joined by commas",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6749 §3.3",
        symptom: "AADSTS650053 or `invalid_scope` names a scope with a comma in it, or one nobody asked for.",
        cause: "Scopes are separated by spaces. With commas the whole list is one scope, which no API offers.",
        cure: "Write each scope as an item of its own, or separate them by spaces.",
        fault: None,
        explains: &[
            "VST-SCOPE-NO-OPENID",
            "VST-SCOPE-TWO-APIS",
            "VST-SCOPE-NO-NAME",
            "VST-AADSTS-650053",
            "VST-AADSTS-70011",
            "VST-AADSTS-28002",
        ],
        judge: commas,
    },
    Row {
        code: "VST-SCOPE-NO-OPENID",
        title: "sign-in without the scope openid",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §3.1.2.1",
        symptom: "After the sign-in page the proxy says that the answer has no ID token.",
        cause: "Without `openid` the request is plain OAuth 2.0, whose answer does not say who signed in.",
        cure: "Add `openid` to the scopes.",
        fault: None,
        explains: &["VST-TOKEN-NO-ID-TOKEN"],
        judge: |evidence| no_openid(evidence).or_else(|| logged_no_openid(evidence)),
    },
    Row {
        code: "VST-SCOPE-TWO-APIS",
        title: "scopes of more than one API in one request",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SCOPES,
        symptom: "Sign-in ends with AADSTS28000, AADSTS700022 or AADSTS70011; or the token is for the first API alone.",
        cause: "An access token is for one API. Scopes of several can be consented to together, but not be turned into one token. A scope without an API in front, as `User.Read`, is one of Microsoft Graph.",
        cure: "Ask for one API in each request: the OpenID scopes at sign-in, each API's scope in its own route.",
        fault: None,
        explains: &["VST-AADSTS-28000", "VST-AADSTS-700022", "VST-AADSTS-70011"],
        judge: two_apis,
    },
    Row {
        code: "VST-SCOPE-OPENID-IN-ROUTE",
        title: "a scope of the sign-in in the place of an API's",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §3.1.2.1 and §11",
        symptom: "The configuration is refused, or the route's token is for no API.",
        cause: "`openid`, `profile`, `email` and `offline_access` are asked for when somebody signs in. They are of no API, \
                and a route's scope says for which API its token is.",
        cure: "Leave the API's own scopes in the route; the others belong into the provider's `scopes`.",
        fault: None,
        explains: &[],
        judge: openid_in_route,
    },
    Row {
        code: "VST-SCOPE-NO-NAME",
        title: "an API's URI without the name of a scope",
        severity: Severity::Warning,
        confidence: Confidence::Inferred,
        source: SCOPES,
        symptom: "It works, or Entra says AADSTS28002, AADSTS70011 or AADSTS700023.",
        cause: "`api://…` alone names an API and no scope of it. It has been seen to work, and is not a documented form.",
        cure: "Write `/.default` behind it for everything granted, or the name of one scope.",
        fault: None,
        explains: &["VST-AADSTS-28002", "VST-AADSTS-700023", "VST-AADSTS-70011"],
        judge: no_name,
    },
    Row {
        code: "VST-SCOPE-UNSUPPORTED",
        title: "a scope Entra does not have",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: SCOPES,
        symptom: "The claims that were hoped for are not there, or Entra says AADSTS650053.",
        cause: "Of OpenID's scopes Entra knows `openid`, `profile`, `email` and `offline_access`; not `address` and `phone`.",
        cure: "Take it out. What Entra knows of a person comes as claims, or from Microsoft Graph.",
        fault: None,
        explains: &["VST-AADSTS-650053"],
        judge: unsupported,
    },
];

/// Whether Entra's rules on scopes apply.
pub(super) fn is_entra(evidence: &Evidence) -> bool {
    evidence.product() == Some(Product::Entra) || evidence.aadsts().next().is_some()
}

fn commas(evidence: &Evidence) -> Option<Case> {
    let scopes = evidence.scopes()?;
    let joined = scopes.iter().find(|scope| scope.contains(','))?;
    let split: Vec<&str> = scopes
        .iter()
        .flat_map(|scope| scope.split([',', ' ']))
        .filter(|scope| !scope.is_empty())
        .collect();
    Some(
        Case::new(format!("The scope {} has a comma in it.", shown(joined))).change(write_scopes(
            evidence,
            &split,
            "Write each scope on its own.".to_owned(),
        )),
    )
}

fn no_openid(evidence: &Evidence) -> Option<Case> {
    // An answer at hand shows better what is missing. GitHub knows no OpenID.
    if evidence.token_response.is_some() || evidence.product() == Some(Product::GitHub) {
        return None;
    }
    let scopes = evidence.provider()?.scopes.as_ref()?;
    let has = scopes
        .iter()
        .flat_map(|scope| scope.split_ascii_whitespace())
        .any(|scope| scope == "openid");
    (!has).then(|| {
        Case::new(format!(
            "The scopes are {}; `openid` is not among them.",
            shown_list(scopes.iter().map(String::as_str), "and")
        ))
        .change(add_scope(evidence, "openid"))
    })
}

/// What Apache's module says of it when it starts a sign-in.
fn logged_no_openid(evidence: &Evidence) -> Option<Case> {
    let says = |words| evidence.says(words);
    let warned =
        says("does not include the \"openid\" scope") && says("may not return an \"id_token\"");
    (warned && evidence.token_response.is_none()).then(|| {
        Case::new("The log says that `openid` is not among the scopes.")
            .change(add_scope(evidence, "openid"))
    })
}

fn two_apis(evidence: &Evidence) -> Option<Case> {
    if !is_entra(evidence) {
        return None;
    }
    let (first, second) = requests(evidence).into_iter().find_map(|request| {
        let mut apis = request.into_iter().filter_map(resource_of);
        let first = apis.next()?;
        Some((first, apis.find(|api| *api != first)?))
    })?;
    let own = [first, second]
        .into_iter()
        .find(|api| *api != "Microsoft Graph")?;
    let line = format!("access_token = {{ scope = \"{own}/.default\" }}");
    Some(
        Case::new(format!(
            "One request has scopes of {} and of {}.",
            shown(first),
            shown(second)
        ))
        .change(setting(
            evidence,
            Change::config(
                "access_token",
                "Leave the OpenID scopes in `scopes`, and ask for the API in its route.",
            )
            .line(line),
            Change::apache("OIDCScope", "Ask for one API.").line(format!(
                "OIDCScope \"openid profile offline_access {own}/.default\""
            )),
        )),
    )
}

fn openid_in_route(evidence: &Evidence) -> Option<Case> {
    let route = evidence.route_settings()?;
    let Some(AskedToken::Scope(scopes)) = &route.token else {
        return None;
    };
    let is_own = |scope: &&str| matches!(*scope, "openid" | "profile" | "email" | "offline_access");
    let found: Vec<&str> = scopes.split_ascii_whitespace().filter(is_own).collect();
    let rest: Vec<&str> = scopes
        .split_ascii_whitespace()
        .filter(|scope| !is_own(scope))
        .collect();
    let path = route
        .path
        .as_deref()
        .or(route.name.as_deref())
        .unwrap_or("/");
    (!found.is_empty()).then(|| {
        let change = Change::config("access_token", "Leave the API's own scopes here.");
        Case::new(format!(
            "The route {} asks for {}.",
            shown(path),
            shown_list(found.iter().copied(), "and")
        ))
        .change(match rest.is_empty() {
            true => change,
            false => change.line(format!(
                "access_token = {{ scope = \"{}\" }}",
                rest.join(" ")
            )),
        })
    })
}

fn no_name(evidence: &Evidence) -> Option<Case> {
    let refused = evidence.has_aadsts(&[28002, 70011, 700_023]);
    let named = if refused {
        message_scope(evidence)
    } else {
        None
    };
    let asked = requests(evidence).into_iter().flatten();
    let bare = named.as_deref().into_iter().chain(asked).find(|scope| {
        let is_uri = scope
            .strip_prefix("api://")
            .is_some_and(|id| !id.trim_end_matches('/').contains('/'));
        // A GUID alone is a scope of B2C: the app itself.
        let is_id = is_entra(evidence) && TenantId::parse(scope).is_some();
        is_uri && name_of(scope).is_none() || is_id
    })?;
    let uri = bare.trim_end_matches('/');
    let uri = match TenantId::parse(uri) {
        Some(_) => format!("api://{uri}"),
        None => uri.to_owned(),
    };
    let all = format!("{uri}/.default");
    let case = Case::new(format!(
        "The scope {} names an API and no scope of it.",
        shown(bare)
    ));
    let case = match refused {
        true => case.severity(Severity::Error),
        false => case,
    };
    Some(
        case.change(setting(
            evidence,
            Change::config("access_token", "Ask for everything granted.")
                .line(format!("access_token = {{ scope = \"{all}\" }}")),
            Change::apache("OIDCScope", "Ask for everything granted.")
                .line(format!("OIDCScope \"openid profile offline_access {all}\"")),
        ))
        .change(Change::portal(
            crate::cure::portal::EXPOSE_AN_API,
            "Or take one of the names under \"Scopes defined by this API\".",
        )),
    )
}

fn unsupported(evidence: &Evidence) -> Option<Case> {
    if !is_entra(evidence) {
        return None;
    }
    let scopes = evidence.scopes()?;
    let odd = scopes
        .iter()
        .find(|scope| matches!(scope.as_str(), "address" | "phone"))?;
    let rest: Vec<&str> = scopes
        .iter()
        .map(String::as_str)
        .filter(|scope| !matches!(*scope, "address" | "phone"))
        .collect();
    Some(
        Case::new(format!("The scopes have {}.", shown(odd))).change(write_scopes(
            evidence,
            &rest,
            "Take it out.".to_owned(),
        )),
    )
}

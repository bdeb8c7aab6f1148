//! `/.default`, which asks for all that was granted: beside other scopes, in other letters.

use super::asked::{SCOPES, is_entra};
use super::resource::{name_of, requests, resource_of};
use crate::catalogue::{Case, Row};
use crate::cure::{oidc_scope, setting, write_scopes};
use crate::evidence::AskedToken;
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

//! Why groups that did not fit into a token are not known, as a finding.

use std::sync::Arc;

use vestibule_diagnosis::evidence::{
    ClaimRule, Grant, Probe, ProbeOutcome, ProbeTarget, ProviderError, Token,
};
use vestibule_diagnosis::{Evidence, Finding};
use vestibule_gate::route::Route;
use vestibule_gate::rule::Requirement;
use vestibule_oidc::secret::Secret;
use vestibule_session::record::GroupsUnknown;

use super::{known, of};
use crate::plan::Plan;
use crate::provider::Provider;

/// What it shows that the groups of a person are not known. The ID token tells which kind of account
/// it is.
pub(crate) fn of_groups(
    why: GroupsUnknown,
    plan: &Plan,
    provider: &Arc<Provider>,
    id_token: Option<&Secret>,
) -> Vec<Finding> {
    let mut seen = Evidence::default();
    seen.id_token = id_token.map(|token| Token::of(token.expose()));
    let failed = |detail: &str| ProbeOutcome::Failed {
        detail: detail.to_owned(),
    };
    let answered = |status: u16| ProbeOutcome::Http {
        status,
        content_type: None,
        first_char: None,
    };
    let outcome = match why {
        GroupsUnknown::Forbidden => answered(403),
        GroupsUnknown::NoAnswer {
            status: Some(status),
        } => answered(status),
        GroupsUnknown::NoAnswer { status: None } => ProbeOutcome::NoConnection,
        GroupsUnknown::NoToken { aadsts } => {
            let mut said = ProviderError::default();
            said.aadsts = aadsts.into_iter().collect();
            said.grant = Some(Grant::Groups);
            seen.provider_error = Some(said);
            failed("no token")
        }
        GroupsUnknown::NoRefreshToken => {
            let mut said = ProviderError::default();
            said.grant = Some(Grant::Groups);
            seen.provider_error = Some(said);
            failed("no refresh token")
        }
        GroupsUnknown::TooMany => failed("more groups than are kept"),
        GroupsUnknown::NowhereToAsk => failed("it is not known where to ask, or about whom"),
        _ => failed("an answer that can't be used"),
    };
    let url = provider.graph().map_or_else(
        || "https://graph.microsoft.com/".to_owned(),
        |graph| graph.to_string(),
    );
    seen.probes = vec![Probe::new(ProbeTarget::Graph, url, outcome)];
    let mut known = known(plan, None, Some(provider));
    let route = plan
        .gate
        .routes()
        .iter()
        .find(|route| provider.comes_to(route) && needs_groups(route));
    if let (Some(route), Some(settings)) = (route, &mut known.settings) {
        seen.route = Some(route.name.to_string());
        let described = settings.routes.iter_mut();
        for described in described.filter(|one| one.name.as_deref() == Some(&*route.name)) {
            described.rules = rule(route).into_iter().collect();
            if route.needs_all_groups() {
                described.header_claims = vec!["groups".to_owned()];
            }
        }
    }
    of(seen, known)
}

fn needs_groups(route: &Route) -> bool {
    route.needs_all_groups() || rule(route).is_some()
}

/// The groups that the route's rule names.
fn rule(route: &Route) -> Option<ClaimRule> {
    let Requirement::Rules(rule) = &route.require else {
        return None;
    };
    let mut named = Vec::new();
    rule.for_each_group(&mut |group| named.push(group.to_owned()));
    (!named.is_empty()).then(|| ClaimRule::new("groups", named))
}

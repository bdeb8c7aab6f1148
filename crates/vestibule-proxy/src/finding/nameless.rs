//! Why a route has no name for a person, as a finding.

use std::sync::Arc;

use vestibule_diagnosis::evidence::Token;
use vestibule_diagnosis::{Evidence, Finding};

use super::{known, of};
use crate::plan::Plan;
use crate::provider::Provider;

/// What it shows that somebody with this ID token has no name on the route.
pub(crate) fn of_nameless(
    route: &str,
    plan: &Plan,
    provider: &Arc<Provider>,
    id_token: Option<Token>,
) -> Vec<Finding> {
    let mut seen = Evidence::default();
    seen.id_token = id_token;
    seen.route = Some(route.to_owned());
    let mut known = known(plan, None, Some(provider));
    let mut routes = plan.gate.routes().iter();
    if let (Some(route), Some(settings)) = (
        routes.find(|known| &*known.name == route),
        &mut known.settings,
    ) {
        let described = settings.routes.iter_mut();
        for described in described.filter(|one| one.name.as_deref() == Some(&*route.name)) {
            let claims = route.user.iter().map(|claim| claim.as_str().to_owned());
            described.user_claims = claims.collect();
        }
    }
    of(seen, known)
}

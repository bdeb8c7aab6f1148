//! Says in the log, at sign-in, what the upstreams will find wrong with the access token they get: the
//! operator should not have to learn it from an API that answers 401.

use vestibule_diagnosis::evidence::{ProviderSettings, Role, Settings, Token};
use vestibule_diagnosis::{Evidence, Severity, diagnose};
use vestibule_gate::route::{Route, TokenChoice};
use vestibule_oidc::secret::Secret;

use crate::plan::Plan;
use crate::provider::Provider;

/// The names of the routes that pass the sign-in's own token of this provider on.
pub(super) fn routes(plan: &Plan, provider: &Provider) -> Vec<String> {
    let passes_on = |route: &&Route| {
        route.access_token == TokenChoice::SignIn
            && route
                .provider
                .as_deref()
                .is_none_or(|name| name == &**provider.name())
    };
    plan.gate
        .routes()
        .iter()
        .filter(passes_on)
        .map(|route| route.name.to_string())
        .collect()
}

/// Logs the findings about `token` for these routes. Never a part of the token.
pub(super) fn log(token: &Secret, routes: &[String], provider: &Provider) {
    let mut evidence = Evidence::default();
    evidence.token = Some(Token::of(token.expose()).role(Role::Access));
    let mut settings = ProviderSettings::default();
    settings.scopes = Some(provider.plan().scopes.clone());
    let mut all = Settings::default();
    all.provider = Some(settings);
    evidence.settings = Some(all);
    for route in routes {
        evidence.route = Some(route.clone());
        // A token nobody but its issuer can read may be what this upstream wants.
        let findings = diagnose(&evidence)
            .into_iter()
            .filter(|finding| finding.severity > Severity::Info);
        for finding in findings {
            let change = finding.change.first();
            tracing::warn!(
                provider = %provider.name(),
                route,
                code = finding.code,
                why = finding.why,
                change = change.map(|change| change.text.as_str()).unwrap_or_default(),
                line = change.and_then(|change| change.line.as_deref()).unwrap_or_default(),
                "{}",
                finding.seen
            );
        }
    }
}

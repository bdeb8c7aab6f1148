//! Judges each access token once, when it comes: at sign-in and at each refresh. The operator should not have to learn
//! from an API that answers 401 what was in the token all along.

use std::sync::Arc;

use vestibule_diagnosis::evidence::{Api, Role, Token};
use vestibule_diagnosis::{Evidence, Finding, Severity, diagnose_token};
use vestibule_gate::route::TokenChoice;
use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_session::record::ResourceKey;

use super::settings::is_for;
use super::{Line, known, of};
use crate::plan::Plan;
use crate::provider::Provider;
use crate::telemetry::Metrics;

/// Judges `token` for each route that passes it on. What an upstream can't use is counted each time, and told once.
/// Never a part of the token.
pub(crate) fn judge(
    plan: &Plan,
    metrics: &Metrics,
    provider: &Arc<Provider>,
    asked_for: &ResourceKey,
    token: &Secret,
    now: UnixTime,
) {
    let passes_on = plan
        .gate
        .routes()
        .iter()
        .filter(|route| match &route.access_token {
            TokenChoice::None => false,
            TokenChoice::SignIn => asked_for == provider.asked_for(),
            TokenChoice::Resource(key) => key == asked_for,
        })
        .filter(|route| is_for(route, Some(provider)))
        .map(|route| &route.name);
    let mut passes_on = passes_on.peekable();
    if passes_on.peek().is_none() {
        return;
    }
    // It is looked at once, whatever the number of routes.
    let seen = look_at(token, asked_for, provider, now);
    let codes = codes(&seen, plan, provider);
    for route in passes_on {
        for &code in &codes {
            metrics.finding(route, code);
        }
        let told = &plan.told;
        let is_news = |code: &&'static str| told.is_news(route, Some(provider.name()), code, now);
        // Each is asked: all of them are told together.
        let news: Vec<&'static str> = codes.iter().copied().filter(|code| is_news(code)).collect();
        if !news.is_empty() {
            tell(&seen, &news, plan, provider, route);
        }
    }
}

/// What shows of a token by itself, and by the provider's keys: whoever the upstream is, it validates it with those.
fn look_at(
    token: &Secret,
    asked_for: &ResourceKey,
    provider: &Provider,
    now: UnixTime,
) -> Evidence {
    let mut found = Token::of(token.expose()).role(Role::Access).just_issued();
    found.verified = provider.signature(&found, token);
    let mut seen = Evidence::default();
    seen.now = Some(now);
    if matches!(found.verified, Some(Err(_))) {
        seen.keys = provider.published();
    }
    seen.token = Some(found);
    seen.api = api(asked_for, provider);
    seen
}

fn codes(seen: &Evidence, plan: &Plan, provider: &Arc<Provider>) -> Vec<&'static str> {
    // The common case costs one look at the token, without the settings.
    let suspect = diagnose_token(seen).iter().any(is_trouble);
    if !suspect {
        return Vec::new();
    }
    let findings = of(seen.clone(), known(plan, None, Some(provider)));
    findings
        .iter()
        .filter(|finding| is_trouble(finding))
        .map(|finding| finding.code)
        .collect()
}

/// A token nobody but its issuer can read may be what this upstream wants.
fn is_trouble(finding: &Finding) -> bool {
    finding.severity > Severity::Info
}

fn tell(
    seen: &Evidence,
    news: &[&'static str],
    plan: &Plan,
    provider: &Arc<Provider>,
    route: &Arc<str>,
) {
    let mut seen = seen.clone();
    seen.route = Some(route.to_string());
    let findings = of(seen, known(plan, None, Some(provider)));
    for finding in findings
        .iter()
        .filter(|finding| news.contains(&finding.code))
    {
        let line = Line::of(std::slice::from_ref(finding));
        tracing::warn!(
            provider = %provider.name(),
            route = %route,
            finding = finding.code,
            why = line.why,
            change = line.change,
            line = line.line,
            "{}",
            finding.seen
        );
    }
}

/// The API the token was asked for, where the scopes name exactly one.
fn api(asked_for: &ResourceKey, provider: &Provider) -> Option<Api> {
    let of_scope = |scope: &str| {
        let (resource, _) = scope.rsplit_once('/')?;
        let (_, rest) = resource.split_once("://")?;
        (!rest.is_empty()).then(|| resource.to_owned())
    };
    let mut names: Vec<String> = asked_for.scopes().filter_map(of_scope).collect();
    names.dedup();
    let [name] = names.as_slice() else {
        return None;
    };
    let mut api = Api::default();
    // An App ID URI says nothing of the id that Entra's v2.0 tokens carry, unless it is made of it.
    if let Some(id) = name.strip_prefix("api://").and_then(TenantId::parse) {
        api.audiences = vec![name.clone(), id.as_str().to_owned()];
    }
    api.name = Some(name.clone());
    api.issuers = provider.token_issuers();
    Some(api)
}

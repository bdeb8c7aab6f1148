//! Judges each access token once, when it comes: at sign-in and at each refresh. The operator should not have to learn
//! from an API that answers 401 what was in the token all along.

use std::sync::Arc;

use vestibule_diagnosis::evidence::{Api, Role, Token};
use vestibule_diagnosis::{Evidence, Finding, Severity, diagnose_token};
use vestibule_gate::route::TokenChoice;
use vestibule_oidc::id_token::DEFAULT_SKEW;
use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_session::record::ResourceKey;

use super::{Line, known, of};
use crate::plan::Plan;
use crate::provider::Provider;
use crate::telemetry::Metrics;

/// Whether somebody found a token signed by its provider already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Nobody looked: it is verified now.
    Unchecked,
    /// It was verified a moment ago, and the check is the dear part.
    Verified,
}

/// Judges `token` for each route that passes it on. What an upstream can't use is counted each time, and told once.
/// Never a part of the token.
pub(crate) fn judge(
    plan: &Plan,
    metrics: &Metrics,
    provider: &Arc<Provider>,
    asked_for: &ResourceKey,
    (token, signature): (&Secret, Signature),
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
        .filter(|route| provider.comes_to(route))
        .map(|route| &route.name);
    let mut passes_on = passes_on.peekable();
    if passes_on.peek().is_none() {
        return;
    }
    // It is looked at once, whatever the number of routes.
    let seen = look_at((token, signature), asked_for, provider, now);
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
    (token, signature): (&Secret, Signature),
    asked_for: &ResourceKey,
    provider: &Provider,
    now: UnixTime,
) -> Evidence {
    let mut found = Token::of(token.expose()).role(Role::Access).just_issued();
    found.verified = match signature {
        Signature::Unchecked => provider.signature(&found, token),
        Signature::Verified => Some(Ok(())),
    };
    let mut seen = Evidence::default();
    seen.now = Some(now);
    if matches!(found.verified, Some(Err(_))) {
        seen.keys = provider.published();
    }
    // A clock that is off is no cause of what has nothing to do with time.
    if is_of_another_time(&found, now) {
        seen.provider_time = provider.time();
    }
    seen.token = Some(found);
    seen.api = api(asked_for, provider);
    seen
}

/// Whether a token that came just now is not valid yet, or no longer.
fn is_of_another_time(token: &Token, now: UnixTime) -> bool {
    let at = |name| token.number(name).map(UnixTime::from_secs);
    let begins = ["nbf", "iat"].into_iter().filter_map(at).max();
    begins.is_some_and(|begins| begins > now + DEFAULT_SKEW)
        || at("exp").is_some_and(|end| end <= now)
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

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;
    use crate::provider::fake::ISSUER;
    use crate::signin::rig::{Browser, Rig};

    /// The difference was measured when the token came: a clock that is set right afterwards changes nothing in it.
    #[tokio::test(start_paused = true)]
    async fn a_token_of_another_time_is_told_by_the_clocks_where_they_differ() {
        for (date, code) in [
            (Some(600), "VST-TIME-CLOCK"),
            (Some(0), "VST-TIME-NOT-YET"),
            (None, "VST-TIME-NOT-YET"),
        ] {
            let rig = Rig::new();
            let now = rig.now();
            rig.fake.knobs().date = date.map(|secs| UnixTime::from_secs(now.as_secs() + secs));
            Browser::default().sign_in(&rig, "/app").await;
            let plan = rig.shared.plan.load_full();
            let provider = plan.providers.first().unwrap();
            let begins = now.as_secs() + 600;
            let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let token = Secret::new(format!(
                "{}.{}.{}",
                part(json!({ "alg": "RS256", "kid": "k" })),
                part(json!({ "sub": "ada", "nbf": begins, "exp": begins + 3600, "scope": "read" })),
                URL_SAFE_NO_PAD.encode([7; 256])
            ));
            let metrics = Metrics::default();
            let token = (&token, Signature::Unchecked);
            judge(&plan, &metrics, provider, provider.asked_for(), token, now);
            let text = metrics.render();
            assert!(text.contains(code), "{date:?}: {text}");
            let all = text.matches("code=\"VST-TIME").count();
            assert_eq!(text.matches(code).count(), all, "{date:?}: {text}");
        }
    }

    /// The check of the signature is the dear part: who verified the token for rules has done it.
    #[tokio::test(start_paused = true)]
    async fn a_signature_is_verified_once() {
        let rig = Rig::new();
        Browser::default().sign_in(&rig, "/app").await;
        let plan = rig.shared.plan.load_full();
        let provider = plan.providers.first().unwrap();
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = Secret::new(format!(
            "{}.{}.{}",
            part(json!({ "alg": "RS256", "kid": "k" })),
            part(json!({ "iss": ISSUER, "sub": "ada" })),
            URL_SAFE_NO_PAD.encode([7; 256])
        ));
        let outcome = |signature| {
            let token = (&token, signature);
            let seen = look_at(token, provider.asked_for(), provider, rig.now());
            seen.token.unwrap().verified
        };
        assert!(matches!(outcome(Signature::Unchecked), Some(Err(_))));
        assert_eq!(outcome(Signature::Verified), Some(Ok(())));
    }

    /// A token in order says nothing, however wrong the clock is.
    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_off_is_not_told_of_a_token_that_is_in_order() {
        let rig = Rig::new();
        let now = rig.now();
        let token = Token::jwt(
            serde_json::Map::new(),
            json!({ "nbf": now.as_secs(), "exp": now.as_secs() + 60 })
                .as_object()
                .cloned()
                .unwrap(),
        );
        assert!(!is_of_another_time(&token, now));
        assert!(is_of_another_time(
            &token,
            now + std::time::Duration::from_mins(1)
        ));
    }
}

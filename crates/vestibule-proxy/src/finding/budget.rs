//! How large the heads of somebody's requests will be, judged once: when they sign in, before an upstream refuses them.

use std::sync::Arc;

use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{Head, Header};
use vestibule_gate::headers::Token;
use vestibule_gate::route::{Route, TokenChoice};
use vestibule_gate::upstream::identity_sizes;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_session::store::Stored;

use super::settings::is_for;
use super::{Line, known, of};
use crate::plan::Plan;
use crate::provider::Provider;
use crate::telemetry::Metrics;

/// What many servers take, where nobody said what this one does.
const USUAL_LIMIT_BYTES: usize = 8192;

/// What a browser sends besides: what it is and wants, where it comes from, some cookies of the app.
const REST_BYTES: usize = 2048;

/// Judges the requests of a new session on each route. What may be too large is counted each time, and told once.
///
/// The tokens of further resources are not there yet, and are taken to be as large as the one that is.
pub(crate) fn judge_budgets(
    plan: &Plan,
    metrics: &Metrics,
    provider: &Arc<Provider>,
    session: &Stored,
    token: Option<&Secret>,
    now: UnixTime,
) {
    let routes = plan.gate.routes().iter();
    for route in routes.filter(|route| !route.is_public() && is_for(route, Some(provider))) {
        let limit = route.upstream_max_head.unwrap_or(USUAL_LIMIT_BYTES);
        let sizes = identity_sizes(route, session, passed_on(route, token));
        let bytes = REST_BYTES + sizes.iter().map(line_bytes).sum::<usize>();
        if bytes > limit {
            tell(
                plan,
                metrics,
                provider,
                (route, limit),
                (bytes, &sizes),
                now,
            );
        }
    }
}

fn passed_on<'t>(route: &Route, token: Option<&'t Secret>) -> Option<Token<'t>> {
    let value = token.filter(|_| route.access_token != TokenChoice::None)?;
    Some(Token {
        value: value.expose(),
        token_type: "Bearer",
        expires_at: None,
        scope: None,
    })
}

/// Name, value, and what is around them.
fn line_bytes((name, value): &(String, usize)) -> usize {
    name.len() + value + 4
}

fn tell(
    plan: &Plan,
    metrics: &Metrics,
    provider: &Arc<Provider>,
    (route, limit): (&Route, usize),
    (bytes, sizes): (usize, &[(String, usize)]),
    now: UnixTime,
) {
    let mut request = Head::default();
    request.length = Some(bytes);
    request.headers = sizes
        .iter()
        .map(|(name, length)| Header::sized(name.clone(), *length))
        .collect();
    let mut seen = Evidence::default();
    seen.now = Some(now);
    seen.route = Some(route.name.to_string());
    seen.upstream_request = Some(request);
    let mut known = known(plan, None, Some(provider));
    for described in known.settings.iter_mut().flat_map(|all| &mut all.routes) {
        if described.name.as_deref() == Some(&*route.name) {
            described.upstream_header_limit_bytes = Some(limit);
        }
    }
    let findings = of(seen, known);
    let Some(finding) = findings.first() else {
        return;
    };
    metrics.finding(&route.name, finding.code);
    let told = &plan.told;
    if !told.is_news(&route.name, Some(provider.name()), finding.code, now) {
        return;
    }
    let line = Line::of(&findings);
    tracing::warn!(
        provider = %provider.name(),
        route = %route.name,
        finding = finding.code,
        head_bytes = bytes,
        limit_bytes = limit,
        why = line.why,
        change = line.change,
        line = line.line,
        "{}",
        finding.seen
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::signin::rig::{Browser, Rig};

    async fn told(rig: &Rig) -> String {
        let mut browser = Browser::default();
        browser.sign_in(rig, "/app").await;
        assert!(browser.session().is_some());
        rig.shared.telemetry.metrics.render()
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_whose_requests_are_too_large_for_an_upstream_is_counted_and_told_once() {
        let rig = Rig::new();
        assert!(!told(&rig).await.contains("VST-HEADER-TOO-LARGE"));
        rig.grants()
            .answer
            .insert("access_token", json!("access-token-".repeat(600)));
        for count in 1..3 {
            let found = format!("route=\"app\",code=\"VST-HEADER-TOO-LARGE\"}} {count}");
            let metrics = told(&rig).await;
            assert!(metrics.contains(&found), "{metrics}");
            assert!(
                !metrics.contains("route=\"public\",code=\"VST-HEADER"),
                "{metrics}"
            );
        }
        let plan = rig.shared.plan.load_full();
        let route: Arc<str> = "app".into();
        let main: Arc<str> = "main".into();
        let is_news = plan
            .told
            .is_news(&route, Some(&main), "VST-HEADER-TOO-LARGE", rig.now());
        assert!(!is_news, "the log was told");
    }
}

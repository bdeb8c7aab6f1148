//! How large the heads of somebody's requests will be, judged before an upstream refuses them: when they sign in, and when
//! a refresh makes them larger.

use std::sync::Arc;

use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{Head, Header};
use vestibule_gate::headers::Token;
use vestibule_gate::route::{Route, TokenChoice};
use vestibule_gate::upstream::identity_sizes;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_session::record::AccessToken;
use vestibule_session::store::Stored;

use super::{Line, known, of};
use crate::plan::Plan;
use crate::provider::Provider;
use crate::telemetry::Metrics;

/// What many servers take, where nobody said what this one does.
const USUAL_LIMIT_BYTES: usize = 8192;

/// What a browser sends besides: what it is and wants, where it comes from, some cookies of the app.
const REST_BYTES: usize = 2048;

/// Judges the requests of a session on each route. What may be too large is counted each time, and told once.
///
/// `before` is what the session was until now, at a refresh: what was too large then was judged then. Tokens of further
/// resources that are not there yet are taken to be as large as `token`, the one that came.
pub(crate) fn judge_budgets(
    plan: &Plan,
    metrics: &Metrics,
    provider: &Arc<Provider>,
    (before, session): (Option<&Stored>, &Stored),
    token: Option<&Secret>,
    now: UnixTime,
) {
    let routes = plan.gate.routes().iter();
    for route in routes.filter(|route| !route.is_public() && provider.comes_to(route)) {
        let limit = route.upstream_max_head.unwrap_or(USUAL_LIMIT_BYTES);
        let sizes =
            |session| identity_sizes(route, session, passed_on(route, provider, session, token));
        let sizes_now = sizes(session);
        let bytes = head_bytes(&sizes_now);
        if bytes > limit && before.is_none_or(|before| head_bytes(&sizes(before)) <= limit) {
            tell(
                plan,
                metrics,
                provider,
                (route, limit),
                (bytes, &sizes_now),
                now,
            );
        }
    }
}

/// The route's own token, or one as large as `other`.
fn passed_on<'t>(
    route: &Route,
    provider: &Provider,
    session: &'t Stored,
    other: Option<&'t Secret>,
) -> Option<Token<'t>> {
    let wanted = match &route.access_token {
        TokenChoice::None => return None,
        TokenChoice::SignIn => provider.asked_for(),
        TokenChoice::Resource(key) => key,
    };
    let own = session.record().tokens().find(wanted);
    let value = own.map(AccessToken::token).or(other)?;
    Some(Token {
        value: value.expose(),
        token_type: "Bearer",
        expires_at: None,
        scope: None,
    })
}

fn head_bytes(sizes: &[(String, usize)]) -> usize {
    // Name, value, and what is around them.
    let lines = sizes.iter().map(|(name, value)| name.len() + value + 4);
    REST_BYTES + lines.sum::<usize>()
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
    use std::time::Duration;

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

    /// Groups that somebody was given, or a token that grew: the upstream's limit is as it was.
    #[tokio::test(start_paused = true)]
    async fn what_a_refresh_makes_too_large_is_counted_when_it_does_and_not_at_each_one_after() {
        let rig = Rig::new();
        let mut browser = Browser::default();
        browser.sign_in(&rig, "/app").await;
        let counted = |rig: &Rig| {
            let metrics = rig.shared.telemetry.metrics.render();
            let line = metrics
                .lines()
                .find(|line| line.contains("route=\"app\",code=\"VST-HEADER-TOO-LARGE\"}"));
            line.map(|line| line.rsplit(' ').next().unwrap().to_owned())
        };
        let large = "access-token-".repeat(600);
        for (token, expected) in [
            ("small", None),
            (large.as_str(), Some("1")),
            (large.as_str(), Some("1")),
            ("small", Some("1")),
            (large.as_str(), Some("2")),
        ] {
            rig.grants().answer.insert("access_token", json!(token));
            tokio::time::sleep(Duration::from_secs(3601)).await;
            assert_eq!(browser.go(&rig, "/app").await.body, token);
            assert_eq!(counted(&rig).as_deref(), expected, "{}", token.len());
        }
    }
}

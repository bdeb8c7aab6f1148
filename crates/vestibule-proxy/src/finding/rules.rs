//! A claim that a route's rule reads and that the person's tokens have nowhere: told when they sign in, before they meet the
//! 403.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use vestibule_diagnosis::evidence::{ClaimRule, Token};
use vestibule_diagnosis::{Evidence, Finding, Severity};
use vestibule_gate::claims::{ClaimPath, Claims};
use vestibule_gate::method::Method;
use vestibule_gate::route::Route;
use vestibule_gate::rule::{Judgement, Reason, Requirement, Subject, Verdict, judge};
use vestibule_oidc::time::UnixTime;
use vestibule_session::store::Stored;

use super::{Line, known, of};
use crate::plan::Plan;
use crate::provider::Provider;
use crate::telemetry::Metrics;

/// Judges the rules of each route for somebody who has just signed in. What they lack is counted each time, and told once.
pub(crate) fn judge_rules(
    plan: &Plan,
    metrics: &Metrics,
    provider: &Arc<Provider>,
    session: &Stored,
    now: UnixTime,
) {
    let subject = Subject {
        claims: Claims::of(session),
        granted_scopes: session.record().granted_scopes().collect(),
        method: &Method::Get,
        client_ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    };
    let routes = plan.gate.routes().iter();
    for route in routes.filter(|route| provider.comes_to(route)) {
        let Requirement::Rules(rule) = &route.require else {
            continue;
        };
        let judgement = judge(rule, &subject);
        if let Some(claim) = missing(&judgement) {
            let findings = of_missing(claim, route, plan, provider, &subject.claims);
            tell(plan, metrics, provider, route, &findings, now);
        }
    }
}

/// The claim for want of which a rule does not hold.
fn missing(judgement: &Judgement) -> Option<&ClaimPath> {
    match &judgement.decisive().reason {
        Reason::ClaimMissing(claim) if judgement.verdict != Verdict::Holds => Some(claim),
        _ => None,
    }
}

/// What it shows that somebody has this claim nowhere, and the route's rule reads it.
pub(crate) fn of_missing(
    claim: &ClaimPath,
    route: &Route,
    plan: &Plan,
    provider: &Arc<Provider>,
    claims: &Claims<'_>,
) -> Vec<Finding> {
    // To a rule they are one: it takes the first source that has the claim.
    let mut all = claims.id_token.members().to_map();
    for more in [claims.userinfo, claims.access_token].into_iter().flatten() {
        for (name, claim) in more.members().iter() {
            all.entry(name).or_insert_with(|| claim.into());
        }
    }
    let mut seen = Evidence::default();
    seen.id_token = Some(Token::jwt(serde_json::Map::new(), all));
    seen.route = Some(route.name.to_string());
    let mut known = known(plan, None, Some(provider));
    for described in known.settings.iter_mut().flat_map(|all| &mut all.routes) {
        if described.name.as_deref() == Some(&*route.name) {
            // What the rule wants of it is nobody's business who lacks it.
            described.rules = vec![ClaimRule::new(claim.as_str(), [])];
        }
    }
    of(seen, known)
}

fn tell(
    plan: &Plan,
    metrics: &Metrics,
    provider: &Arc<Provider>,
    route: &Route,
    findings: &[Finding],
    now: UnixTime,
) {
    let Some(finding) = findings.first() else {
        return;
    };
    metrics.finding(&route.name, finding.code);
    let (told, name) = (&plan.told, Some(provider.name()));
    // What is not plainly a mistake may be ordinary for this person, and there are many of those.
    let is_mistake = finding.severity == Severity::Error;
    let is_news = match is_mistake {
        true => told.is_news(&route.name, name, finding.code, now),
        false => told.is_first(&route.name, name, finding.code, now),
    };
    if !is_news {
        return;
    }
    let line = Line::of(findings);
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                provider = %provider.name(),
                route = %route.name,
                finding = finding.code,
                why = line.why,
                change = line.change,
                line = line.line,
                "{}",
                finding.seen
            )
        };
    }
    match is_mistake {
        true => tell!(warn),
        false => tell!(info),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::signin::rig::{Browser, Rig, get};

    #[tokio::test(start_paused = true)]
    async fn a_claim_that_a_rule_reads_and_nobody_sends_is_counted_at_sign_in_and_shown_at_the_403()
    {
        let rig = Rig::new();
        let mut browser = Browser::default();
        browser.sign_in(&rig, "/app").await;
        let metrics = rig.shared.telemetry.metrics.render();
        let line = "route=\"members\",code=\"VST-TOKEN-RULE-CLAIM\"} 1";
        assert!(metrics.contains(line), "{metrics}");
        assert!(
            !metrics.contains("route=\"app\",code=\"VST-TOKEN-RULE"),
            "{metrics}"
        );
        let page = browser.go(&rig, "/members").await;
        assert_eq!(page.status, 403);
        for said in [
            "claim_missing",
            "VST-TOKEN-RULE-CLAIM",
            "prompt=select_account",
        ] {
            assert!(page.body.contains(said), "{said}: {}", page.body);
        }
        let json = get("/members").with("Accept", "application/json");
        let answer = browser.send(&rig, json).await;
        assert_eq!(answer.json()["error"], "claim_missing");
        assert_eq!(answer.json()["findings"][0]["code"], "VST-TOKEN-RULE-CLAIM");
    }

    /// Who has the claim and another value of it is refused as configured: nothing is wrong.
    #[tokio::test(start_paused = true)]
    async fn a_claim_with_another_value_is_no_finding() {
        let rig = Rig::new();
        rig.grants().claims.insert("groups", json!(["others"]));
        let mut browser = Browser::default();
        browser.sign_in(&rig, "/app").await;
        let metrics = rig.shared.telemetry.metrics.render();
        assert!(!metrics.contains("VST-TOKEN-"), "{metrics}");
        let page = browser.go(&rig, "/members").await;
        assert_eq!(page.status, 403);
        assert!(
            page.body.contains("claim_differs") && !page.body.contains("VST-"),
            "{}",
            page.body
        );
    }
}

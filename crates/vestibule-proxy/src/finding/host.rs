//! A proxy in front that asks for a host that is none of ours: nobody gets through it, and the access log alone has
//! `host_unknown`.

use std::sync::Arc;

use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{Head, Header};
use vestibule_gate::request::Request;
use vestibule_oidc::time::UnixTime;

use super::{Line, known, of};
use crate::plan::Plan;
use crate::telemetry::Metrics;

/// No route has this: the request came to none.
const NO_ROUTE: &str = "";

/// Tells once that a request was misdirected, if a proxy in front sent it: one that is trusted, or on this machine. From
/// elsewhere anybody may ask for anything.
pub(crate) fn judge_host(plan: &Plan, metrics: &Metrics, request: &Request, now: UnixTime) {
    let peer = request.peer().ip().to_canonical();
    let trusted = &plan.read.trusted_proxies;
    if !peer.is_loopback() && !trusted.iter().any(|network| network.contains(&peer)) {
        return;
    }
    let mut head = Head::default();
    head.peer = Some(peer.to_string());
    head.headers = vec![Header::new("Host", request.host().to_string())];
    let named = request.fields().first("x-forwarded-host");
    if let Some(named) = named.and_then(|named| std::str::from_utf8(named).ok()) {
        head.headers.push(Header::new("X-Forwarded-Host", named));
    }
    let mut answer = Head::default();
    answer.status = Some(421);
    let mut seen = Evidence::default();
    seen.request = Some(head);
    seen.response = Some(answer);
    let findings = of(seen, known(plan, None, None));
    let Some(finding) = findings.first() else {
        return;
    };
    let no_route: Arc<str> = NO_ROUTE.into();
    metrics.finding(&no_route, finding.code);
    if !plan.told.is_news(&no_route, None, finding.code, now) {
        return;
    }
    let line = Line::of(&findings);
    tracing::warn!(
        peer = %peer,
        host = %request.host(),
        finding = finding.code,
        why = line.why,
        change = line.change,
        line = line.line,
        "{}",
        finding.seen
    );
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use vestibule_gate::fields::Fields;
    use vestibule_gate::request::{RawHead, Scheme, Version, read};

    use super::*;
    use crate::signin::rig::Rig;

    fn misdirected(plan: &Plan, host: &str, peer: [u8; 4]) -> Request {
        let mut fields = Fields::new();
        fields.push("Host", host);
        let raw = RawHead {
            method: "GET".into(),
            target: "/".into(),
            version: Version::Http11,
            scheme: Scheme::Http,
            authority: None,
            fields,
            peer: SocketAddr::from((peer, 1234)),
        };
        read(raw, &plan.read).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxy_in_front_that_asks_for_another_host_is_told_and_a_stranger_who_does_is_not() {
        let rig = Rig::new();
        let plan = rig.shared.plan.load_full();
        for (host, peer, counted) in [
            ("127.0.0.1:8489", [127, 0, 0, 1], true),
            ("portal.example.com:8080", [127, 0, 0, 1], true),
            ("203.0.113.9", [127, 0, 0, 1], false),
            ("127.0.0.1:8489", [192, 0, 2, 1], false),
        ] {
            let metrics = Metrics::default();
            let request = misdirected(&plan, host, peer);
            judge_host(&plan, &metrics, &request, rig.now());
            let text = metrics.render();
            let found = text.contains("code=\"VST-FRONT-HOST-UNKNOWN\"} 1");
            assert_eq!(found, counted, "{host} {peer:?}: {text}");
        }
        assert!(
            !plan
                .told
                .is_news(&NO_ROUTE.into(), None, "VST-FRONT-HOST-UNKNOWN", rig.now())
        );
    }
}

//! An upstream that refuses a request for the size of its head, or does not answer at all. It says 431, or 400 and nothing
//! else; only who sent the head knows how large it was.

use std::sync::Arc;

use vestibule_diagnosis::evidence::{Head, Header, Probe, ProbeOutcome, ProbeTarget};
use vestibule_diagnosis::{Evidence, Finding, diagnose};
use vestibule_gate::fields::Field;
use vestibule_oidc::time::UnixTime;

use super::{Line, known, of};
use crate::error_chain::chain;
use crate::plan::Plan;
use crate::telemetry::Metrics;
use crate::upstream::{Forward, UpstreamError};

/// What stands for an upstream's address where strangers read.
pub(crate) const UNNAMED: &str = "";

/// Whether an answer of this status may be about the size of the head.
pub(crate) const fn may_be_too_large(status: u16) -> bool {
    matches!(status, 400 | 431 | 494)
}

/// What it shows that there is no answer. Strangers are not told `where_to`: they get the [`UNNAMED`] one.
pub(crate) fn of_upstream(error: &UpstreamError, where_to: &str) -> Vec<Finding> {
    let outcome = match error {
        UpstreamError::Lookup { .. } => ProbeOutcome::NoSuchHost,
        UpstreamError::Connect { .. } => ProbeOutcome::NoConnection,
        UpstreamError::ConnectTimeout { .. } => ProbeOutcome::TimedOut,
        // The cause may name hosts, as the certificate does.
        UpstreamError::Tls { .. } if where_to == UNNAMED => ProbeOutcome::Tls {
            detail: "no agreement on TLS".to_owned(),
            certificate: None,
        },
        UpstreamError::Tls { cause, .. } => ProbeOutcome::Tls {
            detail: cause.to_string(),
            certificate: None,
        },
        UpstreamError::Malformed { rule, .. } => ProbeOutcome::Failed {
            detail: chain(rule),
        },
        _ => return Vec::new(),
    };
    let mut seen = Evidence::default();
    seen.probes
        .push(Probe::new(ProbeTarget::Upstream, where_to, outcome));
    diagnose(&seen)
}

/// Counts what the answer to this head shows, and tells it once: with sizes, never a value. Gives what it shows.
pub(crate) fn judge_head(
    plan: &Plan,
    metrics: &Metrics,
    route: &Arc<str>,
    sent: &Forward,
    status: u16,
    now: UnixTime,
) -> Vec<Finding> {
    let identity_bytes = sent.identity.wire_bytes();
    // "GET", two blanks, "HTTP/1.1", and the ends of the line and of the head: it need not be exact.
    let line_bytes = sent.target.len() + 18;
    let bytes = line_bytes + sent.fields.wire_bytes() + identity_bytes;
    let fields = || sent.fields.iter().chain(sent.identity.iter());
    let name = |field: &Field<'_>| String::from_utf8_lossy(field.name).into_owned();
    let mut request = Head::default();
    request.length = Some(bytes);
    request.headers = fields()
        .map(|field| Header::sized(name(&field), field.value.len()))
        .collect();
    let mut answer = Head::default();
    answer.status = Some(status);
    let mut seen = Evidence::default();
    seen.now = Some(now);
    seen.route = Some(route.to_string());
    seen.upstream_request = Some(request);
    seen.upstream_response = Some(answer);
    let findings = of(seen, known(plan, None, None));
    let Some(finding) = findings.first() else {
        return findings;
    };
    metrics.finding(route, finding.code);
    if !plan.told.is_news(route, None, finding.code, now) {
        return findings;
    }
    let line = Line::of(&findings);
    let largest = fields().max_by_key(|field| field.value.len());
    tracing::warn!(
        route = %route,
        finding = finding.code,
        status,
        head_bytes = bytes,
        identity_bytes,
        largest_field = largest.as_ref().map(name),
        largest_field_bytes = largest.map(|field| field.value.len()),
        why = line.why,
        change = line.change,
        line = line.line,
        "{}",
        finding.seen
    );
    findings
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use vestibule_gate::fields::Fields;
    use vestibule_gate::method::Method;

    use super::*;
    use crate::body::Body;
    use crate::signin::rig::Rig;

    fn sent(field_bytes: usize) -> Forward {
        let mut identity = Fields::new();
        identity.push("Authorization", "x".repeat(field_bytes));
        Forward {
            method: Method::Get,
            target: bytes::Bytes::from_static(b"/"),
            fields: Fields::new(),
            identity: Rc::new(identity),
            body: Body::empty(),
            upgrade: None,
            trailers: false,
        }
    }

    #[test]
    fn an_upstream_that_is_down_is_a_finding_and_strangers_learn_no_address() {
        let connect = UpstreamError::Connect {
            upstream: "app.internal:3000".to_owned(),
            cause: std::io::Error::other("refused by app.internal:3000"),
        };
        let tls = UpstreamError::Tls {
            upstream: "app.internal:3000".to_owned(),
            cause: std::io::Error::other("certificate not for app.internal"),
        };
        for (error, code) in [
            (connect, "VST-UPSTREAM-UNREACHABLE"),
            (tls, "VST-UPSTREAM-TLS"),
        ] {
            let logged = of_upstream(&error, "https://app.internal:3000");
            assert_eq!(logged[0].code, code);
            assert!(logged[0].seen.contains("app.internal"), "{logged:?}");
            let shown = of_upstream(&error, UNNAMED);
            assert_eq!(shown[0].code, code);
            assert!(!format!("{shown:?}").contains("app.internal"), "{shown:?}");
            assert!(
                shown[0]
                    .seen
                    .starts_with("The upstream behind this address: "),
                "{shown:?}"
            );
            let lines: Vec<_> = shown[0]
                .change
                .iter()
                .filter_map(|c| c.line.as_deref())
                .collect();
            assert!(
                lines.contains(&"upstream = \"http://HOST:PORT\""),
                "{lines:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_431_and_a_400_for_a_large_head_are_findings_and_a_small_400_is_the_apps_own() {
        let rig = Rig::new();
        let plan = rig.shared.plan.load_full();
        for (status, bytes, found) in [
            (431, 100, true),
            (494, 100, true),
            (400, 12_000, true),
            (400, 100, false),
        ] {
            assert!(may_be_too_large(status));
            let metrics = Metrics::default();
            let route: Arc<str> = format!("/{status}/{bytes}").into();
            for _ in 0..2 {
                judge_head(&plan, &metrics, &route, &sent(bytes), status, rig.now());
            }
            let line = format!("route=\"{route}\",code=\"VST-HEADER-TOO-LARGE\"}} 2");
            assert_eq!(metrics.render().contains(&line), found, "{status} {bytes}");
        }
        for status in [200, 401, 413, 500] {
            assert!(!may_be_too_large(status));
        }
    }
}

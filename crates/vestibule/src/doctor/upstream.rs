//! Whether each upstream answers, and how large a head it takes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use url::Url;
use vestibule_config::{RouteSettings, Settings};
use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{
    Probe, ProbeOutcome, ProbeTarget, RouteSettings as KnownRoute, Settings as Known,
};
use vestibule_proxy::upstream::{Probed, UpstreamError, UpstreamPlan, probe};

use super::documents::shown_certificate;
use super::look::Look;
use crate::clock::now;
use crate::load::Secrets;
use crate::output::Chain;
use crate::{assemble, evidence};

/// How large heads are tried, in order: the limits of common servers, and twice each.
const SIZES: [usize; 5] = [4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10];
/// What a head has beside the field that makes it large.
const REST: usize = 256;

pub(super) async fn ask(
    look: &mut Look,
    settings: &Settings,
    patience: Duration,
    with_limit: bool,
) {
    let mut asked: Vec<&str> = Vec::new();
    for route in &settings.routes {
        let url = route.upstream.url.as_str();
        if asked.contains(&url) {
            continue;
        }
        asked.push(url);
        let plan = assemble::upstream(route);
        look.begin(format!("the upstream {url}"));
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => {
                look.unknown(Chain(&*error).to_string());
                continue;
            }
        };
        let answers = answers(look, &plan, route, patience).await;
        if let (true, Some(status)) = (with_limit, answers) {
            limit(look, settings, route, &plan, status, patience).await;
        }
    }
}

/// Its status, if it answered with one.
async fn answers(
    look: &mut Look,
    plan: &Arc<UpstreamPlan>,
    route: &RouteSettings,
    patience: Duration,
) -> Option<u16> {
    let url = route.upstream.url.as_str();
    let failed = |detail: &str| ProbeOutcome::Failed {
        detail: detail.to_owned(),
    };
    let outcome = match timeout(patience, probe(plan, 0)).await {
        Ok(Ok(Probed::Answered(status))) => {
            look.ok(format!("it answers `HEAD /` with {status}"));
            return Some(status);
        }
        Ok(Ok(Probed::Connected)) => {
            look.ok("it takes connections");
            return None;
        }
        Ok(Ok(Probed::Closed)) => failed("it closes the connection without an answer"),
        Ok(Ok(_)) => failed("its answer is not HTTP/1.1"),
        Ok(Err(UpstreamError::HeadTimeout { .. })) => {
            look.unknown("it takes connections, and gave no answer to `HEAD /` in time");
            return None;
        }
        Ok(Err(error)) => of_error(&error),
        Err(_) => ProbeOutcome::TimedOut,
    };
    let outcome = with_certificate(outcome, url, patience).await;
    let mut seen = Evidence::default();
    seen.now = Some(now());
    seen.settings = Some(trusted(route));
    seen.probes
        .push(Probe::new(ProbeTarget::Upstream, url, outcome));
    look.judge_or(&seen, "no answer");
    None
}

/// Whom the route believes, and nothing else of it: the settings are judged elsewhere.
fn trusted(route: &RouteSettings) -> Known {
    let mut known = KnownRoute::default();
    known.upstream = Some(route.upstream.url.to_string());
    known.upstream_ca = evidence::upstream_ca(route);
    let mut settings = Known::default();
    settings.routes.push(known);
    settings
}

/// What failed at TLS, with the certificate that was shown.
async fn with_certificate(outcome: ProbeOutcome, url: &str, patience: Duration) -> ProbeOutcome {
    match (outcome, Url::parse(url)) {
        (ProbeOutcome::Tls { detail, .. }, Ok(url)) => ProbeOutcome::Tls {
            detail,
            certificate: shown_certificate(&url, patience).await,
        },
        (other, _) => other,
    }
}

fn of_error(error: &UpstreamError) -> ProbeOutcome {
    match error {
        UpstreamError::Lookup { .. } => ProbeOutcome::NoSuchHost,
        UpstreamError::Connect { .. } => ProbeOutcome::NoConnection,
        UpstreamError::ConnectTimeout { .. } => ProbeOutcome::TimedOut,
        UpstreamError::Tls { cause, .. } => ProbeOutcome::Tls {
            detail: cause.to_string(),
            certificate: None,
        },
        other => ProbeOutcome::Failed {
            detail: Chain(other).to_string(),
        },
    }
}

/// Finds the largest head it takes, by trying.
async fn limit(
    look: &mut Look,
    settings: &Settings,
    route: &RouteSettings,
    plan: &Arc<UpstreamPlan>,
    usual: u16,
    patience: Duration,
) {
    look.begin(format!("the largest head {} takes", route.upstream.url));
    if refuses(usual) {
        look.unknown(format!("it answers {usual} to a small one too"));
        return;
    }
    let mut taken = None;
    let mut refused = None;
    for size in SIZES {
        match timeout(patience, probe(plan, size - REST)).await {
            Ok(Ok(Probed::Answered(status))) if !refuses(status) => taken = Some(size),
            Ok(Ok(Probed::Answered(_) | Probed::Closed)) => {
                refused = Some(size);
                break;
            }
            _ => {
                look.unknown(format!("no answer to a head of {} KiB", size / 1024));
                return;
            }
        }
    }
    let provider = evidence::provider_of(settings, route);
    let mut seen = Evidence::default();
    let mut found = evidence::settings(settings, provider, Secrets::Needed);
    let limit = taken.unwrap_or(SIZES[0] / 2);
    for known in &mut found.routes {
        if known.upstream.as_deref() == Some(route.upstream.url.as_str()) && refused.is_some() {
            known.upstream_header_limit_bytes = Some(limit);
        }
    }
    seen.settings = Some(found);
    let fine = match (taken, refused) {
        (Some(taken), Some(refused)) => format!(
            "it takes {} KiB and refuses {} KiB",
            taken / 1024,
            refused / 1024
        ),
        (None, Some(refused)) => format!("it refuses {} KiB", refused / 1024),
        (Some(taken), None) => format!("it takes {} KiB", taken / 1024),
        (None, None) => String::new(),
    };
    look.judge(&seen, fine);
}

/// Whether a server answers so when the head is too large (RFC 6585 §5, and what servers did before).
const fn refuses(status: u16) -> bool {
    matches!(status, 400 | 413 | 431 | 494)
}

//! Holds all metrics and renders them for Prometheus.
//!
//! Every part has its own field or method here, so that this file shows the whole. Label values are code, not input: the
//! `&'static str` arguments keep a stranger's value out of them.

mod from_zero;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::names;

type Labels<const N: usize> = [(&'static str, Label); N];

/// A label value: a constant, or a name that the configuration gave.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Label {
    Constant(&'static str),
    Configured(Arc<str>),
}

impl prometheus_client::encoding::EncodeLabelValue for Label {
    fn encode(
        &self,
        encoder: &mut prometheus_client::encoding::LabelValueEncoder<'_>,
    ) -> Result<(), fmt::Error> {
        match self {
            Self::Constant(value) => (*value).encode(encoder),
            Self::Configured(value) => (&**value).encode(encoder),
        }
    }
}

/// Makes the request histograms.
#[derive(Clone)]
struct DurationBuckets;

impl MetricConstructor<Histogram> for DurationBuckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        ])
    }
}

/// All metrics of one process. Cloned handles of one metric count together.
pub struct Metrics {
    registry: Registry,
    requests: Family<Labels<2>, Counter>,
    request_duration: Family<Labels<1>, Histogram, DurationBuckets>,
    sign_ins: Family<Labels<2>, Counter>,
    refreshes: Family<Labels<2>, Counter>,
    logouts: Family<Labels<3>, Counter>,
    revocations: Family<Labels<2>, Counter>,
    store_errors: Family<Labels<1>, Counter>,
    provider_fetches: Family<Labels<3>, Counter>,
    reloads: Family<Labels<1>, Counter>,
    certificate_reloads: Family<Labels<1>, Counter>,
    accept_pauses: Family<Labels<1>, Counter>,
    upstream_errors: Family<Labels<1>, Counter>,
    findings: Family<Labels<2>, Counter>,
    /// Request tasks that panicked.
    pub panics: Counter,
    /// Access-log lines dropped.
    pub access_log_dropped: Counter,
    /// Client connections open.
    pub connections: Gauge,
    /// Client connections accepted.
    pub connections_accepted: Counter,
    /// Client connections closed to make room for others.
    pub connections_shed: Counter,
    /// Failed TLS handshakes.
    pub tls_failures: Counter,
    /// Tunnels open.
    pub tunnels: Gauge,
    /// Upstream connections open.
    pub upstream_connections: Gauge,
    /// Requests sent again after a stale pooled connection.
    pub upstream_retries: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix(names::PREFIX),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(DurationBuckets),
            sign_ins: Family::default(),
            refreshes: Family::default(),
            logouts: Family::default(),
            revocations: Family::default(),
            store_errors: Family::default(),
            provider_fetches: Family::default(),
            reloads: Family::default(),
            certificate_reloads: Family::default(),
            accept_pauses: Family::default(),
            upstream_errors: Family::default(),
            findings: Family::default(),
            panics: Counter::default(),
            access_log_dropped: Counter::default(),
            connections: Gauge::default(),
            connections_accepted: Counter::default(),
            connections_shed: Counter::default(),
            tls_failures: Counter::default(),
            tunnels: Gauge::default(),
            upstream_connections: Gauge::default(),
            upstream_retries: Counter::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        r.register(names::REQUESTS, "Requests answered", self.requests.clone());
        r.register(
            names::REQUEST_DURATION,
            "Seconds from the request head to the last byte of the answer",
            self.request_duration.clone(),
        );
        r.register(names::SIGN_INS, "Sign-ins ended", self.sign_ins.clone());
        r.register(
            names::REFRESHES,
            "Token refreshes ended",
            self.refreshes.clone(),
        );
        r.register(names::LOGOUTS, "Logouts", self.logouts.clone());
        r.register(
            names::REVOCATIONS,
            "Tokens revoked at a provider",
            self.revocations.clone(),
        );
        r.register(
            names::STORE_ERRORS,
            "Failed session store operations",
            self.store_errors.clone(),
        );
        r.register(
            names::PROVIDER_FETCHES,
            "Requests to a provider",
            self.provider_fetches.clone(),
        );
        r.register(
            names::RELOADS,
            "Configuration reloads",
            self.reloads.clone(),
        );
        r.register(
            names::CERTIFICATE_RELOADS,
            "Reloads of changed certificate files",
            self.certificate_reloads.clone(),
        );
        r.register(
            names::ACCEPT_PAUSES,
            "Times accepting paused",
            self.accept_pauses.clone(),
        );
        r.register(
            names::UPSTREAM_ERRORS,
            "Requests an upstream did not answer properly",
            self.upstream_errors.clone(),
        );
        r.register(
            names::FINDINGS,
            "Tokens and heads an upstream can't use",
            self.findings.clone(),
        );
        r.register(
            names::PANICS,
            "Request tasks that panicked",
            self.panics.clone(),
        );
        r.register(
            names::ACCESS_LOG_DROPPED,
            "Access-log lines dropped",
            self.access_log_dropped.clone(),
        );
        r.register(
            names::CONNECTIONS,
            "Client connections open",
            self.connections.clone(),
        );
        r.register(
            names::CONNECTIONS_ACCEPTED,
            "Client connections accepted",
            self.connections_accepted.clone(),
        );
        r.register(
            names::CONNECTIONS_SHED,
            "Client connections that asked for nothing, closed to make room for others",
            self.connections_shed.clone(),
        );
        r.register(
            names::TLS_FAILURES,
            "Failed TLS handshakes",
            self.tls_failures.clone(),
        );
        r.register(names::TUNNELS, "Tunnels open", self.tunnels.clone());
        r.register(
            names::UPSTREAM_CONNECTIONS,
            "Upstream connections open",
            self.upstream_connections.clone(),
        );
        r.register(
            names::UPSTREAM_RETRIES,
            "Requests sent again after a stale pooled connection",
            self.upstream_retries.clone(),
        );
        self.counted_from_zero()
    }

    /// The handles of one route, for a core to keep: counting then takes no lock on a map.
    #[must_use]
    pub fn route(&self, route: &Arc<str>) -> RouteMetrics {
        let label = || Label::Configured(Arc::clone(route));
        let class = |class| {
            let labels = [
                (names::ROUTE, label()),
                (names::CLASS, Label::Constant(class)),
            ];
            self.requests.get_or_create_owned(&labels)
        };
        RouteMetrics {
            classes: [
                class("gone"),
                class("1xx"),
                class("2xx"),
                class("3xx"),
                class("4xx"),
                class("5xx"),
            ],
            duration: self
                .request_duration
                .get_or_create_owned(&[(names::ROUTE, label())]),
        }
    }

    /// One sign-in ended.
    pub fn sign_in(&self, provider: &Arc<str>, result: &'static str) {
        self.sign_ins
            .get_or_create(&by_provider(provider, result))
            .inc();
    }

    /// One refresh flight ended.
    pub fn refresh(&self, provider: &Arc<str>, result: &'static str) {
        self.refreshes
            .get_or_create(&by_provider(provider, result))
            .inc();
    }

    /// Somebody signed out, or a provider ended sessions.
    pub fn logout(&self, provider: &Arc<str>, way: &'static str, result: &'static str) {
        let labels = [
            (names::PROVIDER, Label::Configured(Arc::clone(provider))),
            (names::OPERATION, Label::Constant(way)),
            (names::RESULT, Label::Constant(result)),
        ];
        self.logouts.get_or_create(&labels).inc();
    }

    /// One token was revoked, or was not.
    pub fn revocation(&self, provider: &Arc<str>, result: &'static str) {
        self.revocations
            .get_or_create(&by_provider(provider, result))
            .inc();
    }

    /// One session store operation failed.
    pub fn store_error(&self, operation: &'static str) {
        one(&self.store_errors, names::OPERATION, operation);
    }

    /// One request to a provider ended.
    pub fn provider_fetch(
        &self,
        provider: &Arc<str>,
        operation: &'static str,
        result: &'static str,
    ) {
        let labels = [
            (names::PROVIDER, Label::Configured(Arc::clone(provider))),
            (names::OPERATION, Label::Constant(operation)),
            (names::RESULT, Label::Constant(result)),
        ];
        self.provider_fetches.get_or_create(&labels).inc();
    }

    /// The configuration was reloaded, or was not.
    pub fn reload(&self, result: &'static str) {
        one(&self.reloads, names::RESULT, result);
    }

    /// Changed certificate files were taken, or were not.
    pub fn certificate_reload(&self, result: &'static str) {
        one(&self.certificate_reloads, names::RESULT, result);
    }

    /// Accepting paused.
    pub fn accept_pause(&self, reason: &'static str) {
        one(&self.accept_pauses, names::RESULT, reason);
    }

    /// An upstream did not answer properly.
    pub fn upstream_error(&self, code: &'static str) {
        one(&self.upstream_errors, names::CODE, code);
    }

    /// What an upstream of this route gets is not what it can use.
    pub fn finding(&self, route: &Arc<str>, code: &'static str) {
        let labels = [
            (names::ROUTE, Label::Configured(Arc::clone(route))),
            (names::CODE, Label::Constant(code)),
        ];
        self.findings.get_or_create(&labels).inc();
    }

    /// Everything, in the Prometheus (OpenMetrics) text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut rendered = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut rendered, &self.registry);
        rendered
    }
}

fn one(family: &Family<Labels<1>, Counter>, name: &'static str, value: &'static str) {
    family
        .get_or_create(&[(name, Label::Constant(value))])
        .inc();
}

fn by_provider(provider: &Arc<str>, result: &'static str) -> Labels<2> {
    [
        (names::PROVIDER, Label::Configured(Arc::clone(provider))),
        (names::RESULT, Label::Constant(result)),
    ]
}

/// The handles of one route.
#[derive(Debug, Clone)]
pub struct RouteMetrics {
    classes: [Counter; 6],
    duration: Histogram,
}

impl RouteMetrics {
    /// One request ended with this status; 0 is a client that left before the answer.
    pub fn observe(&self, status: u16, duration: Duration) {
        let class = usize::from(status / 100);
        if let Some(counter) = self.classes.get(class) {
            counter.inc();
        }
        self.duration.observe(duration.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_counted_is_rendered_under_its_name() {
        let metrics = Metrics::default();
        let route: Arc<str> = "/foo".into();
        metrics.route(&route).observe(204, Duration::from_millis(3));
        metrics.route(&route).observe(0, Duration::from_millis(3));
        metrics.sign_in(&"entra".into(), "ok");
        metrics.refresh(&"entra".into(), "rejected");
        metrics.logout(&"entra".into(), "back_channel", "ended");
        metrics.revocation(&"entra".into(), "revoked");
        metrics.store_error("load");
        metrics.provider_fetch(&"entra".into(), "keys", "ok");
        metrics.reload("failed");
        metrics.certificate_reload("ok");
        metrics.accept_pause("limit");
        metrics.upstream_error("upstream_refused");
        metrics.finding(&route, "VST-TOKEN-GRAPH");
        metrics.panics.inc();
        let text = metrics.render();
        for line in [
            r#"vestibule_requests_total{route="/foo",class="2xx"} 1"#,
            r#"vestibule_requests_total{route="/foo",class="gone"} 1"#,
            r#"vestibule_request_duration_seconds_count{route="/foo"} 2"#,
            r#"vestibule_sign_ins_total{provider="entra",result="ok"} 1"#,
            r#"vestibule_refreshes_total{provider="entra",result="rejected"} 1"#,
            r#"vestibule_logouts_total{provider="entra",operation="back_channel",result="ended"} 1"#,
            r#"vestibule_revocations_total{provider="entra",result="revoked"} 1"#,
            r#"vestibule_store_errors_total{operation="load"} 1"#,
            r#"vestibule_provider_fetches_total{provider="entra",operation="keys",result="ok"} 1"#,
            r#"vestibule_reloads_total{result="failed"} 1"#,
            r#"vestibule_certificate_reloads_total{result="ok"} 1"#,
            r#"vestibule_accept_pauses_total{result="limit"} 1"#,
            r#"vestibule_upstream_errors_total{code="upstream_refused"} 1"#,
            r#"vestibule_findings_total{route="/foo",code="VST-TOKEN-GRAPH"} 1"#,
            "vestibule_panics_total 1",
            "vestibule_connections 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}

//! Decides which series are there before the first event: all whose labels are known beforehand.
//!
//! A series that begins with 1 has no increase to see, so an alarm on it would miss what happened first. Labels that are
//! codes of errors, of which there are hundreds, are not known beforehand; `docs/operations.md` says how to watch those.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::super::names;
use super::{Label, Labels, Metrics, by_provider};
use crate::provider::Endpoint;
use crate::upstream::UpstreamError;

impl Metrics {
    /// Everything that does not depend on the configuration.
    pub(super) fn counted_from_zero(self) -> Self {
        for operation in [
            "load", "insert", "remove", "sweep", "logout", "page", "revoke",
        ] {
            zero(&self.store_errors, names::OPERATION, operation);
        }
        for result in ["ok", "failed"] {
            zero(&self.reloads, names::RESULT, result);
            zero(&self.certificate_reloads, names::RESULT, result);
        }
        for reason in ["limit", "system"] {
            zero(&self.accept_pauses, names::RESULT, reason);
        }
        for code in UpstreamError::CODES {
            zero(&self.upstream_errors, names::CODE, code);
        }
        self
    }

    /// What is counted of each of these routes and providers, and of requests that match no route.
    pub fn count_from_zero<'n>(
        &self,
        routes: impl Iterator<Item = &'n Arc<str>>,
        providers: impl Iterator<Item = &'n Arc<str>>,
    ) {
        drop(self.route(&names::NO_ROUTE.into()));
        for route in routes {
            drop(self.route(route));
        }
        for provider in providers {
            self.provider(provider);
        }
    }

    fn provider(&self, name: &Arc<str>) {
        let one = |family: &Family<Labels<2>, Counter>, result| {
            drop(family.get_or_create_owned(&by_provider(name, result)));
        };
        let two = |family: &Family<Labels<3>, Counter>, operation, result| {
            let labels = [
                (names::PROVIDER, Label::Configured(Arc::clone(name))),
                (names::OPERATION, Label::Constant(operation)),
                (names::RESULT, Label::Constant(result)),
            ];
            drop(family.get_or_create_owned(&labels));
        };
        one(&self.sign_ins, "signed_in");
        one(&self.refreshes, "refreshed");
        for result in ["revoked", "unsupported", "refused", "failed", "dropped"] {
            one(&self.revocations, result);
        }
        for way in ["sign_out", "everywhere", "operator"] {
            two(&self.logouts, way, "ended");
            two(&self.logouts, way, "failed");
        }
        for way in ["back_channel", "front_channel"] {
            two(&self.logouts, way, "ended");
            two(&self.logouts, way, "nobody");
        }
        for endpoint in Endpoint::ALL {
            for result in ["ok", "refused", "failed", "outage"] {
                two(&self.provider_fetches, endpoint.as_str(), result);
            }
        }
    }
}

fn zero(family: &Family<Labels<1>, Counter>, name: &'static str, value: &'static str) {
    drop(family.get_or_create_owned(&[(name, Label::Constant(value))]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_an_alarm_is_counted_from_zero() {
        let metrics = Metrics::default();
        metrics.count_from_zero(["/foo".into()].iter(), ["entra".into()].iter());
        let text = metrics.render();
        for line in [
            r#"vestibule_store_errors_total{operation="load"} 0"#,
            r#"vestibule_store_errors_total{operation="insert"} 0"#,
            r#"vestibule_store_errors_total{operation="remove"} 0"#,
            r#"vestibule_store_errors_total{operation="sweep"} 0"#,
            r#"vestibule_store_errors_total{operation="page"} 0"#,
            r#"vestibule_store_errors_total{operation="revoke"} 0"#,
            r#"vestibule_reloads_total{result="ok"} 0"#,
            r#"vestibule_reloads_total{result="failed"} 0"#,
            r#"vestibule_certificate_reloads_total{result="failed"} 0"#,
            r#"vestibule_accept_pauses_total{result="limit"} 0"#,
            r#"vestibule_accept_pauses_total{result="system"} 0"#,
            r#"vestibule_upstream_errors_total{code="upstream_connect"} 0"#,
            r#"vestibule_requests_total{route="/foo",class="5xx"} 0"#,
            r#"vestibule_requests_total{route="none",class="4xx"} 0"#,
            r#"vestibule_request_duration_seconds_count{route="/foo"} 0"#,
            r#"vestibule_sign_ins_total{provider="entra",result="signed_in"} 0"#,
            r#"vestibule_refreshes_total{provider="entra",result="refreshed"} 0"#,
            r#"vestibule_revocations_total{provider="entra",result="failed"} 0"#,
            r#"vestibule_logouts_total{provider="entra",operation="back_channel",result="nobody"} 0"#,
            r#"vestibule_logouts_total{provider="entra",operation="everywhere",result="failed"} 0"#,
            r#"vestibule_provider_fetches_total{provider="entra",operation="token_endpoint",result="outage"} 0"#,
            "vestibule_panics_total 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}

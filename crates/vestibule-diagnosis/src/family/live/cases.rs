//! For each row of the family, what shows it and what comes close.

use crate::Evidence;
use crate::evidence::{Metadata, Probe, ProbeOutcome, ProbeTarget};
use crate::testing::{RowCase, case, evidence, object, route, texts, with};

fn probed(target: ProbeTarget, url: &str, outcome: ProbeOutcome) -> Evidence {
    evidence(|e| e.probes = vec![Probe::new(target, url, outcome)])
}

fn http(status: u16, first_char: char) -> ProbeOutcome {
    ProbeOutcome::Http {
        status,
        content_type: None,
        first_char: Some(first_char),
    }
}

fn failed(detail: &str) -> ProbeOutcome {
    ProbeOutcome::Failed {
        detail: detail.to_owned(),
    }
}

pub(crate) fn all() -> Vec<RowCase> {
    const METADATA: &str = "https://id.example/.well-known/openid-configuration";
    const APP: &str = "http://app.internal:3000";
    let metadata = |outcome| probed(ProbeTarget::Metadata, METADATA, outcome);
    let upstream = |outcome| probed(ProbeTarget::Upstream, APP, outcome);
    let store = |outcome| {
        probed(
            ProbeTarget::Store,
            "file:/var/lib/vestibule/sessions",
            outcome,
        )
    };
    let tls = || ProbeOutcome::Tls {
        detail: "unknown issuer".to_owned(),
        certificate: None,
    };
    let small = evidence(|e| route(e).upstream_header_limit_bytes = Some(4096));
    vec![
        case("VST-KEYS-METADATA")
            .shows(metadata(http(200, '<')))
            .shows(metadata(http(503, 'x')))
            .shows(metadata(http(302, ' ')))
            .shows(metadata(failed(
                "find `jwks_uri` in the provider's metadata",
            )))
            .silent(metadata(http(404, '{')))
            .silent(with(&metadata(http(200, '{')), |e| {
                let members = object(serde_json::json!({ "issuer": "https://id.example" }));
                e.metadata = Some(Metadata::new(METADATA, members));
            }))
            .silent(metadata(ProbeOutcome::TimedOut)),
        case("VST-STORE-UNUSABLE")
            .shows(store(failed("permission denied")))
            .says("permission denied")
            .silent(upstream(failed("permission denied"))),
        case("VST-UPSTREAM-UNREACHABLE")
            .shows(upstream(ProbeOutcome::NoConnection))
            .shows(upstream(ProbeOutcome::NoSuchHost))
            .says(APP)
            .silent(upstream(http(404, 'x')))
            .silent(metadata(ProbeOutcome::NoConnection)),
        case("VST-UPSTREAM-TLS")
            .shows(probed(
                ProbeTarget::Upstream,
                "https://app.internal:3000",
                tls(),
            ))
            .line("upstream = \"http://app.internal:3000\"")
            .silent(metadata(tls())),
        case("VST-UPSTREAM-NOT-HTTP")
            .shows(upstream(failed("no HTTP")))
            .line("upstream = \"https://app.internal:3000\"")
            .silent(upstream(http(500, 'x'))),
        case("VST-UPSTREAM-SMALL-HEAD")
            .shows(small.clone())
            .says("4 KiB")
            .shows(with(&small, |e| {
                let route = route(e);
                route.upstream_header_limit_bytes = Some(8192);
                route.header_names = texts(&["OIDC_access_token"]);
                route.token_header = Some("Authorization".to_owned());
            }))
            .silent(with(&small, |e| {
                route(e).upstream_header_limit_bytes = Some(8192)
            }))
            .silent(with(&small, |e| route(e).token = None))
            .silent(evidence(|e| route(e).upstream_header_limit_bytes = None)),
    ]
}

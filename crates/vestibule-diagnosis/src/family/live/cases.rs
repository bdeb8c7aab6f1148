//! For each row of the family, what shows it and what comes close.

use crate::Evidence;
use crate::evidence::{
    Certificate, Metadata, NoTunnel, Probe, ProbeOutcome, ProbeTarget, RouteSettings, Settings,
};
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

fn no_tunnel(reason: NoTunnel) -> ProbeOutcome {
    ProbeOutcome::NoTunnel {
        proxy: "proxy.internal:3128".to_owned(),
        reason,
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
    // A certificate of an authority of one's own, for `name`, with this authority's file named or not.
    let believed = |name: &str, detail: &str, ca: Option<&str>| {
        let certificate = Certificate {
            subject: "CN=app".to_owned(),
            issuer: "CN=Contoso CA".to_owned(),
            names: texts(&[name]),
            ..Certificate::default()
        };
        let outcome = ProbeOutcome::Tls {
            detail: detail.to_owned(),
            certificate: Some(Box::new(certificate)),
        };
        let seen = probed(
            ProbeTarget::Upstream,
            "https://localhost:3000/base",
            outcome,
        );
        with(&seen, |e| {
            e.settings = Some(behind("https://localhost:3000/base", ca))
        })
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
        case("VST-OUTBOUND-PROXY")
            .shows(metadata(no_tunnel(NoTunnel::NoConnection)))
            .shows(metadata(no_tunnel(NoTunnel::NoSuchHost)))
            .shows(metadata(no_tunnel(NoTunnel::TimedOut)))
            .shows(metadata(no_tunnel(NoTunnel::Credentials)))
            .shows(metadata(no_tunnel(NoTunnel::Refused)))
            .shows(probed(
                ProbeTarget::Token,
                METADATA,
                no_tunnel(NoTunnel::Closed),
            ))
            .silent(metadata(ProbeOutcome::NoConnection)),
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
        case("VST-UPSTREAM-TLS")
            .shows(believed("api.internal", "NotValidForName", Some("/ca.pem")))
            .shows(believed("api.internal", "UnknownIssuer", None))
            .says("for `api.internal`")
            .silent(upstream(http(200, 'x')))
            .line("upstream = \"https://api.internal:3000/base\""),
        case("VST-UPSTREAM-TLS")
            .shows(believed("localhost", "UnknownIssuer", None))
            .silent(upstream(http(200, 'x')))
            .line("upstream_ca = \"/etc/vestibule/upstream-ca.pem\""),
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

/// The settings of an upstream, and the file of authorities it is believed by.
fn behind(upstream: &str, ca: Option<&str>) -> Settings {
    Settings {
        routes: vec![RouteSettings {
            upstream: Some(upstream.to_owned()),
            upstream_ca: ca.map(str::to_owned),
            ..RouteSettings::default()
        }],
        ..Settings::default()
    }
}

#[test]
fn a_file_of_authorities_that_is_named_is_not_told_to_be_named() {
    const APP: &str = "https://localhost:3000/";
    let certificate = Certificate {
        subject: "CN=localhost".to_owned(),
        issuer: "CN=Other CA".to_owned(),
        names: texts(&["localhost"]),
        ..Certificate::default()
    };
    let outcome = ProbeOutcome::Tls {
        detail: "UnknownIssuer".to_owned(),
        certificate: Some(Box::new(certificate)),
    };
    let seen = with(&probed(ProbeTarget::Upstream, APP, outcome), |e| {
        e.settings = Some(behind(APP, Some("/etc/ca.pem")));
    });
    let findings = crate::diagnose(&seen);
    let [finding] = findings.as_slice() else {
        panic!("{findings:?}");
    };
    let change = finding.change.first().unwrap();
    assert!(
        change.line.is_none() && change.text.contains("`CN=Other CA`"),
        "{finding}"
    );
    assert!(change.text.contains("`/etc/ca.pem`"), "{finding}");
}

//! What shows each row of the family, and what comes close.

use crate::evidence::{Certificate, Head, Header, Origin, Probe, ProbeOutcome, ProbeTarget};
use crate::testing::{RowCase, case, evidence, route, settings, texts, with};
use crate::{Evidence, Severity};

fn head(fields: &[(&str, &str)]) -> Head {
    Head {
        headers: fields
            .iter()
            .map(|(name, value)| Header::new(*name, *value))
            .collect(),
        ..Head::default()
    }
}

fn redirect_uri(uri: &str) -> Evidence {
    evidence(|e| e.settings.get_or_insert_with(settings).redirect_uri = Some(uri.to_owned()))
}

fn from(peer: &str) -> Evidence {
    evidence(|e| {
        e.settings
            .get_or_insert_with(settings)
            .listener
            .trusted_proxies = Some(texts(&["10.0.0.0/8"]));
        e.request = Some(Head {
            peer: Some(peer.to_owned()),
            ..head(&[("X-Forwarded-For", "203.0.113.7")])
        });
    })
}

fn public(outcome: ProbeOutcome) -> Evidence {
    let url = "https://portal.example.com/.vestibule/sign-in";
    evidence(|e| e.probes = vec![Probe::new(ProbeTarget::PublicUrl, url, outcome)])
}

fn failed(detail: &str) -> ProbeOutcome {
    ProbeOutcome::Failed {
        detail: detail.to_owned(),
    }
}

fn tls(certificate: Option<Box<Certificate>>) -> ProbeOutcome {
    ProbeOutcome::Tls {
        detail: "unknown issuer".to_owned(),
        certificate,
    }
}

/// Who is elsewhere may have another way, and may trust an issuer this machine does not know.
#[test]
fn what_only_this_machine_may_see_is_a_warning() {
    let of = |certificate: Certificate| tls(Some(Box::new(certificate)));
    let fine = Certificate {
        subject: "CN=a".to_owned(),
        issuer: "CN=b".to_owned(),
        names: texts(&["portal.example.com"]),
        ..Certificate::default()
    };
    let other = Certificate {
        names: texts(&["www.example.com"]),
        ..fine.clone()
    };
    for (outcome, severity) in [
        (ProbeOutcome::NoSuchHost, Severity::Warning),
        (tls(None), Severity::Warning),
        (of(fine), Severity::Warning),
        (of(other), Severity::Error),
        (failed("it answers 404"), Severity::Error),
    ] {
        let findings = crate::diagnose(&public(outcome.clone()));
        assert_eq!(findings[0].severity, severity, "{outcome:?}");
    }
}

pub(in crate::family) fn all() -> Vec<RowCase> {
    let reverse = evidence(|e| {
        e.settings.get_or_insert_with(settings).origin = Some(Origin::Apache);
        route(e).reverse_path = Some("/bar".to_owned());
    });
    let upstream = |upstream: &str| {
        evidence(|e| {
            e.settings.get_or_insert_with(settings).origin = Some(Origin::Apache);
            route(e).upstream = Some(upstream.to_owned());
        })
    };
    let asked = |url: &str| {
        evidence(|e| {
            e.upstream_request = Some(Head {
                url: Some(url.to_owned()),
                ..Head::default()
            })
        })
    };
    let platform = |field: &str| evidence(|e| e.request = Some(head(&[(field, "x")])));
    let misdirected = |host: &str, status: u16| {
        evidence(|e| {
            e.settings.get_or_insert_with(settings).public_urls =
                texts(&["https://portal.example.com:8443"]);
            e.request = Some(Head {
                peer: Some("127.0.0.1".to_owned()),
                ..head(&[("Host", host)])
            });
            e.response = Some(Head {
                status: Some(status),
                ..Head::default()
            });
        })
    };
    vec![
        case("VST-FRONT-HOST-UNKNOWN")
            .shows(misdirected("127.0.0.1:8080", 421))
            .shows(misdirected("vestibule", 421))
            .shows(misdirected("portal.example.com", 421))
            .shows(misdirected("other.example.com", 421))
            .shows(with(&misdirected("203.0.113.7", 421), |e| {
                let named = Header::new("X-Forwarded-Host", "portal.example.com:8443");
                e.request.as_mut().unwrap().headers.push(named);
            }))
            .silent(misdirected("127.0.0.1:8080", 404))
            .silent(misdirected("203.0.113.7", 421))
            .line("proxy_set_header Host $http_host;"),
        case("VST-FRONT-INTERNAL-HOST")
            .shows(redirect_uri("https://10.1.2.3/.vestibule/callback"))
            .shows(redirect_uri(
                "http://portal.default.svc.cluster.local:8080/.vestibule/callback",
            ))
            .shows(redirect_uri("http://app:3000/oauth2/callback"))
            .silent(redirect_uri(
                "https://portal.example.com/.vestibule/callback",
            ))
            .silent(with(
                &redirect_uri("http://localhost:8080/.vestibule/callback"),
                |e| {
                    e.settings.as_mut().unwrap().public_urls = texts(&["http://localhost:8080"]);
                },
            ))
            .line("public_url = \"https://portal.example.com\""),
        case("VST-FRONT-CLIENT-ADDRESS")
            .shows(from("192.168.1.5"))
            .silent(from("10.1.2.3"))
            .silent(from("198.51.100.7"))
            .line("trusted_proxies = [\"192.168.1.5\"]"),
        case("VST-FRONT-TWO-SIGN-INS")
            .shows(platform("X-MS-CLIENT-PRINCIPAL"))
            .shows(platform("x-goog-iap-jwt-assertion"))
            .silent(platform("X-MS-CLIENT")),
        case("VST-FRONT-PUBLIC-URL")
            .shows(public(failed("it answers 404 where a sign-in begins")))
            .shows(public(ProbeOutcome::NoSuchHost))
            .shows(public(ProbeOutcome::TimedOut))
            .shows(public(ProbeOutcome::NoConnection))
            .shows(public(tls(None)))
            .shows(public(tls(Some(Box::default()))))
            .silent(public(ProbeOutcome::Http {
                status: 303,
                content_type: None,
                first_char: None,
            }))
            .silent(evidence(|e| {
                e.probes = vec![Probe::new(
                    ProbeTarget::Authorization,
                    "https://portal.example.com/",
                    failed("it answers 404"),
                )];
            })),
        case("VST-FRONT-REVERSE-PATH")
            .shows(reverse.clone())
            .silent(with(&reverse, |e| {
                route(e).reverse_path = Some("/foo".to_owned())
            }))
            .line("ProxyPassReverse /foo http://localhost:1234"),
        case("VST-FRONT-SLASHES")
            .shows(upstream("http://localhost:1234/"))
            .silent(upstream("http://localhost:1234"))
            .line("ProxyPass /foo/ http://localhost:1234/"),
        case("VST-FRONT-SLASHES")
            .shows(asked("http://localhost:1234//api/x"))
            .silent(asked("http://localhost:1234/api/x"))
            .silent(with(&asked("http://localhost:1234//api/x"), |e| {
                e.request = Some(Head {
                    url: Some("https://portal.example.com/foo//api/x".to_owned()),
                    ..Head::default()
                });
            })),
    ]
}

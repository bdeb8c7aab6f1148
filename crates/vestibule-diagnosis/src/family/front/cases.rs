//! What shows each row of the family, and what comes close.

use crate::Evidence;
use crate::evidence::{Head, Header, Origin};
use crate::testing::{RowCase, case, evidence, route, settings, texts, with};

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
    vec![
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

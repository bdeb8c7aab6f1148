//! For each row of the family, what shows it and what comes close.

use std::time::Duration;

use vestibule_oidc::time::UnixTime;

use crate::evidence::{AskedToken, Certificate, ClaimRule, Listener, Settings};
use crate::testing::{
    RowCase, case, entra_id_token, evidence, provider, route, settings, texts, with,
};
use crate::{Confidence, Evidence};

pub(crate) fn all() -> Vec<RowCase> {
    let of = |change: fn(&mut Settings)| evidence(|e| change(e.settings.insert(settings())));
    let no_offline = evidence(|e| provider(e).scopes = Some(texts(&["openid", "profile"])));
    let header = of(|settings| settings.routes[0].header_claims = texts(&["upn", "oid"]));
    let plain = of(|settings| {
        settings.public_urls = texts(&["https://portal.example.com:8443"]);
        settings.redirect_uri =
            Some("https://portal.example.com:8443/.vestibule/callback".to_owned());
        settings.listener.address = Some("0.0.0.0:8443".to_owned());
        settings.listener.tls = Some(false);
    });
    let listener = |change: fn(&mut Settings)| {
        with(&plain, |e: &mut Evidence| {
            change(e.settings.as_mut().unwrap())
        })
    };
    let to = |upstream: &str, address: &str| {
        evidence(|e| {
            let settings = e.settings.insert(settings());
            settings.routes[0].upstream = Some(upstream.to_owned());
            settings.listener.address = Some(address.to_owned());
        })
    };
    let shown = evidence(|e| {
        let listener = &mut e.settings.insert(settings()).listener;
        listener.tls = Some(true);
        listener.uncovered_hosts = texts(&["portal.example.com"]);
        listener.certificate = Some(Certificate {
            subject: "CN=portal.example.com".to_owned(),
            issuer: "CN=ca".to_owned(),
            from: Some(UnixTime(100)),
            until: Some(UnixTime(200)),
            names: texts(&["*.other.example", "other.example"]),
        });
    });
    let certified = |change: fn(&mut Listener)| {
        with(&shown, |e| {
            change(&mut e.settings.as_mut().unwrap().listener)
        })
    };
    let at = |now| {
        with(&shown, |e| {
            e.settings
                .as_mut()
                .unwrap()
                .listener
                .uncovered_hosts
                .clear();
            e.now = Some(UnixTime(now));
        })
    };
    vec![
        case("VST-SETTINGS-NO-RENEWAL")
            .shows(no_offline.clone())
            .says("`/foo`")
            .shows(with(&no_offline, |e| {
                provider(e)
                    .scopes
                    .as_mut()
                    .unwrap()
                    .push("email".to_owned());
            }))
            .silent(evidence(|e| e.settings = Some(settings())))
            .silent(with(&no_offline, |e| {
                route(e).token = Some(AskedToken::None)
            }))
            .silent(with(&no_offline, |e| {
                e.settings.as_mut().unwrap().session.lifetime = Some(Duration::from_secs(90_000));
            }))
            .silent(with(&no_offline, |e| {
                provider(e).issuer = Some("https://id.example".to_owned())
            })),
        case("VST-SETTINGS-CLAIM")
            .shows(header.clone())
            .says("only on request")
            .shows(of(|settings| {
                settings.routes[0].rules = vec![ClaimRule::new("given_name", texts(&["Ada"]))];
            }))
            .silent(with(&header, |e| {
                route(e).header_claims = texts(&["oid", "name"])
            }))
            .silent(with(&header, |e| {
                route(e).header_claims = texts(&["groups"])
            }))
            .silent(with(&header, |e| {
                e.id_token = Some(entra_id_token(serde_json::json!({})))
            }))
            .silent(with(&header, |e| {
                provider(e).issuer = Some("https://login.microsoftonline.com/x/".to_owned());
            })),
        case("VST-SETTINGS-LOOP")
            .shows(to("http://localhost:8080", "0.0.0.0:8080"))
            .shows(to("http://127.0.0.1:8080/app", "127.0.0.1:8080"))
            .shows(to("http://[::1]:8080", "[::]:8080"))
            .shows(to("https://portal.example.com/app", "0.0.0.0:8443"))
            .silent(to("http://localhost:8081", "0.0.0.0:8080"))
            .silent(to("http://app:8080", "0.0.0.0:8080"))
            .silent(to("https://portal.example.com:9443", "0.0.0.0:8443"))
            .says("`/foo`")
            .line("upstream = \"http://localhost:PORT\""),
        case("VST-SETTINGS-NO-TLS")
            .shows(plain.clone())
            .says("has no certificate")
            .shows(listener(|settings| {
                settings.public_urls = texts(&["https://portal.example.com"]);
                settings.listener.address = Some("[::]:443".to_owned());
            }))
            .silent(listener(|settings| settings.listener.tls = Some(true)))
            .silent(listener(|settings| {
                settings.listener.address = Some("0.0.0.0:8080".to_owned())
            }))
            .silent(listener(|settings| {
                settings.listener.trusted_proxies = Some(texts(&["10.0.0.5"]))
            }))
            .silent(listener(|settings| {
                settings.public_urls = texts(&["http://localhost:8443"])
            })),
        case("VST-SETTINGS-CERTIFICATE-NAMES")
            .shows(shown.clone())
            .says("`portal.example.com`")
            .shows(certified(|listener| {
                listener.certificate.as_mut().unwrap().names.clear()
            }))
            .silent(certified(|listener| listener.uncovered_hosts.clear()))
            .silent(certified(|listener| {
                listener.trusted_proxies = Some(texts(&["10.0.0.5"]))
            })),
        case("VST-SETTINGS-CERTIFICATE-TIME")
            .shows(at(99))
            .shows(at(201))
            .says("1970-01-01")
            .silent(at(100))
            .silent(at(200))
            .silent(with(&at(201), |e| e.now = None)),
    ]
}

#[test]
fn what_is_only_inferred_says_so() {
    let plain = all()
        .into_iter()
        .find(|case| case.code() == "VST-SETTINGS-NO-TLS")
        .unwrap();
    let shown = plain.evidence().next().unwrap();
    assert_eq!(crate::diagnose(shown)[0].confidence, Confidence::Inferred);
}

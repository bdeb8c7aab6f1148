//! Sites, sessions, browsers, proxies in front, upstreams.

use std::time::Duration;

use super::{SetUp, browser, but, callback, whole};
use crate::Evidence;
use crate::evidence::{
    Cookie, Grant, Head, Header, Origin, Probe, ProbeOutcome, ProbeTarget, RouteSettings, Settings,
    Store,
};
use crate::testing::{provider, route, texts};

/// What is registered for one address.
fn registered(public_url: &str) -> Vec<String> {
    let of = |page| format!("{public_url}/.vestibule/{page}");
    vec![of("callback"), of("signed-out")]
}

fn settings(e: &mut Evidence) -> &mut Settings {
    e.settings.get_or_insert_default()
}

/// The site behind a proxy that speaks TLS for it.
fn behind(e: &mut Evidence, peer: &str, fields: &[(&str, &str)]) {
    settings(e).listener.address = Some("127.0.0.1:8080".to_owned());
    settings(e).listener.tls = Some(false);
    settings(e).listener.trusted_proxies = Some(texts(&[peer]));
    let request = e.request.get_or_insert_default();
    request.peer = Some(peer.to_owned());
    request.headers.extend(
        fields
            .iter()
            .map(|(name, value)| Header::new(*name, *value)),
    );
}

fn answered(status: u16, fields: &[(&str, &str)]) -> Head {
    Head {
        status: Some(status),
        headers: fields
            .iter()
            .map(|(name, value)| Header::new(*name, *value))
            .collect(),
        ..Head::default()
    }
}

pub(super) fn all() -> Vec<SetUp> {
    let base = whole();
    let forwarded = &[
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "portal.example.com"),
        ("X-Forwarded-For", "203.0.113.7"),
    ];
    vec![
        but(&base, "behind nginx", |e| behind(e, "127.0.0.1", forwarded)),
        but(&base, "behind HAProxy", |e| {
            behind(e, "10.0.0.5", forwarded)
        }),
        but(&base, "behind Azure Front Door", |e| {
            behind(e, "147.243.0.5", forwarded);
            e.request.as_mut().unwrap().headers.push(Header::new(
                "X-Azure-FDID",
                "a0a0a0a0-bbbb-cccc-dddd-e1e1e1e1e1e1",
            ));
        }),
        but(&base, "behind an ingress with several replicas", |e| {
            behind(e, "10.1.0.9", forwarded);
            settings(e).listener.replicas = Some(3);
            settings(e).session.store = Some(Store::Redis);
        }),
        but(&base, "a small session in the cookie", |e| {
            settings(e).session.store = Some(Store::Cookie);
            e.request.as_mut().unwrap().cookies = vec![Cookie::new("__Host-vestibule", 1800, true)];
        }),
        but(&base, "sessions in memory on one machine", |e| {
            settings(e).session.store = Some(Store::Memory)
        }),
        but(&base, "localhost without TLS", |e| {
            let uri = "http://localhost:8080/.vestibule/callback";
            let settings = settings(e);
            settings.public_urls = texts(&["http://localhost:8080"]);
            settings.redirect_uri = Some(uri.to_owned());
            settings.registered_redirect_uris = Some(registered("http://localhost:8080"));
            settings.listener.address = Some("127.0.0.1:8080".to_owned());
            settings.listener.tls = Some(false);
            settings.session.cookie_name = Some("vestibule-8080".to_owned());
            settings.session.secure = Some(false);
            (e.callback, e.request) = (
                Some(callback(uri)),
                Some(browser("http://localhost:8080/foo/")),
            );
            e.upstream_request = None;
        }),
        but(&base, "localhost at a port that is not registered", |e| {
            let uri = "http://localhost:9090/.vestibule/callback";
            let settings = settings(e);
            settings.public_urls = texts(&["http://localhost:9090"]);
            settings.redirect_uri = Some(uri.to_owned());
            settings.registered_redirect_uris = Some(registered("http://localhost"));
            settings.listener.tls = Some(false);
            settings.listener.address = Some("127.0.0.1:9090".to_owned());
            settings.session.cookie_name = Some("vestibule-9090".to_owned());
            settings.session.secure = Some(false);
            (e.callback, e.request) = (
                Some(callback(uri)),
                Some(browser("http://localhost:9090/foo/")),
            );
            e.upstream_request = None;
        }),
        but(&base, "a port of its own with TLS", |e| {
            let uri = "https://portal.example.com:8443/.vestibule/callback";
            let settings = settings(e);
            settings.public_urls = texts(&["https://portal.example.com:8443"]);
            settings.redirect_uri = Some(uri.to_owned());
            settings.registered_redirect_uris = Some(registered("https://portal.example.com:8443"));
            settings.listener.address = Some("0.0.0.0:8443".to_owned());
            (e.callback, e.request) = (
                Some(callback(uri)),
                Some(browser("https://portal.example.com:8443/foo/")),
            );
        }),
        but(&base, "two hosts, each with its redirect URI", |e| {
            settings(e).public_urls =
                texts(&["https://portal.example.com", "https://intranet.example.com"]);
            let both = [
                registered("https://portal.example.com"),
                registered("https://intranet.example.com"),
            ];
            settings(e).registered_redirect_uris = Some(both.concat());
        }),
        but(&base, "several routes", |e| {
            settings(e).routes.push(RouteSettings {
                path: Some("/".to_owned()),
                upstream: Some("http://localhost:3000".to_owned()),
                ..RouteSettings::default()
            });
        }),
        but(&base, "a script on the page fetches data", |e| {
            let request = e.request.as_mut().unwrap();
            request.headers = vec![
                Header::new("Accept", "application/json"),
                Header::new("Sec-Fetch-Mode", "cors"),
                Header::new("Sec-Fetch-Dest", "empty"),
                Header::new("Sec-Fetch-Site", "same-origin"),
                Header::new("Origin", "https://portal.example.com"),
            ];
            e.response = Some(answered(200, &[("Content-Type", "application/json")]));
            e.upstream_response = e.response.clone();
        }),
        but(&base, "a form is sent", |e| {
            let request = e.request.as_mut().unwrap();
            request.method = Some("POST".to_owned());
            request
                .headers
                .push(Header::new("Origin", "https://portal.example.com"));
            e.response = Some(answered(
                303,
                &[("Location", "https://portal.example.com/foo/done")],
            ));
            e.upstream_response = Some(answered(303, &[("Location", "/done")]));
        }),
        but(&base, "a signed-out browser is sent to the provider", |e| {
            *e = Evidence {
                settings: e.settings.clone(),
                now: e.now,
                request: Some(browser("https://portal.example.com/foo/")),
                ..Evidence::default()
            };
            e.request.as_mut().unwrap().cookies = Vec::new();
            e.response = Some(answered(
                302,
                &[(
                    "Location",
                    "https://login.microsoftonline.com/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/oauth2/v2.0/authorize",
                )],
            ));
        }),
        but(&base, "a WebSocket", |e| {
            let request = e.request.as_mut().unwrap();
            request.headers = vec![
                Header::new("Upgrade", "websocket"),
                Header::new("Connection", "Upgrade"),
                Header::new("Origin", "https://portal.example.com"),
                Header::new("Sec-Fetch-Site", "same-origin"),
            ];
            e.upstream_request
                .as_mut()
                .unwrap()
                .headers
                .push(Header::new("Upgrade", "websocket"));
            e.response = Some(answered(101, &[("Upgrade", "websocket")]));
            e.upstream_response = e.response.clone();
        }),
        but(&base, "a page that is not there", |e| {
            e.upstream_response = Some(answered(404, &[("Content-Type", "text/html")]));
            e.response = e.upstream_response.clone();
        }),
        but(
            &base,
            "an app that sends the browser on within itself",
            |e| {
                e.upstream_response = Some(answered(
                    302,
                    &[("Location", "https://portal.example.com/foo/start")],
                ));
                e.response = e.upstream_response.clone();
            },
        ),
        but(&base, "a refresh", |e| {
            let answer = e.token_response.as_mut().unwrap();
            answer.asked.grant = Some(Grant::Refresh);
            e.callback = None;
            e.counts.refreshes = 1;
        }),
        but(&base, "one sign-in a minute", |e| {
            e.counts.completed_sign_ins = 1
        }),
        but(
            &base,
            "a head with a large token that the upstream takes",
            |e| {
                e.upstream_request
                    .as_mut()
                    .unwrap()
                    .headers
                    .push(Header::sized("OIDC_access_token", 3000));
                route(e).upstream_header_limit_bytes = Some(32 << 10);
            },
        ),
        but(&base, "header names as other proxies write them", |e| {
            route(e).header_names = texts(&[
                "X-Forwarded-User",
                "X-Forwarded-Email",
                "X-Forwarded-Access-Token",
            ]);
        }),
        but(&base, "a session for a working day, also idle", |e| {
            settings(e).session.lifetime = Some(Duration::from_secs(10 * 3600));
            settings(e).session.idle = None;
        }),
        but(&base, "Apache with mod_auth_openidc", |e| {
            let uri = "https://portal.example.com/oidc/callback";
            let settings = settings(e);
            settings.origin = Some(Origin::Apache);
            settings.redirect_uri = Some(uri.to_owned());
            settings.registered_redirect_uris = Some(texts(&[uri]));
            settings.session.cookie_name = Some("mod_auth_openidc_session".to_owned());
            settings.session.store = Some(Store::Memory);
            provider(e).metadata_url = Some(
                "https://login.microsoftonline.com/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/v2.0/.well-known/openid-configuration".to_owned(),
            );
            e.callback = Some(callback(uri));
        }),
        but(&base, "everything that was tried answers", |e| {
            let found = || ProbeOutcome::Http {
                status: 200,
                content_type: Some("text/html".to_owned()),
                first_char: Some('<'),
            };
            e.probes.push(Probe::new(
                ProbeTarget::Upstream,
                "http://localhost:1234/",
                found(),
            ));
            e.probes.push(Probe::new(
                ProbeTarget::PublicUrl,
                "https://portal.example.com/.vestibule/me",
                found(),
            ));
        }),
        but(
            &base,
            "an upstream that asks for a sign-in of its own at its root",
            |e| {
                let refused = ProbeOutcome::Http {
                    status: 401,
                    content_type: None,
                    first_char: None,
                };
                e.probes.push(Probe::new(
                    ProbeTarget::Upstream,
                    "http://localhost:1234/",
                    refused,
                ));
            },
        ),
    ]
}

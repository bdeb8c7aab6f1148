//! Listening, limits, stopping.

use std::net::{IpAddr, Ipv4Addr};

use vestibule_idp::{Idp, IdpSettings, StartError};

use crate::bench::{API, Bench, CLIENT, SECRET, TENANT, token_path};

#[tokio::test]
async fn nothing_but_loopback_is_listened_on() {
    for address in [Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(192, 168, 1, 1)] {
        let mut settings = IdpSettings::built_in();
        settings.listen = IpAddr::V4(address);
        let refused = Idp::bind(settings, 0).await.unwrap_err();
        assert!(matches!(refused, StartError::NotLoopback(_)), "{refused}");
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let bench = Bench::start().await;
    let port = bench.idp.address().port();
    let refused = Idp::bind(IdpSettings::built_in(), port).await.unwrap_err();
    let StartError::PortTaken(address) = refused else {
        panic!("{refused}")
    };
    assert_eq!(address.port(), port);
}

#[tokio::test]
async fn a_client_is_told_what_it_needs() {
    let bound = Idp::bind(IdpSettings::built_in(), 0).await.unwrap();
    let values = bound.describe();
    let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "metadata_url",
            "tenant_id",
            "client_id",
            "client_secret",
            "api",
            "control_url"
        ]
    );
    let value = |name: &str| {
        values
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap()
            .1
            .clone()
    };
    let port = bound.address().port();
    assert_eq!(
        value("metadata_url"),
        format!("http://127.0.0.1:{port}/{TENANT}/v2.0/.well-known/openid-configuration")
    );
    assert_eq!(value("tenant_id"), TENANT);
    assert_eq!(value("client_id"), CLIENT);
    assert_eq!(value("client_secret"), SECRET);
    assert_eq!(value("api"), API);
    assert_eq!(bound.serve().describe(), values);
}

#[tokio::test]
async fn a_foreign_host_and_an_endless_body_are_refused() {
    let bench = Bench::start().await;
    let request = bench
        .http
        .get(bench.url("/"))
        .header("host", "evil.example");
    assert_eq!(bench.send(request).await.status, 421);
    let port = bench.idp.address().port();
    for host in [
        "localhost".to_owned(),
        format!("localhost:{port}"),
        "127.0.0.1".to_owned(),
    ] {
        let request = bench.http.get(bench.url("/")).header("host", &host);
        assert_eq!(bench.send(request).await.status, 200, "{host}");
    }
    let large = "x".repeat(70_000);
    let answer = bench.post(&token_path(TENANT), &[("code", &large)]).await;
    assert_eq!(answer.status, 413);
    assert_eq!(bench.post("/", &[]).await.status, 405);
    assert_eq!(bench.get("/nothing/at/all").await.status, 404);
}

#[tokio::test]
async fn after_shutdown_the_port_is_free() {
    let bench = Bench::start().await;
    bench.get("/").await;
    let port = bench.idp.address().port();
    bench.idp.shutdown().await;
    let again = Idp::start(IdpSettings::built_in(), port).await.unwrap();
    assert_eq!(again.address().port(), port);
    again.shutdown().await;
}

//! TLS, HTTP/2 and Unix sockets towards upstreams, against our own server where it can play the upstream.

use super::*;
use crate::exchange::Response;
use crate::server::tests::tls::{generate, identity};
use crate::server::tests::{plan as serving, seen, show, text};

fn secure(address: SocketAddr, tls: TlsSettings, protocol: Protocol) -> UpstreamSettings {
    let tcp = Address::Tcp {
        host: "localhost".into(),
        port: address.port(),
    };
    UpstreamSettings {
        tls: Some(tls),
        protocol,
        ..UpstreamSettings::new(tcp)
    }
}

fn trusting(certificate: &str) -> TlsSettings {
    TlsSettings {
        trust: Trust::Only(certificate.as_bytes().to_vec()),
        ..TlsSettings::default()
    }
}

#[test]
fn an_upstream_is_spoken_to_in_the_protocol_tls_agrees_on() {
    let pair = generate();
    let versions = seen();
    let seen = Arc::clone(&versions);
    let show = show(serving(Some(identity(&pair))), move |_, incoming| {
        seen.lock().unwrap().push(incoming.raw.version);
        Box::pin(async move {
            let host = incoming
                .raw
                .authority
                .or(incoming
                    .raw
                    .fields
                    .first("host")
                    .map(Bytes::copy_from_slice))
                .unwrap();
            assert!(host.starts_with(b"localhost:"), "{host:?}");
            let body = incoming.body.collect(1 << 20).await.unwrap();
            Response::new(text(200, "").head, body)
        })
    });
    use vestibule_gate::request::Version::{Http2, Http11};
    for (protocol, version) in [
        (Protocol::Auto, Http2),
        (Protocol::Http1, Http11),
        (Protocol::Http2, Http2),
    ] {
        let accepted = show.telemetry.metrics.connections_accepted.get();
        on_core(async |upstreams| {
            let plan = build(secure(show.address, trusting(&pair.0), protocol));
            for _ in 0..3 {
                let request = forward("POST", "/", Body::from("x".repeat(100_000)));
                let (status, body) = exchange(&upstreams, &plan, request).await.unwrap();
                assert_eq!((status, body.unwrap().len()), (200, 100_000));
            }
        });
        assert_eq!(
            show.telemetry.metrics.connections_accepted.get(),
            accepted + 1
        );
        assert!(
            versions
                .lock()
                .unwrap()
                .drain(..)
                .all(|found| found == version)
        );
    }
}

#[test]
fn a_certificate_that_is_not_trusted_is_refused_unless_a_danger_key_says_otherwise() {
    let (pair, other) = (generate(), generate());
    let contacted = seen();
    let seen = Arc::clone(&contacted);
    let show = show(serving(Some(identity(&pair))), move |_, _| {
        seen.lock().unwrap().push(());
        Box::pin(async { text(200, "hello") })
    });
    let wrong_name = TlsSettings {
        server_name: Some("other.test".into()),
        ..trusting(&pair.0)
    };
    let danger = TlsSettings {
        danger_accept_any_certificate: true,
        ..TlsSettings::default()
    };
    for (tls, accepted) in [
        (trusting(&other.0), false),
        (wrong_name, false),
        (trusting(&pair.0), true),
        (danger, true),
    ] {
        on_core(async |upstreams| {
            let plan = build(secure(show.address, tls, Protocol::Auto));
            let answer = exchange(&upstreams, &plan, get()).await;
            match answer {
                Ok(answer) => assert!(accepted && answer == hello()),
                Err(error) => assert_eq!((error.code(), accepted), ("upstream_tls", false)),
            }
        });
    }
    assert_eq!(contacted.lock().unwrap().len(), 2);
}

/// CVE-2025-66220: a name in a certificate ended where a NUL was, and so matched.
#[test]
fn cve_2025_66220_a_certificate_for_a_name_with_a_nul_is_refused() {
    for (name, refused) in [
        ("localhost", None),
        ("localhost\0.other.test", Some("upstream_tls")),
        ("localhost\0", Some("upstream_tls")),
    ] {
        let mut params = rcgen::CertificateParams::default();
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name.try_into().unwrap())];
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let pair = (certificate.pem(), key.serialize_pem());
        let show = show(serving(Some(identity(&pair))), |_, _| {
            Box::pin(async { text(200, "hello") })
        });
        on_core(async |upstreams| {
            let plan = build(secure(show.address, trusting(&pair.0), Protocol::Auto));
            let answer = exchange(&upstreams, &plan, get()).await;
            assert_eq!(answer.err().map(|error| error.code()), refused, "{name:?}");
        });
    }
}

/// CVE-2021-39162: an upstream that says goodbye and then allows no streams took another proxy down.
#[test]
fn cve_2021_39162_settings_after_goaway_break_that_upstream_alone() {
    let origin = Origin::start(|mut wire, _| {
        const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
        const GOAWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        const NO_STREAMS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0];
        wire.send([SETTINGS, GOAWAY, NO_STREAMS].concat());
        wire.rest();
    });
    let healthy = Origin::start(|wire, _| answer_all(wire, |_| HELLO.to_owned()));
    on_core(async |upstreams| {
        let plan = build(UpstreamSettings {
            protocol: Protocol::Http2,
            ..origin.settings()
        });
        for _ in 0..3 {
            assert!(exchange(&upstreams, &plan, get()).await.is_err());
        }
        let answer = exchange(&upstreams, &healthy.plan(), get()).await;
        assert_eq!(answer.unwrap(), hello());
    });
}

#[test]
fn http2_by_prior_knowledge_and_a_restart_of_the_upstream() {
    use http_body_util::{BodyExt as _, Full};
    use hyper::service::service_fn;
    on_core(async |upstreams| {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::task::spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::task::spawn_local(async move {
                    let service =
                        service_fn(|request: http::Request<hyper::body::Incoming>| async {
                            assert_eq!(request.version(), http::Version::HTTP_2);
                            assert!(request.headers().get("host").is_none());
                            let close = request.uri().path() == "/close";
                            let body = request.into_body().collect().await.unwrap().to_bytes();
                            if close {
                                Err("closing")
                            } else {
                                Ok(http::Response::new(Full::new(body)))
                            }
                        });
                    let io = hyper_util::rt::TokioIo::new(stream);
                    let _ = hyper::server::conn::http2::Builder::new(crate::wire::LocalExecutor)
                        .serve_connection(io, service)
                        .await;
                });
            }
        });
        let tcp = Address::Tcp {
            host: "127.0.0.1".into(),
            port: address.port(),
        };
        let plan = build(UpstreamSettings {
            protocol: Protocol::Http2,
            ..UpstreamSettings::new(tcp)
        });
        let many =
            (0..20).map(|_| exchange(&upstreams, &plan, forward("POST", "/", Body::from("hello"))));
        for answer in futures_util::future::join_all(many).await {
            assert_eq!(answer.unwrap(), hello());
        }
        let failed = exchange(&upstreams, &plan, forward("POST", "/close", Body::empty())).await;
        assert!(
            matches!(failed, Err(UpstreamError::Broken { .. })),
            "{failed:?}"
        );
        let again = exchange(&upstreams, &plan, forward("POST", "/", Body::from("hello"))).await;
        assert_eq!(again.unwrap(), hello());
    });
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_an_upstream_too() {
    use std::io::{Read as _, Write as _};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(HELLO.as_bytes()).unwrap();
        String::from_utf8(head).unwrap()
    });
    on_core(async |upstreams| {
        let plan = build(UpstreamSettings::new(Address::Unix(path)));
        assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap(), hello());
    });
    assert!(served.join().unwrap().contains("Host: localhost\r\n"));
}

//! TLS as clients see it.

use rcgen::{CertifiedKey as Generated, generate_simple_self_signed};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};

use super::*;
use crate::listen::{CertificatePair, PemSource};

pub(super) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// A certificate for `localhost` and its key, as PEM.
pub(crate) fn generate() -> (String, String) {
    let Generated { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

pub(crate) fn identity(pair: &(String, String)) -> TlsIdentity {
    let certificate = PemSource::Inline(pair.0.as_str().into());
    let key = PemSource::Inline(pair.1.as_str().into());
    TlsIdentity::load(vec![CertificatePair { certificate, key }]).unwrap()
}

pub(super) fn client(certificate: &str, alpn: &[&[u8]]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
    Arc::new(config)
}

pub(super) fn secure(address: SocketAddr, config: Arc<ClientConfig>) -> std::io::Result<Secure> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = StreamOwned::new(
        ClientConnection::new(config, name).unwrap(),
        Wire::connect(address).0,
    );
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(stream)
}

fn ask(stream: &mut Secure) -> String {
    stream.write_all(get_and_close("/").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_changed_certificate_is_served_without_losing_a_connection() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (generate(), generate());
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("cert", &first.0);
    write("key", &first.1);
    let file = |name| PemSource::File(dir.path().join(name));
    let pair = CertificatePair {
        certificate: file("cert"),
        key: file("key"),
    };
    let identity = TlsIdentity::load(vec![pair]).unwrap();
    let show = show(plan(Some(identity)), |_, incoming| {
        assert_eq!(incoming.raw.scheme, vestibule_gate::request::Scheme::Https);
        Box::pin(async { text(200, "ok") })
    });
    let refresh = || {
        show.stage.serving().listeners[0]
            .tls
            .as_ref()
            .unwrap()
            .refresh()
    };
    let alpn: &[&[u8]] = &[b"http/1.1"];
    let mut before = secure(show.address, client(&first.0, alpn)).unwrap();
    write("cert", &second.0);
    assert!(refresh().is_err(), "half of a swap");
    assert!(ask(&mut secure(show.address, client(&first.0, alpn)).unwrap()).ends_with("ok"));
    write("key", &second.1);
    assert!(refresh().unwrap());
    assert!(
        ask(&mut before).ends_with("ok"),
        "an open connection goes on"
    );
    assert!(ask(&mut secure(show.address, client(&second.0, alpn)).unwrap()).ends_with("ok"));
    assert!(
        secure(show.address, client(&first.0, alpn)).is_err(),
        "the old one is gone"
    );
}

/// RUSTSEC-2024-0341: handshakes that never go on hold up nobody, and end.
#[test]
fn rustsec_2024_0341_half_open_handshakes_block_nobody() {
    let pair = generate();
    let mut serving = plan(Some(identity(&pair)));
    serving.limits.handshake = Duration::from_millis(300);
    let show = show(serving, |_, _| Box::pin(async { text(200, "ok") }));
    let mut half: Vec<Wire> = (0..300)
        .map(|at| {
            let mut wire = show.connect();
            wire.send([&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"][at % 3]);
            wire
        })
        .collect();
    let start = std::time::Instant::now();
    assert!(ask(&mut secure(show.address, client(&pair.0, &[])).unwrap()).ends_with("ok"));
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    for wire in &mut half {
        wire.rest();
    }
    show.await_metric("vestibule_tls_handshake_failures_total 300");
    show.await_metric("vestibule_connections 0");
}

/// RUSTSEC-2024-0336, RUSTSEC-2024-0399 and RUSTSEC-2026-0104: what a stranger sent first made a TLS library loop or panic.
#[test]
fn rustsec_2024_0399_damaged_client_hellos_harm_nobody() {
    let pair = generate();
    let show = show(plan(Some(identity(&pair))), |_, _| {
        Box::pin(async { text(200, "ok") })
    });
    let name = ServerName::try_from("localhost").unwrap();
    let mut hello = Vec::new();
    ClientConnection::new(client(&pair.0, &[b"h2"]), name)
        .unwrap()
        .write_tls(&mut hello)
        .unwrap();
    // All of the first bytes, where the lengths and the names are, and a few of the key shares.
    let places: Vec<usize> = (0..hello.len().min(150))
        .chain((150..hello.len()).step_by(40))
        .collect();
    let mut damaged = places
        .iter()
        .map(|&at| {
            let mut hello = hello.clone();
            hello[at] ^= 0xff;
            let mut wire = show.connect();
            wire.send(&hello);
            wire.0.shutdown(std::net::Shutdown::Write).unwrap();
            wire
        })
        .collect::<Vec<_>>();
    assert!(ask(&mut secure(show.address, client(&pair.0, &[])).unwrap()).ends_with("ok"));
    show.await_metric(&format!(
        "vestibule_tls_handshake_failures_total {}",
        places.len()
    ));
    damaged.clear();
    show.await_metric("vestibule_connections 0");
}

#[test]
fn plain_http_on_a_tls_listener_is_told_so_and_goes_nowhere() {
    let show = show(plan(Some(identity(&generate()))), |_, _| {
        Box::pin(async { text(200, "ok") })
    });
    for request in [
        get_and_close("/"),
        // In pieces or with a body that nobody reads: one answer.
        "POST /a?code=secret HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 40\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "HEAD / HTTP/1.0\r\n\r\n".to_owned(),
    ] {
        let answer = show.ask(&request);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        let lower = answer.to_ascii_lowercase();
        assert!(lower.contains("connection: close"), "{answer}");
        assert!(!lower.contains("evil") && !lower.contains("secret"), "{answer}");
    }
    show.await_metric("vestibule_requests_total{route=\"none\",class=\"4xx\"} 3");
    show.await_metric("vestibule_requests_total{route=\"none\",class=\"2xx\"} 0");
    show.await_metric("vestibule_connections 0");
}

/// Other protocols, and what is no request, get not a byte.
#[test]
fn what_is_neither_tls_nor_a_request_gets_no_answer() {
    let mut serving = plan(Some(identity(&generate())));
    serving.limits.head = Duration::from_millis(200);
    let show = show(serving, |_, _| Box::pin(async { text(200, "ok") }));
    let said = [
        &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"GET / HTTP/1.1\r\nHost",
        b" GET / HTTP/1.1\r\n\r\n",
        b"\x80\x2e\x01\x00\x02",
    ];
    for said in said {
        let mut wire = show.connect();
        wire.send(said);
        wire.0.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(!wire.rest().contains("HTTP"), "{said:?}");
    }
    show.await_metric(&format!(
        "vestibule_tls_handshake_failures_total {}",
        said.len()
    ));
    show.await_metric("vestibule_connections 0");
}

#[test]
fn a_reload_can_not_make_an_encrypted_listener_a_plain_one() {
    let pair = generate();
    let show = show(plan(Some(identity(&pair))), |_, _| {
        Box::pin(async { text(200, "ok") })
    });
    for reloaded in [
        plan(None),
        ServingPlan {
            listeners: vec![],
            ..plan(None)
        },
    ] {
        show.stage.plan.store(Arc::new(reloaded));
        assert!(show.ask(&get_and_close("/")).starts_with("HTTP/1.1 400 "));
        assert!(ask(&mut secure(show.address, client(&pair.0, &[])).unwrap()).ends_with("ok"));
    }
}

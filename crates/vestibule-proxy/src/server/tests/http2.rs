//! HTTP/2 as an ordinary client speaks it: hyper's.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio_rustls::TlsConnector;

use super::tls::{client, generate, identity};
use super::*;
use crate::body::{Body, ByteStream};

type Sender = SendRequest<Full<Bytes>>;

/// A connection and the task that drives it.
async fn connect(
    address: SocketAddr,
    certificate: &str,
) -> (Sender, tokio::task::JoinHandle<hyper::Result<()>>) {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(client(certificate, &[b"h2"]))
        .connect(name, stream)
        .await
        .unwrap();
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    (sender, tokio::spawn(connection))
}

fn request(method: &str, path: &str, body: &'static str) -> http::Request<Full<Bytes>> {
    let body = Full::new(Bytes::from(body));
    http::Request::builder()
        .method(method)
        .uri(format!("https://localhost{path}"))
        .body(body)
        .unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn many_requests_share_one_connection() {
    let pair = generate();
    let show = show(plan(Some(identity(&pair))), |_, incoming| {
        Box::pin(async move {
            assert_eq!(
                incoming.raw.version,
                vestibule_gate::request::Version::Http2
            );
            assert_eq!(incoming.raw.authority.as_deref(), Some(&b"localhost"[..]));
            let read = incoming.body.collect(100).await.unwrap();
            let body = [&incoming.raw.method[..], &incoming.raw.target, &read].concat();
            Response::new(text(200, "").head, body)
        })
    });
    runtime().block_on(async {
        let (mut sender, _connection) = connect(show.address, &pair.0).await;
        let mut answers = Vec::new();
        for at in 0..50 {
            answers.push((
                at,
                sender.send_request(request("POST", &format!("/{at}?q"), "body")),
            ));
        }
        for (at, answer) in answers {
            let answer = answer.await.unwrap();
            let expected = format!("POST/{at}?qbody");
            assert_eq!(
                answer.headers()["content-length"],
                expected.len().to_string()
            );
            assert_eq!(
                answer.into_body().collect().await.unwrap().to_bytes(),
                expected
            );
        }
        let head = sender.send_request(request("HEAD", "/", "")).await.unwrap();
        assert_eq!(head.headers()["content-length"], "5");
        assert!(
            head.into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    });
    show.await_metric("vestibule_connections_accepted_total 1");
    show.await_metric(r#"vestibule_requests_total{route="none",class="2xx"} 51"#);
}

/// Trailers after the end of an answer, which is not known before.
struct Trailing(bool);

impl ByteStream for Trailing {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, crate::body::BodyError>>> {
        let piece = std::mem::take(&mut self.0).then(|| Ok(Bytes::from_static(b"ab")));
        std::task::Poll::Ready(piece)
    }

    fn trailers(self: Pin<&mut Self>) -> Option<Fields> {
        Some([("Grpc-Status", "0")].into_iter().collect())
    }
}

#[test]
fn trailers_go_on_only_when_somebody_judged_them() {
    let pair = generate();
    let show = show(plan(Some(identity(&pair))), |_, incoming| {
        let body = Body::stream(Trailing(true));
        let body = match &incoming.raw.target[..] {
            b"/pass" => body.passing_trailers(|fields| fields),
            _ => body,
        };
        Box::pin(async { Response::new(text(200, "").head, body) })
    });
    runtime().block_on(async {
        let (mut sender, _connection) = connect(show.address, &pair.0).await;
        for (target, passed) in [("/", false), ("/pass", true)] {
            let answer = sender
                .send_request(request("GET", target, ""))
                .await
                .unwrap();
            let read = answer.into_body().collect().await.unwrap();
            let trailers = read.trailers().cloned().unwrap_or_default();
            assert_eq!(trailers.contains_key("grpc-status"), passed, "{target}");
            assert_eq!(read.to_bytes(), "ab");
        }
    });
    show.await_metric(r#"vestibule_requests_total{route="none",class="2xx"} 2"#);
}

#[test]
fn a_panic_ends_one_request_and_not_its_neighbours() {
    let pair = generate();
    let show = show(plan(Some(identity(&pair))), |_, incoming| {
        Box::pin(async move {
            assert!(incoming.raw.target != "/panic", "as the test wants it");
            text(200, "fine")
        })
    });
    runtime().block_on(async {
        let (mut sender, _connection) = connect(show.address, &pair.0).await;
        let panicking = sender.send_request(request("GET", "/panic", ""));
        let fine = sender.send_request(request("GET", "/", ""));
        assert_eq!(panicking.await.unwrap().status(), 500);
        assert_eq!(fine.await.unwrap().status(), 200);
    });
}

#[test]
fn a_graceful_stop_says_goaway_and_finishes_what_is_in_flight() {
    let pair = generate();
    let (entered, mut inside) = tokio::sync::mpsc::unbounded_channel();
    let (leave, left) = tokio::sync::watch::channel(false);
    let mut show = show(plan(Some(identity(&pair))), move |_, _| {
        let (entered, mut left) = (entered.clone(), left.clone());
        Box::pin(async move {
            entered.send(()).unwrap();
            left.wait_for(|left| *left).await.unwrap();
            text(200, "finished")
        })
    });
    runtime().block_on(async {
        let (mut sender, connection) = connect(show.address, &pair.0).await;
        let answer = tokio::spawn(sender.send_request(request("GET", "/", "")));
        inside.recv().await.unwrap();
        let running = show.running.take().unwrap();
        let stopping = tokio::task::spawn_blocking(move || running.shutdown(PATIENCE));
        leave.send(true).unwrap();
        let answer = answer.await.unwrap().unwrap();
        assert_eq!(
            answer.into_body().collect().await.unwrap().to_bytes(),
            "finished"
        );
        connection.await.unwrap().unwrap();
        assert!(stopping.await.unwrap());
        assert!(sender.ready().await.is_err());
    });
}

/// Never ends, and tells when it is dropped.
struct Endless(tokio::sync::mpsc::UnboundedSender<()>);

impl ByteStream for Endless {
    fn poll_piece(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, crate::body::BodyError>>> {
        std::task::Poll::Ready(Some(Ok(Bytes::from_static(&[0; 16 * 1024]))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn a_client_that_gives_no_window_is_cut() {
    let pair = generate();
    let mut serving = plan(Some(identity(&pair)));
    serving.limits.write_stall = Duration::from_millis(100);
    let (dropped, mut drops) = tokio::sync::mpsc::unbounded_channel();
    let show = show(serving, move |_, _| {
        let body = Body::stream(Endless(dropped.clone()));
        Box::pin(async { Response::new(text(200, "").head, body) })
    });
    runtime().block_on(async {
        let (mut sender, connection) = connect(show.address, &pair.0).await;
        // Held, not read.
        let _answer = sender.send_request(request("GET", "/", "")).await.unwrap();
        tokio::time::timeout(PATIENCE, drops.recv())
            .await
            .unwrap()
            .unwrap();
        let _ = tokio::time::timeout(PATIENCE, connection).await.unwrap();
    });
    show.await_metric("vestibule_connections 0");
}

#[test]
fn a_connection_without_requests_is_closed() {
    let pair = generate();
    let mut serving = plan(Some(identity(&pair)));
    serving.limits.idle = Duration::from_millis(50);
    serving.limits.head = Duration::from_millis(50);
    let show = show(serving, |_, _| Box::pin(async { text(200, "ok") }));
    runtime().block_on(async {
        let (mut sender, connection) = connect(show.address, &pair.0).await;
        let answer = sender.send_request(request("GET", "/", "")).await.unwrap();
        answer.into_body().collect().await.unwrap();
        tokio::time::timeout(PATIENCE, connection)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    });
    // Not even a preface: TLS agrees on h2, and then nothing.
    let mut silent = tls::secure(show.address, client(&pair.0, &[b"h2"])).unwrap();
    let mut read = Vec::new();
    let _ = silent.read_to_end(&mut read);
    show.await_metric("vestibule_connections 0");
}

/// The preface and empty settings.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// What the server says until it ends the connection, which must come soon.
fn said_until_the_end(show: &Show, certificate: &str, says: impl AsRef<[u8]>) {
    let mut wire = tls::secure(show.address, client(certificate, &[b"h2"])).unwrap();
    // Ended in the middle of this, it can't be written to its end.
    let _ = wire
        .write_all(HELLO)
        .and_then(|()| wire.write_all(says.as_ref()));
    let mut heard = Vec::new();
    let _ = wire.read_to_end(&mut heard);
    show.await_metric("vestibule_connections 0");
}

#[test]
fn a_head_or_a_frame_that_never_ends_has_the_deadline_of_heads() {
    let pair = generate();
    let mut serving = plan(Some(identity(&pair)));
    serving.limits.head = Duration::from_millis(50);
    let show = show(serving, |_, _| Box::pin(async { text(200, "ok") }));
    let continued_for_ever = b"\0\0\x01\x01\0\0\0\0\x01\x82";
    let half_a_frame = b"\0\0\x08\x06\0\0\0\0\0abc";
    said_until_the_end(&show, &pair.0, continued_for_ever);
    said_until_the_end(&show, &pair.0, half_a_frame);
}

/// CVE-2019-9512, CVE-2019-9513, CVE-2019-9515: floods of frames that ask for nothing.
#[test]
fn cve_2019_9512_a_flood_of_frames_that_ask_for_nothing_ends_the_connection() {
    let pair = generate();
    let show = show(plan(Some(identity(&pair))), |_, _| {
        Box::pin(async { text(200, "ok") })
    });
    let priority = b"\0\0\x05\x02\0\0\0\0\x01\0\0\0\0\0";
    let settings = b"\0\0\0\x04\x01\0\0\0\0";
    for frame in [&priority[..], settings] {
        said_until_the_end(&show, &pair.0, frame.repeat(10_100));
    }
}

/// CVE-2026-71324: CONNECT over HTTP/2 and what follows it never gets anywhere.
#[test]
fn cve_2026_71324_connect_over_http2_is_refused() {
    use vestibule_gate::request::{ReadPolicy, read};
    let pair = generate();
    let show = show(plan(Some(identity(&pair))), |_, incoming| {
        Box::pin(async move {
            let refusal = read(incoming.raw, &ReadPolicy::default()).unwrap_err();
            Response::status(refusal.status())
        })
    });
    runtime().block_on(async {
        let stream = tokio::net::TcpStream::connect(show.address).await.unwrap();
        let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(client(&pair.0, &[b"h2"]))
            .connect(name, stream)
            .await
            .unwrap();
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let connect = http::Request::connect("internal:80")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let status = sender.send_request(connect).await.unwrap().status();
        assert!(matches!(status.as_u16(), 400 | 405 | 501), "{status}");
    });
}

//! Bodies and their framing towards the client.

use tokio::sync::mpsc;
use vestibule_gate::request::{ReadPolicy, read};

use super::*;
use crate::body::{Body, BodyError};

/// A stream of unknown length from a channel.
struct Channel(mpsc::UnboundedReceiver<Result<&'static str, BodyError>>);

impl crate::body::ByteStream for Channel {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<bytes::Bytes, BodyError>>> {
        self.0.poll_recv(cx).map(|piece| {
            piece.map(|piece| piece.map(|piece| bytes::Bytes::from_static(piece.as_bytes())))
        })
    }
}

fn streamed(pieces: &[Result<&'static str, BodyError>]) -> Response {
    let (sender, receiver) = mpsc::unbounded_channel();
    for piece in pieces {
        sender.send(*piece).unwrap();
    }
    let head = ResponseHead {
        status: 200,
        fields: Fields::new(),
    };
    Response::new(head, Body::stream(Channel(receiver)))
}

#[test]
fn answers_without_a_body_have_none() {
    let show = show(plan(None), |_, incoming| {
        Box::pin(async move {
            match &incoming.raw.target[..] {
                b"/204" => text(204, "must not be sent"),
                b"/304" => text(304, "must not be sent"),
                b"/omitted" => Response::new(text(200, "").head, Body::omitted(7)),
                b"/streamed" => streamed(&[Ok("must not be sent")]),
                b"/empty" => Response::status(200),
                _ => text(200, "1234567"),
            }
        })
    });
    for (method, target, length) in [
        ("GET", "/204", None),
        ("GET", "/304", None),
        ("HEAD", "/omitted", Some("7")),
        ("HEAD", "/streamed", None),
        ("HEAD", "/full", Some("7")),
        ("GET", "/empty", Some("0")),
        ("HEAD", "/204", None),
    ] {
        let mut wire = show.connect();
        wire.send(format!("{method} {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let head = wire.head();
        let found = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "));
        assert_eq!(found, length, "{method} {target}: {head}");
        assert!(!head.contains("chunked"), "{method} {target}: {head}");
        // The very next byte belongs to the next answer.
        wire.send(get_and_close("/full"));
        let next = wire.rest();
        assert!(
            next.starts_with("HTTP/1.1 200 OK\r\n"),
            "{method} {target}: {next}"
        );
    }
}

#[test]
fn a_stream_is_chunked_and_a_broken_one_never_ends_cleanly() {
    let show = show(plan(None), |_, incoming| {
        let broken = incoming.raw.target == "/broken";
        Box::pin(async move {
            if broken {
                streamed(&[Ok("ab"), Err(BodyError::Aborted)])
            } else {
                streamed(&[Ok("ab"), Ok("c")])
            }
        })
    });
    assert!(
        show.ask(&get_and_close("/"))
            .ends_with("\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    );
    assert!(!show.ask(&get_and_close("/broken")).ends_with("0\r\n\r\n"));
    // HTTP/1.0 knows no chunks: the end of the connection is the end.
    assert!(
        show.ask("GET / HTTP/1.0\r\nHost: h\r\n\r\n")
            .ends_with("\r\n\r\nabc")
    );
}

/// CVE-2024-24791: `Expect` with and without a body being read, and the next request on the same connection.
#[test]
fn cve_2024_24791_expect_continue_leaves_a_clean_connection() {
    let show = show(plan(None), |_, incoming| {
        Box::pin(async move {
            if incoming.raw.target == "/refuse" {
                return text(403, "no");
            }
            assert_eq!(incoming.body.collect(100).await.unwrap(), "12345");
            text(200, "yes")
        })
    });
    let request = |target| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    let mut wire = show.connect();
    wire.send(request("/read"));
    assert_eq!(wire.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    wire.send("12345");
    assert!(wire.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(wire.until("yes"), "yes");
    wire.send(request("/read"));
    assert_eq!(wire.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    wire.send("12345");
    assert!(wire.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(wire.until("yes"), "yes");

    // Refused without a 100. Whether the client sends the body now is its choice, so the connection is only usable
    // if what follows can't be taken for a request.
    let mut wire = show.connect();
    wire.send(request("/refuse"));
    let refused = wire.head();
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert_eq!(wire.until("no"), "no");
    let smuggled = get_and_close("/smuggled");
    let _ = wire.0.write_all(smuggled.as_bytes());
    let after = wire.rest();
    assert!(
        after.is_empty(),
        "what stands where the body was due is no request: {after}"
    );
}

/// RUSTSEC-2025-0037: an answer before the body was read. What is left of the body is never read as a request.
#[test]
fn rustsec_2025_0037_an_unread_body_is_never_a_request() {
    let show = show(plan(None), |_, _| Box::pin(async { text(413, "early") }));
    let inner = get("/smuggled");
    for body in [inner.clone(), format!("{}{inner}", "x".repeat(200_000))] {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut wire = show.connect();
        wire.send(head);
        let _ = wire.0.write_all(body.as_bytes());
        let _ = wire.0.write_all(get_and_close("/next").as_bytes());
        let answers = wire.rest();
        let count = answers.matches("HTTP/1.1 413").count();
        assert!((1..=2).contains(&count), "{answers}");
    }
    show.await_metric("vestibule_connections 0");
    let text = show.telemetry.metrics.render();
    let requests = text
        .lines()
        .find(|l| l.contains(r#"class="4xx"}"#))
        .unwrap();
    let count: u32 = requests.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(count <= 4, "a body was served as a request: {requests}");
}

#[test]
fn an_aborted_or_malformed_upload_is_no_clean_end() {
    let bodies = seen();
    let handler_bodies = Arc::clone(&bodies);
    let show = show(plan(None), move |_, incoming| {
        let bodies = Arc::clone(&handler_bodies);
        Box::pin(async move {
            let body = incoming.body.collect(1000).await;
            bodies.lock().unwrap().push(body);
            text(200, "")
        })
    });
    let head = |framing| format!("POST / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n");
    for (framing, sent) in [
        ("Content-Length: 10", "12345"),
        ("Transfer-Encoding: chunked", "5\r\n12345\r\n"),
        ("Transfer-Encoding: chunked", "5\r\n123"),
        ("Transfer-Encoding: chunked", "5\r\n12345\r\n0\r\n"),
        ("Transfer-Encoding: chunked", "+5\r\n12345\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "0x5\r\n12345\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5\r\n1234567\r\n0\r\n\r\n"),
        (
            "Transfer-Encoding: chunked",
            "fffffffffffffffff\r\n12345\r\n0\r\n\r\n",
        ),
        ("Transfer-Encoding: chunked", "\r\n\r\n"),
    ] {
        let mut wire = show.connect();
        wire.send(head(framing));
        wire.send(sent);
        wire.end();
        wire.rest();
    }
    show.await_metric("vestibule_connections 0");
    for body in bodies.lock().unwrap().iter() {
        assert_eq!(*body, Err(BodyError::Aborted));
    }
    // And the well-formed ones are read.
    bodies.lock().unwrap().clear();
    show.ask(&format!(
        "{}3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n",
        head("Transfer-Encoding: chunked\r\nConnection: close")
    ));
    assert_eq!(bodies.lock().unwrap().pop().unwrap().unwrap(), "abc");
}

/// What the gate refuses of what hyper lets through. The handler here is the gate's reading and nothing else.
fn refusing() -> Show {
    show(plan(None), |_, incoming| {
        Box::pin(async move {
            match read(incoming.raw, &ReadPolicy::default()) {
                Ok(_) => text(200, "read"),
                Err(refusal) => Response::status(refusal.status()),
            }
        })
    })
}

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

/// RUSTSEC-2021-0078, -0079, -0020, RUSTSEC-2020-0008, RUSTSEC-2026-0034: ambiguous framing.
/// What hyper repairs before we see it is at least read one way only.
#[test]
fn rustsec_2021_0078_ambiguous_framing_is_refused() {
    let show = refusing();
    for (version, framing, expected) in [
        ("1.1", "Content-Length: 010", &[400][..]),
        ("1.1", "Content-Length: +1", &[400]),
        ("1.1", "Content-Length: 1\r\nContent-Length: 2", &[400]),
        ("1.1", "Content-Length: 1, 1", &[400]),
        ("1.1", "Transfer-Encoding: ,chunked", &[400]),
        ("1.1", "Transfer-Encoding: gzip, chunked", &[400, 501]),
        (
            "1.1",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            &[400],
        ),
        ("1.1", "Transfer-Encoding: chunked, identity", &[400, 501]),
        ("1.1", "Transfer-Encoding: xchunked", &[400, 501]),
        ("1.0", "Transfer-Encoding: chunked", &[400]),
        (
            "1.0",
            "Transfer-Encoding: chunked\r\nContent-Length: 1",
            &[400],
        ),
        ("1.1", "Transfer-Encoding : chunked", &[400]),
        ("1.1", "X: a\r\n folded", &[400]),
        ("1.1", "X: a\0b", &[400]),
        ("1.1", "Expect: y 100-continue", &[417]),
    ] {
        let answer = show.ask(&format!(
            "POST / HTTP/{version}\r\nHost: h\r\nConnection: close\r\n{framing}\r\n\r\n0\r\n\r\n"
        ));
        assert!(
            expected.contains(&status(&answer)),
            "{version} {framing}: {answer}"
        );
    }
}

/// Content-Length beside Transfer-Encoding: hyper drops the length, reads chunks and closes. So a prefix that is a request by
/// the other reading never becomes one.
#[test]
fn rustsec_2021_0020_content_length_beside_transfer_encoding_smuggles_nothing() {
    let show = refusing();
    let smuggled = format!("0\r\n\r\n{}", get("/smuggled"));
    let answer = show.ask(&format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{smuggled}",
        smuggled.len()
    ));
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

/// CVE-2025-64527: two credentials.
#[test]
fn cve_2025_64527_two_authorization_fields_are_refused() {
    let answer = refusing().ask(
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(status(&answer), 400, "{answer}");
}

/// CVE-2025-64763: CONNECT, with bytes that do not wait for an answer.
#[test]
fn cve_2025_64763_connect_is_refused_with_all_its_bytes() {
    let show = refusing();
    for target in ["internal:80", "/", "http://internal/"] {
        let answer = show.ask(&format!(
            "CONNECT {target} HTTP/1.1\r\nHost: internal:80\r\n\r\n{}",
            get("/inner")
        ));
        assert!(matches!(status(&answer), 400 | 405 | 501), "{answer}");
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "what follows is nobody's request: {answer}"
        );
    }
}

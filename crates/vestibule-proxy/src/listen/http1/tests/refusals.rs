//! Heads that are refused: their status, a connection that closes, and a handler that never hears of them.

use vestibule_gate::request::{ReadPolicy, read};

use super::*;

/// Sends these bytes, and then what must never be taken for a request.
fn refused(bytes: impl AsRef<[u8]>) -> (u16, Vec<Unread>) {
    let bytes = bytes.as_ref().to_vec();
    let seen = Arc::new(Mutex::new((0, Vec::new())));
    let result = Arc::clone(&seen);
    on_wire(ok, async move |mut wire| {
        wire.send(&bytes).await;
        wire.settle().await;
        let _ = wire.stream.write_all(get("/smuggled").as_bytes()).await;
        let answer = wire.rest().await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "{shown:?}: {answer}"
        );
        assert!(
            answer.contains("\r\nConnection: close\r\n"),
            "{shown:?}: {answer}"
        );
        assert_eq!(wire.asked(), [""; 0], "{shown:?}");
        *result.lock().unwrap() = (status(&answer), wire.unread.lock().unwrap().clone());
    });
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// RFC 9110 §9.3.2: nobody would read it, and what follows would be taken for it.
#[test]
fn a_refused_head_request_gets_no_body() {
    on_wire(ok, async |mut wire| {
        wire.send(
            "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        )
        .await;
        let answer = wire.rest().await;
        assert_eq!(status(&answer), 400);
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    });
}

/// RFC 9112 §11: what two readers could take differently. With them RUSTSEC-2021-0078, -0079, -0020, RUSTSEC-2020-0008 and
/// RUSTSEC-2026-0034.
#[test]
fn rustsec_2021_0020_what_can_be_read_two_ways_is_refused() {
    for (bytes, expected) in [
        // Framing.
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 010\r\n\r\na",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: ,chunked\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            501,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
            501,
        ),
        (
            "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n",
            400,
        ),
        // Lines.
        ("GET / HTTP/1.1\nHost: h\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        // First lines.
        ("GET /\r\n\r\n", 400),
        ("GET / HTTP/0.9\r\n\r\n", 505),
        ("GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("GET / http/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400),
        ("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("G=T / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            400,
        ),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}", 400),
    ] {
        let (status, unread) = refused(bytes);
        assert_eq!(status, expected, "{bytes:?}");
        assert_eq!(unread.len(), 1, "{bytes:?}");
    }
}

#[test]
fn what_is_too_large_is_refused_as_such() {
    let Limits {
        head_bytes,
        target_bytes,
        head_fields,
        ..
    } = limits();
    let large = format!("X: {}\r\n", "a".repeat(1000)).repeat(head_bytes / 1000 + 1);
    for (bytes, expected) in [
        (
            format!(
                "GET /{} HTTP/1.1\r\nHost: h\r\n\r\n",
                "a".repeat(target_bytes)
            ),
            414,
        ),
        (format!("GET /{}", "a".repeat(target_bytes + 100)), 414),
        (format!("GET / HTTP/1.1\r\nHost: h\r\n{large}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nHost: h\r\n{large}"), 431),
        (
            format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}", "a".repeat(head_bytes)),
            431,
        ),
        (
            format!(
                "GET / HTTP/1.1\r\n{}\r\n",
                "X: y\r\n".repeat(head_fields + 1)
            ),
            431,
        ),
    ] {
        assert_eq!(refused(&bytes).0, expected, "{} bytes", bytes.len());
    }
}

#[test]
fn what_is_at_the_limit_is_read() {
    let Limits {
        target_bytes,
        head_fields,
        ..
    } = limits();
    for bytes in [
        format!(
            "GET /{} HTTP/1.1\r\nHost: h\r\n\r\n",
            "a".repeat(target_bytes - 1)
        ),
        format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(head_fields)),
    ] {
        on_wire(ok, async move |mut wire| {
            wire.send(bytes).await;
            assert_eq!(status(&wire.head().await), 200);
        });
    }
}

/// What the engine reads and the gate refuses: the connection closes all the same.
#[test]
fn what_the_gate_refuses_closes_the_connection_too() {
    let gate = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            match read(incoming.raw, &ReadPolicy::default()) {
                Ok(_) => text(200, "read"),
                Err(refusal) => Response::status(refusal.status()).closing(),
            }
        })
    };
    for (head, expected) in [
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a@b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n", 400),
        ("GET http://other/ HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET /a#b HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET /a\\b HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET /%zz HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET /%00 HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET /a%2fb HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET /%c0%ae HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET /%252e%252e/ HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: h\r\n", 400),
        ("get / HTTP/1.1\r\nHost: h\r\n", 400),
        ("TRACE / HTTP/1.1\r\nHost: h\r\n", 405),
        ("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n", 405),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: y 100-continue\r\n",
            417,
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n",
            400,
        ),
    ] {
        on_wire(gate, async move |mut wire| {
            wire.send([head, "\r\n", &get("/smuggled")].concat()).await;
            let answer = wire.rest().await;
            assert_eq!(status(&answer), expected, "{head:?}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head:?}: {answer}");
            assert_eq!(wire.asked().len(), 1, "{head:?}");
        });
    }
}

#[test]
fn a_refusal_knows_what_the_sender_wrote() {
    let (_, unread) = refused("GET /path?query HTTP/1.1\r\nHost: h\nX: y\r\n\r\n");
    assert_eq!(unread[0].method, "GET");
    assert_eq!(unread[0].target, "/path?query");
    assert_eq!(unread[0].peer.ip().to_string(), "192.0.2.1");
    assert_eq!(unread[0].refusal.code(), "line_end");
    // What is no method may be anything, and the log would show it.
    let (_, unread) = refused("/callback?code=secret HTTP/1.1\r\n\r\n");
    assert_eq!(
        (&unread[0].method[..], &unread[0].target[..]),
        (&b""[..], &b""[..])
    );
}

#[test]
fn a_refusal_is_counted() {
    on_wire(ok, async |mut wire| {
        wire.send("GET / HTTP/3.0\r\n\r\n").await;
        wire.rest().await;
        wire.settle().await;
        assert!(wire.metric(r#"vestibule_requests_total{route="none",class="5xx"} 1"#));
    });
}

/// The client sends on while it is refused: it still gets the answer, and is not listened to for ever.
#[test]
fn a_refused_client_gets_its_answer_while_it_sends_on() {
    on_narrow_wire(4096, ok, async |wire| {
        let (mut from, mut to) = tokio::io::split(wire.stream);
        let flood = tokio::task::spawn_local(async move {
            let mut sent = 0_usize;
            let head = format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(1000));
            let _ = to.write_all(head.as_bytes()).await;
            while to.write_all(&[b'a'; 1024]).await.is_ok() {
                sent += 1024;
            }
            sent
        });
        let mut answer = String::new();
        from.read_to_string(&mut answer).await.unwrap();
        assert_eq!(status(&answer), 431, "{answer}");
        wire.task.await.unwrap();
        drop(from);
        let sent = flood.await.unwrap();
        assert!(sent < 4 << 20, "{sent} bytes were taken");
    });
}

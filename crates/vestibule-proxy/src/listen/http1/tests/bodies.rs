//! Bodies in both directions, and what is done with those that nobody wants.

use super::*;

#[test]
fn an_answer_of_unknown_length_is_chunked() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            let stream = match &incoming.raw.target[..] {
                b"/broken" => pieces(&[Ok("ab"), Err(BodyError::Aborted)]),
                _ => pieces(&[Ok("ab"), Ok(""), Ok("0123456789abcdef")]),
            };
            text(200, Body::stream(stream))
        })
    };
    on_wire(behaviour, async |mut wire| {
        wire.send(get("/")).await;
        assert!(
            wire.head()
                .await
                .contains("\r\nTransfer-Encoding: chunked\r\n")
        );
        assert_eq!(
            wire.until("0\r\n\r\n").await,
            "2\r\nab\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"
        );
        // What came is sent, and the end is none.
        wire.send(get("/broken")).await;
        assert!(wire.rest().await.ends_with("\r\n\r\n2\r\nab\r\n"));
    });
    on_wire(behaviour, async |mut wire| {
        wire.send("GET /broken HTTP/1.0\r\nHost: h\r\n\r\n").await;
        assert!(wire.rest().await.ends_with("\r\n\r\nab"));
        assert!(
            wire.calls.cut.get(),
            "the end of the connection would look like the body's"
        );
    });
}

#[test]
fn a_body_that_is_not_as_long_as_it_said_never_ends_cleanly() {
    for (length, sent) in [(5, "ab"), (1, "")] {
        let behaviour = move |_: Incoming| -> Answering {
            let mut stream = pieces(&[Ok("ab")]);
            stream.length = Some(length);
            Box::pin(async { text(200, Body::stream(stream)) })
        };
        on_wire(behaviour, async move |mut wire| {
            wire.send([get("/"), get("/")].concat()).await;
            let answer = wire.rest().await;
            assert!(answer.ends_with(&format!("\r\n\r\n{sent}")), "{answer}");
            assert_eq!(wire.asked().len(), 1);
        });
    }
}

#[test]
fn large_pieces_arrive_whole() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            let piece: Vec<u8> = (0..100_000_u32).map(|at| b'a' + (at % 26) as u8).collect();
            match &incoming.raw.target[..] {
                b"/chunked" => {
                    let mut stream = pieces(&[Ok("first")]);
                    stream.pieces.push_back(Ok(piece.into()));
                    stream.pieces.push_back(Ok("last".into()));
                    text(200, Body::stream(stream))
                }
                _ => text(200, piece),
            }
        })
    };
    let expected: String = (0..100_000_u32)
        .map(|at| char::from(b'a' + (at % 26) as u8))
        .collect();
    on_narrow_wire(777, behaviour, async move |mut wire| {
        wire.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
        wire.head().await;
        let mut body = vec![0; 100_000];
        wire.stream.read_exact(&mut body).await.unwrap();
        assert_eq!(body, expected.as_bytes());
        wire.send(get("/chunked")).await;
        wire.head().await;
        let body = wire.until("0\r\n\r\n").await;
        assert_eq!(
            body,
            format!("5\r\nfirst\r\n186a0\r\n{expected}\r\n4\r\nlast\r\n0\r\n\r\n")
        );
    });
}

#[test]
fn trailers_go_on_only_when_somebody_judged_them() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            let mut stream = pieces(&[Ok("ab")]);
            stream.trailers = Some(
                [("Grpc-Status", "0"), ("X-User", "a")]
                    .into_iter()
                    .collect(),
            );
            let body = Body::stream(stream);
            text(
                200,
                match &incoming.raw.target[..] {
                    b"/pass" => body.passing_trailers(|mut fields| {
                        fields.remove("x-user");
                        fields
                    }),
                    _ => body,
                },
            )
        })
    };
    on_wire(behaviour, async |mut wire| {
        wire.send(get("/")).await;
        wire.head().await;
        assert_eq!(wire.until("\r\n\r\n").await, "2\r\nab\r\n0\r\n\r\n");
        wire.send(get("/pass")).await;
        wire.head().await;
        assert_eq!(
            wire.until("\r\n\r\n").await,
            "2\r\nab\r\n0\r\nGrpc-Status: 0\r\n\r\n"
        );
    });
}

#[test]
fn trailers_of_a_request_are_there_after_its_body() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            let mut body = incoming.body;
            assert!(
                !incoming.raw.fields.contains("x-t"),
                "never merged into the head"
            );
            while let Some(piece) = body.piece().await {
                assert_eq!(piece.unwrap(), "a");
            }
            let trailers = body.trailers().unwrap();
            text(
                200,
                String::from_utf8(trailers.first("x-t").unwrap().to_vec()).unwrap(),
            )
        })
    };
    on_wire(behaviour, async |mut wire| {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        wire.send([head, "1\r\na\r\n0\r\nX-T: trailing\r\n\r\n"].concat())
            .await;
        wire.until("trailing").await;
        wire.send([head, "1\r\na\r\n0\r\nX-T: again\r\n\r\n"].concat())
            .await;
        wire.until("again").await;
    });
}

#[test]
fn a_malformed_or_aborted_body_is_no_clean_end_and_closes() {
    for (framing, body) in [
        ("Content-Length: 10", "12345"),
        ("Transfer-Encoding: chunked", "5\r\n12345\r\n"),
        ("Transfer-Encoding: chunked", "5\r\n123"),
        ("Transfer-Encoding: chunked", "5\r\n12345\r\n0\r\n"),
        ("Transfer-Encoding: chunked", "+5\r\n12345\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "0x5\r\n12345\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "0_5\r\n12345\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5\n12345\n0\n\n"),
        ("Transfer-Encoding: chunked", "5\r\n1234567\r\n0\r\n\r\n"),
        (
            "Transfer-Encoding: chunked",
            "fffffffffffffffff\r\n12345\r\n0\r\n\r\n",
        ),
        ("Transfer-Encoding: chunked", "0\r\nX: y\n\r\n"),
    ] {
        on_wire(echo, async move |mut wire| {
            wire.send(format!(
                "POST / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n{body}"
            ))
            .await;
            wire.stream.shutdown().await.unwrap();
            let answer = wire.rest().await;
            assert!(answer.ends_with("body_aborted"), "{body:?}: {answer}");
            assert!(
                answer.contains("\r\nConnection: close\r\n"),
                "{body:?}: {answer}"
            );
        });
    }
}

/// CVE-2024-24791: `Expect` with and without a body being read, and the next request on the same connection.
#[test]
fn cve_2024_24791_continue_is_said_when_the_body_is_read() {
    let expecting = |target: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    on_wire(echo, async move |mut wire| {
        for _ in 0..2 {
            wire.send(expecting("/a")).await;
            assert_eq!(wire.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
            wire.send("12345").await;
            assert!(wire.head().await.starts_with("HTTP/1.1 200 "));
            wire.until("/a 12345").await;
        }
        // Who does not wait is not told to go on.
        wire.send([&expecting("/b"), "12345"].concat()).await;
        assert!(wire.head().await.starts_with("HTTP/1.1 200 "));
        wire.until("/b 12345").await;
    });
    // Not asked for its body, a client may send it or not: what follows can't be told apart.
    on_wire(ok, async move |mut wire| {
        wire.send(expecting("/refused")).await;
        wire.settle().await;
        let _ = wire.stream.write_all(get("/smuggled").as_bytes()).await;
        let answer = wire.rest().await;
        assert!(
            answer.ends_with("\r\nConnection: close\r\n\r\nok"),
            "{answer}"
        );
        assert_eq!(wire.asked(), ["POST /refused"]);
    });
    // RFC 9110 §10.1.1: HTTP/1.0 can't have meant it.
    on_wire(echo, async |mut wire| {
        wire.send(
            "POST /0 HTTP/1.0\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
        )
        .await;
        wire.settle().await;
        wire.send("1").await;
        assert!(wire.rest().await.starts_with("HTTP/1.1 200 "));
    });
}

/// RFC 9110 §15.2: an interim response comes before the final one, and in the middle of that it would be a part of the body.
#[test]
fn continue_is_never_said_once_the_answer_began() {
    struct AfterAPiece(bool, Body);

    impl ByteStream for AfterAPiece {
        fn poll_piece(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Bytes, BodyError>>> {
            if std::mem::replace(&mut self.0, true) {
                return self.1.poll_piece(cx);
            }
            Poll::Ready(Some(Ok(Bytes::from("a"))))
        }
    }

    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move { text(200, Body::stream(AfterAPiece(false, incoming.body))) })
    };
    on_wire(behaviour, async |mut wire| {
        wire.send(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
        )
        .await;
        // What this client sends next may be the body or another request: the connection ends.
        assert!(wire.head().await.contains("\r\nConnection: close\r\n"));
        wire.settle().await;
        wire.send("bcd").await;
        assert_eq!(
            wire.until("0\r\n\r\n").await,
            "1\r\na\r\n3\r\nbcd\r\n0\r\n\r\n"
        );
        assert_eq!(wire.rest().await, "");
    });
}

/// RUSTSEC-2025-0037: an answer before the body was read. What is left of the body is never read as a request.
#[test]
fn rustsec_2025_0037_the_rest_of_a_body_is_never_a_request() {
    let smuggled = get("/smuggled");
    let small = format!(
        "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{smuggled}",
        smuggled.len()
    );
    let chunked = format!(
        "POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{smuggled}\r\n0\r\n\r\n",
        smuggled.len()
    );
    for first in [small, chunked] {
        on_wire(ok, async move |mut wire| {
            wire.send([&first, &get("/2")[..]].concat()).await;
            for _ in 0..2 {
                assert!(!wire.head().await.contains("Connection"));
                wire.until("ok").await;
            }
            assert_eq!(wire.asked(), ["POST /1", "GET /2"]);
        });
    }
    // A small rest that comes later.
    on_wire(ok, async |mut wire| {
        wire.send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123")
            .await;
        wire.until("ok").await;
        wire.send(["4567890", &get("/2")].concat()).await;
        wire.until("ok").await;
        assert_eq!(wire.asked(), ["POST /1", "GET /2"]);
    });
    // Too much to read: the answer says so, and arrives although the client sends on.
    on_narrow_wire(2048, ok, async move |wire| {
        let (mut from, mut to) = tokio::io::split(wire.stream);
        let upload = tokio::task::spawn_local(async move {
            let head = "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n";
            let _ = to.write_all(head.as_bytes()).await;
            to.write_all(get("/smuggled").repeat(9000).as_bytes())
                .await
                .is_ok()
        });
        let mut answer = String::new();
        from.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.ends_with("\r\nConnection: close\r\n\r\nok"),
            "{answer}"
        );
        assert!(upload.await.unwrap(), "all of it was read and thrown away");
        assert_eq!(*wire.asked.lock().unwrap(), ["POST /1"]);
    });
}

/// An answer whose body goes on while the request's is still read: neither waits for the other.
#[test]
fn an_early_answer_does_not_stop_the_upload() {
    struct Through(Body);

    impl ByteStream for Through {
        fn poll_piece(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Bytes, BodyError>>> {
            self.0.poll_piece(cx)
        }
    }

    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move { text(200, Body::stream(Through(incoming.body))) })
    };
    on_wire(behaviour, async |mut wire| {
        for _ in 0..2 {
            wire.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n")
                .await;
            assert!(!wire.head().await.contains("Connection"));
            wire.send("abc").await;
            assert_eq!(wire.until("abc\r\n").await, "3\r\nabc\r\n");
            wire.send("def").await;
            assert_eq!(wire.until("0\r\n\r\n").await, "3\r\ndef\r\n0\r\n\r\n");
        }
    });
}

#[test]
fn a_body_that_outlives_its_request_finds_it_gone() {
    let (kept, mut keeps) = tokio::sync::mpsc::unbounded_channel();
    // The handler must be `Send`, its bodies are not.
    struct Sending(tokio::sync::mpsc::UnboundedSender<()>);
    thread_local! {
        static KEPT: std::cell::RefCell<Vec<Body>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    let kept = Sending(kept);
    let behaviour = move |incoming: Incoming| -> Answering {
        KEPT.with_borrow_mut(|bodies| bodies.push(incoming.body));
        kept.0.send(()).unwrap();
        Box::pin(async { text(200, "ok") })
    };
    on_wire(behaviour, async |mut wire| {
        wire.send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
            .await;
        wire.until("ok").await;
        wire.send("POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\nabc")
            .await;
        wire.until("ok").await;
        wire.rest().await;
        drop(wire.stream);
        wire.task.await.unwrap();
        for _ in 0..2 {
            keeps.recv().await.unwrap();
            let mut body = KEPT.with_borrow_mut(Vec::pop).unwrap();
            assert_eq!(body.piece().await, Some(Err(BodyError::Aborted)));
        }
    });
}

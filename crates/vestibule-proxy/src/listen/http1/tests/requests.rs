//! Requests and answers in their order.

use super::*;

#[test]
fn requests_follow_each_other_on_one_connection() {
    on_wire(echo, async |mut wire| {
        for target in ["/1", "/2", "/3"] {
            wire.send(get(target)).await;
            let head = wire.head().await;
            assert!(
                head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: "),
                "{head}"
            );
            assert!(head.contains("\r\nContent-Length: 3\r\n"), "{head}");
            assert!(!head.contains("Connection"), "{head}");
            assert_eq!(wire.until(" ").await, format!("{target} "));
        }
    });
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    on_wire(echo, async |mut wire| {
        let post = "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
        let chunked = "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1;x=y\r\nf\r\n0\r\n\r\n";
        let last = "GET /4 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        let all = [&get("/1"), post, chunked, last, &get("/never")].concat();
        wire.send(all).await;
        for (target, body) in [("/1", ""), ("/2", "abc"), ("/3", "def"), ("/4", "")] {
            wire.head().await;
            let answer = format!("{target} {body}");
            assert_eq!(wire.until(&answer).await, answer);
        }
        assert_eq!(wire.rest().await, "");
        assert_eq!(wire.asked().len(), 4);
    });
}

/// What one read brings must not decide anything.
#[test]
fn a_request_that_is_cut_anywhere_is_the_same_request() {
    for request in [
        get("/a?b"),
        "\r\nGET /crlf HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "POST /l HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345GET /next HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;ext\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "GET /bad HTTP/1.1\r\nHost: h\r\nX: y\n\r\n".to_owned(),
        "POST /bad HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n".to_owned(),
    ] {
        let answers = |cut: usize| {
            let request = request.clone();
            let seen = Arc::new(Mutex::new(String::new()));
            let result = Arc::clone(&seen);
            on_wire(echo, async move |mut wire| {
                let (first, second) = request.as_bytes().split_at(cut);
                wire.send(first).await;
                wire.settle().await;
                // What was refused already is not listened to.
                let _ = wire.stream.write_all(second).await;
                wire.settle().await;
                wire.stop();
                *result.lock().unwrap() = undated(&wire.rest().await);
            });
            let seen = seen.lock().unwrap();
            seen.clone()
        };
        let whole = answers(0);
        assert!(whole.starts_with("HTTP/1.1 "), "{whole}");
        for cut in 1..request.len() {
            assert_eq!(answers(cut), whole, "{cut} of {request:?}");
        }
    }
}

#[test]
fn an_answer_costs_one_read_and_one_write() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            match &incoming.raw.target[..] {
                b"/chunked" => text(200, Body::stream(pieces(&[Ok("a"), Ok("b")]))),
                b"/large" => text(200, vec![b'a'; 20_000]),
                _ => text(200, "small"),
            }
        })
    };
    on_wire(behaviour, async |mut wire| {
        for (at, (target, end)) in [
            ("/", "small"),
            ("/chunked", "0\r\n\r\n"),
            ("/large", "aaa"),
            ("/", "small"),
        ]
        .into_iter()
        .enumerate()
        {
            wire.send(get(target)).await;
            wire.settle().await;
            wire.until(end).await;
            if target == "/large" {
                let mut left = vec![0; 20_000 - 3];
                wire.stream.read_exact(&mut left).await.unwrap();
            }
            wire.settle().await;
            let expected = u32::try_from(at).unwrap() + 1;
            assert_eq!(
                (wire.calls.reads.get(), wire.calls.writes.get()),
                (expected, expected),
                "{target}"
            );
        }
    });
}

#[test]
fn http_1_0_keeps_its_connection_only_when_it_asks() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            match &incoming.raw.target[..] {
                b"/stream" => text(200, Body::stream(pieces(&[Ok("a"), Ok("b")]))),
                _ => text(200, "ok"),
            }
        })
    };
    on_wire(behaviour, async |mut wire| {
        wire.send("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n")
            .await;
        assert!(wire.head().await.contains("\r\nConnection: keep-alive\r\n"));
        wire.until("ok").await;
        // Without chunks, the connection's end is the body's.
        wire.send("GET /stream HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n")
            .await;
        let answer = wire.rest().await;
        assert!(
            answer.ends_with("\r\nConnection: close\r\n\r\nab"),
            "{answer}"
        );
        assert!(!answer.contains("Transfer-Encoding"), "{answer}");
    });
    on_wire(ok, async |mut wire| {
        wire.send("GET / HTTP/1.0\r\nHost: h\r\n\r\n").await;
        assert!(
            wire.rest()
                .await
                .ends_with("\r\nConnection: close\r\n\r\nok")
        );
    });
}

#[test]
fn the_answers_own_date_and_spelling_stay() {
    let behaviour = |_: Incoming| -> Answering {
        let fields = [
            ("dAtE", "then"),
            ("OIDC_x", "1"),
            ("Keep-Alive", "a"),
            ("Trailer", "b"),
        ];
        let fields = fields.into_iter().collect();
        Box::pin(async {
            Response::new(
                ResponseHead {
                    status: 299,
                    fields,
                },
                Body::empty(),
            )
        })
    };
    on_wire(behaviour, async |mut wire| {
        wire.send(get("/")).await;
        assert_eq!(
            wire.head().await,
            "HTTP/1.1 299 \r\ndAtE: then\r\nOIDC_x: 1\r\nContent-Length: 0\r\n\r\n"
        );
    });
}

#[test]
fn a_client_that_leaves_cancels_its_request() {
    on_wire(thinking, async |mut wire| {
        wire.send(get("/")).await;
        wire.settle().await;
        assert_eq!(wire.asked(), ["GET /"]);
        let Wire {
            stream,
            task,
            serving,
            ..
        } = wire;
        drop(stream);
        task.await.unwrap();
        let text = serving.reporting.telemetry.metrics.render();
        assert!(
            text.contains(r#"requests_total{route="none",class="gone"} 1"#),
            "{text}"
        );
    });
}

#[test]
fn a_client_that_leaves_lets_an_answer_without_end_go() {
    let (dropped, was_dropped) = tokio::sync::oneshot::channel();
    let dropped = Mutex::new(Some(dropped));
    let behaviour = move |_: Incoming| -> Answering {
        let mut stream = pieces(&[Ok("event")]);
        stream.endless = true;
        stream._dropped = dropped.lock().unwrap().take();
        Box::pin(async { text(200, Body::stream(stream)) })
    };
    on_wire(behaviour, async |mut wire| {
        wire.send(get("/")).await;
        wire.until("5\r\nevent\r\n").await;
        drop(wire.stream);
        was_dropped.await.unwrap_err();
        wire.task.await.unwrap();
    });
}

#[test]
fn what_is_sent_ahead_is_kept_within_bounds() {
    on_wire(thinking, async |mut wire| {
        wire.send(get("/")).await;
        let flood = tokio::time::timeout(Duration::from_secs(5), async {
            let mut sent = 0_usize;
            loop {
                wire.stream.write_all(&[b'a'; 1024]).await.unwrap();
                sent += 1024;
                assert!(sent < PIPE + 64 * 1024, "{sent} bytes were taken");
            }
        });
        flood.await.unwrap_err();
    });
}

#[test]
fn a_panic_is_a_500_and_the_connection_goes_on() {
    let behaviour = |incoming: Incoming| -> Answering {
        Box::pin(async move {
            assert!(incoming.raw.target != "/panic", "as the test wants it");
            text(200, "fine")
        })
    };
    on_wire(behaviour, async |mut wire| {
        wire.send(get("/panic")).await;
        assert_eq!(status(&wire.head().await), 500);
        wire.send(get("/")).await;
        wire.until("fine").await;
        assert!(wire.metric("vestibule_panics_total 1"));
    });
}

#[test]
fn at_a_stop_an_idle_connection_closes_and_one_in_use_finishes() {
    on_wire(ok, async |mut wire| {
        wire.send(get("/")).await;
        wire.until("ok").await;
        wire.stop();
        assert_eq!(wire.rest().await, "");
    });
    // The request came before anybody noticed that.
    on_wire(ok, async |mut wire| {
        wire.send(get("/")).await;
        wire.until("ok").await;
        wire.send(get("/")).await;
        wire.stop();
        let answer = wire.rest().await;
        assert!(
            answer.ends_with("\r\nConnection: close\r\n\r\nok"),
            "{answer}"
        );
    });
    let begun = tokio::time::Duration::from_secs(3);
    let slow = move |_: Incoming| -> Answering {
        Box::pin(async move {
            tokio::time::sleep(begun).await;
            text(200, "ok")
        })
    };
    on_wire(slow, async |mut wire| {
        wire.send(get("/")).await;
        wire.settle().await;
        wire.stop();
        let answer = wire.rest().await;
        assert!(
            answer.ends_with("\r\nConnection: close\r\n\r\nok"),
            "{answer}"
        );
    });
}

#[test]
fn at_a_stop_a_new_connection_may_still_send_its_first_request() {
    on_wire(ok, async |mut wire| {
        wire.stop();
        wire.settle().await;
        wire.send(get("/")).await;
        assert!(wire.rest().await.ends_with("ok"));
    });
    on_wire(ok, async |mut wire| {
        let start = Instant::now();
        wire.stop();
        assert_eq!(wire.rest().await, "");
        assert!(start.elapsed() < Duration::from_secs(2));
    });
}

/// Who was answered is not in flight, however long it leaves its side of the connection open.
#[test]
fn an_answered_connection_that_lingers_goes_at_a_stop_and_for_room() {
    for request in [
        "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nbegun",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nbegun",
    ] {
        for at_stop in [true, false] {
            on_wire(ok, async move |mut wire| {
                wire.send(request).await;
                wire.head().await;
                wire.settle().await;
                assert!(!wire.task.is_finished(), "{request:?}");
                let start = Instant::now();
                if at_stop {
                    wire.stop();
                } else {
                    assert_eq!(wire.serving.crowd.shed(), 1);
                }
                (&mut wire.task).await.unwrap();
                let took = start.elapsed();
                assert!(took < Duration::from_secs(2), "{took:?} {request:?}");
            });
        }
    }
    // What was refused after the stop has a moment to be read.
    on_wire(ok, async |mut wire| {
        wire.stop();
        let start = Instant::now();
        wire.send("GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n")
            .await;
        assert_eq!(status(&wire.head().await), 400);
        (&mut wire.task).await.unwrap();
        let took = start.elapsed();
        assert!(took > Duration::ZERO && took < Duration::from_secs(2));
    });
}

#[test]
fn an_idle_connection_has_no_buffer() {
    on_wire(echo, async |wire| {
        let Wire {
            stream, serving, ..
        } = wire;
        drop(stream);
        let (mut far, near) = duplex(PIPE);
        let link = Rc::new(Link::new(Rc::clone(&serving.core), limits(), near));
        far.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let peer = ("192.0.2.1:1234".parse().unwrap(), Scheme::Http);
        let client = Rc::new(Client::new(&serving, peer, limits(), None));
        let reader = Rc::clone(&link);
        let request = tokio::task::spawn_local(async move {
            let Next::Request(head) = reading::next(&reader, &client, true).await else {
                panic!("no request");
            };
            exchange(&serving, &client, &reader, head).await
        });
        tokio::task::yield_now().await;
        far.write_all(b"Host: h\r\n\r\n").await.unwrap();
        assert!(matches!(request.await.unwrap(), After::Next(_)));
        assert_eq!(link.kept_bytes(), 0);
    });
}

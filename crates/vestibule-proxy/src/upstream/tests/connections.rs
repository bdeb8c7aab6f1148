//! Which connection carries a request, and when it is tried again.

use std::time::Duration;

use super::*;
use crate::body::BodyError;
use crate::server::tests::seen;

const SHORT: Duration = Duration::from_millis(80);

#[test]
fn a_clean_connection_is_used_again() {
    let origin = Origin::start(|wire, _| answer_all(wire, |_| HELLO.into()));
    on_core(async |upstreams| {
        let plan = origin.plan();
        for _ in 0..5 {
            assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap(), hello());
        }
        let posted = exchange(&upstreams, &plan, forward("POST", "/", Body::empty())).await;
        assert_eq!(posted.unwrap(), hello());
        assert_eq!(origin.connections(), 1);
        // Another plan, even of the same address, is another pool.
        assert_eq!(
            exchange(&upstreams, &origin.plan(), get()).await.unwrap(),
            hello()
        );
        assert_eq!(origin.connections(), 2);
    });
}

/// Answers once per connection; the second request on it is read and the connection closed without a word.
fn stale() -> (Origin, crate::server::tests::Seen<String>) {
    let heads = seen();
    let seen = Arc::clone(&heads);
    let origin = Origin::start(move |mut wire, _| {
        for answer in [HELLO, ""] {
            let Some(head) = try_head(&mut wire) else {
                return;
            };
            seen.lock().unwrap().push(head);
            wire.send(answer);
        }
    });
    (origin, heads)
}

#[test]
fn a_get_on_a_stale_connection_is_sent_once_more() {
    let (origin, heads) = stale();
    on_core(async |upstreams| {
        let plan = origin.plan();
        for _ in 0..3 {
            assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap(), hello());
        }
        assert_eq!(origin.connections(), 3);
        assert_eq!(upstreams.metrics.upstream_retries.get(), 2);
    });
    assert_eq!(heads.lock().unwrap().len(), 5, "each repeated once");
}

#[test]
fn a_post_that_was_written_is_not_sent_twice() {
    for body in ["", "body"] {
        let (origin, heads) = stale();
        on_core(async |upstreams| {
            let plan = origin.plan();
            assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap(), hello());
            let posted = exchange(&upstreams, &plan, forward("POST", "/", Body::from(body))).await;
            assert!(
                matches!(posted, Err(UpstreamError::Broken { .. })),
                "{posted:?}"
            );
            assert_eq!(origin.connections(), 1);
        });
        assert_eq!(heads.lock().unwrap().len(), 2);
    }
}

#[test]
fn a_fresh_connection_that_breaks_is_not_tried_again() {
    let origin = Origin::start(|mut wire, _| {
        try_head(&mut wire);
    });
    on_core(async |upstreams| {
        let failed = exchange(&upstreams, &origin.plan(), get()).await;
        let error = failed.unwrap_err();
        assert_eq!((error.code(), error.status()), ("upstream_broken", 502));
        assert_eq!(origin.connections(), 1);
    });
}

#[test]
fn a_connection_closed_while_idle_is_not_used() {
    let (closed, closes) = std::sync::mpsc::channel();
    let origin = Origin::start(move |mut wire, _| {
        try_head(&mut wire);
        wire.send(HELLO);
        drop(wire);
        closed.send(()).unwrap();
    });
    on_core(async |upstreams| {
        let plan = origin.plan();
        for _ in 0..3 {
            let posted = exchange(&upstreams, &plan, forward("POST", "/", Body::from("x"))).await;
            assert_eq!(posted.unwrap(), hello());
            closes.recv_timeout(crate::server::tests::PATIENCE).unwrap();
            // The core's loop runs between two requests.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(origin.connections(), 3);
    });
}

/// RUSTSEC-2025-0037, CVE-2026-71324: only a request that was written to its end leaves a clean connection.
#[test]
fn rustsec_2025_0037_a_connection_with_an_unfinished_request_is_not_used_again() {
    let origin = Origin::start(|mut wire, _| {
        // Answers before the body, and would take what comes next for more of it.
        while try_head(&mut wire).is_some() {
            wire.send(HELLO);
        }
    });
    on_core(async |upstreams| {
        let plan = origin.plan();
        let endless = Body::stream(Never);
        let answer = upstreams
            .send(&plan, forward("POST", "/", endless))
            .await
            .unwrap();
        assert_eq!(answer.body.collect(100).await.unwrap(), "hello");
        assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap(), hello());
        assert_eq!(origin.connections(), 2);
    });
}

/// Bytes beyond an answer are nobody's: not those that come with it, not those that come later.
#[test]
fn nothing_an_upstream_says_unasked_becomes_the_next_answer() {
    const POISON: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    const TIMEOUT: &str =
        "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (at_once, later) in [
        (POISON, ""),
        ("x", ""),
        ("", POISON),
        ("", "x"),
        ("", TIMEOUT),
    ] {
        let (said, says) = std::sync::mpsc::channel();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let gone = std::sync::Mutex::new(gone);
        let origin = Origin::start(move |mut wire, before| {
            if before > 0 {
                return answer_all(wire, |_| HELLO.into());
            }
            try_head(&mut wire);
            wire.send([HELLO, at_once].concat());
            gone.lock().unwrap().recv().unwrap();
            wire.send(later);
            said.send(()).unwrap();
            wire.rest();
        });
        on_core(async |upstreams| {
            let plan = origin.plan();
            assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap(), hello());
            let pooled = upstreams.pool.idle(&plan);
            assert_eq!(pooled, usize::from(at_once.is_empty()));
            if pooled == 1 {
                go.send(()).unwrap();
                says.recv_timeout(crate::server::tests::PATIENCE).unwrap();
                // The core's loop runs between two requests.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap(), hello());
            assert_eq!(origin.connections(), 2, "{at_once:?} {later:?}");
        });
    }
}

/// A body whose next piece never comes.
struct Never;

impl crate::body::ByteStream for Never {
    fn poll_piece(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
        std::task::Poll::Pending
    }
}

#[test]
fn a_connection_with_an_unread_answer_is_not_used_again() {
    let origin = Origin::start(|mut wire, _| {
        while try_head(&mut wire).is_some() {
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nx");
        }
    });
    on_core(async |upstreams| {
        let plan = origin.plan();
        for _ in 0..2 {
            let answer = upstreams.send(&plan, get()).await.unwrap();
            drop(answer);
        }
        assert_eq!(origin.connections(), 2);
    });
}

/// CVE-2026-88007: a connection that NTLM or Negotiate authenticated would be the next person's too.
#[test]
fn cve_2026_88007_connection_bound_credentials_are_never_pooled() {
    for challenge in [
        "NTLM",
        "Negotiate",
        "negotiate abc=",
        "Basic realm=\"x\", ntlm",
    ] {
        let origin = Origin::start(move |wire, _| {
            answer_all(wire, |_| {
                format!(
                    "HTTP/1.1 401 No\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n"
                )
            });
        });
        on_core(async |upstreams| {
            let plan = origin.plan();
            for _ in 0..2 {
                assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap().0, 401);
            }
            assert_eq!(origin.connections(), 2, "{challenge}");
        });
    }
    let origin = Origin::start(|wire, _| answer_all(wire, |_| HELLO.into()));
    on_core(async |upstreams| {
        let plan = origin.plan();
        for _ in 0..2 {
            let mut request = get();
            request.fields.push("Authorization", "NTLM TlRMTVNTUAAD");
            assert_eq!(exchange(&upstreams, &plan, request).await.unwrap(), hello());
        }
        assert_eq!(origin.connections(), 2);
    });
}

#[test]
fn an_upstream_that_is_not_there_is_named() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    on_core(async |upstreams| {
        let plan = build(UpstreamSettings::new(Address::Tcp {
            host: "127.0.0.1".into(),
            port,
        }));
        let error = exchange(&upstreams, &plan, get()).await.unwrap_err();
        assert_eq!((error.code(), error.status()), ("upstream_connect", 502));
        assert!(error.to_string().contains(&port.to_string()));
        assert!(!error.public_message().contains("127"));
        let plan = build(UpstreamSettings::new(Address::Tcp {
            host: "does-not.invalid".into(),
            port,
        }));
        let error = exchange(&upstreams, &plan, get()).await.unwrap_err();
        assert_eq!((error.code(), error.status()), ("upstream_lookup", 502));
        let rendered = upstreams.metrics.render();
        assert!(
            rendered.contains(r#"upstream_errors_total{code="upstream_connect"} 1"#),
            "{rendered}"
        );
    });
}

#[test]
fn an_upstream_that_does_not_answer_is_a_504() {
    let origin = Origin::start(|mut wire, _| {
        try_head(&mut wire);
        wire.rest();
    });
    on_core(async |upstreams| {
        let mut settings = origin.settings();
        settings.timeouts.head = SHORT;
        let error = exchange(&upstreams, &build(settings), get())
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.status()),
            ("upstream_head_timeout", 504)
        );
    });
}

/// One piece after each pause.
struct Slow(u8, std::pin::Pin<Box<tokio::time::Sleep>>);

impl crate::body::ByteStream for Slow {
    fn poll_piece(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
        std::task::ready!(self.1.as_mut().poll(cx));
        if self.0 == 0 {
            return std::task::Poll::Ready(None);
        }
        self.0 -= 1;
        self.1 = Box::pin(tokio::time::sleep(SHORT / 2));
        std::task::Poll::Ready(Some(Ok(Bytes::from_static(b"x"))))
    }
}

#[test]
fn the_head_limit_does_not_count_while_the_client_sends() {
    let origin = Origin::start(|mut wire, _| {
        try_head(&mut wire);
        wire.until("0\r\n\r\n");
        wire.send(HELLO);
    });
    on_core(async |upstreams| {
        let mut settings = origin.settings();
        settings.timeouts.head = SHORT;
        let body = Body::stream(Slow(8, Box::pin(tokio::time::sleep(SHORT * 2))));
        let answer = exchange(&upstreams, &build(settings), forward("POST", "/", body)).await;
        assert_eq!(answer.unwrap(), hello());
    });
}

#[test]
fn an_answer_that_stalls_is_aborted_and_an_event_stream_may_be_silent() {
    let origin = Origin::start(|mut wire, _| {
        let head = try_head(&mut wire).unwrap();
        let kind = if head.starts_with("GET /events") {
            "Text/Event-Stream; charset=utf-8"
        } else {
            "text/plain"
        };
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"));
        if head.starts_with("GET /events") {
            thread::sleep(SHORT * 4);
            wire.send("0\r\n\r\n");
        }
        wire.rest();
    });
    on_core(async |upstreams| {
        let mut settings = origin.settings();
        settings.timeouts.stall = SHORT;
        let plan = build(settings);
        let (_, body) = exchange(&upstreams, &plan, get()).await.unwrap();
        assert_eq!(body, Err(BodyError::TooSlow));
        let events = forward("GET", "/events", Body::empty());
        let (_, body) = exchange(&upstreams, &plan, events).await.unwrap();
        assert_eq!(body.unwrap(), "x");
    });
}

#[test]
fn idle_connections_are_dropped_after_their_time() {
    let origin = Origin::start(|wire, _| answer_all(wire, |_| HELLO.into()));
    on_core(async |upstreams| {
        let mut settings = origin.settings();
        settings.timeouts.keep_idle = Duration::from_millis(20);
        let plan = build(settings);
        for connections in 1..3 {
            assert_eq!(exchange(&upstreams, &plan, get()).await.unwrap(), hello());
            assert_eq!(origin.connections(), connections);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        upstreams.pool.reap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(upstreams.metrics.upstream_connections.get(), 0);
    });
}

#[test]
fn more_connections_than_are_kept_stay_while_they_are_in_use() {
    let origin = Origin::start(|wire, _| answer_all(wire, |_| HELLO.into()));
    on_core(async |upstreams| {
        let mut settings = origin.settings();
        settings.keep = 1;
        let plan = build(settings);
        let one = || exchange(&upstreams, &plan, get());
        let (a, b, c) = tokio::join!(one(), one(), one());
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
        upstreams.pool.reap();
        assert_eq!(upstreams.pool.idle(&plan), 3);
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(6)).await;
        upstreams.pool.reap();
        assert_eq!(upstreams.pool.idle(&plan), 1);
    });
}

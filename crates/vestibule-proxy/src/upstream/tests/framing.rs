//! The bytes an upstream gets, and what is made of the bytes it answers.

use super::*;
use crate::body::{BodyError, ByteStream, Length};
use crate::server::tests::{Seen, seen};

/// Keeps heads and bodies, answers all alike.
fn recording(answer: &'static str) -> (Origin, Seen<String>) {
    let requests = seen();
    let seen = Arc::clone(&requests);
    let origin = Origin::start(move |mut wire, _| {
        while let Some(mut request) = try_head(&mut wire) {
            if request.contains("chunked") {
                request += &wire.until("0\r\n\r\n");
            } else if let Some(length) = request
                .lines()
                .find_map(|l| l.strip_prefix("Content-Length: "))
            {
                let mut body = vec![0; length.parse().unwrap()];
                wire.0.read_exact(&mut body).unwrap();
                request += std::str::from_utf8(&body).unwrap();
            }
            seen.lock().unwrap().push(request);
            wire.send(answer);
        }
    });
    (origin, requests)
}

/// Pieces of unknown length.
struct Pieces(Vec<&'static str>);

impl ByteStream for Pieces {
    fn poll_piece(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
        std::task::Poll::Ready(self.0.pop().map(|piece| Ok(Bytes::from(piece))))
    }
}

#[test]
fn framing_is_ours_and_the_rest_is_what_was_decided() {
    let (origin, requests) = recording(HELLO);
    on_core(async |upstreams| {
        let plan = origin.plan();
        let mut request = forward("POST", "/a%2Fb//c?x=%zz;y", Body::from("body"));
        for (name, value) in [
            ("X-B", "1"),
            ("OIDC_claim", "ä"),
            ("x-b", "2"),
            ("Content-Length", "999"),
            ("Transfer-Encoding", "gzip"),
            ("Connection", "close"),
            ("Expect", "100-continue"),
            ("Upgrade", "h2c"),
            ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
            ("TE", "trailers"),
            ("Trailer", "x"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
        ] {
            request.fields.push(name, value);
        }
        assert_eq!(exchange(&upstreams, &plan, request).await.unwrap(), hello());
        let host = origin.address;
        let expected = format!(
            "POST /a%2Fb//c?x=%zz;y HTTP/1.1\r\nHost: {host}\r\nX-B: 1\r\nOIDC_claim: ä\r\nx-b: 2\r\nContent-Length: 4\r\n\r\nbody"
        );
        assert_eq!(requests.lock().unwrap().pop().unwrap(), expected);
    });
}

#[test]
fn a_body_is_framed_by_what_is_known_of_it() {
    let (origin, requests) = recording(HELLO);
    on_core(async |upstreams| {
        let plan = origin.plan();
        for (method, body, framing, sent) in [
            ("GET", Body::empty(), "", ""),
            ("DELETE", Body::empty(), "", ""),
            ("POST", Body::empty(), "Content-Length: 0\r\n", ""),
            ("PUT", Body::from(""), "Content-Length: 0\r\n", ""),
            ("GET", Body::from("abc"), "Content-Length: 3\r\n", "abc"),
            (
                "POST",
                Body::stream(Pieces(vec!["b", "a"])),
                "Transfer-Encoding: chunked\r\n",
                "1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
            ),
            (
                "GET",
                Body::stream(Pieces(vec!["a"])),
                "Transfer-Encoding: chunked\r\n",
                "1\r\na\r\n0\r\n\r\n",
            ),
        ] {
            let answer = exchange(&upstreams, &plan, forward(method, "/", body))
                .await
                .unwrap();
            assert_eq!(answer, hello());
            let host = origin.address;
            let expected = format!("{method} / HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n{sent}");
            assert_eq!(requests.lock().unwrap().pop().unwrap(), expected);
        }
        assert_eq!(
            origin.connections(),
            1,
            "each of them leaves a clean connection"
        );
    });
}

#[test]
fn the_host_is_the_requests_or_the_upstreams() {
    let (origin, requests) = recording(HELLO);
    on_core(async |upstreams| {
        let mut settings = origin.settings();
        settings.authority = Some("app.internal:8080".into());
        let plan = build(settings);
        exchange(&upstreams, &plan, get()).await.unwrap().1.unwrap();
        let mut request = get();
        request.fields.push("Host", "portal.example.com");
        exchange(&upstreams, &plan, request)
            .await
            .unwrap()
            .1
            .unwrap();
        let requests = requests.lock().unwrap();
        assert!(
            requests[0].contains("\r\nHost: app.internal:8080\r\n"),
            "{requests:?}"
        );
        assert!(
            requests[1].contains("\r\nHost: portal.example.com\r\n"),
            "{requests:?}"
        );
        assert_eq!(requests[1].matches("Host").count(), 1, "{requests:?}");
    });
}

#[test]
fn a_head_that_would_not_be_sent_as_it_was_decided_is_not_sent() {
    let (origin, requests) = recording(HELLO);
    on_core(async |upstreams| {
        let plan = origin.plan();
        for target in ["/a#b", "/a b", "/a\r\nX: y", "/a\u{1}"] {
            let error = exchange(&upstreams, &plan, forward("GET", target, Body::empty())).await;
            assert!(
                matches!(error, Err(UpstreamError::Unsendable { .. })),
                "{target:?}: {error:?}"
            );
        }
        for (name, value) in [
            ("x", "a\r\nb: c"),
            ("x y", "a"),
            ("x\r\n", "a"),
            ("Host", "a\nb"),
        ] {
            let mut request = get();
            request.fields.push(name, value);
            let error = exchange(&upstreams, &plan, request).await.unwrap_err();
            assert_eq!(error.code(), "upstream_unsendable");
        }
    });
    assert!(requests.lock().unwrap().is_empty());
}

#[test]
fn an_answer_loses_what_belongs_to_its_connection() {
    let (origin, _) = recording(
        "HTTP/1.1 200 Fine\r\nX-A: 1\r\nConnection: keep-alive, X-Hop, set-cookie\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n\
         Set-Cookie: a=b\r\nSet-Cookie: c=d\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\nProxy-Authenticate: Basic\r\n\
         Upgrade: h2c\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    );
    on_core(async |upstreams| {
        let plan = origin.plan();
        for _ in 0..2 {
            let answer = upstreams.send(&plan, get()).await.unwrap();
            let names: Vec<_> = answer
                .head
                .fields
                .iter()
                .map(|f| String::from_utf8_lossy(f.name).into_owned())
                .collect();
            assert_eq!(names, ["X-A", "Set-Cookie", "Set-Cookie"]);
            // Chunks that were all there with the head are one piece.
            let length = answer.body.length();
            assert!(matches!(length, Length::Unknown | Length::Known(5)));
            assert_eq!(answer.body.collect(10).await.unwrap(), "hello");
        }
        assert_eq!(
            origin.connections(),
            1,
            "trailers are read to their end and dropped"
        );
    });
}

#[test]
fn bodyless_answers_leave_a_clean_connection() {
    let origin = Origin::start(|wire, _| {
        answer_all(wire, |head| match head.split(' ').nth(1).unwrap() {
            "/204" => "HTTP/1.1 204 No Content\r\n\r\n".into(),
            "/304" => "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n".into(),
            "/0" => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".into(),
            "/103" => format!(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n{HELLO}"
            ),
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".into(),
        })
    });
    on_core(async |upstreams| {
        let plan = origin.plan();
        for (method, target, status, length, connections) in [
            ("GET", "/204", 204, Length::None, 1),
            ("GET", "/304", 304, Length::None, 1),
            ("GET", "/0", 200, Length::Known(0), 1),
            // Interim answers are not passed on, and what comes after them is the answer.
            ("GET", "/103", 200, Length::Known(5), 1),
            ("HEAD", "/head", 200, Length::Known(5), 1),
            // Nobody knows whether a body follows the head that speaks of one.
            ("GET", "/204", 204, Length::None, 2),
        ] {
            let answer = upstreams
                .send(&plan, forward(method, target, Body::empty()))
                .await
                .unwrap();
            assert_eq!(
                (answer.head.status, answer.body.length()),
                (status, length),
                "{target}"
            );
            assert!(answer.head.fields.first("link").is_none());
            answer.body.collect(10).await.unwrap();
            assert_eq!(origin.connections(), connections, "{target}");
        }
    });
}

#[test]
fn an_answer_that_breaks_off_is_never_a_complete_one() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    ] {
        let origin = Origin::start(move |mut wire, _| {
            try_head(&mut wire);
            wire.send(answer);
        });
        on_core(async |upstreams| {
            let (status, body) = exchange(&upstreams, &origin.plan(), get()).await.unwrap();
            assert_eq!((status, body), (200, Err(BodyError::Aborted)), "{answer:?}");
        });
    }
}

#[test]
fn what_is_no_http_answer_is_an_error() {
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(200 * 1024));
    for (answer, code) in [
        ("", "upstream_broken"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
            "upstream_broken",
        ),
        ("hello\r\n\r\n", "upstream_malformed"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "upstream_malformed",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
            "upstream_malformed",
        ),
        (
            "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
            "upstream_malformed",
        ),
        ("HTTP/1.1 999999 OK\r\n\r\n", "upstream_malformed"),
        (
            "HTTP/1.1 700 OK\r\nContent-Length: 0\r\n\r\n",
            "upstream_malformed",
        ),
        ("HTTP/9.9 200 OK\r\n\r\n", "upstream_malformed"),
        (&huge, "upstream_answer_head_too_large"),
    ] {
        let bytes = answer.to_owned();
        let origin = Origin::start(move |mut wire, _| {
            try_head(&mut wire);
            let _ = std::io::Write::write_all(&mut wire.0, bytes.as_bytes());
            wire.end();
            wire.rest();
        });
        on_core(async |upstreams| {
            let error = exchange(&upstreams, &origin.plan(), get())
                .await
                .unwrap_err();
            assert_eq!((error.code(), error.status()), (code, 502), "{answer:.80}");
        });
    }
}

#[test]
fn the_clients_fault_is_not_the_upstreams() {
    struct Broken(Option<BodyError>);
    impl ByteStream for Broken {
        fn poll_piece(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
            let piece = self.0.take().map_or(Ok(Bytes::from("x")), Err);
            std::task::Poll::Ready(Some(piece))
        }
    }
    let origin = Origin::start(|mut wire, _| {
        wire.rest();
    });
    on_core(async |upstreams| {
        for (cause, status) in [
            (BodyError::Aborted, 400),
            (BodyError::TooSlow, 408),
            (BodyError::TooLarge { limit: 1 }, 413),
        ] {
            let request = forward("POST", "/", Body::stream(Broken(Some(cause))));
            let error = exchange(&upstreams, &origin.plan(), request)
                .await
                .unwrap_err();
            assert!(
                matches!(error, UpstreamError::RequestBody(found) if found == cause),
                "{error:?}"
            );
            assert_eq!(error.status(), status);
        }
    });
}

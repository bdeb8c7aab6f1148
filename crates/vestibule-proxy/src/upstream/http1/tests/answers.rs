//! What is made of the bytes of an answer, and of its connection.

use super::*;
use crate::upstream::tests::{forward, get};
use crate::upstream::{Malformed, UpstreamError};
use vestibule_http1::framing::FramingError;
use vestibule_http1::head::HeadError;

fn head() -> Forward {
    forward("HEAD", "/", Body::empty())
}

fn whole(status: u16, body: &'static str, free: bool) -> Outcome {
    (Ok((status, Ok(Bytes::from(body)))), free)
}

/// An answer, whether the connection ends after it, and what is made of it.
fn table() -> Vec<(&'static str, bool, Outcome)> {
    vec![
        // Delimited by length, by chunks, by the end, by nothing.
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            false,
            whole(200, "hello", true),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            false,
            whole(200, "hello", true),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
            false,
            whole(200, "hello", true),
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nhello",
            true,
            whole(200, "hello", false),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            false,
            whole(200, "", true),
        ),
        (
            "HTTP/1.1 204 No Content\r\n\r\n",
            false,
            whole(204, "", true),
        ),
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            false,
            whole(204, "", true),
        ),
        (
            "HTTP/1.1 304 Not Modified\r\n\r\n",
            false,
            whole(304, "", true),
        ),
        // A careless upstream sends the body a little later than the head that speaks of it.
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
            false,
            whole(204, "", false),
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            false,
            whole(304, "", false),
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
            false,
            whole(304, "", false),
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            false,
            whole(200, "hi", true),
        ),
        // Who goes on.
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            false,
            whole(200, "hi", false),
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nhi",
            false,
            whole(200, "hi", false),
        ),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            false,
            whole(200, "hi", false),
        ),
        (
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
            false,
            whole(200, "hi", true),
        ),
        (
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhi",
            true,
            whole(200, "hi", false),
        ),
        (
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 2\r\n\r\nhi",
            false,
            whole(401, "hi", false),
        ),
        // A body where none may be, and bytes after the end: they would be the next person's answer.
        (
            "HTTP/1.1 204 No Content\r\n\r\nhello",
            false,
            whole(204, "", false),
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
            false,
            whole(304, "", false),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n",
            false,
            whole(200, "hi", false),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\n",
            false,
            whole(200, "", false),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n\r\n",
            false,
            whole(200, "hi", false),
        ),
        // What breaks off, or can't be delimited any more, is never complete.
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
            true,
            (Ok((200, Err(BodyError::Aborted))), false),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            true,
            (Ok((200, Err(BodyError::Aborted))), false),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n",
            false,
            (Ok((200, Err(BodyError::Aborted))), false),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
            false,
            (Ok((200, Err(BodyError::Aborted))), false),
        ),
        // No answer at all.
        ("", true, (Err("upstream_broken"), false)),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
            true,
            (Err("upstream_broken"), false),
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\n",
            true,
            (Err("upstream_broken"), false),
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            false,
            (Err("upstream_wrong_switch"), false),
        ),
    ]
}

#[test]
fn an_answer_split_at_every_byte_is_the_same_answer() {
    on_core(async || {
        for (answer, closes, expected) in table() {
            let bytes = answer.as_bytes();
            let found = outcome(get(), &[bytes], closes).await;
            assert_eq!(found, expected, "{answer:?}");
            // Bytes that come after the connection was given back are found when it is taken: see `counted`.
            let surplus =
                !expected.1 && !closes && expected.0.as_ref().is_ok_and(|(_, body)| body.is_ok());
            for at in 1..bytes.len() {
                let (one, two) = bytes.split_at(at);
                let found = outcome(get(), &[one, two], closes).await;
                assert_eq!(found.0, expected.0, "{answer:?} at {at}");
                assert!(found.1 == expected.1 || surplus, "{answer:?} at {at}");
            }
            let each: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(
                outcome(get(), &each, closes).await.0,
                expected.0,
                "{answer:?}"
            );
        }
    });
}

#[test]
fn an_answer_to_head_has_a_length_and_no_body_and_its_connection_closes() {
    on_core(async || {
        // An upstream that sends a body all the same may do so a little later.
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        ] {
            let found = outcome(head(), &[answer.as_bytes()], false).await;
            assert_eq!(found, whole(200, "", false), "{answer:?}");
        }
    });
}

#[test]
fn a_malformed_answer_names_the_rule_it_breaks() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(201));
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(64 << 10));
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(17);
    let rules: &[(&str, Malformed)] = &[
        ("hello\r\n\r\n", HeadError::FirstLine.into()),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", HeadError::FirstLine.into()),
        ("\x16\x03\x01\x02", HeadError::FirstLine.into()),
        ("HTTP/1.1 20 OK\r\n\r\n", HeadError::FirstLine.into()),
        ("HTTP/2.0 200 OK\r\n\r\n", HeadError::Version.into()),
        ("HTTP/1.1 200 OK\n\n", HeadError::LineEnd.into()),
        ("HTTP/1.1 200 OK\r\na: b\n\r\n", HeadError::LineEnd.into()),
        (
            "HTTP/1.1 200 OK\r\na : b\r\n\r\n",
            HeadError::FieldName.into(),
        ),
        (
            "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n",
            HeadError::FieldValue.into(),
        ),
        (
            "HTTP/1.1 200 OK\r\na: b\0\r\n\r\n",
            HeadError::FieldValue.into(),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
            FramingError::ContentLength.into(),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            FramingError::ContentLength.into(),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            FramingError::ContentLengthBesideTransferEncoding.into(),
        ),
        (
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            FramingError::TransferEncoding.into(),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            FramingError::TransferCodingUnknown.into(),
        ),
        (&interim, Malformed::Interim),
    ];
    on_core(async || {
        for (answer, rule) in rules {
            let (ours, mut theirs) = duplex(1 << 20);
            theirs.write_all(answer.as_bytes()).await.unwrap();
            let failure = Bench::new().send(get(), ours).await.err().unwrap();
            assert!(
                matches!(failure.error, UpstreamError::Malformed { rule: found, .. } if found == *rule),
                "{answer:.80?}: {:?}",
                failure.error
            );
            assert_eq!(
                (failure.error.code(), failure.error.status()),
                ("upstream_malformed", 502)
            );
        }
        for answer in [&many, &long] {
            let found = outcome(get(), &[answer.as_bytes()], false).await;
            assert_eq!(found.0, Err("upstream_answer_head_too_large"));
        }
    });
}

#[test]
fn interim_answers_do_not_extend_the_time_for_the_head() {
    on_core(async || {
        let bench = Bench::new();
        let (ours, mut theirs) = duplex(1 << 20);
        let dripping = async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if theirs
                    .write_all(b"HTTP/1.1 102 Processing\r\n\r\n")
                    .await
                    .is_err()
                {
                    break;
                }
            }
        };
        let start = Instant::now();
        let (answer, ()) = tokio::join!(
            async {
                let answer = bench.send(get(), ours).await;
                (answer.err().unwrap().error.code(), start.elapsed())
            },
            dripping
        );
        assert_eq!(answer.0, "upstream_head_timeout");
        assert!(answer.1 < Duration::from_secs(6), "{:?}", answer.1);
    });
}

#[test]
fn a_whole_answer_frees_its_connection_before_anybody_reads_it() {
    on_core(async || {
        let bench = Bench::new();
        let (ours, mut theirs) = duplex(1 << 20);
        theirs
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            .await
            .unwrap();
        let answer = bench.send(get(), ours).await.ok().unwrap();
        assert!(bench.is_free());
        assert_eq!(answer.body.length(), crate::body::Length::Known(5));
        assert_eq!(answer.body.collect(5).await.unwrap(), "hello");
    });
}

#[test]
fn trailers_of_an_answer_are_there_for_those_who_asked_for_them() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nGrpc-Status: 0\r\n\r\n";
    on_core(async || {
        for at in [answer.len(), answer.len() - 10, answer.len() - 30] {
            let bench = Bench::new();
            let (ours, mut theirs) = duplex(1 << 20);
            let mut request = get();
            request.trailers = true;
            let asking = async {
                let mut body = bench.send(request, ours).await.ok().unwrap().body;
                let mut all = Vec::new();
                while let Some(piece) = body.piece().await {
                    all.extend_from_slice(&piece.unwrap());
                }
                (all, body.trailers().unwrap())
            };
            let answering = async {
                theirs.write_all(&answer[..at]).await.unwrap();
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                theirs.write_all(&answer[at..]).await.unwrap();
            };
            let ((all, trailers), ()) = tokio::join!(asking, answering);
            assert_eq!(all, b"hi");
            assert_eq!(trailers.first("grpc-status"), Some(&b"0"[..]));
            assert!(bench.is_free());
        }
    });
}

/// An answer that says its length has no trailers, and the client is told the length on every route.
#[test]
fn a_length_stays_where_trailers_are_asked_for() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        on_core(async || {
            let bench = Bench::new();
            let (ours, mut theirs) = duplex(1 << 20);
            theirs.write_all(answer.as_bytes()).await.unwrap();
            let mut request = get();
            request.trailers = true;
            let answer = bench.send(request, ours).await.ok().unwrap();
            assert_eq!(answer.body.length(), crate::body::Length::Known(5));
            assert_eq!(answer.body.collect(5).await.unwrap(), "hello");
        });
    }
}

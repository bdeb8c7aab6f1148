//! The bytes of a request, and what is left of it when something breaks.

use vestibule_gate::fields::Fields;
use vestibule_gate::request::Upgrade;

use super::*;
use crate::upstream::attempt::Second;
use crate::upstream::tests::{HELLO, forward, get};
use crate::upstream::{TlsSettings, UpstreamError};

/// What an upstream gets that reads everything until nothing more comes, and answers `HELLO` to what it got.
async fn sent(request: Forward) -> String {
    let bench = Bench::new();
    let (ours, mut theirs) = duplex(1 << 20);
    let asking = async {
        if let Ok(answer) = bench.send(request, ours).await {
            answer.body.collect(100).await.unwrap();
        }
    };
    let answering = async {
        tokio::task::yield_now().await;
        // A request that broke off may have closed the connection already.
        let _ = theirs.write_all(HELLO.as_bytes()).await;
    };
    tokio::join!(asking, answering);
    drop(bench);
    let mut all = String::new();
    theirs.read_to_string(&mut all).await.unwrap();
    all
}

#[test]
fn a_head_goes_out_byte_for_byte_as_it_was_decided() {
    let mut request = forward("GET", "/a?b=%20;c", Body::empty());
    for (name, value) in [
        ("User-Agent", "x"),
        ("ACCEPT", "*/*"),
        ("x-Odd-CASE", ""),
        ("X-Twice", "1"),
        ("Cookie", "a=b; c=d"),
        ("X-Twice", "2"),
    ] {
        request.fields.push(name, value);
    }
    let mut identity = Fields::new();
    identity.push("OIDC_CLAIM_sub", "s");
    identity.push("OIDC_access_token", "eyJ.x.y");
    identity.push("X-Remote-User", "Zoë");
    request.identity = Rc::new(identity);
    on_core(async || {
        assert_eq!(
            sent(request).await,
            "GET /a?b=%20;c HTTP/1.1\r\nHost: app.example:80\r\nUser-Agent: x\r\nACCEPT: */*\r\nx-Odd-CASE: \r\n\
             X-Twice: 1\r\nCookie: a=b; c=d\r\nX-Twice: 2\r\nOIDC_CLAIM_sub: s\r\nOIDC_access_token: eyJ.x.y\r\n\
             X-Remote-User: Zoë\r\n\r\n"
        );
    });
}

#[test]
fn nothing_that_frames_comes_from_the_identity_either() {
    let mut request = forward("POST", "/", body("hi"));
    let mut identity = Fields::new();
    for name in ["Content-Length", "transfer-encoding", "Host", "Connection"] {
        identity.push(name, "7");
    }
    request.identity = Rc::new(identity);
    on_core(async || {
        assert_eq!(
            sent(request).await,
            "POST / HTTP/1.1\r\nHost: app.example:80\r\nContent-Length: 2\r\n\r\nhi"
        );
    });
}

#[test]
fn trailers_go_out_only_where_they_were_asked_for_and_judged() {
    struct Trailed(Option<Bytes>);
    impl ByteStream for Trailed {
        fn poll_piece(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
            std::task::Poll::Ready(self.0.take().map(Ok))
        }
        fn trailers(self: std::pin::Pin<&mut Self>) -> Option<Fields> {
            let mut trailers = Fields::new();
            trailers.push("X-Sum", "1");
            Some(trailers)
        }
    }
    on_core(async || {
        for (trailers, judged, expected) in [
            (
                false,
                true,
                "POST / HTTP/1.1\r\nHost: app.example:80\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            ),
            (
                true,
                true,
                "POST / HTTP/1.1\r\nHost: app.example:80\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n\r\n\
                 2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
            ),
            (
                true,
                false,
                "POST / HTTP/1.1\r\nHost: app.example:80\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n\r\n\
                 2\r\nhi\r\n0\r\n\r\n",
            ),
        ] {
            let mut body = Body::stream(Trailed(Some("hi".into())));
            if judged {
                body = body.passing_trailers(|trailers| trailers);
            }
            let mut request = forward("POST", "/", body);
            request.trailers = trailers;
            assert_eq!(sent(request).await, expected);
        }
    });
}

#[test]
fn a_body_that_breaks_off_is_never_a_complete_one() {
    struct Short(Vec<&'static str>, u64);
    impl ByteStream for Short {
        fn poll_piece(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
            std::task::Poll::Ready(self.0.pop().map(|piece| Ok(piece.into())))
        }
        fn remaining(&self) -> Option<u64> {
            Some(self.1)
        }
    }
    on_core(async || {
        for cause in [BodyError::Aborted, BodyError::TooSlow] {
            // A big piece first, so that a part of the request is out when the body breaks off.
            let pieces = vec![Err(cause), Ok("x".repeat(40_000).into())];
            let all = sent(forward("POST", "/", Body::stream(Pieces(pieces)))).await;
            assert!(all.ends_with('x'), "{all:.200}");
            assert!(!all.contains("0\r\n\r\n"), "no last chunk");
        }
        // A source that gives less or more than it announced.
        for pieces in [vec!["ab"], vec!["cdef", "ab"]] {
            let all = sent(forward("POST", "/", Body::stream(Short(pieces, 4)))).await;
            assert!(!all.ends_with("abcd") && !all.contains("ef"), "{all}");
        }
    });
}

#[test]
fn an_upload_whose_client_leaves_closes_the_connection() {
    on_core(async || {
        let bench = Bench::new();
        let (ours, mut theirs) = duplex(1 << 20);
        struct Stuck(Option<Bytes>);
        impl ByteStream for Stuck {
            fn poll_piece(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
                self.0.take().map_or(std::task::Poll::Pending, |piece| {
                    std::task::Poll::Ready(Some(Ok(piece)))
                })
            }
        }
        let request = forward("POST", "/", Body::stream(Stuck(Some("half".into()))));
        {
            let asking = bench.send(request, ours);
            tokio::pin!(asking);
            assert!(
                asking
                    .as_mut()
                    .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
                    .is_pending()
            );
            // It is the client that is waited for: no limit of the upstream's runs out.
            tokio::time::sleep(Duration::from_secs(100)).await;
            assert!(
                asking
                    .as_mut()
                    .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
                    .is_pending()
            );
        }
        let mut all = String::new();
        theirs.read_to_string(&mut all).await.unwrap();
        assert!(all.ends_with("\r\n\r\n4\r\nhalf\r\n"), "{all}");
        assert!(!bench.is_free());
    });
}

#[test]
fn a_request_of_which_nothing_was_taken_can_be_sent_as_it_is() {
    on_core(async || {
        let bench = Bench::new();
        let (ours, theirs) = duplex(64);
        drop(theirs);
        let mut request = forward("POST", "/x", Body::stream(Pieces(vec![Ok("hi".into())])));
        request.fields.push("X-A", "1");
        let failure = bench.send(request, ours).await.err().unwrap();
        assert_eq!(failure.error.code(), "upstream_broken");
        let Second::Unsent(payload) = failure.second else {
            panic!("nothing was taken");
        };
        let (ours, mut theirs) = duplex(1 << 20);
        let connection = Connection::new(Box::pin(ours), &bench.wheel, &Arc::default());
        let head = forward("GET", "/never-written", Body::empty());
        theirs.write_all(HELLO.as_bytes()).await.unwrap();
        let sent = exchange(
            &bench.pool,
            &bench.plan,
            &head,
            connection,
            *payload,
            Instant::now(),
        );
        assert_eq!(sent.await.ok().unwrap().head.status, 200);
        assert!(bench.is_free());
        drop(bench);
        let mut all = String::new();
        theirs.read_to_string(&mut all).await.unwrap();
        assert!(
            all.starts_with("POST /x HTTP/1.1\r\n")
                && all
                    .ends_with("X-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
            "{all}"
        );
    });
}

/// Records of a write that then fails may be on their way, and the upstream may act on them.
#[test]
fn a_request_whose_first_write_failed_over_tls_may_have_been_sent() {
    on_core(async || {
        for method in ["POST", "GET"] {
            let mut bench = Bench::new();
            bench.plan = build(UpstreamSettings {
                tls: Some(TlsSettings {
                    danger_accept_any_certificate: true,
                    ..TlsSettings::default()
                }),
                ..bench.plan.settings().clone()
            });
            let (ours, theirs) = duplex(64);
            drop(theirs);
            let request = forward(method, "/x", Body::empty());
            let failure = bench.send(request, ours).await.err().unwrap();
            assert_eq!(failure.error.code(), "upstream_broken");
            assert!(matches!(failure.second, Second::Lost), "{method}");
        }
    });
}

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nX-A: 1\r\n\r\n";

#[test]
fn a_switch_keeps_the_bytes_right_behind_it() {
    on_core(async || {
        for at in [
            SWITCH.len() - 1,
            SWITCH.len(),
            SWITCH.len() + 2,
            SWITCH.len() + 5,
        ] {
            let bench = Bench::new();
            let (ours, mut theirs) = duplex(1 << 20);
            let mut request = get();
            request.upgrade = Some(Upgrade::WebSocket);
            let asking = async {
                let answer = bench.send(request, ours).await.ok().unwrap();
                assert_eq!(answer.head.status, 101);
                assert_eq!(answer.head.fields.len(), 1);
                let mut tunnel = answer.tunnel.unwrap().upstream;
                let mut early = [0; 5];
                tunnel.read_exact(&mut early[..3]).await.unwrap();
                tunnel.read_exact(&mut early[3..]).await.unwrap();
                assert_eq!(&early, b"early");
                tunnel.write_all(b"late").await.unwrap();
                tunnel.flush().await.unwrap();
            };
            let answering = async {
                let head = read_head(&mut theirs).await;
                assert!(
                    head.ends_with("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
                    "{head}"
                );
                let all = [SWITCH, "early"].concat();
                theirs.write_all(&all.as_bytes()[..at]).await.unwrap();
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                theirs.write_all(&all.as_bytes()[at..]).await.unwrap();
                let mut late = String::new();
                theirs.read_to_string(&mut late).await.unwrap();
                assert_eq!(late, "late");
            };
            tokio::join!(asking, answering);
            assert!(!bench.is_free());
        }
    });
}

#[test]
fn a_switch_to_anything_else_is_refused() {
    on_core(async || {
        for (asked, answer) in [
            (false, SWITCH),
            (
                true,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
            ),
            (true, "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        ] {
            let (ours, mut theirs) = duplex(1 << 20);
            theirs.write_all(answer.as_bytes()).await.unwrap();
            let mut request = get();
            request.upgrade = asked.then_some(Upgrade::WebSocket);
            let failure = Bench::new().send(request, ours).await.err().unwrap();
            assert!(
                matches!(failure.error, UpstreamError::WrongSwitch { .. }),
                "{answer}"
            );
        }
    });
}

#[test]
fn a_switch_before_the_request_is_written_is_refused() {
    struct Never;
    impl ByteStream for Never {
        fn poll_piece(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
            std::task::Poll::Pending
        }
    }
    on_core(async || {
        let (ours, mut theirs) = duplex(1 << 20);
        theirs.write_all(SWITCH.as_bytes()).await.unwrap();
        let mut request = forward("GET", "/", Body::stream(Never));
        request.upgrade = Some(Upgrade::WebSocket);
        let failure = Bench::new().send(request, ours).await.err().unwrap();
        assert_eq!(failure.error.code(), "upstream_wrong_switch");
    });
}

#[test]
fn a_piece_without_bytes_does_not_end_the_chunks() {
    on_core(async || {
        let pieces = ["b", "", "a", ""].map(|piece| Ok(Bytes::from(piece)));
        let all = sent(forward("POST", "/", Body::stream(Pieces(pieces.into())))).await;
        assert!(
            all.ends_with("\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"),
            "{all}"
        );
    });
}

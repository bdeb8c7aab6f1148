//! Clients that are slow.

use super::*;
use crate::listen::transport::sealed::Sealed;

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = crate::wheel::TICK;

#[test]
fn a_head_that_began_and_is_late_is_a_408() {
    on_wire(ok, async |mut wire| {
        let start = Instant::now();
        wire.send("GET /slow HTTP/1.1\r\nHost:").await;
        let answer = wire.rest().await;
        assert_eq!(status(&answer), 408, "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        let took = start.elapsed();
        assert!(
            took >= 10 * SECOND && took <= 10 * SECOND + 3 * TICK,
            "{took:?}"
        );
        assert_eq!(wire.unread.lock().unwrap()[0].target, "/slow");
    });
}

/// CVE-2026-26999, CVE-2026-22045: each byte must not begin the deadline anew, and it holds for every request.
#[test]
fn cve_2026_26999_a_head_that_drips_is_late_all_the_same() {
    on_wire(ok, async |mut wire| {
        for first in [true, false] {
            if !first {
                // Idle for long, but not for too long.
                tokio::time::sleep(60 * SECOND).await;
            }
            let start = Instant::now();
            for byte in b"GET / HTTP/1.1\r\nHost: h\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
                if wire.stream.write_all(&[*byte]).await.is_err() || wire.task.is_finished() {
                    break;
                }
                if first {
                    tokio::time::sleep(SECOND / 10).await;
                } else {
                    tokio::time::sleep(SECOND).await;
                }
            }
            if first {
                wire.send("\r\n\r\n").await;
                wire.until("ok").await;
                continue;
            }
            assert!(start.elapsed() < 20 * SECOND, "{:?}", start.elapsed());
            assert_eq!(status(&wire.rest().await), 408);
        }
    });
}

#[test]
fn a_connection_that_says_nothing_is_closed_without_a_word() {
    on_wire(ok, async |mut wire| {
        let start = Instant::now();
        assert_eq!(wire.rest().await, "");
        assert!(start.elapsed() <= 10 * SECOND + 3 * TICK);
    });
    on_wire(ok, async |mut wire| {
        wire.send(get("/")).await;
        wire.until("ok").await;
        let start = Instant::now();
        assert_eq!(wire.rest().await, "");
        let took = start.elapsed();
        assert!(
            took >= 75 * SECOND && took <= 75 * SECOND + 3 * TICK,
            "{took:?}"
        );
        assert!(wire.unread.lock().unwrap().is_empty());
    });
}

#[test]
fn a_slow_handler_is_not_a_slow_client() {
    let slow = |_: Incoming| -> Answering {
        Box::pin(async {
            tokio::time::sleep(1000 * SECOND).await;
            text(200, "late")
        })
    };
    on_wire(slow, async |mut wire| {
        wire.send(get("/")).await;
        wire.until("late").await;
    });
}

#[test]
fn a_body_that_stops_coming_is_too_slow() {
    on_wire(echo, async |mut wire| {
        let start = Instant::now();
        wire.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n123")
            .await;
        let answer = wire.rest().await;
        assert!(answer.ends_with("body_too_slow"), "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        let took = start.elapsed();
        assert!(took < 20 * SECOND, "{took:?}");
    });
}

#[test]
fn a_body_at_its_lowest_rate_is_read() {
    on_wire(echo, async |mut wire| {
        wire.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 24000\r\n\r\n")
            .await;
        for _ in 0..100 {
            tokio::time::sleep(SECOND).await;
            wire.send([b'a'; 240]).await;
        }
        assert_eq!(status(&wire.head().await), 200);
    });
}

#[test]
fn a_client_that_takes_nothing_is_cut() {
    let (dropped, was_dropped) = tokio::sync::oneshot::channel();
    let dropped = Mutex::new(Some(dropped));
    let behaviour = move |_: Incoming| -> Answering {
        let mut stream = pieces(&[Ok("piece"); 10_000]);
        stream._dropped = dropped.lock().unwrap().take();
        Box::pin(async { text(200, Body::stream(stream)) })
    };
    on_narrow_wire(1024, behaviour, async |mut wire| {
        let start = Instant::now();
        wire.send(get("/")).await;
        was_dropped.await.unwrap_err();
        let took = start.elapsed();
        assert!(took >= 30 * SECOND && took <= 31 * SECOND, "{took:?}");
        wire.task.await.unwrap();
    });
}

#[test]
fn a_client_that_takes_slowly_gets_everything() {
    let behaviour =
        |_: Incoming| -> Answering { Box::pin(async { text(200, vec![b'a'; 50_000]) }) };
    on_narrow_wire(8192, behaviour, async |mut wire| {
        wire.send(get("/")).await;
        wire.head().await;
        let mut buffer = [0; 5000];
        for _ in 0..10 {
            tokio::time::sleep(20 * SECOND).await;
            wire.stream.read_exact(&mut buffer).await.unwrap();
        }
        wire.send(get("/")).await;
        wire.head().await;
    });
}

#[test]
fn a_client_that_takes_next_to_nothing_is_cut() {
    let behaviour =
        |_: Incoming| -> Answering { Box::pin(async { text(200, vec![b'a'; 50_000]) }) };
    on_narrow_wire(1024, behaviour, async |mut wire| {
        let start = Instant::now();
        wire.send(get("/")).await;
        while !wire.task.is_finished() {
            tokio::time::sleep(10 * SECOND).await;
            wire.stream.read_u8().await.unwrap();
            assert!(start.elapsed() < 60 * SECOND, "{:?}", start.elapsed());
        }
        wire.task.await.unwrap();
    });
}

/// A socket that was full says that there is room only when a large part of it is free.
#[test]
fn a_client_whose_socket_seems_full_is_looked_at_before_it_is_cut() {
    struct Full(Rc<Cell<usize>>);

    impl AsyncRead for Full {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Full {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl Transport for Full {
        fn press(&mut self, bytes: &[u8]) -> io::Result<(usize, u64)> {
            match self.0.take().min(bytes.len()) {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                taken => Ok((taken, taken as u64)),
            }
        }
    }

    on_wire(ok, async |wire| {
        for (takes, everything) in [(8000, true), (100, false), (0, false)] {
            let room: Rc<Cell<usize>> = Rc::default();
            let core = Rc::clone(&wire.serving.core);
            let link = Link::new(Rc::clone(&core), limits(), Full(Rc::clone(&room)));
            link.begin_answer();
            let mut begun = false;
            let sending = poll_fn(|cx| {
                if std::mem::replace(&mut begun, true) {
                    return link.poll_flush(cx);
                }
                let mut out = core.scratch().output();
                out.resize(50_000, b'a');
                link.begin_write(cx, out, Bytes::new(), b"")
            });
            let taking = async {
                loop {
                    tokio::time::sleep(25 * SECOND).await;
                    room.set(takes);
                }
            };
            let start = Instant::now();
            let sent = tokio::select! {
                sent = sending => sent,
                () = taking => unreachable!(),
            };
            assert_eq!(sent.is_ok(), everything, "{takes}");
            assert!(everything || start.elapsed() < 70 * SECOND, "{takes}");
        }
    });
}

/// An answer that TLS took at once is on its way for long.
#[test]
fn a_client_that_takes_slowly_what_tls_holds_back_gets_everything() {
    on_wire(ok, async |wire| {
        let (stream, mut far) = duplex(8192);
        let core = Rc::clone(&wire.serving.core);
        let link = Link::new(Rc::clone(&core), limits(), Sealed::new(stream));
        link.begin_answer();
        let sending = async {
            let mut begun = false;
            poll_fn(|cx| {
                if std::mem::replace(&mut begun, true) {
                    return link.poll_flush(cx);
                }
                let mut out = core.scratch().output();
                out.resize(50_000, b'a');
                link.begin_write(cx, out, Bytes::new(), b"")
            })
            .await
        };
        let taking = async {
            for _ in 0..10 {
                tokio::time::sleep(20 * SECOND).await;
                far.read_exact(&mut [0; 5000]).await.unwrap();
            }
        };
        let (sent, ()) = tokio::join!(sending, taking);
        sent.unwrap();
    });
}

#[test]
fn a_rest_that_does_not_come_is_not_waited_for() {
    on_wire(ok, async |mut wire| {
        let start = Instant::now();
        wire.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12")
            .await;
        wire.until("ok").await;
        assert_eq!(wire.rest().await, "");
        wire.task.await.unwrap();
        assert!(start.elapsed() < 15 * SECOND, "{:?}", start.elapsed());
    });
}

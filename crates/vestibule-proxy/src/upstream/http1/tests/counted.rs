//! What an exchange costs in calls, and what a connection that waits is watched for.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;
use crate::upstream::tests::{HELLO, forward, get};

/// Counts what is asked of a connection.
struct Counted(DuplexStream, Arc<Mutex<Calls>>);

#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
struct Calls {
    /// Reads that gave something.
    reads: usize,
    /// Those of them after which there may be more.
    filled: usize,
    writes: usize,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.0).poll_read(cx, buffer);
        let mut calls = self.1.lock().unwrap();
        calls.reads += usize::from(read.is_ready());
        calls.filled += usize::from(read.is_ready() && buffer.remaining() == 0);
        drop(calls);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.1.lock().unwrap().writes += 1;
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.1.lock().unwrap().writes += 1;
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn an_ordinary_exchange_is_one_write_and_one_read() {
    let requests: [fn() -> Forward; 5] = [
        get,
        || forward("POST", "/", Body::from("small")),
        || forward("POST", "/", Body::from(vec![b'x'; 100_000])),
        || {
            forward(
                "POST",
                "/",
                Body::stream(Pieces(vec![Ok("b".into()), Ok("a".into())])),
            )
        },
        || forward("HEAD", "/", Body::empty()),
    ];
    on_core(async || {
        for request in requests {
            let bench = Bench::new();
            let (ours, mut theirs) = duplex(1 << 20);
            let calls = Arc::new(Mutex::new(Calls::default()));
            let io = Counted(ours, Arc::clone(&calls));
            let answering = async {
                read_head(&mut theirs).await;
                theirs.write_all(HELLO.as_bytes()).await.unwrap();
            };
            let (answer, ()) = tokio::join!(bench.send(request(), io), answering);
            assert_eq!(answer.ok().unwrap().head.status, 200);
            assert_eq!(
                *calls.lock().unwrap(),
                Calls {
                    reads: 1,
                    filled: 0,
                    writes: 1
                }
            );
        }
    });
}

#[test]
fn the_last_read_of_a_body_shows_that_nothing_follows() {
    const LENGTH: usize = 100_000;
    on_core(async || {
        let bench = Bench::new();
        let (ours, mut theirs) = duplex(1 << 20);
        let calls = Arc::new(Mutex::new(Calls::default()));
        let io = Counted(ours, Arc::clone(&calls));
        let answering = async {
            read_head(&mut theirs).await;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
            theirs.write_all(head.as_bytes()).await.unwrap();
            theirs.write_all(&[b'x'; LENGTH]).await.unwrap();
        };
        let asking = async {
            let answer = bench.send(get(), io).await.ok().unwrap();
            answer.body.collect(LENGTH).await.unwrap()
        };
        let (body, ()) = tokio::join!(asking, answering);
        assert_eq!(body.len(), LENGTH);
        assert!(bench.is_free());
        let Calls { reads, filled, .. } = *calls.lock().unwrap();
        assert_eq!(filled, reads - 1, "of {reads}");
    });
}

/// A connection in the pool on which something happens is thrown away when it is taken.
#[test]
fn a_connection_on_which_anything_came_while_idle_is_not_clean() {
    on_core(async || {
        for unasked in [
            None,
            Some(""),
            Some("x"),
            Some("\r\n"),
            Some("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"),
            Some("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        ] {
            let bench = Bench::new();
            let (ours, mut theirs) = duplex(1 << 20);
            theirs.write_all(HELLO.as_bytes()).await.unwrap();
            bench.send(get(), ours).await.ok().unwrap();
            assert!(bench.is_free());
            match unasked {
                None => {}
                Some("") => theirs.shutdown().await.unwrap(),
                Some(bytes) => theirs.write_all(bytes.as_bytes()).await.unwrap(),
            }
            bench.pool.reap();
            assert_eq!(bench.is_free(), unasked.is_none(), "{unasked:?}");
        }
    });
}

/// The runtime tells a task that did much I/O "nothing came" to let others run.
#[test]
fn a_task_that_had_its_share_is_not_told_that_a_dirty_connection_is_clean() {
    on_core(async || {
        let bench = Bench::new();
        let (ours, mut theirs) = duplex(1 << 20);
        theirs.write_all(HELLO.as_bytes()).await.unwrap();
        bench.send(get(), ours).await.ok().unwrap();
        theirs.write_all(b"x").await.unwrap();
        let spent = Cell::new(0);
        std::future::poll_fn(|cx| {
            while let Poll::Ready(progress) = tokio::task::coop::poll_proceed(cx) {
                progress.made_progress();
                spent.set(spent.get() + 1);
            }
            bench.pool.reap();
            Poll::Ready(())
        })
        .await;
        assert!(spent.get() > 0);
        assert!(!bench.is_free());
    });
}

/// What is there before anything was asked would be the answer to whatever is asked first.
#[test]
fn an_upstream_that_speaks_first_is_not_asked() {
    on_core(async || {
        for greeting in ["", HELLO, "x"] {
            let bench = Bench::new();
            let (ours, mut theirs) = duplex(1 << 20);
            theirs.write_all(greeting.as_bytes()).await.unwrap();
            let first = bench.pool.first(&bench.plan, Box::pin(ours)).await;
            let code = first.err().map(|error| error.code());
            let expected = (!greeting.is_empty()).then_some("upstream_malformed");
            assert_eq!(code, expected, "{greeting:?}");
        }
        // One that closes at once says so itself when it is asked.
        let bench = Bench::new();
        let (ours, _) = duplex(1 << 20);
        assert!(bench.pool.first(&bench.plan, Box::pin(ours)).await.is_ok());
    });
}

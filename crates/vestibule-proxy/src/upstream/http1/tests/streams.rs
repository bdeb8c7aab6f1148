//! Bodies that are longer than a buffer, in both directions and at once.

use std::cell::Cell;

use super::*;
use crate::upstream::tests::{forward, get};

/// `left` pieces of this many bytes, and a count of the bytes that were pulled.
struct Many {
    left: usize,
    bytes: usize,
    pulled: Rc<Cell<usize>>,
}

impl ByteStream for Many {
    fn poll_piece(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
        if self.left == 0 {
            return std::task::Poll::Ready(None);
        }
        self.left -= 1;
        self.pulled.set(self.pulled.get() + self.bytes);
        std::task::Poll::Ready(Some(Ok(vec![b'u'; self.bytes].into())))
    }

    fn remaining(&self) -> Option<u64> {
        Some((self.left * self.bytes) as u64)
    }
}

#[test]
fn a_large_upload_is_pulled_no_faster_than_it_is_taken() {
    const PIPE: usize = 16 << 10;
    on_core(async || {
        for bytes in [100, 8 << 10, 100_000] {
            let bench = Bench::new();
            let (ours, mut theirs) = duplex(PIPE);
            let pulled = Rc::new(Cell::new(0));
            let left = (16 << 20) / bytes;
            let total = left * bytes;
            let many = Many {
                left,
                bytes,
                pulled: Rc::clone(&pulled),
            };
            let asking = async {
                let answer = bench
                    .send(forward("PUT", "/", Body::stream(many)), ours)
                    .await;
                assert_eq!(answer.ok().unwrap().head.status, 204);
            };
            let answering = async {
                let head = read_head(&mut theirs).await;
                assert!(
                    head.contains(&format!("\r\nContent-Length: {total}\r\n")),
                    "{head}"
                );
                let mut buffer = vec![0; 64 << 10];
                let mut read = 0;
                while read < total {
                    read += theirs.read(&mut buffer).await.unwrap();
                    let ahead = pulled.get() - read;
                    assert!(
                        ahead <= PIPE + (64 << 10) + bytes,
                        "{ahead} of pieces of {bytes}"
                    );
                }
                theirs
                    .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                    .await
                    .unwrap();
            };
            tokio::join!(asking, answering);
            assert!(bench.is_free());
        }
    });
}

#[test]
fn a_large_answer_comes_in_pieces_of_a_bounded_size() {
    const TOTAL: usize = 32 << 20;
    on_core(async || {
        for chunked in [false, true] {
            let bench = Bench::new();
            let (ours, mut theirs) = duplex(1 << 20);
            let asking = async {
                let mut body = bench.send(get(), ours).await.ok().unwrap().body;
                let mut read = 0;
                while let Some(piece) = body.piece().await {
                    let piece = piece.unwrap();
                    assert!(piece.len() <= 64 << 10 && piece.iter().all(|&b| b == b'd'));
                    read += piece.len();
                }
                assert_eq!(read, TOTAL);
            };
            let answering = async {
                let data = vec![b'd'; 1 << 16];
                let framing = if chunked {
                    "Transfer-Encoding: chunked".to_owned()
                } else {
                    format!("Content-Length: {TOTAL}")
                };
                let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n");
                theirs.write_all(head.as_bytes()).await.unwrap();
                for _ in 0..TOTAL / data.len() {
                    if chunked {
                        theirs.write_all(b"10000\r\n").await.unwrap();
                    }
                    theirs.write_all(&data).await.unwrap();
                    if chunked {
                        theirs.write_all(b"\r\n").await.unwrap();
                    }
                }
                if chunked {
                    theirs.write_all(b"0\r\n\r\n").await.unwrap();
                }
            };
            tokio::join!(asking, answering);
            assert!(bench.is_free());
        }
    });
}

#[test]
fn an_early_answer_does_not_stop_the_upload() {
    on_core(async || {
        let bench = Bench::new();
        let (ours, mut theirs) = duplex(4 << 10);
        let many = Many {
            left: 100,
            bytes: 10_000,
            pulled: Rc::default(),
        };
        let asking = async {
            let answer = bench
                .send(forward("POST", "/", Body::stream(many)), ours)
                .await;
            let body = answer.ok().unwrap().body;
            assert_eq!(body.collect(100).await.unwrap(), "earlylate");
        };
        let answering = async {
            read_head(&mut theirs).await;
            theirs
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nearly")
                .await
                .unwrap();
            let mut all = vec![0; 1_000_000];
            theirs.read_exact(&mut all).await.unwrap();
            assert!(all.iter().all(|&b| b == b'u'));
            theirs.write_all(b"late").await.unwrap();
        };
        tokio::join!(asking, answering);
        assert!(bench.is_free());
    });
}

#[test]
fn an_answer_that_ends_before_its_request_closes_the_connection() {
    on_core(async || {
        for answer in [
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno",
            "HTTP/1.1 413 Content Too Large\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        ] {
            for at in [10, answer.len() - 1, answer.len()] {
                let bench = Bench::new();
                let (ours, mut theirs) = duplex(4 << 10);
                let many = Many {
                    left: 100,
                    bytes: 10_000,
                    pulled: Rc::default(),
                };
                let asking = async {
                    let sent = bench
                        .send(forward("POST", "/", Body::stream(many)), ours)
                        .await;
                    let answer = sent.ok().unwrap();
                    assert_eq!(answer.head.status, 413);
                    assert_eq!(answer.body.collect(100).await.unwrap(), "no");
                };
                let answering = async {
                    read_head(&mut theirs).await;
                    theirs.write_all(&answer.as_bytes()[..at]).await.unwrap();
                    tokio::task::yield_now().await;
                    tokio::task::yield_now().await;
                    theirs.write_all(&answer.as_bytes()[at..]).await.unwrap();
                    let mut all = Vec::new();
                    theirs.read_to_end(&mut all).await.unwrap();
                    assert!(all.len() < 1_000_000, "the rest never came");
                };
                tokio::join!(asking, answering);
                assert!(!bench.is_free());
            }
        }
    });
}

/// An upstream that answers and takes no more: its answer is what the client needs to know.
#[test]
fn the_answer_of_an_upstream_that_stops_reading_is_read() {
    on_core(async || {
        let bench = Bench::new();
        let (ours, mut theirs) = duplex(4 << 10);
        let many = Many {
            left: 100,
            bytes: 10_000,
            pulled: Rc::default(),
        };
        let asking = async {
            let sent = bench
                .send(forward("POST", "/", Body::stream(many)), ours)
                .await;
            let answer = sent.ok().unwrap();
            assert_eq!(answer.head.status, 413);
            assert_eq!(answer.body.collect(100).await.unwrap(), "no");
        };
        let answering = async {
            read_head(&mut theirs).await;
            theirs
                .write_all(b"HTTP/1.1 413 Content Too Large\r\n\r\nno")
                .await
                .unwrap();
            drop(theirs);
        };
        tokio::join!(asking, answering);
        assert!(!bench.is_free());
    });
}

#[test]
fn a_body_that_stalls_is_aborted_in_its_time() {
    on_core(async || {
        let bench = Bench::new();
        let (ours, mut theirs) = duplex(1 << 20);
        theirs
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
            .await
            .unwrap();
        let mut body = bench.send(get(), ours).await.ok().unwrap().body;
        assert_eq!(body.piece().await.unwrap().unwrap(), "hello");
        // A client that does not ask uses up none of the upstream's time.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let start = Instant::now();
        assert_eq!(body.piece().await, Some(Err(BodyError::TooSlow)));
        let waited = start.elapsed();
        assert!(
            waited >= Duration::from_secs(7) && waited < Duration::from_secs(8),
            "{waited:?}"
        );
        assert!(theirs.read_to_end(&mut Vec::new()).await.is_ok(), "closed");
    });
}

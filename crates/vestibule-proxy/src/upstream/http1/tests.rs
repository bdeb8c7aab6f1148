//! One exchange after the other over connections in memory, whose bytes come as each test says.

mod answers;
mod counted;
mod requests;
mod streams;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::Instant;

use super::*;
use crate::body::{Body, BodyError, ByteStream};
use crate::exchange::Duplex;
use crate::upstream::attempt::{Failure, Payload};
use crate::upstream::forward::exchange;
use crate::upstream::plan::UpstreamPlan;
use crate::upstream::pool::Pool;
use crate::upstream::tests::build;
use crate::upstream::{Address, Answer, Forward, UpstreamSettings};
use crate::wheel::Wheel;

/// A pool and the plan of an upstream that is never connected to.
struct Bench {
    pool: Rc<Pool>,
    plan: Arc<UpstreamPlan>,
    wheel: Wheel,
}

impl Bench {
    fn new() -> Self {
        let wheel = Wheel::new();
        let mut settings = UpstreamSettings::new(Address::Tcp {
            host: "app.example".to_owned(),
            port: 80,
        });
        settings.timeouts.stall = Duration::from_secs(7);
        settings.timeouts.head = Duration::from_secs(5);
        Self {
            pool: Rc::new(Pool::new(Arc::default(), wheel.clone())),
            plan: build(settings),
            wheel,
        }
    }

    /// Sends a request on this connection.
    async fn send(&self, request: Forward, io: impl Duplex + 'static) -> Result<Answer, Failure> {
        let connection = Connection::new(Box::pin(io), &self.wheel, &Arc::default());
        let mut head = request;
        let payload = Payload::Body(std::mem::take(&mut head.body));
        exchange(
            &self.pool,
            &self.plan,
            &head,
            connection,
            payload,
            Instant::now(),
        )
        .await
    }

    /// Whether a connection was given back.
    fn is_free(&self) -> bool {
        self.pool.idle(&self.plan) == 1
    }
}

/// What came of an exchange: status and body, or the code of the error; and whether the connection is free.
type Outcome = (Result<(u16, Result<Bytes, BodyError>), &'static str>, bool);

/// The outcome when the upstream sends these pieces, each after the one before was read, and then closes or not.
async fn outcome(request: Forward, pieces: &[&[u8]], closes: bool) -> Outcome {
    let bench = Bench::new();
    let (ours, mut theirs) = duplex(1 << 20);
    let asking = async {
        match bench.send(request, ours).await {
            Ok(answer) => Ok((answer.head.status, answer.body.collect(1 << 20).await)),
            Err(failure) => Err(failure.error.code()),
        }
    };
    let answering = async {
        for piece in pieces {
            tokio::task::yield_now().await;
            // Who has found the answer to be none does not wait for the rest of it.
            let _ = theirs.write_all(piece).await;
            tokio::task::yield_now().await;
        }
        if closes {
            let _ = theirs.shutdown().await;
        }
    };
    let (outcome, ()) = tokio::join!(asking, answering);
    (outcome, bench.is_free())
}

/// Runs a test where a core would, with a clock that stands still while anything else can happen.
fn on_core<T>(test: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build_local(tokio::runtime::LocalOptions::default())
        .unwrap();
    runtime.block_on(async { test().await })
}

/// Pieces of unknown length, last first; then the end, or an error.
struct Pieces(Vec<Result<Bytes, BodyError>>);

impl ByteStream for Pieces {
    fn poll_piece(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, BodyError>>> {
        std::task::Poll::Ready(self.0.pop())
    }
}

async fn read_head(io: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn body(bytes: &'static str) -> Body {
    Body::from(bytes)
}

//! One connection as a client sees it: bytes in, bytes out, on a paused clock.

mod bodies;
mod deadlines;
mod readers;
mod refusals;
mod requests;
mod switches;

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Context;
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex,
};
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::timeout;
use vestibule_gate::fields::ResponseHead;
use vestibule_gate::request::Scheme;

use super::*;
use crate::body::{BodyError, ByteStream};
use crate::listen::connection::Tasks;
use crate::listen::crowd::Crowd;
use crate::listen::room::Room;
use crate::listen::{Limits, Reporting, ServingPlan};
use crate::server::{Core, Stop};
use crate::telemetry::Telemetry;

type Answering = Pin<Box<dyn Future<Output = Response>>>;
type Behaviour = Box<dyn Fn(Incoming) -> Answering + Send + Sync>;

/// A handler made of a closure. It notes what it was asked for, and what could not be read.
struct Stage {
    behaviour: Behaviour,
    asked: Arc<Mutex<Vec<String>>>,
    unread: Arc<Mutex<Vec<Unread>>>,
}

impl Handler for Stage {
    fn serving(&self) -> Arc<ServingPlan> {
        Arc::default()
    }

    async fn handle(&self, _: &Core, incoming: Incoming) -> Response {
        let asked = [&incoming.raw.method[..], b" ", &incoming.raw.target].concat();
        let asked = String::from_utf8_lossy(&asked).into_owned();
        self.asked.lock().unwrap().push(asked);
        (self.behaviour)(incoming).await
    }

    fn unread(&self, _: &Core, unread: Unread) -> Response {
        let status = unread.refusal.status();
        self.unread.lock().unwrap().push(unread);
        Response::status(status)
    }
}

/// Counts the calls that moved bytes: each would be a system call.
struct Counting {
    stream: DuplexStream,
    calls: Rc<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    reads: Cell<u32>,
    writes: Cell<u32>,
    cut: Cell<bool>,
}

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if polled.is_ready() {
            self.calls.reads.set(self.calls.reads.get() + 1);
        }
        polled
    }
}

impl AsyncWrite for Counting {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        if polled.is_ready() {
            self.calls.writes.set(self.calls.writes.get() + 1);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Transport for Counting {
    fn cut(&self) {
        self.calls.cut.set(true);
    }
}

/// A client with its connection.
struct Wire {
    stream: DuplexStream,
    serving: Rc<Serving<Stage>>,
    asked: Arc<Mutex<Vec<String>>>,
    unread: Arc<Mutex<Vec<Unread>>>,
    calls: Rc<Calls>,
    task: JoinHandle<()>,
    order_stop: Option<Box<dyn FnOnce()>>,
}

/// The bytes that are on their way in one direction at most.
const PIPE: usize = 64 * 1024;

fn limits() -> Limits {
    Limits {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        ..Limits::default()
    }
}

/// Runs a test as one client of one connection. A test that hangs fails: the clock runs on by itself.
fn on_wire(
    behaviour: impl Fn(Incoming) -> Answering + Send + Sync + 'static,
    test: impl AsyncFnOnce(Wire),
) {
    on_narrow_wire(PIPE, behaviour, test);
}

fn on_narrow_wire(
    pipe: usize,
    behaviour: impl Fn(Incoming) -> Answering + Send + Sync + 'static,
    test: impl AsyncFnOnce(Wire),
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let day = Duration::from_secs(86_400);
    runtime.block_on(LocalSet::new().run_until(async {
        let test = timeout(day, test(Wire::open(pipe, Box::new(behaviour))));
        test.await.expect("somebody waits for ever");
    }));
}

impl Wire {
    fn open(pipe: usize, behaviour: Behaviour) -> Self {
        let (asked, unread) = (Arc::default(), Arc::default());
        let handler = Stage {
            behaviour,
            asked: Arc::clone(&asked),
            unread: Arc::clone(&unread),
        };
        let telemetry: Arc<Telemetry> = Arc::default();
        let (stop, order) = Stop::with_order();
        let serving = Rc::new(Serving {
            handler: Arc::new(handler),
            core: Rc::new(Core::new(0, Arc::clone(&telemetry))),
            reporting: Rc::new(Reporting::new(telemetry)),
            stop,
            tasks: Tasks::default(),
            crowd: Crowd::new(Arc::new(Room::new(1, 1))),
        });
        let (stream, near) = duplex(pipe);
        let calls: Rc<Calls> = Rc::default();
        let near = Counting {
            stream: near,
            calls: Rc::clone(&calls),
        };
        let peer = ("192.0.2.1:1234".parse().unwrap(), Scheme::Http);
        let client = Rc::new(Client::new(&serving, peer, limits(), None));
        let task = tokio::task::spawn_local(serve(Rc::clone(&serving), client, near));
        Self {
            stream,
            serving,
            asked,
            unread,
            calls,
            task,
            order_stop: Some(Box::new(order)),
        }
    }

    fn stop(&mut self) {
        self.order_stop.take().unwrap()();
        self.serving.core.wheel().wake_all();
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Lets the connection do all it can.
    async fn settle(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    async fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            match self.stream.read_u8().await {
                Ok(byte) => read.push(byte),
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&read)),
            }
        }
        String::from_utf8(read).unwrap()
    }

    async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// Everything until the connection closes.
    async fn rest(&mut self) -> String {
        let mut read = Vec::new();
        self.stream.read_to_end(&mut read).await.unwrap();
        String::from_utf8_lossy(&read).into_owned()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn metric(&self, line: &str) -> bool {
        let text = self.serving.reporting.telemetry.metrics.render();
        text.lines().any(|known| known == line)
    }
}

fn text(status: u16, body: impl Into<Body>) -> Response {
    let fields = [("Content-Type", "text/plain")].into_iter().collect();
    Response::new(ResponseHead { status, fields }, body)
}

/// Answers everything at once.
fn ok(_: Incoming) -> Answering {
    Box::pin(async { text(200, "ok") })
}

/// Answers with the target and the body, both read.
fn echo(incoming: Incoming) -> Answering {
    Box::pin(async move {
        let target = incoming.raw.target;
        match incoming.body.collect(1 << 20).await {
            Ok(body) => text(200, [&target[..], b" ", &body].concat()),
            Err(error) => text(400, error.code()),
        }
    })
}

/// Never answers.
fn thinking(_: Incoming) -> Answering {
    Box::pin(std::future::pending())
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")
}

fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
    status.unwrap_or(0)
}

/// An answer without what differs from run to run.
fn undated(answer: &str) -> String {
    let lines = answer.split_inclusive('\n');
    lines.filter(|line| !line.starts_with("Date: ")).collect()
}

/// A stream of pieces that are there, or never come.
struct Pieces {
    pieces: std::collections::VecDeque<Result<Bytes, BodyError>>,
    length: Option<u64>,
    endless: bool,
    trailers: Option<Fields>,
    _dropped: Option<tokio::sync::oneshot::Sender<()>>,
}

type Bytes = bytes::Bytes;

impl ByteStream for Pieces {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        match self.pieces.pop_front() {
            None if self.endless => Poll::Pending,
            piece => Poll::Ready(piece),
        }
    }

    fn remaining(&self) -> Option<u64> {
        self.length
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Fields> {
        self.trailers.take()
    }
}

fn pieces(pieces: &[Result<&'static str, BodyError>]) -> Pieces {
    let pieces = pieces.iter();
    Pieces {
        pieces: pieces.map(|piece| piece.map(Bytes::from)).collect(),
        length: None,
        endless: false,
        trailers: None,
        _dropped: None,
    }
}

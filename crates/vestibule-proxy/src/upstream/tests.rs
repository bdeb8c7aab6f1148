//! The upstream half against origins that speak bytes.

mod connections;
mod framing;
mod protocols;

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use vestibule_gate::method::Method;

use super::*;
use crate::server::tests::Wire;
use crate::trust::SystemRoots;

/// An upstream made of a closure that serves one connection after another.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Origin {
    /// The closure gets a connection and how many there were before.
    pub(crate) fn start(serve: impl Fn(Wire, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream
                    .set_read_timeout(Some(crate::server::tests::PATIENCE))
                    .unwrap();
                let before = counter.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(Wire(stream), before));
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn settings(&self) -> UpstreamSettings {
        UpstreamSettings::new(Address::Tcp {
            host: self.address.ip().to_string(),
            port: self.address.port(),
        })
    }

    pub(crate) fn plan(&self) -> Arc<UpstreamPlan> {
        build(self.settings())
    }
}

pub(crate) fn build(settings: UpstreamSettings) -> Arc<UpstreamPlan> {
    Arc::new(UpstreamPlan::build(settings, &SystemRoots::none()).unwrap())
}

/// Serves heads of bodyless requests on one connection until it ends; the closure gives the answer.
pub(crate) fn answer_all(mut wire: Wire, answer: impl Fn(&str) -> String) {
    while let Some(head) = try_head(&mut wire) {
        wire.send(answer(&head));
    }
}

/// The next head, or `None` when the connection ends before one.
pub(crate) fn try_head(wire: &mut Wire) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match wire.0.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8(head).unwrap())
}

pub(crate) const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

pub(crate) fn forward(method: &str, target: &'static str, body: Body) -> Forward {
    let method = Method::parse(method.as_bytes()).unwrap();
    Forward {
        method,
        target: target.into(),
        fields: Fields::new(),
        identity: Rc::default(),
        body,
        upgrade: None,
        trailers: false,
    }
}

pub(crate) fn get() -> Forward {
    forward("GET", "/", Body::empty())
}

/// Runs a test where a core would.
pub(crate) fn on_core<T>(test: impl AsyncFnOnce(Upstreams) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default())
        .unwrap();
    // A wheel's time begins where the runtime's does.
    runtime.block_on(async { test(Upstreams::new(Arc::default(), Wheel::new())).await })
}

/// Sends and reads everything.
pub(crate) async fn exchange(
    upstreams: &Upstreams,
    plan: &Arc<UpstreamPlan>,
    request: Forward,
) -> Result<(u16, Result<Bytes, crate::body::BodyError>), UpstreamError> {
    let answer = upstreams.send(plan, request).await?;
    Ok((answer.head.status, answer.body.collect(1 << 20).await))
}

pub(crate) fn hello() -> (u16, Result<Bytes, crate::body::BodyError>) {
    (200, Ok(Bytes::from("hello")))
}

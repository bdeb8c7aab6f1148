//! The transport as a client sees it: bytes in, bytes out, over real sockets.

mod deadlines;
mod flood;
mod framing;
mod http2;
mod limits;
mod proxying;
mod stop;
pub(crate) mod tls;
mod websocket;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::Runtime;
use vestibule_gate::fields::{Fields, ResponseHead};

use super::*;
use crate::listen::{Limits, ListenerPlan, TlsIdentity};

/// No test waits so long unless it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Response> + 'a>>;
type Behaviour = Box<dyn for<'a> Fn(&'a Core, Incoming) -> Answering<'a> + Send + Sync>;

/// A handler made of a closure.
pub(crate) struct Stage {
    pub(crate) plan: ArcSwap<ServingPlan>,
    behaviour: Behaviour,
}

impl Handler for Stage {
    fn serving(&self) -> Arc<ServingPlan> {
        self.plan.load_full()
    }

    async fn handle(&self, core: &Core, incoming: Incoming) -> Response {
        (self.behaviour)(core, incoming).await
    }
}

/// A running server with everything it needs.
pub(crate) struct Show {
    pub(crate) running: Option<Running>,
    pub(crate) address: SocketAddr,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) stage: Arc<Stage>,
    _control: Runtime,
}

pub(crate) fn plan(tls: Option<TlsIdentity>) -> ServingPlan {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    ServingPlan {
        listeners: vec![ListenerPlan {
            address,
            tls: tls.map(Arc::new),
        }],
        limits: Limits::default(),
        cores: Some(1),
    }
}

/// Whoever asks is served, although as many as there may be are there and say nothing.
#[test]
fn connections_that_ask_for_nothing_make_room() {
    let mut serving = plan(None);
    serving.limits.connections = Some(4);
    let show = show(serving, |_, _| Box::pin(async { text(200, "ok") }));
    let mut silent: Vec<Wire> = (0..3).map(|_| show.connect()).collect();
    let mut kept = show.connect();
    kept.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    kept.until("ok");
    for _ in 0..3 {
        let answer = show.ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        assert!(answer.ends_with("ok"), "{answer}");
    }
    show.await_metric("vestibule_connections_shed_total 1");
    // Whoever was silent for longest went.
    assert_eq!(silent[0].rest(), "");
    kept.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    kept.until("ok");
}

pub(crate) fn show(
    plan: ServingPlan,
    behaviour: impl for<'a> Fn(&'a Core, Incoming) -> Answering<'a> + Send + Sync + 'static,
) -> Show {
    show_with(plan, Telemetry::default(), behaviour)
}

pub(crate) fn show_with(
    plan: ServingPlan,
    telemetry: Telemetry,
    behaviour: impl for<'a> Fn(&'a Core, Incoming) -> Answering<'a> + Send + Sync + 'static,
) -> Show {
    let control = control_runtime().unwrap();
    let telemetry = Arc::new(telemetry);
    let stage = Arc::new(Stage {
        plan: ArcSwap::from_pointee(plan),
        behaviour: Box::new(behaviour),
    });
    let running = Server::start(Arc::clone(&stage), &telemetry, control.handle()).unwrap();
    let address = running.local_addresses()[0];
    Show {
        running: Some(running),
        address,
        telemetry,
        stage,
        _control: control,
    }
}

impl Show {
    pub(crate) fn connect(&self) -> Wire {
        Wire::connect(self.address)
    }

    /// One request on a connection of its own; everything that comes back.
    pub(crate) fn ask(&self, request: &str) -> String {
        let mut wire = self.connect();
        wire.send(request);
        wire.rest()
    }

    pub(crate) fn stop(&mut self, drain: Duration) -> bool {
        self.running.take().unwrap().shutdown(drain)
    }

    /// Waits until the metric is there: a count is made when the other side has long seen the answer.
    pub(crate) fn await_metric(&self, line: &str) {
        let start = std::time::Instant::now();
        loop {
            let text = self.telemetry.metrics.render();
            if text.lines().any(|l| l == line) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{line} is missing in\n{text}");
            std::thread::yield_now();
        }
    }
}

/// An answer of this text.
pub(crate) fn text(status: u16, body: &'static str) -> Response {
    let mut fields = Fields::new();
    fields.push("content-type", "text/plain");
    Response::new(ResponseHead { status, fields }, body)
}

/// A client connection that speaks bytes.
pub(crate) struct Wire(pub(crate) TcpStream);

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn end(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Reads until the text ends so.
    pub(crate) fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            let mut byte = [0];
            match self.0.read(&mut byte) {
                Ok(1) => read.push(byte[0]),
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&read)),
            }
        }
        String::from_utf8(read).unwrap()
    }

    /// Reads one head.
    pub(crate) fn head(&mut self) -> String {
        self.until("\r\n\r\n")
    }

    /// Reads until the connection ends, in whatever way.
    pub(crate) fn rest(&mut self) -> String {
        let mut read = Vec::new();
        match self.0.read_to_end(&mut read) {
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                ) => {}
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&read)),
        }
        String::from_utf8_lossy(&read).into_owned()
    }
}

/// A place where the other side of a test leaves what it saw.
pub(crate) type Seen<T> = Arc<Mutex<Vec<T>>>;

pub(crate) fn seen<T>() -> Seen<T> {
    Arc::default()
}

pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")
}

pub(crate) fn get_and_close(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
}

#[test]
fn a_taken_port_is_an_error_that_names_the_address() {
    let first = show(plan(None), |_, _| Box::pin(async { text(200, "") }));
    let mut taken = plan(None);
    taken.listeners[0].address = first.address;
    let stage = Arc::new(Stage {
        plan: ArcSwap::from_pointee(taken),
        behaviour: Box::new(|_, _| Box::pin(async { text(200, "") })),
    });
    let control = control_runtime().unwrap();
    let error = Server::start(stage, &Arc::default(), control.handle()).unwrap_err();
    assert_eq!(error.to_string(), format!("listen on {}", first.address));
    assert!(matches!(error, StartError::Bind(error) if error.is_taken()));
}

#[test]
fn the_request_arrives_as_it_was_sent() {
    let raws = seen();
    let handler_raws = Arc::clone(&raws);
    let show = show(plan(None), move |_, incoming| {
        handler_raws.lock().unwrap().push(incoming.raw);
        Box::pin(async { text(200, "hello") })
    });
    let answer = show.ask(
        "GET http://other:81/a%2fb?c=d HTTP/1.1\r\nHost: one\r\nHost: two\r\nX_A: 1\r\nx-a: \t2 \r\nConnection: close\r\n\r\n",
    );
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"),
        "{answer}"
    );
    let raw = raws.lock().unwrap().pop().unwrap();
    assert_eq!(raw.target, "http://other:81/a%2fb?c=d");
    assert_eq!(raw.authority, None);
    assert_eq!(
        raw.fields.all("host").collect::<Vec<_>>(),
        [&b"one"[..], b"two"]
    );
    assert_eq!(raw.fields.first("x_a").unwrap(), b"1");
    assert_eq!(raw.fields.first("x-a").unwrap(), b"2");
    assert!(raw.peer.ip().is_loopback());
}

#[test]
fn one_connection_carries_many_requests_also_pipelined() {
    let show = show(plan(None), |_, incoming| {
        Box::pin(async move {
            let head = ResponseHead {
                status: 200,
                fields: Fields::new(),
            };
            Response::new(head, crate::body::Body::from(incoming.raw.target))
        })
    });
    let mut wire = show.connect();
    wire.send([get("/1"), get("/2"), get("/3")].concat());
    for body in ["/1", "/2", "/3"] {
        assert!(wire.head().contains("Content-Length: 2\r\n"));
        assert_eq!(wire.until(body), body);
    }
    wire.send(get_and_close("/4"));
    assert!(wire.rest().ends_with("/4"));
    show.await_metric(r#"vestibule_requests_total{route="none",class="2xx"} 4"#);
    show.await_metric("vestibule_connections_accepted_total 1");
    show.await_metric("vestibule_connections 0");
}

#[test]
fn a_panic_is_a_500_for_that_request_alone() {
    let show = show(plan(None), |_, incoming| {
        Box::pin(async move {
            assert!(incoming.raw.target != "/panic", "as the test wants it");
            text(200, "fine")
        })
    });
    let mut wire = show.connect();
    wire.send(get("/panic"));
    let head = wire.head();
    assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
    wire.send(get_and_close("/"));
    assert!(wire.rest().ends_with("fine"));
    show.await_metric("vestibule_panics_total 1");
}

#[test]
fn an_answer_that_is_none_is_a_500() {
    let show = show(plan(None), |_, incoming| {
        Box::pin(async move {
            match &incoming.raw.target[..] {
                b"/100" => Response::status(100),
                b"/101" => Response::status(101),
                b"/0" => Response::status(0),
                _ => Response::status(999),
            }
        })
    });
    for target in ["/100", "/101", "/0", "/999"] {
        assert!(
            show.ask(&get_and_close(target))
                .starts_with("HTTP/1.1 500 "),
            "{target}"
        );
    }
}

/// Names a stranger may choose never reach the head, and framing is never the handler's.
#[test]
fn a_response_field_can_not_break_the_framing() {
    let show = show(plan(None), |_, _| {
        let mut fields = Fields::new();
        fields.push("content-length", "1000");
        fields.push("transfer-encoding", "chunked");
        fields.push("connection", "close, x-kept");
        fields.push("x-split", "a\r\nx-injected: b");
        fields.push("x-kept", "a");
        let response = Response::new(
            ResponseHead {
                status: 200,
                fields,
            },
            "hello",
        );
        Box::pin(async { response })
    });
    let mut wire = show.connect();
    wire.send(get("/"));
    let head = wire.head();
    assert!(
        head.contains("Content-Length: 5\r\n") && head.contains("x-kept: a\r\n"),
        "{head}"
    );
    for gone in ["chunked", "1000", "injected", "onnection"] {
        assert!(!head.contains(gone), "{head}");
    }
    assert_eq!(wire.until("hello"), "hello");
    wire.send(get_and_close("/"));
    assert!(wire.rest().ends_with("hello"));
}

#[test]
fn an_answer_that_closes_closes() {
    let show = show(plan(None), |_, _| {
        Box::pin(async { text(400, "bad").closing() })
    });
    let answer = show.ask(&[get("/"), get("/never")].concat());
    assert_eq!(answer.matches("HTTP/1.1 400").count(), 1, "{answer}");
    assert!(answer.contains("Connection: close\r\n"), "{answer}");
}

#[test]
fn one_line_is_logged_per_request_however_it_ends_and_never_a_query() {
    use crate::telemetry::access::{Asked, Entry};
    use crate::telemetry::{AccessLogPlan, Destination};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let destination = Destination::File(path.clone());
    let log = AccessLogPlan {
        destination,
        ..AccessLogPlan::default()
    };
    let telemetry = Telemetry::start(Some(&log)).unwrap();
    let (entered, inside) = tokio::sync::mpsc::unbounded_channel();
    let inside = Mutex::new(inside);
    let show = show_with(plan(None), telemetry, move |_, incoming| {
        let entered = entered.clone();
        Box::pin(async move {
            match &incoming.raw.target[..] {
                b"/panic?canary" => panic!("as the test wants it"),
                b"/gone?canary" => {
                    entered.send(()).unwrap();
                    std::future::pending().await
                }
                _ => {}
            }
            let read = incoming.body.collect(100).await.unwrap();
            assert_eq!(read, "12345");
            let entry = Entry {
                asked: Asked::Raw {
                    method: "GET".into(),
                    host: "h".into(),
                    target: "/decided".into(),
                },
                ..Entry::default()
            };
            text(200, "answer").with_entry(Entry {
                error: Some("code"),
                ..entry
            })
        })
    });
    show.ask(
        "POST /x?canary HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345",
    );
    show.ask(&get_and_close("/panic?canary"));
    show.ask("GET /unread?canary HTTP/1.1\r\nHost: h\nX: y\r\n\r\n");
    show.ask("/canary-where-a-method-should-be\r\n\r\n");
    let mut gone = show.connect();
    gone.send(get("/gone?canary"));
    inside.lock().unwrap().blocking_recv().unwrap();
    drop(gone);
    show.await_metric(r#"vestibule_requests_total{route="none",class="gone"} 1"#);
    show.telemetry.access_log.as_ref().unwrap().flush(PATIENCE);
    let log = std::fs::read_to_string(path).unwrap();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!log.contains("canary"), "{log}");
    assert_eq!(lines.len(), 5, "{log}");
    let of = |path: &str| lines.iter().find(|line| line["path"] == path).unwrap();
    let answered = of("/decided");
    assert_eq!(
        (&answered["bytes_in"], &answered["bytes_out"]),
        (&5.into(), &6.into())
    );
    assert_eq!(
        (&answered["status"], &answered["complete"]),
        (&200.into(), &true.into())
    );
    assert_eq!(of("/panic")["status"], 500);
    assert_eq!(of("/unread")["status"], 400);
    assert_eq!(
        (&of("/gone")["status"], &of("/gone")["complete"]),
        (&().into(), &false.into())
    );
}

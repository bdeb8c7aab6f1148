//! Both halves together: a client, the server, an origin.

use std::io::ErrorKind::{TimedOut, WouldBlock};
use std::sync::mpsc;
use std::thread;

use vestibule_gate::request::{ReadPolicy, read};

use super::*;
use crate::upstream::tests::{HELLO, Origin, answer_all, try_head};
use crate::upstream::{Forward, UpstreamPlan};

/// Sends everything that the gate reads to one upstream.
pub(super) fn proxy(serving: ServingPlan, upstream: Arc<UpstreamPlan>) -> Show {
    show(serving, move |core, incoming| {
        let upstream = Arc::clone(&upstream);
        Box::pin(async move {
            let request = match read(incoming.raw, &ReadPolicy::default()) {
                Ok(request) => request,
                Err(refusal) => return Response::status(refusal.status()),
            };
            let forward = Forward {
                method: request.method().clone(),
                target: request.path_and_query(),
                fields: request.fields().clone(),
                identity: std::rc::Rc::default(),
                body: incoming.body,
                upgrade: request.upgrade(),
                trailers: false,
            };
            match core.upstreams().send(&upstream, forward).await {
                Ok(answer) => Response {
                    head: answer.head,
                    body: answer.body,
                    tunnel: answer.tunnel,
                    error: None,
                    entry: None,
                },
                Err(error) => Response::status(error.status()),
            }
        })
    })
}

#[test]
fn a_request_passes_through_and_both_connections_stay() {
    let origin = Origin::start(|wire, _| answer_all(wire, |_| HELLO.into()));
    let show = proxy(plan(None), origin.plan());
    let mut wire = show.connect();
    for _ in 0..5 {
        wire.send(super::get("/a?b"));
        assert!(wire.head().starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(wire.until("hello"), "hello");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn an_upstream_that_dies_in_the_middle_is_a_truncated_answer() {
    for (answer, clean) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
            "hello world",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "0\r\n\r\n",
        ),
    ] {
        let origin = Origin::start(move |mut wire, _| {
            try_head(&mut wire);
            wire.send(answer);
        });
        let show = proxy(plan(None), origin.plan());
        // The client would keep the connection; that it ends early is how it learns.
        let seen = show.ask(&super::get("/"));
        assert!(
            seen.starts_with("HTTP/1.1 200 OK") && !seen.ends_with(clean),
            "{seen}"
        );
    }
}

#[test]
fn an_upload_that_breaks_off_breaks_off_at_the_upstream_too() {
    let (saw, sights) = mpsc::channel();
    let saw = Mutex::new(saw);
    let origin = Origin::start(move |mut wire, _| {
        try_head(&mut wire);
        saw.lock().unwrap().send(wire.rest()).unwrap();
    });
    let show = proxy(plan(None), origin.plan());
    for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let mut wire = show.connect();
        wire.send(format!(
            "POST / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n5\r\nhello\r\n"
        ));
        drop(wire);
        let seen = sights.recv_timeout(PATIENCE).unwrap();
        assert!(!seen.ends_with("0\r\n\r\n"), "{seen}");
    }
}

#[test]
fn a_client_that_leaves_ends_the_upstreams_work() {
    let (saw, sights) = mpsc::channel();
    let saw = Mutex::new(saw);
    let origin = Origin::start(move |mut wire, _| {
        let head = try_head(&mut wire).unwrap();
        if head.starts_with("GET /streaming") {
            wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n");
        }
        saw.lock().unwrap().send(None).unwrap();
        saw.lock().unwrap().send(Some(wire.rest())).unwrap();
    });
    let show = proxy(plan(None), origin.plan());
    for target in ["/thinking", "/streaming"] {
        let mut wire = show.connect();
        wire.send(super::get(target));
        assert_eq!(sights.recv_timeout(PATIENCE).unwrap(), None);
        if target == "/streaming" {
            wire.until("data: x\n\n");
        }
        drop(wire);
        assert_eq!(
            sights.recv_timeout(PATIENCE).unwrap(),
            Some(String::new()),
            "{target}"
        );
    }
}

#[test]
fn events_pass_one_by_one() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let origin = Origin::start(move |mut wire, _| {
        try_head(&mut wire);
        wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        for _ in 0..3 {
            wait.lock().unwrap().recv().unwrap();
            wire.send("data: x\n\n");
        }
    });
    let show = proxy(plan(None), origin.plan());
    let mut wire = show.connect();
    wire.send(super::get("/"));
    wire.head();
    for _ in 0..3 {
        go.send(()).unwrap();
        wire.until("data: x\n\n");
    }
}

#[test]
fn an_early_answer_reaches_the_client_and_the_upstream_connection_is_not_reused() {
    let origin = Origin::start(|mut wire, before| {
        try_head(&mut wire);
        wire.send(if before == 0 {
            "HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge"
        } else {
            HELLO
        });
        wire.rest();
    });
    let show = proxy(plan(None), origin.plan());
    let mut wire = show.connect();
    wire.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nfirst");
    let head = wire.head();
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    wire.until("large");
    assert!(show.ask(&get_and_close("/")).ends_with("hello"));
    assert_eq!(origin.connections(), 2);
}

const LARGE: usize = 64 << 20;
/// More than all socket buffers on the way hold, and less than the whole.
const BUFFERED: usize = 40 << 20;
const PIECE: usize = 64 * 1024;

fn pattern(at: usize) -> u8 {
    u8::try_from(at / PIECE % 251).unwrap()
}

/// Writes until nobody takes any more, or all is written.
fn pour(stream: &mut TcpStream, from: usize) -> usize {
    stream
        .set_write_timeout(Some(Duration::from_millis(700)))
        .unwrap();
    let mut at = from;
    while at < LARGE {
        let end = (at / PIECE + 1) * PIECE;
        match stream.write(&vec![pattern(at); end - at]) {
            Ok(written) => at += written,
            Err(error) if matches!(error.kind(), WouldBlock | TimedOut) => break,
            Err(error) => panic!("{error} after {at} bytes"),
        }
    }
    at
}

fn drain(stream: &mut TcpStream) {
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    while at < LARGE {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "it ended after {at} bytes");
        for byte in &buffer[..read] {
            assert_eq!(*byte, pattern(at));
            at += 1;
        }
    }
}

#[test]
fn a_large_upload_is_held_back_and_arrives_whole() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let origin = Origin::start(move |mut wire, _| {
        try_head(&mut wire);
        wait.lock().unwrap().recv().unwrap();
        drain(&mut wire.0);
        wire.send(HELLO);
    });
    let show = proxy(plan(None), origin.plan());
    let mut wire = show.connect();
    wire.send(format!(
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {LARGE}\r\n\r\n"
    ));
    let mut at = pour(&mut wire.0, 0);
    assert!(at < BUFFERED, "{at} bytes were taken while nobody read");
    go.send(()).unwrap();
    while at < LARGE {
        at = pour(&mut wire.0, at);
    }
    assert!(wire.rest().ends_with("hello"));
}

#[test]
fn a_large_answer_is_held_back_and_arrives_whole() {
    let (held, holds) = mpsc::channel();
    let held = Mutex::new(held);
    let origin = Origin::start(move |mut wire, _| {
        try_head(&mut wire);
        wire.send(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"
        ));
        let mut at = pour(&mut wire.0, 0);
        held.lock().unwrap().send(at).unwrap();
        while at < LARGE {
            at = pour(&mut wire.0, at);
        }
    });
    let show = proxy(plan(None), origin.plan());
    let mut wire = show.connect();
    wire.send(super::get("/"));
    let at = holds.recv_timeout(PATIENCE).unwrap();
    assert!(at < BUFFERED, "{at} bytes were taken while nobody read");
    wire.head();
    drain(&mut wire.0);
}

#[test]
fn a_graceful_stop_finishes_an_answer_that_is_streaming() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let origin = Origin::start(move |mut wire, _| {
        try_head(&mut wire);
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        wait.lock().unwrap().recv().unwrap();
        wire.send("-then");
    });
    let mut show = proxy(plan(None), origin.plan());
    let mut wire = show.connect();
    wire.send(super::get("/"));
    wire.until("first");
    let running = show.running.take().unwrap();
    let stopping = thread::spawn(move || running.shutdown(PATIENCE));
    while TcpStream::connect(show.address).is_ok() {}
    go.send(()).unwrap();
    assert_eq!(wire.rest(), "-then");
    assert!(stopping.join().unwrap());
}

#[test]
fn a_dead_upstream_is_a_502_and_the_next_request_is_served() {
    let origin = Origin::start(|mut wire, before| {
        try_head(&mut wire);
        if before > 0 {
            wire.send(HELLO);
        }
    });
    let show = proxy(plan(None), origin.plan());
    assert!(show.ask(&get_and_close("/")).starts_with("HTTP/1.1 502 "));
    assert!(show.ask(&get_and_close("/")).ends_with("hello"));
}

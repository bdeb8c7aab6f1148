//! Clients that are slow, with small settings.

use super::*;
use crate::body::{Body, BodyError, ByteStream};

const SHORT: Duration = Duration::from_millis(60);

fn with(limits: Limits) -> ServingPlan {
    ServingPlan {
        limits,
        ..plan(None)
    }
}

#[test]
fn a_slow_head_is_closed_by_its_deadline() {
    let limits = Limits {
        head: SHORT,
        ..Limits::default()
    };
    let show = show(with(limits), |_, _| Box::pin(async { text(200, "") }));
    for start in ["", "GET", "GET / HTTP/1.1\r\nHost: h\r\n"] {
        let mut wire = show.connect();
        wire.send(start);
        let answer = wire.rest();
        assert!(!answer.contains("200"), "{answer}");
    }
    show.await_metric("vestibule_connections 0");
}

/// CVE-2026-26999, CVE-2026-22045: a deadline holds for every request of a connection, not just the first.
#[test]
fn cve_2026_26999_the_head_deadline_holds_for_the_next_request_too() {
    let limits = Limits {
        head: SHORT,
        ..Limits::default()
    };
    let show = show(with(limits), |_, _| Box::pin(async { text(200, "ok") }));
    let mut wire = show.connect();
    wire.send(get("/"));
    wire.head();
    wire.until("ok");
    wire.send("GET / HT");
    assert!(wire.rest().starts_with("HTTP/1.1 408 "));
}

#[test]
fn an_idle_connection_is_closed() {
    let limits = Limits {
        idle: SHORT,
        ..Limits::default()
    };
    let show = show(with(limits), |_, _| Box::pin(async { text(200, "ok") }));
    let start = std::time::Instant::now();
    let mut wire = show.connect();
    wire.send(get("/"));
    assert!(wire.rest().ends_with("ok"));
    assert!(
        start.elapsed() < Limits::default().head,
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_slow_handler_is_not_a_slow_client() {
    let limits = Limits {
        head: SHORT,
        idle: SHORT,
        ..Limits::default()
    };
    let show = show(with(limits), |_, _| {
        Box::pin(async {
            tokio::time::sleep(4 * SHORT).await;
            text(200, "late")
        })
    });
    assert!(show.ask(&get_and_close("/")).ends_with("late"));
}

#[test]
fn a_body_that_stops_coming_is_too_slow() {
    let limits = Limits {
        body_idle: SHORT,
        ..Limits::default()
    };
    let show = show(with(limits), |_, incoming| {
        Box::pin(async move {
            match incoming.body.collect(100).await {
                Err(BodyError::TooSlow) => text(408, "slow"),
                other => panic!("{other:?}"),
            }
        })
    });
    let mut wire = show.connect();
    wire.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n123");
    assert!(wire.rest().starts_with("HTTP/1.1 408 "));
}

/// Never ends, and tells when it is dropped.
struct Endless(std::sync::mpsc::Sender<()>);

impl ByteStream for Endless {
    fn poll_piece(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<bytes::Bytes, BodyError>>> {
        std::task::Poll::Ready(Some(Ok(bytes::Bytes::from_static(&[0; 16 * 1024]))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn a_client_that_takes_nothing_loses_its_answer_and_the_upstream_is_let_go() {
    let limits = Limits {
        write_stall: SHORT,
        ..Limits::default()
    };
    let (dropped, drops) = std::sync::mpsc::channel();
    let show = show(with(limits), move |_, _| {
        let body = Body::stream(Endless(dropped.clone()));
        Box::pin(async { Response::new(text(200, "").head, body) })
    });
    let mut wire = show.connect();
    wire.send(get("/"));
    drops.recv_timeout(PATIENCE).unwrap();
    show.await_metric("vestibule_connections 0");
}

#[test]
fn a_client_that_left_lets_the_upstream_go() {
    let (dropped, drops) = std::sync::mpsc::channel();
    let show = show(plan(None), move |_, _| {
        let body = Body::stream(Endless(dropped.clone()));
        Box::pin(async { Response::new(text(200, "").head, body) })
    });
    let mut wire = show.connect();
    wire.send(get("/"));
    wire.head();
    drop(wire);
    drops.recv_timeout(PATIENCE).unwrap();
}

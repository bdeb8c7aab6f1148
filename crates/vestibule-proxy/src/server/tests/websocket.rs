//! Tunnels: what passes, when, and what ends them.

use std::io::ErrorKind::{TimedOut, WouldBlock};
use std::sync::mpsc;

use super::proxying::proxy;
use super::*;
use crate::upstream::tests::{HELLO, Origin, build, try_head};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn echo(wire: &mut Wire) {
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = wire.0.read(&mut buffer) {
        if buffer[..read].ends_with(b"bye") {
            return;
        }
        wire.send(&buffer[..read]);
    }
}

fn switching() -> Origin {
    Origin::start(|mut wire, _| {
        let head = try_head(&mut wire).unwrap();
        assert!(
            head.contains("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
            "{head}"
        );
        assert!(
            head.contains("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            "{head}"
        );
        wire.send(SWITCH);
        echo(&mut wire);
    })
}

fn open(show: &Show) -> Wire {
    let mut wire = show.connect();
    wire.send(REQUEST);
    let head = wire.head();
    assert!(
        head.starts_with("HTTP/1.1 101 ") && head.contains("Upgrade: websocket\r\n"),
        "{head}"
    );
    assert!(
        head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        "{head}"
    );
    wire
}

#[test]
fn bytes_pass_both_ways_until_the_upstream_closes() {
    let origin = switching();
    let show = proxy(plan(None), origin.plan());
    let mut wire = open(&show);
    for text in ["one", "\u{1}\u{2}two"] {
        wire.send(text);
        assert_eq!(wire.until(text), text);
    }
    show.await_metric("vestibule_tunnels 1");
    wire.send("bye");
    assert_eq!(wire.rest(), "");
    show.await_metric("vestibule_tunnels 0");
    show.await_metric("vestibule_connections 0");
    show.await_metric("vestibule_upstream_connections 0");
    show.await_metric(r#"vestibule_requests_total{route="none",class="1xx"} 1"#);
}

#[test]
fn a_client_that_closes_ends_the_tunnel() {
    let (ended, ends) = mpsc::channel();
    let ended = Mutex::new(ended);
    let origin = Origin::start(move |mut wire, _| {
        try_head(&mut wire);
        wire.send(SWITCH);
        ended.lock().unwrap().send(wire.rest()).unwrap();
    });
    let show = proxy(plan(None), origin.plan());
    let mut wire = open(&show);
    wire.send("last words");
    drop(wire);
    assert_eq!(ends.recv_timeout(PATIENCE).unwrap(), "last words");
    show.await_metric("vestibule_tunnels 0");
}

/// RUSTSEC-2026-0033: bytes after the request reach the upstream only after its 101.
#[test]
fn rustsec_2026_0033_nothing_passes_before_the_101() {
    let origin = Origin::start(|mut wire, _| {
        try_head(&mut wire);
        wire.0
            .set_read_timeout(Some(Duration::from_millis(150)))
            .unwrap();
        let early = wire.0.read(&mut [0; 16]).unwrap_err();
        assert!(matches!(early.kind(), WouldBlock | TimedOut), "{early}");
        wire.0.set_read_timeout(Some(PATIENCE)).unwrap();
        wire.send(SWITCH);
        echo(&mut wire);
    });
    let show = proxy(plan(None), origin.plan());
    let mut wire = show.connect();
    wire.send([REQUEST, "early"].concat());
    assert!(wire.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(wire.until("early"), "early");
}

#[test]
fn bytes_after_a_refused_switch_are_never_the_upstreams() {
    let (saw, sights) = mpsc::channel();
    let saw = Mutex::new(saw);
    let origin = Origin::start(move |mut wire, _| {
        try_head(&mut wire);
        wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        wire.end();
        saw.lock().unwrap().send(wire.rest()).unwrap();
    });
    let show = proxy(plan(None), origin.plan());
    let mut wire = show.connect();
    wire.send([REQUEST, "\u{81}\u{5}early, and no request\r\n\r\n"].concat());
    assert!(wire.head().starts_with("HTTP/1.1 403 "));
    wire.until("no");
    wire.rest();
    assert_eq!(sights.recv_timeout(PATIENCE).unwrap(), "");
}

/// CVE-2026-88008: `h2c`, or anything else, is not passed on and makes no tunnel.
#[test]
fn cve_2026_88008_only_websocket_is_switched_to() {
    let heads = seen();
    let seen = Arc::clone(&heads);
    let origin = Origin::start(move |mut wire, _| {
        while let Some(head) = try_head(&mut wire) {
            seen.lock().unwrap().push(head);
            wire.send(HELLO);
        }
    });
    let show = proxy(plan(None), origin.plan());
    for upgrade in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
        "Upgrade: websocket\r\n",
    ] {
        let answer = show.ask(&format!(
            "GET / HTTP/1.1\r\nHost: h\r\n{upgrade}Connection: close\r\n\r\n"
        ));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    for head in heads.lock().unwrap().iter() {
        assert!(
            !head.to_ascii_lowercase().contains("upgrade") && !head.contains("http2"),
            "{head}"
        );
    }
}

#[test]
fn a_switch_nobody_asked_for_is_a_502() {
    for (request, switch) in [
        (get("/"), SWITCH.to_owned()),
        (REQUEST.to_owned(), SWITCH.replace("websocket", "h2c")),
        (
            REQUEST.to_owned(),
            "HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned(),
        ),
    ] {
        let origin = Origin::start(move |mut wire, _| {
            try_head(&mut wire);
            wire.send(&switch);
            wire.rest();
        });
        let show = proxy(plan(None), origin.plan());
        let mut wire = show.connect();
        wire.send(&request);
        let head = wire.head();
        assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    }
}

#[test]
fn a_silent_tunnel_is_closed() {
    let mut settings = switching().settings();
    settings.timeouts.stream_idle = Duration::from_millis(60);
    let show = proxy(plan(None), build(settings));
    let mut wire = open(&show);
    assert_eq!(wire.rest(), "");
    show.await_metric("vestibule_tunnels 0");
}

#[test]
fn a_graceful_stop_closes_tunnels() {
    let origin = switching();
    let mut show = proxy(plan(None), origin.plan());
    let mut wire = open(&show);
    wire.send("one");
    wire.until("one");
    assert!(show.stop(PATIENCE));
    assert_eq!(wire.rest(), "");
}

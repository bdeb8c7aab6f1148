//! Connections whose protocol is switched.

use super::*;

const UPGRADE: &str =
    "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/// An answer that switches, and the other end of its tunnel.
fn switching(idle: Duration) -> (impl Fn(Incoming) -> Answering + Send + Sync, DuplexStream) {
    let (near, far) = duplex(1024);
    let near = Mutex::new(Some(near));
    let behaviour = move |_: Incoming| -> Answering {
        let upstream = near.lock().unwrap().take().unwrap();
        Box::pin(async move {
            let mut response = Response::status(101);
            response.head.fields.push("Sec-WebSocket-Accept", "x");
            response.tunnel = Some(Tunnel {
                upstream: Box::pin(upstream),
                idle,
                ended: None,
            });
            response
        })
    };
    (behaviour, far)
}

/// RUSTSEC-2026-0033: bytes that came early are neither lost nor passed on before the 101.
#[test]
fn rustsec_2026_0033_bytes_that_came_early_follow_the_101() {
    let (behaviour, mut upstream) = switching(Duration::from_secs(60));
    on_wire(behaviour, async move |mut wire| {
        wire.send([UPGRADE, "early"].concat()).await;
        let head = wire.head().await;
        assert!(
            head.starts_with("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n"),
            "{head}"
        );
        assert!(
            head.ends_with("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
            "{head}"
        );
        assert!(!head.contains("Content-Length"), "{head}");
        let mut read = [0; 5];
        upstream.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"early");
        upstream.write_all(b"answer").await.unwrap();
        wire.until("answer").await;
        wire.send(get("/not-a-request")).await;
        drop(wire.stream);
        let mut rest = String::new();
        upstream.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, get("/not-a-request"));
        wire.task.await.unwrap();
        assert_eq!(*wire.asked.lock().unwrap(), ["GET /chat"]);
    });
}

#[test]
fn who_has_said_all_still_hears_the_other_side() {
    let (behaviour, mut upstream) = switching(Duration::from_secs(60));
    on_wire(behaviour, async move |mut wire| {
        wire.send(UPGRADE).await;
        wire.head().await;
        wire.stream.shutdown().await.unwrap();
        let mut nothing = Vec::new();
        upstream.read_to_end(&mut nothing).await.unwrap();
        assert_eq!(nothing, b"");
        let much = "x".repeat(100_000);
        let (sent, heard) = tokio::join!(upstream.write_all(much.as_bytes()), async {
            let mut heard = vec![0; much.len()];
            wire.stream.read_exact(&mut heard).await.map(|_| heard)
        });
        sent.unwrap();
        assert_eq!(heard.unwrap(), much.as_bytes());
        drop(upstream);
        assert_eq!(wire.rest().await, "");
        wire.task.await.unwrap();
    });
}

#[test]
fn what_is_still_to_be_said_may_not_take_for_ever() {
    let (behaviour, _upstream) = switching(Duration::from_secs(60 * 60));
    on_wire(behaviour, async move |mut wire| {
        wire.send(UPGRADE).await;
        wire.head().await;
        wire.stream.shutdown().await.unwrap();
        let start = Instant::now();
        assert_eq!(wire.rest().await, "");
        let took = start.elapsed();
        assert!((10..13).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_silent_tunnel_is_closed() {
    let (behaviour, mut upstream) = switching(Duration::from_secs(60));
    on_wire(behaviour, async move |mut wire| {
        wire.send(UPGRADE).await;
        wire.head().await;
        let start = Instant::now();
        assert_eq!(wire.rest().await, "");
        assert!(
            start.elapsed() >= Duration::from_secs(60) && start.elapsed() < Duration::from_secs(62)
        );
        let mut rest = Vec::new();
        upstream.read_to_end(&mut rest).await.unwrap();
    });
}

#[test]
fn a_client_that_takes_nothing_of_a_tunnel_is_cut() {
    let (behaviour, mut upstream) = switching(Duration::from_secs(600));
    on_narrow_wire(128, behaviour, async move |mut wire| {
        wire.send(UPGRADE).await;
        wire.head().await;
        let start = Instant::now();
        while upstream.write_all(&[b'a'; 64]).await.is_ok() {}
        let took = start.elapsed();
        assert!(
            took >= Duration::from_secs(30) && took < Duration::from_secs(33),
            "{took:?}"
        );
    });
}

#[test]
fn a_stop_closes_tunnels() {
    let (behaviour, _upstream) = switching(Duration::from_secs(600));
    on_wire(behaviour, async move |mut wire| {
        wire.send(UPGRADE).await;
        wire.head().await;
        wire.stop();
        assert_eq!(wire.rest().await, "");
    });
}

/// Nobody switches who was not asked to, and never with a body under way.
#[test]
fn a_switch_nobody_asked_for_is_a_500() {
    for request in [
        get("/"),
        "GET / HTTP/1.0\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\na".to_owned(),
    ] {
        let (behaviour, mut upstream) = switching(Duration::from_secs(60));
        on_wire(behaviour, async move |mut wire| {
            wire.send(request).await;
            assert_eq!(status(&wire.head().await), 500);
            assert_eq!(upstream.read(&mut [0]).await.unwrap(), 0, "let go");
        });
    }
}

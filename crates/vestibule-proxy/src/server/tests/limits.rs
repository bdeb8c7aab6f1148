//! Sizes and counts.

use std::sync::mpsc::{Receiver, channel};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::*;

fn ok() -> Show {
    show(plan(None), |_, _| Box::pin(async { text(200, "ok") }))
}

fn head_of(bytes: usize) -> String {
    let start = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n";
    // In fields of ordinary size: one huge field would be another case.
    let mut head = start.to_owned();
    while head.len() + 1000 < bytes {
        head.push_str(&format!("X-Pad: {}\r\n", "a".repeat(500)));
    }
    head.push_str("\r\n");
    head
}

#[test]
fn a_large_head_within_the_limit_is_read() {
    let answer = ok().ask(&head_of(24 * 1024));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn a_head_over_the_limit_is_431() {
    for head in [
        head_of(80 * 1024),
        format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}", "a".repeat(64 * 1024)),
    ] {
        let mut wire = ok().connect();
        let _ = wire.0.write_all(head.as_bytes());
        let answer = wire.rest();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
            "{answer}"
        );
    }
}

/// CVE-2025-58186, CVE-2023-43669: a flood of cookies or fields is refused at the limit, whatever it is for.
#[test]
fn cve_2025_58186_a_flood_of_cookies_is_refused_at_the_limit() {
    let show = ok();
    for upgrade in [
        "",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    ] {
        let mut wire = show.connect();
        let _ = wire
            .0
            .write_all(format!("GET / HTTP/1.1\r\nHost: h\r\n{upgrade}").as_bytes());
        let mut sent = 0;
        // The connection is closed long before the flood is over.
        while sent < 64 << 20 {
            match wire
                .0
                .write(format!("Cookie: {}\r\n", "a=b; ".repeat(200)).as_bytes())
            {
                Ok(bytes) => sent += bytes,
                Err(_) => break,
            }
        }
        assert!(sent < 64 << 20, "{sent} bytes of head were taken");
    }
    assert!(show.ask(&get_and_close("/")).ends_with("ok"));
}

#[test]
fn too_many_fields_are_431() {
    let fields = "X: y\r\n".repeat(101);
    let answer = ok().ask(&format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[test]
fn at_the_connection_limit_the_next_one_waits() {
    let mut limited = plan(None);
    limited.limits.connections = Some(1);
    limited.cores = Some(2);
    let (begun, held) = std::sync::mpsc::channel();
    let show = show(limited, move |_, incoming| {
        let begun = begun.clone();
        Box::pin(async move {
            if &incoming.raw.target[..] == b"/held" {
                begun.send(()).unwrap();
                std::future::pending::<()>().await;
            }
            text(200, "ok")
        })
    });
    let mut first = show.connect();
    first.send(get("/held"));
    held.recv().unwrap();
    let mut others: Vec<Wire> = (0..8).map(|_| show.connect()).collect();
    for other in &mut others {
        other.send(get_and_close("/"));
    }
    // The second core or the first has taken one, and found no place.
    let start = std::time::Instant::now();
    while !show
        .telemetry
        .metrics
        .render()
        .contains(r#"accept_pauses_total{result="limit"}"#)
    {
        assert!(start.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    show.await_metric("vestibule_connections 1");
    drop(first);
    for mut other in others {
        assert!(other.rest().ends_with("ok"));
    }
}

/// A server whose handler waits to be let go, if it is asked for `/held`.
fn holding(serving: ServingPlan) -> (Show, Receiver<()>, UnboundedSender<()>) {
    let (begun, held) = channel();
    let (leave, left) = unbounded_channel();
    let left = Arc::new(tokio::sync::Mutex::new(left));
    let show = show(serving, move |_, incoming| {
        let (begun, left) = (begun.clone(), Arc::clone(&left));
        Box::pin(async move {
            if incoming.raw.target == "/held" {
                begun.send(()).unwrap();
                left.lock().await.recv().await.unwrap();
            }
            text(200, "ok")
        })
    });
    (show, held, leave)
}

/// Nobody waits for the idle time of clients that ask again and again.
#[test]
fn who_has_answered_makes_room_while_somebody_waits() {
    let mut limited = plan(None);
    limited.limits.connections = Some(2);
    let (show, held, leave) = holding(limited);
    let mut busy = [show.connect(), show.connect()];
    for wire in &mut busy {
        wire.send(get("/held"));
        held.recv_timeout(PATIENCE).unwrap();
    }
    let mut newcomer = show.connect();
    newcomer.send(get_and_close("/"));
    show.await_metric(r#"vestibule_accept_pauses_total{result="limit"} 1"#);
    leave.send(()).unwrap();
    // Neither client leaves; one is told not to come again, and the other is served on.
    assert!(newcomer.rest().ends_with("ok"));
    leave.send(()).unwrap();
    let mut heads = busy.each_mut().map(Wire::head);
    heads.sort_by_key(|head| head.contains("Connection: close\r\n"));
    assert!(!heads[0].contains("onnection"), "{}", heads[0]);
    assert!(heads[1].contains("Connection: close\r\n"), "{}", heads[1]);
    show.await_metric("vestibule_connections_shed_total 1");
}

#[test]
fn idle_connections_make_room_for_newcomers_on_every_core() {
    let mut limited = plan(None);
    limited.limits.connections = Some(1);
    limited.cores = Some(4);
    let show = show(limited, |_, _| Box::pin(async { text(200, "ok") }));
    let mut kept = Vec::new();
    for _ in 0..16 {
        let mut wire = show.connect();
        wire.send(get("/"));
        wire.until("ok");
        kept.push(wire);
    }
}

/// They were told that they are connected before anybody knew of the stop.
#[test]
fn who_waits_for_a_place_at_a_stop_is_served_when_there_is_one() {
    let mut limited = plan(None);
    limited.limits.connections = Some(1);
    let (mut show, held, leave) = holding(limited);
    let address = show.address;
    let mut busy = show.connect();
    busy.send(get("/held"));
    held.recv_timeout(PATIENCE).unwrap();
    let mut newcomers: Vec<Wire> = (0..5).map(|_| show.connect()).collect();
    for newcomer in &mut newcomers {
        newcomer.send(get("/"));
    }
    show.await_metric(r#"vestibule_accept_pauses_total{result="limit"} 1"#);
    let running = show.running.take().unwrap();
    let stopping = std::thread::spawn(move || running.shutdown(PATIENCE));
    leave.send(()).unwrap();
    assert!(busy.rest().ends_with("ok"));
    for mut newcomer in newcomers {
        let answer = newcomer.rest();
        assert!(answer.ends_with("ok"), "{answer:?}");
    }
    assert!(stopping.join().unwrap(), "nothing was cut");
    assert!(TcpStream::connect(address).is_err());
}

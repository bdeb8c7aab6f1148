//! Sizes and counts.

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

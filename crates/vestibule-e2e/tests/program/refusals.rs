//! Requests that two servers could read differently: refused, and the upstream never hears of them.

use vestibule_e2e::http::{Connection, Request};
use vestibule_e2e::scene::Scene;

/// Sends bytes as they are and gives the status of the answer.
fn raw(scene: &Scene, bytes: &str) -> u16 {
    let host = scene.proxy.url.trim_start_matches("http://");
    let mut connection = Connection::open(&scene.proxy.url, None);
    connection.write(bytes.replace("HOST", host).as_bytes());
    connection.reply("GET").status
}

#[test]
fn ambiguous_requests_are_refused_and_the_upstream_is_not_contacted() {
    let scene = Scene::start();
    for (name, request) in [
        (
            "two hosts",
            "GET /public/ HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n",
        ),
        ("no host", "GET /public/ HTTP/1.1\r\n\r\n"),
        (
            "another host",
            "GET /public/ HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
        ),
        (
            "two lengths",
            "POST /public/ HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        ),
        (
            "odd coding",
            "POST /public/ HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "encoded slash",
            "GET /public%2f..%2fapp HTTP/1.1\r\nHost: HOST\r\n\r\n",
        ),
        (
            "encoded backslash",
            "GET /public/%5c.. HTTP/1.1\r\nHost: HOST\r\n\r\n",
        ),
        (
            "double encoding",
            "GET /public/%252e%252e/app HTTP/1.1\r\nHost: HOST\r\n\r\n",
        ),
        (
            "parameters and dots",
            "GET /public/..;/app HTTP/1.1\r\nHost: HOST\r\n\r\n",
        ),
        (
            "two slashes",
            "GET //public/ HTTP/1.1\r\nHost: HOST\r\n\r\n",
        ),
        ("trace", "TRACE /public/ HTTP/1.1\r\nHost: HOST\r\n\r\n"),
        ("connect", "CONNECT HOST HTTP/1.1\r\nHost: HOST\r\n\r\n"),
        ("nul", "GET /public/%00 HTTP/1.1\r\nHost: HOST\r\n\r\n"),
        (
            "two authorizations",
            "GET /app/ HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
        ),
    ] {
        let status = raw(&scene, request);
        // 501 is for a transfer coding that nobody here knows (RFC 9112 §6.1).
        assert!(
            (400..500).contains(&status) || status == 501,
            "{name}: {status}"
        );
    }
    assert!(
        scene.upstream.received().is_empty(),
        "{:?}",
        scene.upstream.received()
    );
}

/// What hyper mends before we see it is at least what is decided on.
#[test]
fn a_path_is_forwarded_as_it_was_decided_on() {
    let scene = Scene::start();
    for (sent, expected) in [
        ("/public/a/../b", "GET /b HTTP/1.1"),
        ("/public/./a", "GET /a HTTP/1.1"),
        ("/public/%61", "GET /a HTTP/1.1"),
    ] {
        let status = raw(
            &scene,
            &format!("GET {sent} HTTP/1.1\r\nHost: HOST\r\n\r\n"),
        );
        assert_eq!(status, 200, "{sent}");
        assert_eq!(
            scene.upstream.received().last().unwrap().line,
            expected,
            "{sent}"
        );
    }
    // Out of the public route and into the protected one: decided on as what it is.
    let status = raw(&scene, "GET /public/../app/ HTTP/1.1\r\nHost: HOST\r\n\r\n");
    assert_eq!(status, 401);
}

#[test]
fn a_request_too_large_is_refused() {
    let scene = Scene::start();
    let long = "a".repeat(10 * 1024);
    let url = scene.url(&format!("/public/{long}"));
    let mut connection = Connection::open(&url, None);
    connection.write(&Request::get(&url).bytes());
    assert_eq!(connection.reply("GET").status, 414);
    let url = scene.url("/public/");
    let mut connection = Connection::open(&url, None);
    connection.write(
        &Request::get(&url)
            .with("X-Long", &"a".repeat(40 * 1024))
            .bytes(),
    );
    assert_eq!(connection.reply("GET").status, 431);
    assert!(scene.upstream.received().is_empty());
}

#[test]
fn only_a_websocket_is_upgraded() {
    let scene = Scene::start();
    let request = "GET /public/ HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade, HTTP2-Settings\r\n\
                   Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n";
    assert_ne!(raw(&scene, request), 101);
    for received in scene.upstream.received() {
        assert_eq!(received.field("upgrade"), None);
        assert_eq!(received.field("http2-settings"), None);
    }
}

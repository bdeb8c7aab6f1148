//! The admin listener: liveness, readiness, metrics, and nothing else.

use std::thread;

use vestibule_e2e::http::{self, Request};
use vestibule_e2e::place;
use vestibule_e2e::process::Signal;
use vestibule_e2e::scene::{Scene, eventually};

fn scene() -> (Scene, String) {
    let admin = format!("127.0.0.1:{}", place::free_port());
    let top = format!("[admin]\nlisten = \"{admin}\"");
    let scene = Scene::with("store = \"memory\"", &top);
    (scene, format!("http://{admin}"))
}

fn status(url: &str) -> u16 {
    http::send(&Request::get(url)).status
}

#[test]
fn it_answers_three_paths_and_nothing_else() {
    let (scene, admin) = scene();
    let mut person = scene.signed_in("ada");
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
    assert_eq!(status(&format!("{admin}/livez")), 200);
    assert_eq!(status(&format!("{admin}/readyz")), 200);
    let metrics = http::send(&Request::get(&format!("{admin}/metrics")));
    assert_eq!(metrics.status, 200);
    assert!(metrics.text().contains("vestibule_"), "{}", metrics.text());
    for cookie in person.jar.cookies() {
        assert!(!metrics.text().contains(&cookie.value));
    }
    for path in [
        "/",
        "/metrics/",
        "/metrics/x",
        "/livez/../metrics",
        "/debug/pprof",
        "/config",
        "/config_dump",
        "/public/",
        "/app/",
        "/.vestibule/me",
    ] {
        assert_eq!(status(&format!("{admin}{path}")), 404, "{path}");
    }
    for method in ["POST", "DELETE", "PUT"] {
        let reply = http::send(&Request::new(method, &format!("{admin}/readyz")));
        assert_eq!(reply.status, 405, "{method}");
    }
}

#[test]
fn no_web_page_can_ask_it() {
    let (_scene, admin) = scene();
    let metrics = format!("{admin}/metrics");
    let page = Request::get(&metrics).with("Origin", "https://evil.example.com");
    assert_eq!(http::send(&page).status, 403);
    let rebound = Request::get(&metrics).with("Host", "evil.example.com");
    assert_eq!(http::send(&rebound).status, 421);
}

#[test]
fn cve_2022_24797_nothing_of_it_is_where_traffic_comes_in() {
    let (scene, _) = scene();
    for path in [
        "/livez",
        "/readyz",
        "/metrics",
        "/.vestibule/metrics",
        "/debug/pprof",
    ] {
        let reply = http::send(&Request::get(&scene.url(path)));
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.text().contains("vestibule_"), "{path}");
    }
    assert!(scene.upstream.received().is_empty());
}

#[test]
fn it_is_not_ready_while_the_program_stops_and_still_alive() {
    let (mut scene, admin) = scene();
    let url = scene.url("/public/hold");
    let asked = thread::spawn(move || http::send(&Request::get(&url)).status);
    scene.upstream.wait_for_requests(1);
    scene.proxy.process().signal(Signal::Terminate);
    eventually("it says that it is not ready", || {
        status(&format!("{admin}/readyz")) == 503
    });
    assert_eq!(status(&format!("{admin}/livez")), 200);
    scene.upstream.release();
    assert_eq!(asked.join().unwrap(), 200);
    assert!(scene.proxy.process().wait().success());
}

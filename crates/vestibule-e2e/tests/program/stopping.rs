//! Stopping: what is in flight ends, and what comes after is told.

use std::thread;

use vestibule_e2e::process::Signal;
use vestibule_e2e::scene::Scene;

#[test]
fn a_request_in_flight_is_answered_before_the_program_stops() {
    let mut scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let already = scene.upstream.received().len();
    let url = scene.url("/app/hold");
    let asked = thread::spawn(move || person.fetch(&url));
    scene.upstream.wait_for_requests(already + 1);
    scene.proxy.process().signal(Signal::Terminate);
    scene.proxy.process().wait_for("that it stops", |line| {
        line.contains("stopping").then_some(())
    });
    scene.upstream.release();
    let reply = asked.join().unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["line"], "GET /hold HTTP/1.1");
    assert!(scene.proxy.process().wait().success());
}

#[test]
fn an_idle_program_stops_at_once() {
    for signal in [Signal::Terminate, Signal::Interrupt] {
        let mut scene = Scene::start();
        scene.proxy.process().signal(signal);
        assert!(scene.proxy.process().wait().success(), "{signal:?}");
    }
}

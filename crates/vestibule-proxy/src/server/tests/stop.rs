//! Stopping without cutting anybody.

use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

/// A server whose handler waits for leave, and the two ends of it.
fn waiting(serving: ServingPlan) -> (Show, UnboundedReceiver<()>, UnboundedSender<()>) {
    let (entered, inside) = unbounded_channel();
    let (leave, left) = unbounded_channel();
    let left = Arc::new(tokio::sync::Mutex::new(left));
    let show = show(serving, move |_, _| {
        let (entered, left) = (entered.clone(), Arc::clone(&left));
        Box::pin(async move {
            entered.send(()).unwrap();
            left.lock().await.recv().await.unwrap();
            text(200, "finished")
        })
    });
    (show, inside, leave)
}

#[test]
fn a_graceful_stop_finishes_what_is_in_flight() {
    let (mut show, mut inside, leave) = waiting(plan(None));
    let address = show.address;
    let mut wire = show.connect();
    wire.send(get("/"));
    inside.blocking_recv().unwrap();
    let running = show.running.take().unwrap();
    let stopping = thread::spawn(move || running.shutdown(PATIENCE));
    // Nothing new is accepted before the old one is done.
    let start = std::time::Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(start.elapsed() < PATIENCE);
    }
    leave.send(()).unwrap();
    let answer = wire.rest();
    assert!(answer.ends_with("finished"), "{answer}");
    assert!(answer.contains("Connection: close\r\n"), "{answer}");
    assert!(stopping.join().unwrap(), "nothing was cut");
}

#[test]
fn what_takes_longer_than_the_drain_is_cut() {
    let (mut show, mut inside, _leave) = waiting(plan(None));
    let mut wire = show.connect();
    wire.send(get("/"));
    inside.blocking_recv().unwrap();
    assert!(!show.stop(Duration::from_millis(50)));
    assert_eq!(wire.rest(), "");
}

#[test]
fn an_idle_connection_does_not_hold_up_a_stop() {
    let mut show = show(plan(None), |_, _| Box::pin(async { text(200, "ok") }));
    let mut wire = show.connect();
    wire.send(get("/"));
    wire.head();
    wire.until("ok");
    assert!(show.stop(PATIENCE));
    assert_eq!(wire.rest(), "");
}

#[test]
fn connections_that_wait_in_the_queue_are_served() {
    // One core that is busy accepting nothing: its handler blocks the thread, so the kernel's queue fills.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (entered, inside) = std::sync::mpsc::channel();
    let mut show = show(plan(None), move |_, incoming| {
        if incoming.raw.target == "/block" {
            entered.send(()).unwrap();
            let _ = wait.lock().unwrap().recv();
        }
        Box::pin(async { text(200, "served") })
    });
    let mut blocking = show.connect();
    blocking.send(get("/block"));
    inside.recv_timeout(PATIENCE).unwrap();
    let mut queued: Vec<Wire> = (0..10).map(|_| show.connect()).collect();
    for wire in &mut queued {
        wire.send(get("/"));
    }
    let running = show.running.take().unwrap();
    let stopping = thread::spawn(move || running.shutdown(PATIENCE));
    go.send(()).unwrap();
    for mut wire in queued {
        let answer = wire.rest();
        assert!(answer.ends_with("served"), "{answer:?}");
    }
    assert!(stopping.join().unwrap());
}

#[test]
fn a_dropped_server_ends() {
    let show = show(plan(None), |_, _| Box::pin(async { text(200, "ok") }));
    let address = show.address;
    drop(show);
    assert!(TcpStream::connect(address).is_err());
}

//! What a connection costs that waits: for its next request, or for the rest of its head.

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::crowd::Crowd;
use vestibule_e2e::http::{Connection, Request};
use vestibule_e2e::resources;
use vestibule_e2e::rounds;

use crate::stage::Stage;

/// The memory of one idle connection, in bytes: what the second half of many adds. What the program
/// needs for any connection at all came with the first half.
fn cost(stage: &mut Stage, trust: Option<&Certificate>, count: usize) -> u64 {
    let (url, pid) = (stage.proxy.url.clone(), stage.pid());
    let request = Request::get(&url).with("Connection", "keep-alive").bytes();
    let mut open = Vec::new();
    let mut half = 0;
    for number in 0..count {
        if number == count / 2 {
            half = resources::memory(pid);
        }
        let mut connection = Connection::open(&url, trust);
        connection.write(&request);
        assert_eq!(connection.reply("GET").status, 200);
        open.push(connection);
    }
    let added = resources::memory(pid).saturating_sub(half);
    added / u64::try_from(count - count / 2).unwrap()
}

#[test]
fn an_idle_connection_costs_less_than_4_kib() {
    let mut stage = Stage::plain("");
    let cost = cost(&mut stage, None, rounds::of(2000, 4000));
    println!("an idle plain connection: {cost} bytes");
    assert!(cost < 4096, "{cost} bytes");
}

/// The longest head that is not too long, all but its end.
#[test]
fn a_connection_before_authentication_costs_less_than_64_kib() {
    let mut stage = Stage::plain("");
    let (port, pid, authority) = (stage.port(), stage.pid(), stage.authority());
    let long = "x".repeat(31 * 1024);
    let head = format!("GET / HTTP/1.1\r\nHost: {authority}\r\nX-Long: {long}");
    // The program has answered before, so that what it needs once is there.
    drop(Crowd::gather(port, 4, head.as_bytes()));
    let before = resources::memory(pid);
    let count = rounds::of(200, 1000);
    let mut crowd = Crowd::gather(port, count, head.as_bytes());
    resources::wait_until_idle(pid);
    let growth = resources::memory(pid).saturating_sub(before);
    assert_eq!(crowd.still_open(), count, "all wait");
    let cost = growth / u64::try_from(count).unwrap();
    println!("a connection with half a head: {cost} bytes");
    assert!(cost < 64 * 1024, "{cost} bytes");
}

/// Two sets of keys, two buffers and a state machine: bounded, but ten times as much.
#[test]
fn what_an_idle_tls_connection_costs_is_known() {
    let certificate = Certificate::new();
    let mut stage = Stage::with_tls(&certificate);
    let cost = cost(&mut stage, Some(&certificate), rounds::of(400, 2000));
    println!("an idle TLS connection: {cost} bytes");
    assert!(cost < 64 * 1024, "{cost} bytes");
}

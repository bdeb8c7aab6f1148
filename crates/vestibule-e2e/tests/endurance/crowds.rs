//! Crowds of bad clients: the good ones keep their pace, and the bad ones are got rid of.

use std::time::{Duration, Instant};

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::crowd::Crowd;
use vestibule_e2e::http::{self, Request};
use vestibule_e2e::pulse::{Client, Pulse, must_hold};
use vestibule_e2e::scene::eventually;
use vestibule_e2e::{resources, rounds};

use crate::stage::Stage;

/// How much longer a good client may wait while a crowd is there. The crowd's own work is done on the
/// same cores.
const MULTIPLE: u32 = 6;

fn some_time() -> Duration {
    Duration::from_secs(rounds::of(2, 10))
}

fn many() -> usize {
    rounds::of(200, 1000)
}

#[test]
fn slowloris_heads_that_come_byte_by_byte_hold_nobody_up() {
    let mut stage = Stage::plain("header_timeout = \"3s\"");
    let pid = stage.pid();
    let url = &stage.proxy.url;
    let first = format!("GET / HTTP/1.1\r\nHost: {}\r\nX-Slow: ", stage.authority());
    let take = || Pulse::take(url, some_time());
    let pulses = must_hold(MULTIPLE, take, || {
        let mut crowd = Crowd::gather(stage.port(), many(), b"G");
        resources::wait_until_idle(pid);
        let mut said = 1;
        let slow = |crowd: &mut Crowd| {
            let byte = first.as_bytes().get(said).copied().unwrap_or(b'x');
            said += 1;
            crowd.say(&[byte]);
            crowd.return_the_closed(b"G");
        };
        crowd.during(Duration::from_millis(200), slow, take)
    });
    println!("quiet, and with the crowd: {pulses:?}");
}

#[test]
fn slowloris_heads_have_a_deadline_from_their_first_byte() {
    let stage = Stage::plain("header_timeout = \"1s\"");
    let mut crowd = Crowd::gather(stage.port(), many(), b"GET / HTTP/1.1\r\nX: ");
    eventually("every slow head was given up", || {
        crowd.say(b"x");
        crowd.still_open() == 0
    });
}

#[test]
fn connections_without_a_word_hold_nobody_up_and_have_a_deadline() {
    let mut stage = Stage::plain("header_timeout = \"1s\"");
    let pid = stage.pid();
    let url = &stage.proxy.url;
    let take = || Pulse::take(url, some_time());
    let pulses = must_hold(MULTIPLE, take, || {
        let mut crowd = Crowd::gather(stage.port(), many(), b"");
        resources::wait_until_idle(pid);
        let pause = Duration::from_millis(100);
        crowd.during(pause, |crowd| crowd.return_the_closed(b""), take)
    });
    println!("quiet, and with the crowd: {pulses:?}");
    let mut crowd = Crowd::gather(stage.port(), many(), b"");
    eventually("every silent connection was closed", || {
        crowd.still_open() == 0
    });
}

#[test]
fn slow_bodies_hold_nobody_up_and_have_a_minimum_rate() {
    let mut stage = Stage::plain("");
    let pid = stage.pid();
    let url = &stage.proxy.url;
    let head = format!(
        "PUT / HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000000\r\n\r\n",
        stage.authority()
    );
    let take = || Pulse::take(url, some_time());
    let mut crowd = None;
    let pulses = must_hold(MULTIPLE, take, || {
        let crowd = crowd.insert(Crowd::gather(stage.port(), many(), head.as_bytes()));
        resources::wait_until_idle(pid);
        crowd.during(Duration::from_millis(200), |crowd| crowd.say(b"x"), take)
    });
    println!("quiet, and with the crowd: {pulses:?}");
    if rounds::are_long() {
        let mut crowd = crowd.unwrap();
        // The rate is asked for after ten seconds.
        let start = Instant::now();
        while crowd.still_open() > 0 {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "slow bodies are still read"
            );
            crowd.say(b"x");
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// Their answers are many times what the kernel holds for them, so the program waits for each.
#[test]
fn clients_that_do_not_read_hold_nobody_up_and_little_memory() {
    const EACH: u64 = 512 * 1024;
    let mut stage = Stage::plain("");
    let pid = stage.pid();
    let url = &stage.proxy.url;
    let asked = format!(
        "GET /bytes/100000000 HTTP/1.1\r\nHost: {}\r\n\r\n",
        stage.authority()
    );
    let take = || Pulse::take(url, some_time());
    let mut most = 0;
    let pulses = must_hold(MULTIPLE, take, || {
        let before = resources::memory(pid);
        let crowd = Crowd::gather(stage.port(), many(), asked.as_bytes());
        // Until the kernel's buffers are full this is a transfer like any other.
        stage.upstream.wait_until_stuck();
        let pulse = take();
        let each = resources::memory(pid).saturating_sub(before) / u64::try_from(many()).unwrap();
        most = most.max(each);
        drop(crowd);
        eventually("what they asked for is dropped", || {
            resources::open_files(pid) < 60
        });
        pulse
    });
    println!("quiet, and with the crowd: {pulses:?}");
    println!("a client that does not read costs {most} bytes");
    assert!(most <= EACH, "{most} bytes for each");
}

/// Of 256 descriptors, the program keeps some for files and one for the upstream of each client. Those who come and ask are
/// served although a thousand are there before them that do not, or that never come to the end of asking.
#[test]
fn clients_that_ask_for_nothing_make_room_for_those_that_ask() {
    let mut stage = Stage::with_open_files(256);
    let (port, pid) = (stage.port(), stage.pid());
    let url = &stage.proxy.url;
    let take = || {
        let newcomers = (0..4).map(|_| Client::new(url, false)).collect();
        Pulse::of(newcomers, some_time()).0
    };
    for first in [&b""[..], b"GET / HTTP/1.1\r\nX: "] {
        let mut idle = Duration::ZERO;
        let pulses = must_hold(MULTIPLE, take, || {
            let crowd = Crowd::gather(port, 1000, first);
            let pulse = take();
            // Nobody asks anything now; whoever waits for a place costs nothing, once the last answers are over.
            resources::wait_until_idle(pid);
            let before = resources::processor_time(pid);
            let time = Duration::from_secs(2);
            std::thread::sleep(time);
            idle = resources::processor_time(pid) - before;
            assert!(
                idle < time / 20,
                "{idle:?} of processor time in {time:?} without work"
            );
            drop(crowd);
            pulse
        });
        println!("quiet, and with the crowd: {pulses:?}");
        println!("processor time while clients wait: {idle:?}");
    }
    // Those that come back at once gain nothing either.
    let mut crowd = Crowd::gather(port, 1000, b"");
    let again = |crowd: &mut Crowd| crowd.return_the_closed(b"");
    let pulse = crowd.during(Duration::from_millis(200), again, take);
    println!("with a crowd that comes back: {pulse:?}");
    assert!(resources::open_files(pid) <= 256);
}

#[test]
fn rustsec_2024_0341_handshakes_that_do_not_begin_hold_nobody_up() {
    let certificate = Certificate::new();
    let stage = Stage::with_tls(&certificate);
    let mut crowd = Crowd::gather(stage.port(), many(), b"\x16\x03\x01");
    let mut request = Request::get(&stage.proxy.url);
    request.trust = Some(certificate);
    for _ in 0..50 {
        assert_eq!(http::send(&request).status, 200);
    }
    assert_eq!(crowd.still_open(), many(), "they were there all the time");
}

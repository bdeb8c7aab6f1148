//! HTTP/2 frames that no ordinary client sends, in numbers. Each kind ends the connection, and the next client is served.

use super::tls::{Secure, client, generate, identity, secure};
use super::*;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:method GET`, `:scheme https`, `:path /`, `:authority h`, all from HPACK's static table but the last value.
const GET: &[u8] = &[0x82, 0x87, 0x84, 0x01, 0x01, b'h'];
const POST: &[u8] = &[0x83, 0x87, 0x84, 0x01, 0x01, b'h'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Sends until the server has enough, and returns the error codes of its GOAWAYs. `None` if it took everything.
fn flood(
    pair: &(String, String),
    show: &Show,
    bytes: impl Iterator<Item = Vec<u8>>,
) -> Option<Vec<u32>> {
    let mut stream: Secure = secure(show.address, client(&pair.0, &[b"h2"])).unwrap();
    stream
        .sock
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[]));
    for bytes in bytes {
        if stream.write_all(&bytes).is_err() {
            break;
        }
    }
    let mut read = Vec::new();
    let ended = match stream.read_to_end(&mut read) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    };
    let mut codes = Vec::new();
    let mut rest = &read[..];
    while let [a, b, c, kind, _, _, _, _, _, tail @ ..] = rest {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let Some((payload, next)) = tail.split_at_checked(length) else {
            break;
        };
        if *kind == GOAWAY {
            codes.push(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        rest = next;
    }
    ended.then_some(codes)
}

fn target() -> ((String, String), Show) {
    let pair = generate();
    let show = show(plan(Some(identity(&pair))), |_, incoming| {
        Box::pin(async move {
            match incoming.body.collect(1 << 20).await {
                Ok(_) => text(200, "ok"),
                Err(_) => text(400, "broken off"),
            }
        })
    });
    (pair, show)
}

fn serves_others(pair: &(String, String), show: &Show) {
    let mut stream = secure(show.address, client(&pair.0, &[b"http/1.1"])).unwrap();
    stream.write_all(get_and_close("/").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.ends_with(b"ok"));
}

fn streams() -> impl Iterator<Item = u32> {
    (0..20_000).map(|at| at * 2 + 1)
}

/// RUSTSEC-2023-0034 and CVE-2023-44487: streams that are reset as soon as they are opened.
#[test]
fn rustsec_2023_0034_rapid_resets_end_the_connection() {
    let (pair, show) = target();
    let frames = streams().map(|id| {
        [
            frame(HEADERS, END_HEADERS | END_STREAM, id, GET),
            frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()),
        ]
        .concat()
    });
    assert!(flood(&pair, &show, frames).is_some());
    serves_others(&pair, &show);
}

/// RUSTSEC-2025-0070 and RUSTSEC-2024-0003: the client provokes the server into resetting (a window update of zero), and the
/// resets queue up.
#[test]
fn rustsec_2025_0070_provoked_resets_end_the_connection() {
    let (pair, show) = target();
    let frames = streams().map(|id| {
        [
            frame(HEADERS, END_HEADERS, id, POST),
            frame(WINDOW_UPDATE, 0, id, &0_u32.to_be_bytes()),
        ]
        .concat()
    });
    assert!(flood(&pair, &show, frames).is_some());
    serves_others(&pair, &show);
}

/// RUSTSEC-2024-0332: a head that never ends.
#[test]
fn rustsec_2024_0332_endless_continuations_end_the_connection() {
    let (pair, show) = target();
    let first = std::iter::once(frame(HEADERS, END_STREAM, 1, GET));
    // Literal fields without indexing: `x: aaaa…`.
    let field = [
        &[0x00, 0x01, b'x', 0x7f, 0x81, 0x7f][..],
        &vec![b'a'; 16_384 - 256],
    ]
    .concat();
    let endless = std::iter::repeat_n(frame(CONTINUATION, 0, 1, &field[..16_000]), 2000);
    assert!(flood(&pair, &show, first.chain(endless)).is_some());
    serves_others(&pair, &show);
}

/// RUSTSEC-2026-0258: data frames that hold nothing.
#[test]
fn rustsec_2026_0258_empty_data_frames_end_the_connection_or_cost_nothing() {
    let (pair, show) = target();
    let first = std::iter::once(frame(HEADERS, END_HEADERS, 1, POST));
    let empty = std::iter::repeat_n(frame(DATA, 0, 1, &[]).repeat(100), 2000);
    flood(&pair, &show, first.chain(empty));
    serves_others(&pair, &show);
}

/// CVE-2021-39162: settings that come after the GOAWAY took another proxy down.
#[test]
fn cve_2021_39162_settings_after_goaway_harm_nobody() {
    let (pair, show) = target();
    let no_streams = [&3_u16.to_be_bytes()[..], &0_u32.to_be_bytes()].concat();
    let request = frame(HEADERS, END_HEADERS | END_STREAM, 1, GET);
    let goaway = frame(GOAWAY, 0, 0, &[0; 8]);
    let settings = frame(SETTINGS, 0, 0, &no_streams);
    flood(
        &pair,
        &show,
        [request, goaway.clone(), settings.clone()].into_iter(),
    );
    flood(&pair, &show, [goaway, settings].into_iter());
    serves_others(&pair, &show);
    show.await_metric("vestibule_connections 0");
}

#[test]
fn bytes_that_are_no_frames_end_the_connection() {
    let (pair, show) = target();
    for garbage in [
        vec![0xff; 4096],
        frame(DATA, 0, 0, b"x"),
        frame(HEADERS, END_HEADERS, 2, GET),
    ] {
        let codes = flood(&pair, &show, std::iter::once(garbage));
        assert!(codes.is_some());
    }
    serves_others(&pair, &show);
    show.await_metric("vestibule_connections 0");
}

#[test]
fn a_decoded_head_over_the_limit_is_refused() {
    let (pair, show) = target();
    // One long value in the dynamic table, then named many times: 4 KiB become 300 KiB.
    let value = vec![b'a'; 3000];
    let head = |times| {
        let mut head = [GET, &[0x40, 0x01, b'x', 0x7f, 0xb9, 0x16][..], &value].concat();
        head.extend(std::iter::repeat_n(0xbe, times));
        let head = frame(HEADERS, END_HEADERS | END_STREAM, 1, &head);
        [head, frame(GOAWAY, 0, 0, &[0; 8])].into_iter()
    };
    flood(&pair, &show, head(2));
    show.await_metric(r#"vestibule_requests_total{route="none",class="2xx"} 1"#);
    flood(&pair, &show, head(100));
    let text = show.telemetry.metrics.render();
    assert!(!text.contains(r#"class="2xx"} 2"#), "{text}");
    serves_others(&pair, &show);
}

/// Each head is 29 KiB, and was a few bytes: many of them are looked at in turn, and more are refused.
#[test]
fn heads_that_are_a_few_bytes_on_the_wire_wait_their_turn_or_are_refused() {
    let pair = generate();
    let (entered, inside) = tokio::sync::mpsc::unbounded_channel();
    let inside = Arc::new(tokio::sync::Mutex::new((inside, 0)));
    let (leave, left) = tokio::sync::watch::channel(false);
    let show = show(plan(Some(identity(&pair))), move |_, incoming| {
        let held: usize = incoming.raw.fields.iter().map(|f| f.value.len()).sum();
        entered.send(held).unwrap();
        let mut left = left.clone();
        Box::pin(async move {
            left.wait_for(|left| *left).await.unwrap();
            text(200, "ok")
        })
    });
    let mut stream: Secure = secure(show.address, client(&pair.0, &[b"h2"])).unwrap();
    let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let mut sent = frame(SETTINGS, 0, 0, &[]);
    // `x: aaaa…` goes into the dynamic table, and is named ten times.
    let first = [GET, &[0x40, 0x01, b'x', 0x7f, 0xb9, 0x16], &[b'a'; 3000]].concat();
    sent.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &first));
    let many = [GET, &[0xbe; 10]].concat();
    for at in 1..100 {
        sent.extend(frame(HEADERS, END_HEADERS | END_STREAM, at * 2 + 1, &many));
    }
    stream.write_all(&sent).unwrap();
    // Those beyond the most are refused while nobody is answered.
    let mut frames = Vec::new();
    while frames.len() < 50 {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).unwrap();
        if head[3] == RST_STREAM {
            assert_eq!(payload, 7_u32.to_be_bytes(), "REFUSED_STREAM");
            frames.push(head);
        }
    }
    let inside = &mut *inside.blocking_lock();
    let mut held = 0;
    while let Ok(bytes) = inside.0.try_recv() {
        held += bytes;
        inside.1 += 1;
    }
    assert!(held <= 256 * 1024, "{held} bytes at once");
    assert!(inside.1 >= 5, "{} at once", inside.1);
    leave.send(true).unwrap();
    // The others had to wait, and no more.
    while inside.1 < 30 {
        inside.0.blocking_recv().unwrap();
        inside.1 += 1;
    }
    show.await_metric("vestibule_connections 1");
}

#[test]
fn who_floods_is_told_to_calm_down() {
    let (pair, show) = target();
    // No more than ends the connection: an unread rest would reset it.
    let unknown = frame(0xfa, 0, 0, &[]).repeat(10_002);
    let codes = flood(&pair, &show, std::iter::once(unknown)).unwrap();
    assert_eq!(codes, [11]);
    serves_others(&pair, &show);
}

/// As many as over HTTP/1.1.
#[test]
fn trailers_beyond_their_limits_break_the_request_off() {
    let (pair, show) = target();
    let field = |name: u8, value: &[u8]| {
        let length = u8::try_from(value.len()).unwrap();
        [&[0x00, 0x01, name, length][..], value].concat()
    };
    let many = |count: u8, length: usize| -> Vec<u8> {
        let value = vec![b'v'; length];
        (0..count)
            .flat_map(|at| {
                field(
                    b"abcdefghijklmnopqrstuvwxyz0123456789"[usize::from(at)],
                    &value,
                )
            })
            .collect()
    };
    let ask = |trailers: Vec<u8>| {
        let frames = [
            frame(HEADERS, END_HEADERS, 1, POST),
            frame(DATA, 0, 1, b"abc"),
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &trailers),
            frame(GOAWAY, 0, 0, &[0; 8]),
        ];
        flood(&pair, &show, frames.into_iter());
    };
    ask(many(32, 100));
    show.await_metric(r#"vestibule_requests_total{route="none",class="2xx"} 1"#);
    ask(many(33, 1));
    show.await_metric(r#"vestibule_requests_total{route="none",class="4xx"} 1"#);
    ask([many(32, 126), many(32, 126), many(32, 126)].concat());
    show.await_metric(r#"vestibule_requests_total{route="none",class="4xx"} 2"#);
}

/// It was answered; that it leaves a farewell unanswered is no reason to wait.
#[test]
fn a_client_that_answers_no_ping_does_not_hold_up_a_stop() {
    let pair = generate();
    let mut serving = plan(Some(identity(&pair)));
    serving.limits.head = 10 * PATIENCE;
    let mut show = show(serving, |_, _| Box::pin(async { text(200, "ok") }));
    let mut stream: Secure = secure(show.address, client(&pair.0, &[b"h2"])).unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .unwrap();
    let asked = [
        frame(SETTINGS, 0, 0, &[]),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, GET),
    ];
    stream.write_all(&asked.concat()).unwrap();
    show.await_metric(r#"vestibule_requests_total{route="none",class="2xx"} 1"#);
    assert!(show.stop(PATIENCE));
}

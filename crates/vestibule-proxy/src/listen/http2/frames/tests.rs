use super::*;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const UNKNOWN: u8 = 0x42;

fn frame(kind: u8, flags: u8, length: usize) -> Vec<u8> {
    let size = u32::try_from(length).unwrap().to_be_bytes();
    let mut bytes = vec![size[1], size[2], size[3], kind, flags, 0, 0, 0, 1];
    bytes.resize(FRAME_HEAD_BYTES + length, 0);
    bytes
}

/// A client that has said who it is.
fn begun(now: Instant) -> Frames {
    let mut frames = Frames::new(now);
    frames.came(&[b'x'; PREFACE_BYTES], now).unwrap();
    assert_eq!(frames.waits_since(), None);
    frames
}

/// How many of these are taken within one window.
fn taken(frames: &mut Frames, bytes: &[u8], now: Instant) -> usize {
    (0..1_000_000)
        .position(|_| frames.came(bytes, now).is_err())
        .unwrap_or(1_000_000)
}

#[test]
fn frames_that_ask_for_nothing_are_counted() {
    let now = Instant::now();
    let empty = frame(DATA, 0, 0);
    let pings = frame(PING, 0, 8);
    let priorities = frame(PRIORITY, 0, 5);
    let unknown = frame(UNKNOWN, 0, 3);
    for flood in [
        pings,
        priorities,
        unknown,
        empty,
        frame(WINDOW_UPDATE, 0, 4),
    ] {
        assert_eq!(taken(&mut begun(now), &flood, now), 10_000);
    }
}

#[test]
fn each_request_and_what_is_sent_allow_for_more() {
    let now = Instant::now();
    let mut frames = begun(now);
    for _ in 0..10 {
        frames.came(&frame(HEADERS, END_HEADERS, 40), now).unwrap();
    }
    frames.sent(&[0; 256 * 5], now);
    assert_eq!(taken(&mut frames, &frame(PING, 0, 8), now), 10_205);
}

#[test]
fn a_window_ends_and_another_begins() {
    let now = Instant::now();
    let mut frames = begun(now);
    let ping = frame(PING, 0, 8);
    for second in 0..100 {
        for _ in 0..999 {
            let at = now + Duration::from_secs(second);
            assert_eq!(frames.came(&ping, at), Ok(()), "second {second}");
        }
    }
}

#[test]
fn streams_that_are_given_up_are_counted_against_those_that_are_not() {
    let now = Instant::now();
    let mut frames = begun(now);
    let mut request = frame(HEADERS, END_HEADERS, 40);
    request.extend(frame(RST_STREAM, 0, 4));
    let taken = taken(&mut frames, &request, now);
    assert!((199..=201).contains(&taken), "{taken}");
    // A body is no reason to end, and neither are many requests that are not given up.
    let mut frames = begun(now);
    for _ in 0..10_000 {
        frames.came(&frame(HEADERS, END_HEADERS, 40), now).unwrap();
        frames.came(&frame(DATA, 0, 100), now).unwrap();
    }
}

#[test]
fn a_head_counts_from_its_first_frame_and_a_frame_from_its_first_byte() {
    let start = Instant::now();
    let later = start + Duration::from_secs(3);
    let frames = Frames::new(start);
    assert_eq!(frames.waits_since(), Some(start), "the preface");

    let mut frames = begun(start);
    frames.came(&frame(HEADERS, 0, 10), start).unwrap();
    frames.came(&frame(CONTINUATION, 0, 10), later).unwrap();
    assert_eq!(frames.waits_since(), Some(start), "continued for ever");
    frames
        .came(&frame(CONTINUATION, END_HEADERS, 10), later)
        .unwrap();
    assert_eq!(frames.waits_since(), None);

    let headers = frame(HEADERS, END_HEADERS, 10);
    for cut in 1..headers.len() {
        let mut frames = begun(start);
        frames.came(&headers[..cut], start).unwrap();
        assert_eq!(frames.waits_since(), Some(start), "cut at {cut}");
        frames.came(&headers[cut..], later).unwrap();
        assert_eq!(frames.waits_since(), None, "cut at {cut}");
    }

    // How slowly a body may come is judged elsewhere.
    let mut frames = begun(start);
    frames.came(&frame(DATA, 0, 100)[..50], start).unwrap();
    assert_eq!(frames.waits_since(), None);
}

#[test]
fn the_pieces_in_which_bytes_come_change_nothing() {
    let now = Instant::now();
    let mut bytes = vec![b'x'; PREFACE_BYTES];
    for _ in 0..300 {
        bytes.extend(frame(HEADERS, END_HEADERS, 7));
        bytes.extend(frame(RST_STREAM, 0, 4));
    }
    let whole = Frames::new(now).came(&bytes, now);
    assert_eq!(whole, Err(Excess::Resets));
    for size in [1, 2, 5, 9, 16, 33] {
        let mut frames = Frames::new(now);
        let pieces = bytes.chunks(size);
        let outcome = pieces
            .map(|piece| frames.came(piece, now))
            .find(Result::is_err);
        assert_eq!(outcome, Some(whole), "pieces of {size}");
    }
}

#[test]
fn a_frame_may_follow_where_one_ended() {
    let now = Instant::now();
    let sent = [frame(HEADERS, 0, 3), frame(DATA, 0, 0), frame(DATA, 0, 300)];
    let ends: Vec<usize> = (0..=sent.len())
        .map(|count| sent[..count].concat().len())
        .collect();
    let sent = sent.concat();
    for pieces in [1, 2, 5, 100] {
        let mut frames = begun(now);
        let mut at = 0;
        for piece in sent.chunks(pieces) {
            assert_eq!(frames.may_send(), ends.contains(&at), "{at}");
            frames.sent(piece, now);
            at += piece.len();
        }
        assert!(frames.may_send());
    }
}

#[test]
fn who_does_not_take_what_is_there_is_not_still() {
    let now = Instant::now();
    let later = now + Duration::from_secs(1);
    let mut frames = begun(now);
    assert_eq!(frames.still_since(), Some(now));
    frames.blocked();
    assert_eq!(frames.still_since(), None);
    frames.sent(&frame(DATA, 0, 0), later);
    assert_eq!(frames.still_since(), Some(later));
}

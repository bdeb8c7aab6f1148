use proptest::prelude::*;

use super::*;

const LIMITS: HeadLimits = HeadLimits {
    bytes: 32 * 1024,
    fields: 100,
    target_bytes: 8 * 1024,
};

fn find(buffer: &[u8], limits: &HeadLimits) -> Result<Option<usize>, HeadError> {
    End::default().find(buffer, limits)
}

/// Gives ever longer beginnings of `buffer`, which end at `cuts`, until there is something to say.
fn find_in_pieces(
    buffer: &[u8],
    cuts: impl IntoIterator<Item = usize>,
    limits: &HeadLimits,
) -> Result<Option<usize>, HeadError> {
    let mut end = End::default();
    for cut in cuts.into_iter().chain([buffer.len()]) {
        match end.find(&buffer[..cut], limits) {
            Ok(None) => {}
            said => return said,
        }
    }
    Ok(None)
}

#[test]
fn a_head_ends_at_its_first_empty_line() {
    for (buffer, length) in [
        (&b""[..], None),
        (b"G", None),
        (b"GET / HTTP/1.1\r\n", None),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r", None),
        (b"GET / HTTP/1.1\r\n\r\n", Some(18)),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Some(27)),
        (b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", Some(18)),
        (b"GET / HTTP/1.1\r\n\r\n\n", Some(18)),
        // One empty line before the first is skipped (RFC 9112 §2.2).
        (b"\r", None),
        (b"\r\n", None),
        (b"\r\nGET / HTTP/1.1\r\n", None),
        (b"\r\nGET / HTTP/1.1\r\n\r\n", Some(20)),
        (b"HTTP/1.1 200 OK\r\nA:\r\n\r\nbody", Some(23)),
    ] {
        assert_eq!(
            find(buffer, &LIMITS),
            Ok(length),
            "{}",
            buffer.escape_ascii()
        );
        let cuts = 0..buffer.len();
        assert_eq!(
            find_in_pieces(buffer, cuts, &LIMITS),
            Ok(length),
            "{}",
            buffer.escape_ascii()
        );
    }
}

#[test]
fn what_can_become_no_head_is_refused_before_it_is_all_there() {
    for (buffer, error) in [
        (&b"GET / HTTP/1.1\n"[..], HeadError::LineEnd),
        (b"GET / HTTP/1.1\r\nHost: a\n", HeadError::LineEnd),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", HeadError::LineEnd),
        (b"GET / HTTP/1.1\n\r\n", HeadError::LineEnd),
        (b"GET / HTTP/1.1\n\n", HeadError::LineEnd),
        (b"\rG", HeadError::LineEnd),
        (b"\r\r", HeadError::LineEnd),
        (b"\n", HeadError::FirstLine),
        (b"\r\n\r", HeadError::FirstLine),
        (b"\r\n\n", HeadError::FirstLine),
        (b"\r\n\x16", HeadError::FirstLine),
        (b" ", HeadError::FirstLine),
        (b"\t", HeadError::FirstLine),
        (b"\0", HeadError::FirstLine),
        (b"\xff", HeadError::FirstLine),
        // A TLS hello, a PROXY protocol 2 preamble, SSLv2, an empty SOCKS greeting.
        (b"\x16\x03\x01\x02\x00", HeadError::FirstLine),
        (b"\r\n\r\n\0\r\nQUIT\n", HeadError::FirstLine),
        (b"\x80\x2e\x01", HeadError::FirstLine),
        (b"\x05\x01\x00", HeadError::FirstLine),
    ] {
        assert_eq!(
            find(buffer, &LIMITS),
            Err(error),
            "{}",
            buffer.escape_ascii()
        );
        let cuts = 0..buffer.len();
        assert_eq!(
            find_in_pieces(buffer, cuts, &LIMITS),
            Err(error),
            "{}",
            buffer.escape_ascii()
        );
    }
}

#[test]
fn a_head_is_as_long_as_the_limit_and_not_a_byte_longer() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let limits = |bytes| HeadLimits { bytes, ..LIMITS };
    assert_eq!(find(head, &limits(head.len())), Ok(Some(head.len())));
    assert_eq!(
        find(head, &limits(head.len() - 1)),
        Err(HeadError::TooLarge)
    );
    // As soon as the end can't come in time any more.
    assert_eq!(find(&head[..20], &limits(21)), Ok(None));
    assert_eq!(find(&head[..21], &limits(21)), Err(HeadError::TooLarge));
    // What follows the head has nothing to do with it.
    let followed = [&head[..], &[b'x'; 100]].concat();
    assert_eq!(find(&followed, &limits(head.len())), Ok(Some(head.len())));
}

#[test]
fn a_target_over_the_limit_is_refused_without_waiting_for_its_end() {
    let limits = HeadLimits {
        target_bytes: 16,
        ..LIMITS
    };
    let fits = b"GET /123456789abcdef HTTP/1.1\r\n\r\n";
    assert_eq!(find(fits, &limits), Ok(Some(fits.len())));
    for long in [
        &b"GET /123456789abcdefg"[..],
        b"GET /123456789abcdefg HTTP/1.1\r\n\r\n",
        b"\r\nGET /123456789abcdefg",
        b"GET /123456789abcdefg\n",
    ] {
        assert_eq!(
            find(long, &limits),
            Err(HeadError::TargetTooLong),
            "{}",
            long.escape_ascii()
        );
    }
    // A long method or reason is no target.
    for long in [
        &b"OPTIONSOPTIONSOPTIONSOPTIONS / HTTP/1.1\r\n"[..],
        b"HTTP/1.1 200 a reason that is longer than a target may be\r\n",
    ] {
        assert_eq!(find(long, &limits), Ok(None), "{}", long.escape_ascii());
    }
}

#[test]
fn a_method_that_is_too_long_is_refused_without_waiting_for_its_end() {
    let method = "M".repeat(METHOD_BYTES);
    for start in ["", "\r\n"] {
        let fits = format!("{start}{method}");
        assert_eq!(find(fits.as_bytes(), &LIMITS), Ok(None));
        let head = format!("{start}{method} / HTTP/1.1\r\n\r\n");
        assert_eq!(find(head.as_bytes(), &LIMITS), Ok(Some(head.len())));
        for rest in ["M", "M / HTTP/1.1\r\n\r\n"] {
            let long = format!("{start}{method}{rest}");
            assert_eq!(find(long.as_bytes(), &LIMITS), Err(HeadError::FirstLine));
            let cuts = 0..long.len();
            let in_pieces = find_in_pieces(long.as_bytes(), cuts, &LIMITS);
            assert_eq!(in_pieces, Err(HeadError::FirstLine));
        }
    }
}

#[test]
fn a_field_over_the_limit_is_refused_at_its_line_end() {
    let limits = HeadLimits {
        fields: 2,
        ..LIMITS
    };
    let two = b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\n\r\n";
    assert_eq!(find(two, &limits), Ok(Some(two.len())));
    assert_eq!(
        find(&[b"\r\n", &two[..]].concat(), &limits),
        Ok(Some(two.len() + 2))
    );
    let three = b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\n";
    assert_eq!(find(three, &limits), Err(HeadError::TooManyFields));
    let none = HeadLimits {
        fields: 0,
        ..LIMITS
    };
    assert_eq!(find(b"GET / HTTP/1.1\r\n\r\n", &none), Ok(Some(18)));
    assert_eq!(
        find(b"GET / HTTP/1.1\r\na:\r\n", &none),
        Err(HeadError::TooManyFields)
    );
}

#[test]
fn one_that_found_an_end_looks_for_the_next() {
    let mut end = End::default();
    assert_eq!(end.find(b"GET / HTTP/1.1\r\n", &LIMITS), Ok(None));
    assert_eq!(end.find(b"GET / HTTP/1.1\r\n\r\n", &LIMITS), Ok(Some(18)));
    assert_eq!(end.find(b"GET / HTTP/1.1\r\n\r\n", &LIMITS), Ok(Some(18)));
}

#[test]
fn cve_2023_43669_a_head_without_an_end_is_read_to_the_limit_only() {
    let mut flood = b"GET / HTTP/1.1\r\n".to_vec();
    while flood.len() < 1024 * 1024 {
        flood.extend_from_slice(b"a: b\r\n");
    }
    assert_eq!(find(&flood, &LIMITS), Err(HeadError::TooManyFields));
    let any_number = HeadLimits {
        fields: usize::MAX,
        ..LIMITS
    };
    assert_eq!(find(&flood, &any_number), Err(HeadError::TooLarge));
    let at_the_limit = find(&flood[..LIMITS.bytes], &any_number);
    assert_eq!(at_the_limit, Err(HeadError::TooLarge));
}

#[test]
fn cve_2025_58186_a_mebibyte_of_cookies_is_refused_at_the_limit() {
    let cookies = "a=;".repeat(1024 * 1024 / 3);
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {cookies}\r\n\r\n");
    assert_eq!(find(head.as_bytes(), &LIMITS), Err(HeadError::TooLarge));
}

/// Heads and what resembles them, of the words that matter.
fn resembling_heads() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        8 => Just(&b"\r\n"[..]),
        4 => Just(&b"GET / HTTP/1.1\r\n"[..]),
        4 => Just(&b"a: b\r\n"[..]),
        1 => prop::sample::select(vec![
            &b"\n"[..], b"\r", b" ", b":", b"\0", b"\xff", b"/1234567", b"GET ", b" HTTP/1.0", b"\r\n\r\n", b"\t",
            b"HTTP/1.1 200 OK\r\n",
        ]),
    ];
    prop::collection::vec(word, 0..16).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn the_pieces_a_head_comes_in_change_nothing(
        buffer in resembling_heads(),
        bytes in 1_usize..80,
        fields in 0_usize..4,
        target_bytes in 1_usize..20,
        cut in 0_usize..200,
    ) {
        let limits = HeadLimits { bytes, fields, target_bytes };
        let whole = find(&buffer, &limits);
        prop_assert_eq!(find_in_pieces(&buffer, 0..buffer.len(), &limits), whole);
        prop_assert_eq!(find_in_pieces(&buffer, [cut.min(buffer.len())], &limits), whole);
        if let Ok(Some(length)) = whole {
            prop_assert!(length <= bytes && buffer[..length].ends_with(b"\r\n\r\n"));
        }
    }
}

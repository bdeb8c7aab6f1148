use proptest::prelude::*;

use super::*;
use crate::write;

/// What a body comes to.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    data: Vec<u8>,
    /// Bytes that belong to what comes after the body.
    surplus: usize,
    end: Result<bool, BodyError>,
    trailers: Option<Fields>,
}

/// Gives the pieces one after the other, each until nothing of it is left.
fn read<'p>(framing: BodyFraming, pieces: impl IntoIterator<Item = &'p [u8]>) -> Read {
    let mut decoder = Decoder::new(framing);
    let mut read = Read {
        data: Vec::new(),
        surplus: 0,
        end: Ok(false),
        trailers: None,
    };
    for mut piece in pieces {
        while !piece.is_empty() && read.end.is_ok() {
            let before = decoder.remaining();
            match decoder.decode(piece) {
                Ok(decoded) if decoded.consumed == 0 => {
                    assert!(decoder.is_ended(), "no progress: {decoder:?}");
                    read.surplus += piece.len();
                    break;
                }
                Ok(decoded) => {
                    assert!(
                        decoded.data.end <= decoded.consumed && decoded.consumed <= piece.len()
                    );
                    read.data.extend_from_slice(&piece[decoded.data.clone()]);
                    if let Some(before) = before {
                        assert_eq!(
                            decoder.remaining(),
                            Some(before - decoded.data.len() as u64)
                        );
                    }
                    piece = &piece[decoded.consumed..];
                }
                Err(error) => {
                    assert_eq!(decoder.decode(piece), Err(error), "an error stays");
                    assert_eq!(decoder.end_of_connection(), Err(error));
                    assert!(!decoder.is_ended() && decoder.trailers().is_none());
                    read.end = Err(error);
                }
            }
        }
    }
    if read.end.is_ok() {
        read.end = Ok(decoder.is_ended());
        assert!(decoder.is_ended() || decoder.trailers().is_none());
        read.trailers = decoder.trailers();
        assert_eq!(decoder.trailers(), None, "trailers are taken once");
    }
    read
}

fn whole(framing: BodyFraming, bytes: &[u8]) -> Read {
    read(framing, [bytes])
}

fn byte_by_byte(framing: BodyFraming, bytes: &[u8]) -> Read {
    read(framing, bytes.chunks(1))
}

/// Reads it whole, byte by byte, and in two pieces cut at every place.
fn read_every_way(framing: BodyFraming, bytes: &[u8]) -> Read {
    let read_whole = whole(framing, bytes);
    assert_eq!(
        byte_by_byte(framing, bytes),
        read_whole,
        "{}",
        bytes.escape_ascii()
    );
    for cut in 0..=bytes.len() {
        let pieces = [&bytes[..cut], &bytes[cut..]];
        assert_eq!(
            read(framing, pieces),
            read_whole,
            "{} at {cut}",
            bytes.escape_ascii()
        );
    }
    read_whole
}

fn chunked(bytes: &[u8]) -> Read {
    read_every_way(BodyFraming::Chunked, bytes)
}

#[test]
fn a_length_is_counted_to_the_byte() {
    let read = read_every_way(BodyFraming::Length(5), b"helloGET / HTTP/1.1");
    assert_eq!(read.data, b"hello");
    assert_eq!((read.end, read.surplus), (Ok(true), 14));
    let read = read_every_way(BodyFraming::Length(5), b"hell");
    assert_eq!((read.data, read.end), (b"hell".to_vec(), Ok(false)));
    for nothing in [BodyFraming::None, BodyFraming::Length(0)] {
        let decoder = Decoder::new(nothing);
        assert!(decoder.is_ended());
        assert_eq!(decoder.remaining(), Some(0));
        assert_eq!(whole(nothing, b"x").surplus, 1);
    }
    let mut longest = Decoder::new(BodyFraming::Length(u64::MAX));
    longest.decode(b"x").unwrap();
    assert_eq!(longest.remaining(), Some(u64::MAX - 1));
}

#[test]
fn chunks_are_put_together() {
    for (bytes, data, surplus) in [
        (&b"0\r\n\r\n"[..], &b""[..], 0),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello", 0),
        (
            b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET",
            b"hello world",
            3,
        ),
        (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789", 0),
        (b"A\r\n0123456789\r\n000\r\n\r\n\r\n", b"0123456789", 2),
        (b"0000000000000001\r\nx\r\n0\r\n\r\n", b"x", 0),
        // Data may look like framing.
        (b"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", b"\r\n0\r\n\r\n", 0),
        (b"1;a=b\r\nx\r\n0;c=\"d;e\"\r\n\r\n", b"x", 0),
        (b"1;\r\nx\r\n1; a\t=\xe9\r\ny\r\n0\r\n\r\n", b"xy", 0),
    ] {
        let read = chunked(bytes);
        assert_eq!(read.data, data, "{}", bytes.escape_ascii());
        assert_eq!(read.end, Ok(true), "{}", bytes.escape_ascii());
        assert_eq!((read.surplus, read.trailers), (surplus, None));
    }
}

#[test]
fn the_end_is_known_together_with_the_last_data() {
    let mut decoder = Decoder::new(BodyFraming::Chunked);
    let decoded = decoder.decode(b"5\r\nhello\r\n0\r\n\r\nGET").unwrap();
    assert_eq!((decoded.consumed, decoded.data), (15, 3..8));
    assert!(decoder.is_ended());
    assert_eq!(decoder.decode(b"GET").unwrap(), Decoded::NOTHING);
}

#[test]
fn chunks_that_two_readers_could_take_differently_are_refused() {
    for bytes in [
        // Sizes.
        &b"\r\n"[..],
        b"\r\n0\r\n\r\n",
        b";a\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+3\r\nabc",
        b"0x3\r\nabc",
        b"0_3\r\nabc",
        b"3.0\r\nabc",
        b"3,3\r\nabc",
        b"3h\r\nabc",
        b" 3\r\nabc",
        b"\t3\r\nabc",
        b"3 \r\nabc",
        b"3\t\r\nabc",
        b"3 ;a\r\nabc",
        b"3 3\r\nabc",
        b"\xb33\r\n",
        b"3\0\r\nabc",
        // Ends of the size line.
        b"3\nabc\r\n0\r\n\r\n",
        b"3\rabc\r\n",
        b"3\r\rabc\r\n",
        b"3\r\r\nabc\r\n",
        b"3\rXabc\r\n0\r\n\r\n",
        b"0\n\r\n",
        b"0\n\n",
        b"0\rX\r\n",
        // Ends of the data.
        b"3\r\nabc\n0\r\n\r\n",
        b"3\r\nabc0\r\n\r\n",
        b"3\r\nabc\r0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc\r\r\n",
        b"3\r\nabc\n\r\n",
        b"3\r\nabc\rX0\r\n\r\n",
        b"3\r\nabcX\n0\r\n\r\n",
        // Extensions.
        b"3;\nabc\r\n0\r\n\r\n",
        b"3;a\nabc\r\n0\r\n\r\n",
        b"3;a\rb\r\nabc",
        b"3;a\0\r\nabc",
        b"3;a\x7f\r\nabc",
        b"0;\n\r\n",
        b"3;a=\"\n\"\r\n",
    ] {
        let read = chunked(bytes);
        assert_eq!(read.end, Err(BodyError::Chunk), "{}", bytes.escape_ascii());
    }
}

#[test]
fn rustsec_2021_0079_a_chunk_size_that_overflows_is_refused() {
    for bytes in [
        &b"10000000000000000\r\n"[..],
        b"00000000000000000\r\n\r\n",
        b"f0000000000000003\r\nabc\r\n0\r\n\r\n",
        b"fffffffffffffffff\r\n",
        b"100000000000000003\r\nabc\r\n0\r\n\r\n",
    ] {
        let read = chunked(bytes);
        assert_eq!(read.end, Err(BodyError::Chunk), "{}", bytes.escape_ascii());
    }
    // The largest that is one is only very long.
    let read = chunked(b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n");
    assert_eq!(
        (&read.data[..], read.end),
        (&b"abc\r\n0\r\n\r\n"[..], Ok(false))
    );
}

#[test]
fn data_before_an_error_is_handed_out_first() {
    let mut decoder = Decoder::new(BodyFraming::Chunked);
    let bytes = b"3\r\nabc\r\nx";
    let decoded = decoder.decode(bytes).unwrap();
    assert_eq!((decoded.consumed, decoded.data), (8, 3..6));
    assert_eq!(decoder.decode(&bytes[8..]), Err(BodyError::Chunk));
    assert_eq!(decoder.decode(b"0\r\n\r\n"), Err(BodyError::Chunk));
}

#[test]
fn extensions_are_bounded_by_line_and_by_body() {
    let line = |bytes: usize| format!("1;{}\r\nx\r\n", "e".repeat(bytes));
    let body = |bytes: usize, times: usize| line(bytes).repeat(times) + "0\r\n\r\n";
    for (body, end) in [
        (body(256, 1), Ok(true)),
        (body(257, 1), Err(BodyError::Extensions)),
        (body(256, 64), Ok(true)),
        (body(256, 65), Err(BodyError::Extensions)),
        (body(1, 16 * 1024), Ok(true)),
        (body(1, 16 * 1024 + 1), Err(BodyError::Extensions)),
    ] {
        assert_eq!(whole(BodyFraming::Chunked, body.as_bytes()).end, end);
        assert_eq!(byte_by_byte(BodyFraming::Chunked, body.as_bytes()).end, end);
    }
}

#[test]
fn trailers_are_kept_until_they_are_taken() {
    let read = chunked(b"1\r\nx\r\n0\r\nGrpc-Status: 0\r\nempty:\r\nGRPC-status: \t1 \r\n\r\nGET");
    assert_eq!((read.end, read.surplus), (Ok(true), 3));
    let trailers = read.trailers.unwrap();
    let pairs: Vec<_> = trailers
        .iter()
        .map(|field| (field.name, field.value))
        .collect();
    assert_eq!(
        pairs,
        [
            (&b"Grpc-Status"[..], &b"0"[..]),
            (b"empty", b""),
            (b"GRPC-status", b"1")
        ]
    );
}

#[test]
fn malformed_trailers_are_refused() {
    for trailers in [
        "a\r\n\r\n",
        "a : b\r\n\r\n",
        ": b\r\n\r\n",
        " a: b\r\n\r\n",
        "a: b\r\n c\r\n\r\n",
        "a: \0\r\n\r\n",
        "a: b\rc\r\n\r\n",
        "a: b\n\r\n",
        "a: b\r\n\n",
        "a: b\n\n",
        "\n",
        "\rx",
        "\r\r\n",
        "\u{e9}: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        for before in ["0\r\n", "1\r\nx\r\n0\r\n"] {
            let body = [before, trailers].concat();
            let read = chunked(body.as_bytes());
            assert_eq!(read.end, Err(BodyError::Trailers), "{trailers:?}");
        }
    }
}

#[test]
fn trailers_are_bounded() {
    let count = |count: usize| format!("0\r\n{}\r\n", "a:b\r\n".repeat(count));
    assert_eq!(
        whole(BodyFraming::Chunked, count(32).as_bytes())
            .trailers
            .unwrap()
            .len(),
        32
    );
    assert_eq!(chunked(count(33).as_bytes()).end, Err(BodyError::Trailers));
    let long = |bytes: usize| format!("0\r\na:{}\r\n\r\n", "b".repeat(bytes - 6));
    let longest = long(8 * 1024);
    assert_eq!(
        whole(BodyFraming::Chunked, longest.as_bytes()).end,
        Ok(true)
    );
    assert_eq!(
        byte_by_byte(BodyFraming::Chunked, longest.as_bytes()).end,
        Ok(true)
    );
    let too_long = long(8 * 1024 + 1);
    assert_eq!(
        whole(BodyFraming::Chunked, too_long.as_bytes()).end,
        Err(BodyError::Trailers)
    );
    let endless = format!("0\r\n{}", "a".repeat(8 * 1024 + 1));
    assert_eq!(
        byte_by_byte(BodyFraming::Chunked, endless.as_bytes()).end,
        Err(BodyError::Trailers)
    );
}

#[test]
fn a_body_that_the_connection_cut_short_is_no_body() {
    for (framing, bytes) in [
        (BodyFraming::Length(5), &b""[..]),
        (BodyFraming::Length(5), b"hell"),
        (BodyFraming::Chunked, b""),
        (BodyFraming::Chunked, b"5"),
        (BodyFraming::Chunked, b"5\r\nhel"),
        (BodyFraming::Chunked, b"5\r\nhello\r\n"),
        (BodyFraming::Chunked, b"5\r\nhello\r\n0\r\n"),
        (BodyFraming::Chunked, b"5\r\nhello\r\n0\r\n\r"),
        (BodyFraming::Chunked, b"5\r\nhello\r\n0\r\na: b\r\n"),
    ] {
        let mut decoder = Decoder::new(framing);
        let mut rest = bytes;
        while !rest.is_empty() {
            let decoded = decoder.decode(rest).unwrap();
            rest = &rest[decoded.consumed..];
        }
        assert_eq!(
            decoder.end_of_connection(),
            Err(BodyError::Early),
            "{}",
            bytes.escape_ascii()
        );
        assert_eq!(decoder.decode(b"more"), Err(BodyError::Early));
    }
}

#[test]
fn a_connection_may_end_after_a_body_and_ends_one_that_goes_on_until_then() {
    let mut decoder = Decoder::new(BodyFraming::UntilEnd);
    assert_eq!(
        decoder.decode(b"0\r\n\r\n").unwrap(),
        Decoded {
            consumed: 5,
            data: 0..5
        }
    );
    assert!(!decoder.is_ended());
    assert_eq!(decoder.remaining(), None);
    assert_eq!(decoder.end_of_connection(), Ok(()));
    assert!(decoder.is_ended());
    assert_eq!(decoder.decode(b"x").unwrap(), Decoded::NOTHING);
    for (framing, bytes) in [
        (BodyFraming::None, &b""[..]),
        (BodyFraming::Length(1), b"x"),
        (BodyFraming::Chunked, b"0\r\n\r\n"),
    ] {
        let mut decoder = Decoder::new(framing);
        decoder.decode(bytes).unwrap();
        assert_eq!(decoder.end_of_connection(), Ok(()));
    }
}

#[test]
fn a_decoder_is_small_beside_a_connection() {
    assert!(size_of::<Decoder>() <= 80, "{}", size_of::<Decoder>());
}

/// Chunked bodies and what resembles them, of the words that matter.
fn resembling_chunks() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        &b"1\r\nx\r\n"[..],
        b"1\r\nx\r\n",
        b"5\r\nhello\r\n",
        b"5\r\nhello\r\n",
        b"A;b=c\r\n0123456789\r\n",
        b"0\r\n",
        b"0\r\n\r\n",
        b"a: b\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b";",
        b"f",
        b"\0",
        b" ",
        b"00",
        b"ffffffffffffffff\r\n",
    ]);
    prop::collection::vec(word, 0..10).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn the_pieces_a_body_comes_in_change_nothing(bytes in resembling_chunks()) {
        let read = chunked(&bytes);
        prop_assert!(read.data.len() + read.surplus <= bytes.len());
    }

    #[test]
    fn any_pieces_change_nothing(bytes in resembling_chunks(), sizes in prop::collection::vec(1_usize..9, 1..40)) {
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        for size in sizes {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        prop_assert_eq!(read(BodyFraming::Chunked, pieces), whole(BodyFraming::Chunked, &bytes));
    }

    #[test]
    fn what_is_written_in_chunks_is_read_from_them(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
        trailers in prop::collection::vec(("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", "[!-~\u{e9}]([ -~\t]{0,8}[!-~])?"), 0..4),
    ) {
        let trailers: Fields = trailers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut bytes = Vec::new();
        for piece in &pieces {
            write::chunk_size(&mut bytes, piece.len());
            bytes.extend_from_slice(piece);
            bytes.extend_from_slice(write::CHUNK_END);
        }
        write::last_chunk(&mut bytes, Some(&trailers)).unwrap();
        bytes.extend_from_slice(b"after");
        let read = chunked(&bytes);
        prop_assert_eq!(&read.data, &pieces.concat());
        prop_assert_eq!((&read.end, read.surplus), (&Ok(true), 5));
        prop_assert_eq!(read.trailers.unwrap_or_default(), trailers);
    }
}

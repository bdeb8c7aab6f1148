use proptest::prelude::*;

use super::*;
use crate::body::Decoder;
use crate::framing::{self, BodyFraming};
use crate::head::{End, oracle};

const LIMITS: HeadLimits = HeadLimits {
    bytes: 32 * 1024,
    fields: 100,
    target_bytes: 8 * 1024,
};

fn parsed(head: &[u8]) -> RequestHead {
    parse(head, &LIMITS).unwrap_or_else(|error| panic!("{error}: {}", head.escape_ascii()))
}

/// All readings have to find the same.
fn refusal(head: &[u8], limits: &HeadLimits) -> Option<HeadError> {
    let parsed = parse(head, limits);
    if head.len() <= limits.bytes {
        let shown = head.escape_ascii();
        let rest = head.strip_prefix(b"\r\n").unwrap_or(head);
        let refusal = parsed.as_ref().err().copied();
        assert_eq!(oracle::request(rest, limits), refusal, "{shown}");
        let fields = parsed.as_ref().ok().map(|parsed| &parsed.fields);
        let of_httparse = oracle::httparse_request(rest, limits);
        assert_eq!(of_httparse.as_ref(), fields, "{shown}");
    }
    parsed.err()
}

#[test]
fn a_head_is_read_as_it_is_written() {
    let head = parsed(
        b"GET /a?b=%20c HTTP/1.1\r\nHost: a.test\r\nOIDC_access_token:x\r\nempty:\r\nblank: \t \r\n\
          spaced: \t one\ttwo \t\r\naccept: */*\r\nHOST: again\r\nobs: \xe9\xff\r\n\r\n",
    );
    assert_eq!(head.method, "GET");
    assert_eq!(head.target, "/a?b=%20c");
    assert_eq!(head.version, Version::Http11);
    let fields: Vec<_> = head
        .fields
        .iter()
        .map(|field| (field.name, field.value))
        .collect();
    assert_eq!(
        fields,
        [
            (&b"Host"[..], &b"a.test"[..]),
            (b"OIDC_access_token", b"x"),
            (b"empty", b""),
            (b"blank", b""),
            (b"spaced", b"one\ttwo"),
            (b"accept", b"*/*"),
            (b"HOST", b"again"),
            (b"obs", b"\xe9\xff"),
        ]
    );
}

#[test]
fn first_lines_that_are_allowed() {
    for (line, method, target, version) in [
        ("GET / HTTP/1.0", "GET", "/", Version::Http10),
        ("POST /x HTTP/1.1", "POST", "/x", Version::Http11),
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*", Version::Http11),
        ("get / HTTP/1.1", "get", "/", Version::Http11),
        (
            "M-SEARCH!#$%&'*+-.^_`|~ / HTTP/1.1",
            "M-SEARCH!#$%&'*+-.^_`|~",
            "/",
            Version::Http11,
        ),
        (
            "GET http://a.test/b HTTP/1.1",
            "GET",
            "http://a.test/b",
            Version::Http11,
        ),
        (
            "CONNECT a.test:443 HTTP/1.1",
            "CONNECT",
            "a.test:443",
            Version::Http11,
        ),
        // Which of these name anything is not for grammar to say.
        (
            "GET \\..#\"<>%zz{|}^` HTTP/1.1",
            "GET",
            "\\..#\"<>%zz{|}^`",
            Version::Http11,
        ),
    ] {
        let head = parsed(format!("{line}\r\n\r\n").as_bytes());
        assert_eq!(
            (&head.method[..], &head.target[..]),
            (method.as_bytes(), target.as_bytes())
        );
        assert_eq!(head.version, version, "{line}");
        assert!(head.fields.is_empty());
    }
}

#[test]
fn the_ordinary_methods_cost_no_memory() {
    for name in [
        "GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER",
    ] {
        let method = parsed(format!("{name} / HTTP/1.1\r\n\r\n").as_bytes()).method;
        assert_eq!(method, name);
        assert_eq!(method.is_unique(), name == "OTHER", "{name}");
    }
}

#[test]
fn one_empty_line_before_a_request_is_skipped() {
    assert_eq!(
        parsed(b"\r\nGET / HTTP/1.1\r\n\r\n"),
        parsed(b"GET / HTTP/1.1\r\n\r\n")
    );
    for (before, error) in [
        ("\r\n\r\n", HeadError::FirstLine),
        ("\n", HeadError::LineEnd),
        ("\r\n\n", HeadError::LineEnd),
        ("\n\n\n", HeadError::LineEnd),
        ("\r", HeadError::LineEnd),
    ] {
        let head = format!("{before}GET / HTTP/1.1\r\n\r\n");
        assert_eq!(refusal(head.as_bytes(), &LIMITS), Some(error), "{before:?}");
    }
}

#[test]
fn first_lines_that_are_refused() {
    for (line, error) in [
        ("", HeadError::FirstLine),
        ("GET", HeadError::FirstLine),
        // HTTP/0.9
        ("GET /", HeadError::FirstLine),
        ("GET / ", HeadError::FirstLine),
        ("GET  HTTP/1.1", HeadError::FirstLine),
        ("GET  / HTTP/1.1", HeadError::FirstLine),
        ("GET /  HTTP/1.1", HeadError::FirstLine),
        ("GET / HTTP/1.1 ", HeadError::FirstLine),
        ("GET / HTTP/1.1 x", HeadError::FirstLine),
        ("GET / x HTTP/1.1", HeadError::FirstLine),
        (" GET / HTTP/1.1", HeadError::FirstLine),
        ("GET\t/\tHTTP/1.1", HeadError::FirstLine),
        ("GET /\tHTTP/1.1", HeadError::FirstLine),
        ("GET\u{b}/ HTTP/1.1", HeadError::FirstLine),
        ("GET /\u{c}HTTP/1.1", HeadError::FirstLine),
        ("GET /\0 HTTP/1.1", HeadError::FirstLine),
        ("GET /\u{7f} HTTP/1.1", HeadError::FirstLine),
        ("G(T / HTTP/1.1", HeadError::FirstLine),
        ("G\"T / HTTP/1.1", HeadError::FirstLine),
        ("GET:/ / HTTP/1.1", HeadError::FirstLine),
        ("\u{e9}GET / HTTP/1.1", HeadError::FirstLine),
        // RFC 9112 §3.2 is ASCII.
        ("GET /\u{e9} HTTP/1.1", HeadError::FirstLine),
        ("GET /\u{2028} HTTP/1.1", HeadError::FirstLine),
        ("GET / http/1.1", HeadError::FirstLine),
        ("GET / Http/1.1", HeadError::FirstLine),
        ("GET / HTTP/1.10", HeadError::FirstLine),
        ("GET / HTTP/01.1", HeadError::FirstLine),
        ("GET / HTTP/1", HeadError::FirstLine),
        ("GET / HTTP/1.", HeadError::FirstLine),
        ("GET / HTTP/.1", HeadError::FirstLine),
        ("GET / HTTP/+1.1", HeadError::FirstLine),
        ("GET / HTTP /1.1", HeadError::FirstLine),
        ("GET / HTTP/1,1", HeadError::FirstLine),
        ("GET / HTTPS/1.1", HeadError::FirstLine),
        ("GET / ICY/1.1", HeadError::FirstLine),
        ("GET / HTTP/1.2", HeadError::Version),
        ("GET / HTTP/0.9", HeadError::Version),
        ("GET / HTTP/2.0", HeadError::Version),
        ("GET / HTTP/3.0", HeadError::Version),
        ("PRI * HTTP/2.0", HeadError::Version),
        ("GET / HTTP/9.9", HeadError::Version),
        ("GET /\rHTTP/1.1", HeadError::LineEnd),
        ("GET / HTTP/1.1\r", HeadError::LineEnd),
        ("GET /\r HTTP/1.1", HeadError::LineEnd),
        ("GET / HTTP/1.1\rHost: b", HeadError::LineEnd),
    ] {
        let head = format!("{line}\r\nHost: a\r\n\r\n");
        assert_eq!(refusal(head.as_bytes(), &LIMITS), Some(error), "{line:?}");
    }
    let latin1 = b"GET /\xe9 HTTP/1.1\r\n\r\n";
    assert_eq!(refusal(latin1, &LIMITS), Some(HeadError::FirstLine));
}

#[test]
fn field_lines_that_are_refused() {
    for (lines, error) in [
        (": b\r\n", HeadError::FieldName),
        ("a\r\n", HeadError::FieldName),
        ("a b\r\n", HeadError::FieldName),
        ("a : b\r\n", HeadError::FieldName),
        ("a\t: b\r\n", HeadError::FieldName),
        ("Transfer-Encoding : chunked\r\n", HeadError::FieldName),
        ("a\0: b\r\n", HeadError::FieldName),
        ("\u{e9}: b\r\n", HeadError::FieldName),
        ("a\u{b}: b\r\n", HeadError::FieldName),
        ("[a]: b\r\n", HeadError::FieldName),
        ("\"a\": b\r\n", HeadError::FieldName),
        ("a/b: c\r\n", HeadError::FieldName),
        ("Host: a\r\n: b\r\n", HeadError::FieldName),
        // White space before the first field, which some take as a field and some as part of the first line.
        (" Host: a\r\n", HeadError::FieldName),
        ("\tHost: a\r\n", HeadError::FieldName),
        // Line folding (RFC 9112 §5.2).
        ("a: b\r\n c\r\n", HeadError::FieldValue),
        ("a: b\r\n\tc: d\r\n", HeadError::FieldValue),
        ("a:\r\n b\r\n", HeadError::FieldValue),
        ("a: b\r\n \r\n", HeadError::FieldValue),
        ("Transfer-Encoding:\r\n chunked\r\n", HeadError::FieldValue),
        ("a: b\0\r\n", HeadError::FieldValue),
        ("a: \u{b}chunked\r\n", HeadError::FieldValue),
        ("a: \u{1b}[31m\r\n", HeadError::FieldValue),
        ("a: b\u{7f}\r\n", HeadError::FieldValue),
        ("a: b\rc\r\n", HeadError::LineEnd),
        ("a: b\r\r\n", HeadError::LineEnd),
        ("a\r: b\r\n", HeadError::LineEnd),
        ("a:\rb\r\n", HeadError::LineEnd),
        ("\ra: b\r\n", HeadError::LineEnd),
        ("a: b\rTransfer-Encoding: chunked\r\n", HeadError::LineEnd),
    ] {
        let head = format!("GET / HTTP/1.1\r\n{lines}\r\n");
        assert_eq!(refusal(head.as_bytes(), &LIMITS), Some(error), "{lines:?}");
    }
}

#[test]
fn a_line_that_ends_in_a_line_feed_alone_is_refused_wherever_it_is() {
    let good = "GET / HTTP/1.1\r\nHost: a\r\nb: \r\nc:\r\nd:e  \r\n\r\n";
    let ends: Vec<usize> = good.match_indices("\r\n").map(|(at, _)| at).collect();
    for at in &ends {
        let mut bad = good.to_owned();
        bad.remove(*at);
        assert_eq!(
            refusal(bad.as_bytes(), &LIMITS),
            Some(HeadError::LineEnd),
            "{bad:?}"
        );
    }
    for (at, _) in good.match_indices('\n') {
        let mut bad = good.to_owned();
        bad.remove(at);
        assert_eq!(
            refusal(bad.as_bytes(), &LIMITS),
            Some(HeadError::LineEnd),
            "{bad:?}"
        );
    }
    let all = good.replace('\r', "");
    assert_eq!(refusal(all.as_bytes(), &LIMITS), Some(HeadError::LineEnd));
    for no_fields in [
        "GET / HTTP/1.1\n\r\n",
        "GET / HTTP/1.1\r\n\n",
        "GET / HTTP/1.1\n\n",
    ] {
        assert_eq!(
            refusal(no_fields.as_bytes(), &LIMITS),
            Some(HeadError::LineEnd)
        );
    }
}

#[test]
fn what_is_not_one_whole_head_is_refused() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for length in 0..head.len() {
        assert!(refusal(&head[..length], &LIMITS).is_some(), "{length}");
    }
    for more in [
        &b"x"[..],
        b"\r\n",
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"a: b\r\n\r\n",
    ] {
        let more = [head, more].concat();
        assert_eq!(
            refusal(&more, &LIMITS),
            Some(HeadError::LineEnd),
            "{}",
            more.escape_ascii()
        );
    }
}

/// Long enough for blocks, words and what is left.
const LONG: usize = 70;

#[test]
fn every_byte_everywhere_is_judged_by_the_grammar() {
    let build = |method: &[u8], target: &[u8], name: &[u8], value: &[u8]| {
        [
            method,
            b" ",
            target,
            b" HTTP/1.1\r\n",
            name,
            b": ",
            value,
            b"\r\nend: x\r\n\r\n",
        ]
        .concat()
    };
    for byte in 0..=u8::MAX {
        for at in [0, 1, 7, 8, 15, 16, 31, 32, 33, 63, 64, LONG - 1] {
            let mut text = [b'a'; LONG];
            text[at] = byte;
            let is_token = crate::fields::is_token_byte(byte);
            let is_value = byte == b'\t' || (byte >= 0x20 && byte != 0x7f);
            let cases = [
                (
                    build(&text[..METHOD_BYTES], b"/", b"n", b"v"),
                    is_token || at >= METHOD_BYTES,
                ),
                (build(b"GET", &text, b"n", b"v"), byte.is_ascii_graphic()),
                // A colon only makes the name shorter.
                (
                    build(b"GET", b"/", &text, b"v"),
                    is_token || (byte == b':' && at > 0),
                ),
                (build(b"GET", b"/", b"n", &text), is_value),
            ];
            for (index, (head, allowed)) in cases.iter().enumerate() {
                let refusal = refusal(head, &LIMITS);
                assert_eq!(
                    refusal.is_none(),
                    *allowed,
                    "case {index}, byte {byte:#x} at {at}: {refusal:?}"
                );
            }
        }
    }
}

#[test]
fn limits_hold_to_the_byte() {
    let head = b"GET /12345 HTTP/1.1\r\na: 1\r\nb: 2\r\n\r\n";
    let exact = HeadLimits {
        bytes: head.len(),
        fields: 2,
        target_bytes: 6,
    };
    assert_eq!(refusal(head, &exact), None);
    let (_, length) = read(&mut End::default(), head, &exact).unwrap().unwrap();
    assert_eq!(length, head.len());
    for (limits, error) in [
        (
            HeadLimits {
                bytes: head.len() - 1,
                ..exact
            },
            HeadError::TooLarge,
        ),
        (HeadLimits { fields: 1, ..exact }, HeadError::TooManyFields),
        (HeadLimits { fields: 0, ..exact }, HeadError::TooManyFields),
        (
            HeadLimits {
                target_bytes: 5,
                ..exact
            },
            HeadError::TargetTooLong,
        ),
    ] {
        assert_eq!(refusal(head, &limits), Some(error));
        assert_eq!(read(&mut End::default(), head, &limits), Err(error));
    }
}

#[test]
fn many_fields_are_read_up_to_the_limit() {
    for count in [100, 127, 128, 129, 1000] {
        let head = format!("GET / HTTP/1.1\r\n{}\r\n", "a:\r\n".repeat(count));
        let limits = HeadLimits {
            fields: count,
            ..LIMITS
        };
        assert_eq!(parse(head.as_bytes(), &limits).unwrap().fields.len(), count);
        let fewer = HeadLimits {
            fields: count - 1,
            ..LIMITS
        };
        assert_eq!(
            refusal(head.as_bytes(), &fewer),
            Some(HeadError::TooManyFields),
            "{count}"
        );
    }
    let endless = HeadLimits {
        fields: usize::MAX,
        ..LIMITS
    };
    assert_eq!(refusal(b"GET / HTTP/1.1\r\na:\r\n\r\n", &endless), None);
}

#[test]
fn rustsec_2020_0008_a_get_has_the_body_its_fields_say() {
    let head = parsed(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    let framing = framing::of_request(head.version, &head.fields);
    assert_eq!(framing, Ok(BodyFraming::Length(5)));
    let mut body = Decoder::new(BodyFraming::Length(5));
    let decoded = body.decode(b"GET /GET /smuggled HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(
        (decoded.consumed, decoded.data, body.is_ended()),
        (5, 0..5, true)
    );
}

#[test]
fn names_that_only_look_like_framing_are_other_names() {
    for line in [
        "Content_Length: 5",
        "Content-Length.: 5",
        "Transfer_Encoding: chunked",
        "X: \u{a0}chunked",
    ] {
        let head = parsed(format!("GET / HTTP/1.1\r\n{line}\r\n\r\n").as_bytes());
        assert_eq!(
            framing::of_request(head.version, &head.fields),
            Ok(BodyFraming::None),
            "{line}"
        );
    }
}

/// Heads of words that matter, good ones often.
fn resembling_heads() -> impl Strategy<Value = Vec<u8>> {
    let first = prop::sample::select(vec![
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\n",
        "\r\nPOST /a HTTP/1.0\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n",
        "GET / HTTP/2.0\r\n",
        "GET /\u{e9} HTTP/1.1\r\n",
        "GET  HTTP/1.1\r\n",
        "G T / HTTP/1.1\r\n",
        "GET / HTTP/1.1\n",
    ]);
    let line = prop::sample::select(vec![
        "a: b\r\n",
        "A:b\r\n",
        "a:\r\n",
        "a: \t\r\n",
        "a: b \r\n",
        "content-length: 1\r\n",
        "a: \u{e9}\r\n",
        "a: b\r\n",
        "a: b\r\n",
        "a : b\r\n",
        " a: b\r\n",
        "a: b\n",
        "a: \0\r\n",
        "a\r\n",
        ":\r\n",
        "\r\n",
        "a: b\r\r\n",
        "\n",
        "a:\r c\r\n",
        "a:\n\r\n",
    ]);
    (
        first,
        prop::collection::vec(line, 0..6),
        prop::sample::select(vec!["\r\n", "\r\n", "\n", "", "\r\n\r\n"]),
    )
        .prop_map(|(first, lines, end)| [first, &lines.concat(), end].concat().into_bytes())
}

/// Gives ever longer beginnings of `head`, which end at `cuts`, until there is something to say.
fn read_in_pieces(
    head: &[u8],
    cuts: impl IntoIterator<Item = usize>,
    limits: &HeadLimits,
) -> Result<Option<(RequestHead, usize)>, HeadError> {
    let mut end = End::default();
    for cut in cuts.into_iter().chain([head.len()]) {
        match read(&mut end, &head[..cut], limits) {
            Ok(None) => {}
            said => return said,
        }
    }
    Ok(None)
}

#[test]
fn a_head_is_read_with_anything_after_it() {
    let bytes = b"POST /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\n\r\n";
    let mut end = End::default();
    let (head, length) = read(&mut end, bytes, &LIMITS).unwrap().unwrap();
    assert_eq!((head.target, length), ("/a".into(), 29));
    let (head, length) = read(&mut end, &bytes[29..], &LIMITS).unwrap().unwrap();
    assert_eq!((head.target, length), ("/b".into(), 19));
    assert_eq!(read(&mut end, b"", &LIMITS), Ok(None));
    let (_, length) = read(&mut end, b"\r\nGET / HTTP/1.1\r\n\r\nx", &LIMITS)
        .unwrap()
        .unwrap();
    assert_eq!(length, 20);
}

proptest! {
    #[test]
    fn all_readings_of_one_head_agree(head in resembling_heads(), fields in 0_usize..8) {
        refusal(&head, &HeadLimits { fields, bytes: 4096, target_bytes: 2 });
    }

    #[test]
    fn all_readings_of_any_bytes_agree(at in 0_usize..60, bytes in prop::collection::vec(any::<u8>(), 0..4)) {
        let mut head = b"GET /a HTTP/1.1\r\nHost: a.test\r\nb: c\r\n\r\n".to_vec();
        let at = at.min(head.len());
        let end = (at + bytes.len()).min(head.len());
        head.splice(at..end, bytes);
        refusal(&head, &LIMITS);
    }

    #[test]
    fn the_pieces_a_head_comes_in_change_nothing(
        head in resembling_heads(),
        fields in 0_usize..8,
        bytes in 20_usize..100,
        cut in 0_usize..100,
    ) {
        let limits = HeadLimits { fields, bytes, target_bytes: 2 };
        let found = End::default().find(&head, &limits);
        let expected = found.and_then(|length| match length {
            Some(length) => parse(&head[..length], &limits).map(|parsed| Some((parsed, length))),
            None => Ok(None),
        });
        prop_assert_eq!(&read_in_pieces(&head, [], &limits), &expected);
        prop_assert_eq!(&read_in_pieces(&head, 0..head.len(), &limits), &expected);
        prop_assert_eq!(&read_in_pieces(&head, [cut.min(head.len())], &limits), &expected);
    }

    #[test]
    fn a_head_that_ends_is_the_same_with_anything_after_it(head in resembling_heads(), after in resembling_heads()) {
        let followed = [&head[..], &after].concat();
        let whole = End::default().find(&head, &LIMITS);
        if let Ok(Some(length)) = whole {
            prop_assert_eq!(End::default().find(&followed, &LIMITS), whole);
            prop_assert_eq!(parse(&followed[..length], &LIMITS), parse(&head[..length], &LIMITS));
        }
    }
}

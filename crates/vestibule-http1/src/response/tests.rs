use proptest::prelude::*;

use super::*;
use crate::head::oracle;

const LIMITS: HeadLimits = HeadLimits {
    bytes: 32 * 1024,
    fields: 100,
    target_bytes: 8 * 1024,
};

/// All readings have to find the same.
fn refusal(head: &[u8], limits: &HeadLimits) -> Option<HeadError> {
    let parsed = parse(head, limits);
    if head.len() <= limits.bytes {
        let shown = head.escape_ascii();
        let refusal = parsed.as_ref().err().copied();
        assert_eq!(oracle::response(head, limits), refusal, "{shown}");
        let fields = parsed.as_ref().ok().map(|parsed| &parsed.fields);
        let of_httparse = oracle::httparse_response(head, limits);
        assert_eq!(of_httparse.as_ref(), fields, "{shown}");
    }
    parsed.err()
}

#[test]
fn status_lines_that_are_allowed() {
    for (line, version, status) in [
        ("HTTP/1.1 200 OK", Version::Http11, 200),
        ("HTTP/1.0 404 Not Found", Version::Http10, 404),
        ("HTTP/1.1 100 Continue", Version::Http11, 100),
        ("HTTP/1.1 599 ", Version::Http11, 599),
        // No two readers take this differently, and there are servers that write it.
        ("HTTP/1.1 204", Version::Http11, 204),
        ("HTTP/1.1 200  two spaces\tand a tab ", Version::Http11, 200),
        ("HTTP/1.1 200 caf\u{e9}", Version::Http11, 200),
    ] {
        let head = format!("{line}\r\nServer: x\r\nserver: y\r\n\r\n");
        let head = parse(head.as_bytes(), &LIMITS).unwrap();
        assert_eq!((head.version, head.status), (version, status), "{line}");
        assert_eq!(head.fields.all("SERVER").collect::<Vec<_>>(), [b"x", b"y"]);
    }
}

#[test]
fn status_lines_that_are_refused() {
    for (line, error) in [
        ("", HeadError::FirstLine),
        ("HTTP/1.1", HeadError::FirstLine),
        ("HTTP/1.1 ", HeadError::FirstLine),
        ("HTTP/1.1  200 OK", HeadError::FirstLine),
        ("HTTP/1.1\t200 OK", HeadError::FirstLine),
        ("HTTP/1.1 20", HeadError::FirstLine),
        ("HTTP/1.1 2000", HeadError::FirstLine),
        ("HTTP/1.1 099 x", HeadError::FirstLine),
        ("HTTP/1.1 600 x", HeadError::FirstLine),
        ("HTTP/1.1 999 x", HeadError::FirstLine),
        ("HTTP/1.1 000 x", HeadError::FirstLine),
        ("HTTP/1.1 +20 x", HeadError::FirstLine),
        ("HTTP/1.1 0x2 x", HeadError::FirstLine),
        ("HTTP/1.1 200OK", HeadError::FirstLine),
        ("HTTP/1.1 200\tOK", HeadError::FirstLine),
        ("HTTP/1.1 200 O\0K", HeadError::FirstLine),
        ("HTTP/1.1 200 O\u{7f}K", HeadError::FirstLine),
        ("http/1.1 200 OK", HeadError::FirstLine),
        ("ICY 200 OK", HeadError::FirstLine),
        ("HTTP/1.10 200 OK", HeadError::FirstLine),
        (" HTTP/1.1 200 OK", HeadError::FirstLine),
        ("200 OK", HeadError::FirstLine),
        ("<html>", HeadError::FirstLine),
        ("HTTP/2.0 200 OK", HeadError::Version),
        ("HTTP/1.2 200 OK", HeadError::Version),
        ("HTTP/0.9 200 OK", HeadError::Version),
        ("HTTP/1.1 200 O\rK", HeadError::LineEnd),
        ("HTTP/1.1 200\r", HeadError::LineEnd),
        ("HTTP/1.1 200 OK\nSet-Cookie: a", HeadError::LineEnd),
    ] {
        let head = format!("{line}\r\nServer: x\r\n\r\n");
        assert_eq!(refusal(head.as_bytes(), &LIMITS), Some(error), "{line:?}");
    }
}

#[test]
fn an_empty_line_before_a_response_is_refused() {
    for before in ["\r\n", "\n", "\r\n\r\n"] {
        let head = format!("{before}HTTP/1.1 200 OK\r\n\r\n");
        assert!(refusal(head.as_bytes(), &LIMITS).is_some(), "{before:?}");
    }
}

#[test]
fn field_lines_that_are_refused() {
    for (lines, error) in [
        ("a : b\r\n", HeadError::FieldName),
        (": b\r\n", HeadError::FieldName),
        (" a: b\r\n", HeadError::FieldName),
        ("a\r\n", HeadError::FieldName),
        ("a: b\r\n c\r\n", HeadError::FieldValue),
        ("a: \0\r\n", HeadError::FieldValue),
        ("a: b\rc\r\n", HeadError::LineEnd),
        ("a: b\n", HeadError::LineEnd),
        ("a: b\nc: d\r\n", HeadError::LineEnd),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        assert_eq!(refusal(head.as_bytes(), &LIMITS), Some(error), "{lines:?}");
    }
    for lines in [
        "HTTP/1.1 200 OK\n\r\n",
        "HTTP/1.1 200 OK\r\n\n",
        "HTTP/1.1 200\n\n",
    ] {
        assert_eq!(
            refusal(lines.as_bytes(), &LIMITS),
            Some(HeadError::LineEnd),
            "{lines:?}"
        );
    }
}

#[test]
fn what_is_not_one_whole_head_is_refused() {
    let head = b"HTTP/1.1 200 OK\r\na: b\r\n\r\n";
    for length in 0..head.len() {
        assert!(refusal(&head[..length], &LIMITS).is_some(), "{length}");
    }
    for more in [&b"x"[..], b"\r\n", b"a: b\r\n\r\n"] {
        assert_eq!(
            refusal(&[head, more].concat(), &LIMITS),
            Some(HeadError::LineEnd)
        );
    }
}

#[test]
fn limits_hold_to_the_byte() {
    let head = b"HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\n\r\n";
    let exact = HeadLimits {
        bytes: head.len(),
        fields: 2,
        target_bytes: 0,
    };
    assert_eq!(refusal(head, &exact), None);
    let shorter = HeadLimits {
        bytes: head.len() - 1,
        ..exact
    };
    assert_eq!(refusal(head, &shorter), Some(HeadError::TooLarge));
    assert_eq!(
        read(&mut End::default(), head, &shorter),
        Err(HeadError::TooLarge)
    );
    assert!(read(&mut End::default(), head, &exact).unwrap().is_some());
    let fewer = HeadLimits { fields: 1, ..exact };
    assert_eq!(refusal(head, &fewer), Some(HeadError::TooManyFields));
}

#[test]
fn a_head_is_read_with_anything_after_it_and_in_any_pieces() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\r\nHTTP/1.1";
    let whole = read(&mut End::default(), bytes, &LIMITS).unwrap().unwrap();
    assert_eq!((whole.0.status, whole.1), (200, 38));
    for cut in 0..whole.1 {
        let mut end = End::default();
        assert_eq!(read(&mut end, &bytes[..cut], &LIMITS), Ok(None));
        assert_eq!(
            read(&mut end, bytes, &LIMITS),
            Ok(Some(whole.clone())),
            "{cut}"
        );
    }
    for (bad, error) in [
        (&b"HTTP/1.1 200 OK\nServer"[..], HeadError::LineEnd),
        (b"HTTP/1.1 2000 OK\r\n\r\n", HeadError::FirstLine),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", HeadError::FirstLine),
        (b"\x15\x03\x01", HeadError::FirstLine),
    ] {
        assert_eq!(
            read(&mut End::default(), bad, &LIMITS),
            Err(error),
            "{}",
            bad.escape_ascii()
        );
    }
}

proptest! {
    #[test]
    fn all_readings_of_any_bytes_agree(at in 0_usize..60, bytes in prop::collection::vec(any::<u8>(), 0..4)) {
        let mut head = b"HTTP/1.1 200 OK\r\nServer: a.test\r\nb: c\r\n\r\n".to_vec();
        let at = at.min(head.len());
        let end = (at + bytes.len()).min(head.len());
        head.splice(at..end, bytes);
        refusal(&head, &LIMITS);
    }
}

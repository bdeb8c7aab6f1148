use proptest::prelude::*;

use super::*;
use crate::fields::Known;
use crate::head::{End, HeadLimits};
use crate::request::{self, RequestHead};
use crate::response;
use crate::version::Version;

const LIMITS: HeadLimits = HeadLimits {
    bytes: 32 * 1024,
    fields: 100,
    target_bytes: 8 * 1024,
};

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_request_line_that_would_change_is_not_written() {
    let mut out = b"before".to_vec();
    for (method, target, error) in [
        (&b""[..], &b"/"[..], METHOD),
        (b"G T", b"/", METHOD),
        (b"GET\r\n", b"/", METHOD),
        (b"GET", b"", TARGET),
        (b"GET", b"/a b", TARGET),
        (b"GET", b"/\r\nX: y", TARGET),
        (b"GET", b"/\n", TARGET),
        (b"GET", b"/\t", TARGET),
        (b"GET", b"/\0", TARGET),
        (b"GET", b"/\x7f", TARGET),
        (b"GET", b"/\xe9", TARGET),
    ] {
        assert_eq!(
            request_line(&mut out, method, target),
            Err(error),
            "{}",
            target.escape_ascii()
        );
        assert_eq!(out, b"before");
    }
    request_line(&mut out, b"GET", b"/a?b").unwrap();
    assert_eq!(out, b"beforeGET /a?b HTTP/1.1\r\n");
}

#[test]
fn a_status_line_has_the_registered_reason() {
    for (status, line) in [
        (200, "HTTP/1.1 200 OK\r\n"),
        (101, "HTTP/1.1 101 Switching Protocols\r\n"),
        (204, "HTTP/1.1 204 No Content\r\n"),
        (302, "HTTP/1.1 302 Found\r\n"),
        (431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"),
        (299, "HTTP/1.1 299 \r\n"),
        (599, "HTTP/1.1 599 \r\n"),
        (600, "HTTP/1.1 500 Internal Server Error\r\n"),
        (0, "HTTP/1.1 500 Internal Server Error\r\n"),
        (99, "HTTP/1.1 500 Internal Server Error\r\n"),
        (1000, "HTTP/1.1 500 Internal Server Error\r\n"),
    ] {
        assert_eq!(written(|out| status_line(out, status)), line);
    }
    for status in 100..=599 {
        let head = written(|out| status_line(out, status)) + "\r\n";
        assert_eq!(
            response::parse(head.as_bytes(), &LIMITS).unwrap().status,
            status
        );
    }
}

#[test]
fn a_field_that_would_change_the_head_is_not_written() {
    for (name, value, error) in [
        (&b""[..], &b"x"[..], NAME),
        (b"a b", b"x", NAME),
        (b"a:", b"x", NAME),
        (b"a\r\nb", b"x", NAME),
        (b"\xe9", b"x", NAME),
        (b"a", b"x\r\nSet-Cookie: y", VALUE),
        (b"a", b"x\n", VALUE),
        (b"a", b"\r", VALUE),
        (b"a", b"x\0", VALUE),
        (b"a", b"\x1b[0m", VALUE),
    ] {
        let mut out = b"before".to_vec();
        assert_eq!(field(&mut out, name, value), Err(error));
        let all: Fields = [(&b"good"[..], &b"1"[..]), (name, value)]
            .into_iter()
            .collect();
        assert_eq!(
            fields(&mut out, &all, |_| true),
            Err(error),
            "{}",
            value.escape_ascii()
        );
        assert_eq!(last_chunk(&mut out, Some(&all)), Err(error));
        assert_eq!(out, b"before");
        // Also when lines that are not neighbours were written before it.
        let mut all: Fields = [("first", "1"), ("gone", "2"), ("third", "3")]
            .into_iter()
            .collect();
        all.remove("gone");
        all.push(name, value);
        assert_eq!(fields(&mut out, &all, |_| true), Err(error));
        assert_eq!(out, b"before");
        assert_eq!(
            fields(&mut out, &all, |field| field.name == b"first"),
            Ok(())
        );
        assert_eq!(out, b"beforefirst: 1\r\n");
    }
}

#[test]
fn fields_keep_their_spelling_and_order() {
    let mut all = Fields::new();
    for (name, value) in [
        ("OIDC_access_token", "a"),
        ("x-b", ""),
        ("X-B", "\u{e9}\tz"),
        ("Host", "h"),
    ] {
        all.push(name, value);
    }
    let host = KnownSet::of([Known::Host]);
    let text = written(|out| fields_without(out, &all, host).unwrap());
    assert_eq!(text, "OIDC_access_token: a\r\nx-b: \r\nX-B: \u{e9}\tz\r\n");
    let text = written(|out| field(out, b"OIDC_x", b"y").unwrap());
    assert_eq!(text, "OIDC_x: y\r\n");
}

#[test]
fn numbers_are_written_in_full() {
    for (number, decimal, hexadecimal) in [
        (1, "1", "1"),
        (9, "9", "9"),
        (10, "10", "a"),
        (255, "255", "ff"),
        (65_536, "65536", "10000"),
        (u64::MAX, "18446744073709551615", "ffffffffffffffff"),
    ] {
        let line = format!("Content-Length: {decimal}\r\n");
        assert_eq!(written(|out| content_length(out, number)), line);
        let size = usize::try_from(number).unwrap();
        assert_eq!(
            written(|out| chunk_size(out, size)),
            format!("{hexadecimal}\r\n")
        );
    }
    assert_eq!(
        written(|out| content_length(out, 0)),
        "Content-Length: 0\r\n"
    );
}

#[test]
fn an_empty_chunk_does_not_end_the_body() {
    assert_eq!(written(|out| chunk_size(out, 0)), "");
    assert_eq!(written(|out| last_chunk(out, None).unwrap()), "0\r\n\r\n");
    let trailers: Fields = [("a", "b")].into_iter().collect();
    assert_eq!(
        written(|out| last_chunk(out, Some(&trailers)).unwrap()),
        "0\r\na: b\r\n\r\n"
    );
}

#[test]
fn every_registered_reason_can_be_written() {
    let registered = (0..=u16::MAX).filter_map(reason);
    assert!(registered.clone().count() > 50);
    for reason in registered {
        assert!(reason.is_ascii() && is_field_value(reason.as_bytes()) && !reason.is_empty());
    }
}

fn write_request(head: &RequestHead) -> Vec<u8> {
    let mut out = Vec::new();
    request_line(&mut out, &head.method, &head.target).unwrap();
    fields(&mut out, &head.fields, |_| true).unwrap();
    end(&mut out);
    out
}

const NAME_PATTERN: &str = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}";
const VALUE_PATTERN: &str = "([!-~\u{80}-\u{ff}]([ -~\t\u{80}-\u{ff}]{0,40}[!-~])?)?";
const SPACE_PATTERN: &str = "[ \t]{0,3}";

proptest! {
    #[test]
    fn what_was_read_is_written_and_read_again_the_same(
        method in "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}",
        target in "[!-~]{1,40}",
        http_1_0 in any::<bool>(),
        lines in prop::collection::vec((NAME_PATTERN, SPACE_PATTERN, VALUE_PATTERN, SPACE_PATTERN), 0..20),
    ) {
        let version = if http_1_0 { "1.0" } else { "1.1" };
        let mut bytes = format!("{method} {target} HTTP/{version}\r\n");
        for (name, before, value, after) in &lines {
            bytes.push_str(&format!("{name}:{before}{value}{after}\r\n"));
        }
        bytes.push_str("\r\n");
        prop_assert_eq!(End::default().find(bytes.as_bytes(), &LIMITS), Ok(Some(bytes.len())));
        let first = request::parse(bytes.as_bytes(), &LIMITS).unwrap();
        let found: Vec<_> = first.fields.iter().map(|field| (field.name, field.value)).collect();
        let meant: Vec<_> = lines.iter().map(|(name, _, value, _)| (name.as_bytes(), value.as_bytes())).collect();
        prop_assert_eq!(found, meant);
        prop_assert_eq!((&first.method[..], &first.target[..]), (method.as_bytes(), target.as_bytes()));

        let out = write_request(&first);
        let again = request::parse(&out, &LIMITS).unwrap();
        prop_assert_eq!(again.version, Version::Http11);
        prop_assert_eq!(&RequestHead { version: first.version, ..again.clone() }, &first);
        // From then on, not a byte changes.
        prop_assert_eq!(write_request(&again), out);
    }

    #[test]
    fn fields_can_be_taken_away_and_the_others_stay_as_they_are(
        lines in prop::collection::vec((NAME_PATTERN, SPACE_PATTERN, VALUE_PATTERN), 0..20),
        taken in any::<u32>(),
        kept in any::<u32>(),
    ) {
        let bit = |bits: u32, index: usize| bits >> index & 1 == 1;
        let mut bytes = "HTTP/1.1 200 OK\r\n".to_owned();
        for (name, before, value) in &lines {
            bytes.push_str(&format!("{name}:{before}{value}\r\n"));
        }
        bytes.push_str("\r\n");
        let mut head = response::parse(bytes.as_bytes(), &LIMITS).unwrap();
        let mut index = 0..;
        head.fields.retain(|_| !bit(taken, index.next().unwrap()));
        head.fields.push("Last", "1");
        let left: Vec<_> = lines.iter().enumerate().filter(|(index, _)| !bit(taken, *index)).map(|(_, line)| line).collect();

        let mut out = Vec::new();
        let mut index = 0..;
        fields(&mut out, &head.fields, |_| bit(kept, index.next().unwrap())).unwrap();
        let mut meant = Vec::new();
        for (index, (name, _, value)) in left.iter().enumerate() {
            if bit(kept, index) {
                field(&mut meant, name.as_bytes(), value.as_bytes()).unwrap();
            }
        }
        if bit(kept, left.len()) {
            field(&mut meant, b"Last", b"1").unwrap();
        }
        prop_assert_eq!(out, meant);
    }

    #[test]
    fn one_field_is_written_as_one_field_or_not_at_all(
        name in prop::collection::vec(any::<u8>(), 0..6),
        value in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let mut out = b"GET / HTTP/1.1\r\n".to_vec();
        let before = out.len();
        if field(&mut out, &name, &value).is_ok() {
            end(&mut out);
            let head = request::parse(&out, &LIMITS).unwrap();
            let read: Vec<_> = head.fields.iter().map(|field| (field.name, field.value)).collect();
            prop_assert_eq!(read, [(&name[..], crate::fields::trim(&value))]);
        } else {
            prop_assert_eq!(out.len(), before);
        }
    }
}

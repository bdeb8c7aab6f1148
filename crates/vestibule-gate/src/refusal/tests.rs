use std::collections::HashSet;

use super::*;
use crate::fixture::{raw, read_default};
use crate::request::{RawHead, Version};

const ALL: [Refusal; 36] = [
    Refusal::LineEnd,
    Refusal::FirstLine,
    Refusal::HeadTimeout,
    Refusal::PlainHttp,
    Refusal::Version,
    Refusal::MethodMalformed,
    Refusal::MethodLowerCase,
    Refusal::MethodRefused,
    Refusal::TargetTooLong,
    Refusal::HeadTooLarge,
    Refusal::TooManyFields,
    Refusal::TargetForm,
    Refusal::TargetFragment,
    Refusal::TargetByte,
    Refusal::PathBackslash,
    Refusal::PathPercent,
    Refusal::PathAmbiguousEncoding,
    Refusal::PathParameter,
    Refusal::PathUtf8,
    Refusal::HostMissing,
    Refusal::HostRepeated,
    Refusal::HostMalformed,
    Refusal::HostMismatch,
    Refusal::FieldName,
    Refusal::FieldValue,
    Refusal::FieldRepeated,
    Refusal::FieldConnectionSpecific,
    Refusal::ContentLength,
    Refusal::ContentLengthBesideTransferEncoding,
    Refusal::TransferEncoding,
    Refusal::TransferCodingUnknown,
    Refusal::Expectation,
    Refusal::Upgrade,
    Refusal::Forwarded,
    Refusal::RouteAmbiguous,
    Refusal::HostUnknown,
];

#[test]
fn each_refusal_has_its_own_code() {
    let refusals: HashSet<_> = ALL.into_iter().collect();
    let codes: HashSet<_> = ALL.into_iter().map(Refusal::code).collect();
    assert_eq!(codes.len(), refusals.len());
}

#[test]
fn after_a_head_that_could_not_be_read_the_connection_closes() {
    for refusal in ALL {
        let read = !matches!(refusal, Refusal::HostUnknown | Refusal::RouteAmbiguous);
        assert_eq!(refusal.closes_connection(), read, "{refusal:?}");
        assert!((400..=505).contains(&refusal.status()), "{refusal:?}");
    }
}

#[test]
fn what_the_engine_finds_has_its_answer() {
    for (error, code, status) in [
        (HeadError::LineEnd, "line_end", 400),
        (HeadError::FirstLine, "first_line", 400),
        (HeadError::Version, "http_version", 505),
        (HeadError::FieldName, "field_name", 400),
        (HeadError::FieldValue, "field_value", 400),
        (HeadError::TargetTooLong, "target_too_long", 414),
        (HeadError::TooLarge, "head_too_large", 431),
        (HeadError::TooManyFields, "too_many_fields", 431),
    ] {
        let refusal = Refusal::from(error);
        assert_eq!((refusal.code(), refusal.status()), (code, status));
    }
    assert_eq!(Refusal::HeadTimeout.status(), 408);
}

fn status(head: RawHead) -> u16 {
    read_default(head).map_or_else(Refusal::status, |_| 200)
}

/// What other front doors let through, and servers behind them read in different ways.
#[test]
fn each_head_that_is_read_in_different_ways_has_its_status() {
    let host = ("Host", "localhost:8080");
    for (method, target, fields, expected) in [
        ("GET", "/", &[host][..], 200),
        (
            "POST",
            "/",
            &[
                host,
                ("Content-Length", "1"),
                ("Transfer-Encoding", "chunked"),
            ],
            400,
        ),
        (
            "POST",
            "/",
            &[host, ("Content-Length", "1"), ("Content-Length", "1")],
            400,
        ),
        ("POST", "/", &[host, ("Content-Length", "010")], 400),
        ("POST", "/", &[host, ("Transfer-Encoding", ",chunked")], 400),
        (
            "POST",
            "/",
            &[host, ("Transfer-Encoding", "chunked, chunked")],
            400,
        ),
        (
            "POST",
            "/",
            &[host, ("Transfer-Encoding", "gzip, chunked")],
            501,
        ),
        ("GET", "/", &[], 400),
        ("GET", "/", &[host, host], 400),
        ("GET", "/", &[("Host", "a@b")], 400),
        ("GET", "/", &[("Host", "a/b")], 400),
        ("GET", "/", &[("Host", "a b")], 400),
        ("GET", "http://other/", &[host], 400),
        ("GET", "/a#b", &[host], 400),
        ("GET", "/a\\b", &[host], 400),
        ("GET", "/%zz", &[host], 400),
        ("GET", "/%00", &[host], 400),
        ("GET", "/%c0%ae", &[host], 400),
        ("GET", "/a%2fb", &[host], 400),
        ("GET", "/a%5cb", &[host], 400),
        ("GET", "/a%23b", &[host], 400),
        ("GET", "/a%3fb", &[host], 400),
        ("GET", "/a%252fb", &[host], 400),
        ("GET", "/a;x/../b", &[host], 400),
        ("GET", "/\u{e4}", &[host], 400),
        ("GET", "*", &[host], 400),
        ("GET", "//a", &[host], 400),
        ("CONNECT", "a:1", &[host], 405),
        ("TRACE", "/", &[host], 405),
        ("TRACK", "/", &[host], 405),
        ("get", "/", &[host], 400),
        ("G(T", "/", &[host], 400),
        ("POST", "/", &[host, ("Expect", "100-continue")], 200),
        ("POST", "/", &[host, ("Expect", "y 100-continue")], 417),
    ] {
        assert_eq!(
            status(raw(method, target, fields)),
            expected,
            "{method} {target} {fields:?}"
        );
    }
}

#[test]
fn versions_and_sizes_have_their_status() {
    let head = || raw("GET", "/", &[("Host", "localhost:8080")]);
    let mut other = head();
    other.version = Version::Unsupported;
    assert_eq!(status(other), 505);
    let mut old = head();
    old.version = Version::Http10;
    old.fields.push("Transfer-Encoding", "chunked");
    assert_eq!(status(old), 400);
    let long = format!("/{}", "a".repeat(8 * 1024));
    assert_eq!(
        status(raw("GET", &long, &[("Host", "localhost:8080")])),
        414
    );
    let mut many = head();
    for _ in 0..100 {
        many.fields.push("x", "y");
    }
    assert_eq!(status(many), 431);
    let mut large = head();
    large.fields.push("x", vec![b'y'; 32 * 1024]);
    assert_eq!(status(large), 431);
}

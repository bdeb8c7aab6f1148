use super::*;
use proptest::prelude::*;
use url::Url;

const CORPUS: &str = include_str!("../../../../testdata/open-redirects.txt");

/// The corpus writes bytes that do not show as `\xNN`; every other backslash is itself.
fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let escaped = rest.strip_prefix("\\x").and_then(|hex| hex.get(..2));
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[4..];
            }
            None => {
                bytes.extend_from_slice(first.to_string().as_bytes());
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    bytes
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    decode_once(bytes).unwrap_or_else(|| bytes.to_vec())
}

/// Where a browser on our site goes when told `Location: target`.
fn origin_after(target: &str) -> String {
    let here = Url::parse("https://portal.example.com/app/page?x=1").unwrap();
    here.join(target).map_or_else(
        |_| "none".to_owned(),
        |url| url.origin().ascii_serialization(),
    )
}

fn payloads() -> impl Iterator<Item = &'static str> {
    CORPUS
        .lines()
        .filter(|line| !(line.is_empty() || line.starts_with("# ") || *line == "#"))
}

/// GHSA-qqxw, GHSA-j7px and GHSA-5m6c (oauth2-proxy), CVE-2022-23527 (mod_auth_openidc): return
/// targets with tabs, backslashes, more slashes and encoded white space left the site.
#[test]
fn cve_2022_23527_every_open_redirect_payload_is_refused_raw_and_decoded() {
    let mut count = 0;
    for line in payloads() {
        let raw = unescape(line);
        let once = decode(&raw);
        assert!(ReturnTo::parse(&raw).is_err(), "accepted {line}");
        assert!(
            ReturnTo::parse(&once).is_err(),
            "accepted {line} once decoded"
        );
        count += 1;
    }
    assert!(count >= 300, "only {count} payloads");
}

#[test]
fn payloads_behind_a_harmless_path_stay_on_the_site() {
    for line in payloads() {
        let target = [b"/app".as_slice(), &unescape(line)].concat();
        if let Ok(target) = ReturnTo::parse(&target) {
            assert_eq!(
                origin_after(target.as_str()),
                "https://portal.example.com",
                "{line}"
            );
        }
    }
}

#[test]
fn ordinary_targets_are_kept_exactly() {
    for target in [
        "/",
        "/foo/",
        "/foo/whoami?x=1&y=%0A",
        "/foo?next=https%3A%2F%2Fother.example%2F",
        "/foo?next=//other.example",
        "/a//b",
        "/@user/:id;v=1",
        "/caf%C3%A9/100%25/a%20b",
        "/foo?",
        "/.well-known/x",
        "/.vestibules",
        "/foo/.vestibule/callback",
    ] {
        let read = ReturnTo::parse(target.as_bytes());
        assert_eq!(read.as_ref().map(ReturnTo::as_str), Ok(target));
    }
}

#[test]
fn each_refusal_has_its_reason() {
    use ReturnToError as E;
    for (target, reason) in [
        ("", E::NotAPath),
        ("foo", E::NotAPath),
        ("https://other.example/", E::NotAPath),
        ("?x", E::NotAPath),
        ("//other.example", E::NamesAHost),
        ("/%2Fother.example", E::NamesAHost),
        ("/%252Fother.example", E::NamesAHost),
        ("/\\other.example", E::Character { found: b'\\' }),
        ("/%5Cother.example", E::Character { found: b'\\' }),
        ("/a\tb", E::Character { found: b'\t' }),
        ("/%09/other.example", E::Character { found: b'\t' }),
        ("/a b", E::Character { found: b' ' }),
        ("/a#b", E::Character { found: b'#' }),
        ("/\u{e9}", E::Character { found: 0xc3 }),
        ("/a?b\\", E::Character { found: b'\\' }),
        ("/./", E::DotSegment),
        ("/a/..", E::DotSegment),
        ("/%2e%2E//x", E::DotSegment),
        ("/.vestibule/sign-out", E::OwnEndpoint),
        ("/.vestibule", E::OwnEndpoint),
        ("/.vestibule?x", E::OwnEndpoint),
        ("/%2EVestibule/callback?code=x", E::OwnEndpoint),
        ("/%25252525252525", E::Character { found: b'%' }),
    ] {
        assert_eq!(ReturnTo::parse(target.as_bytes()), Err(reason), "{target}");
    }
    let long = format!("/{}", "a".repeat(LONGEST_BYTES));
    assert_eq!(
        ReturnTo::parse(long.as_bytes()),
        Err(E::TooLong {
            found: LONGEST_BYTES + 1
        })
    );
}

#[test]
fn a_request_that_cannot_be_returned_to_loses_its_query_first() {
    let of = |path: &str, query: Option<&str>| {
        ReturnTo::of_request(path.as_bytes(), query.map(str::as_bytes))
            .as_str()
            .to_owned()
    };
    assert_eq!(of("/foo", None), "/foo");
    assert_eq!(of("/foo", Some("a=b")), "/foo?a=b");
    assert_eq!(of("/foo", Some(&"a".repeat(4096))), "/foo");
    assert_eq!(of("/foo", Some("a\\b")), "/foo");
    assert_eq!(of("//foo", Some("a")), "/");
    assert_eq!(of("/.vestibule/sign-in", None), "/");
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("/"),
        Just("\\"),
        Just("//"),
        Just("."),
        Just(".."),
        Just("%2f"),
        Just("%5C"),
        Just("%2e"),
        Just("%09"),
        Just("\t"),
        Just("\n"),
        Just(" "),
        Just("@"),
        Just(":"),
        Just("?"),
        Just("#"),
        Just(";"),
        Just("evil.example"),
        Just("https:"),
        Just("javascript:"),
        Just("[::1]"),
        Just("%25"),
        Just("\u{3002}"),
        Just("\u{ff0f}"),
        Just("a"),
        Just("%00"),
        Just("%E2%80%A8"),
        Just("\u{0}"),
        Just("&"),
        Just("=")
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_accepted_stays_on_our_origin(target in hostile()) {
        if let Ok(accepted) = ReturnTo::parse(target.as_bytes()) {
            prop_assert_eq!(origin_after(accepted.as_str()), "https://portal.example.com");
            let decoded = String::from_utf8_lossy(&decode(accepted.as_str().as_bytes())).into_owned();
            // Of what decodes to something else, the path alone is promised: a query may hold
            // anything.
            if !decoded.contains('?') {
                prop_assert_eq!(origin_after(&decoded), "https://portal.example.com");
            }
            prop_assert_eq!(ReturnTo::parse(accepted.as_str().as_bytes()), Ok(accepted.clone()));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(accepted) = ReturnTo::parse(&bytes) {
            prop_assert_eq!(accepted.as_str().as_bytes(), bytes.as_slice());
            prop_assert_eq!(origin_after(accepted.as_str()), "https://portal.example.com");
        }
    }
}

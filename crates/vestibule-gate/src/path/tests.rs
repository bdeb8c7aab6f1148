use super::*;
use proptest::prelude::*;

fn parse(raw: &str) -> Result<String, Refusal> {
    CanonicalPath::parse(&Bytes::copy_from_slice(raw.as_bytes())).map(|path| path.to_string())
}

#[test]
fn paths_have_one_spelling() {
    for (raw, canonical) in [
        ("/", "/"),
        ("/foo", "/foo"),
        ("/foo/", "/foo/"),
        ("/%66oo/%2Dx", "/foo/-x"),
        ("/a%c3%a9", "/a%C3%A9"),
        ("/a%20b%3ac", "/a%20b%3Ac"),
        ("/a//b///c", "/a/b/c"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/.%2e/b/..", "/"),
        ("/a/.", "/a/"),
        ("/..", "/"),
        ("/../../x", "/x"),
        ("/a//../b", "/b"),
        ("/.//x", "/x"),
        ("/a/..%20/b", "/a/..%20/b"),
        ("/.../x", "/.../x"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a[1]|^", "/a%5B1%5D%7C%5E"),
        ("/a;v=1/b", "/a;v=1/b"),
        ("/100%25", "/100%25"),
        ("/a%2541", "/a%2541"),
        ("/~user/!$&'()*+,=:@", "/~user/!$&'()*+,=:@"),
    ] {
        assert_eq!(parse(raw).as_deref(), Ok(canonical), "{raw}");
    }
}

#[test]
fn ambiguous_paths_are_refused() {
    for (raw, refusal) in [
        ("", Refusal::TargetForm),
        ("foo", Refusal::TargetForm),
        ("*", Refusal::TargetForm),
        ("/a%2fb", Refusal::PathAmbiguousEncoding),
        ("/a%2Fb", Refusal::PathAmbiguousEncoding),
        ("/a%5cb", Refusal::PathAmbiguousEncoding),
        ("/a%00", Refusal::PathAmbiguousEncoding),
        ("/a%0d%0ab", Refusal::PathAmbiguousEncoding),
        ("/a%7f", Refusal::PathAmbiguousEncoding),
        ("/a%3fb", Refusal::PathAmbiguousEncoding),
        ("/a%252fb", Refusal::PathAmbiguousEncoding),
        ("/a%25252fb", Refusal::PathAmbiguousEncoding),
        ("/a%255cb", Refusal::PathAmbiguousEncoding),
        ("/%252e%252e/b", Refusal::PathAmbiguousEncoding),
        ("/a%2500", Refusal::PathAmbiguousEncoding),
        ("/a%25%32%66b", Refusal::PathAmbiguousEncoding),
        ("/a%2%356%66b", Refusal::PathPercent),
        ("/a%zz", Refusal::PathPercent),
        ("/a%", Refusal::PathPercent),
        ("/a%4", Refusal::PathPercent),
        ("/a%4/", Refusal::PathPercent),
        ("/a\\b", Refusal::PathBackslash),
        ("/\\evil.test", Refusal::PathBackslash),
        ("/a b", Refusal::TargetByte),
        ("/a\tb", Refusal::TargetByte),
        ("/a\0", Refusal::TargetByte),
        ("/a\u{e9}", Refusal::TargetByte),
        ("/a<b", Refusal::TargetByte),
        ("/a\"b", Refusal::TargetByte),
        ("/a{b}", Refusal::TargetByte),
        ("/%c0%ae%c0%ae/b", Refusal::PathUtf8),
        ("/%c3", Refusal::PathUtf8),
        ("/%ed%a0%80", Refusal::PathUtf8),
        ("/%ff", Refusal::PathUtf8),
        ("/public/;/../admin/x", Refusal::PathParameter),
        ("/public/..;/admin/x", Refusal::PathParameter),
        ("/public/%2e%2e;/admin/x", Refusal::PathParameter),
        ("/public/..%3b/admin/x", Refusal::PathParameter),
        ("/public/.;x/admin", Refusal::PathParameter),
    ] {
        assert_eq!(parse(raw), Err(refusal), "{raw:?}");
    }
}

#[test]
fn cve_2019_9901_and_cve_2021_29492_dot_segments_and_encoded_separators_do_not_hide() {
    assert_eq!(parse("/public/../admin/x").as_deref(), Ok("/admin/x"));
    for raw in [
        "/public/..%2fadmin",
        "/public/..%5cadmin",
        "/public%2f..%2fadmin",
    ] {
        assert_eq!(parse(raw), Err(Refusal::PathAmbiguousEncoding), "{raw}");
    }
}

#[test]
fn cve_2026_26205_two_slashes_do_not_begin_an_authority() {
    for raw in ["//admin/x", "//", "///x", "//evil.test@a/"] {
        assert_eq!(parse(raw), Err(Refusal::TargetForm), "{raw}");
    }
}

#[test]
fn cve_2021_32779_and_cve_2023_47106_fragments_are_refused() {
    assert_eq!(parse("/a#b"), Err(Refusal::TargetFragment));
}

#[test]
fn cve_2026_41059_an_encoded_hash_is_refused() {
    assert_eq!(
        parse("/public/secret%23/endpoint"),
        Err(Refusal::PathAmbiguousEncoding)
    );
    assert_eq!(
        parse("/public/secret%2523/endpoint"),
        Err(Refusal::PathAmbiguousEncoding)
    );
}

/// CVE-2024-38472 to CVE-2024-38477: parts of one server read an encoded question mark as different ends
/// of the path.
#[test]
fn cve_2024_38475_an_encoded_question_mark_is_refused() {
    assert_eq!(
        parse("/admin%3fooo.php"),
        Err(Refusal::PathAmbiguousEncoding)
    );
}

fn rest(prefix: &str, path: &str) -> Option<String> {
    let path = CanonicalPath::parse(&Bytes::copy_from_slice(path.as_bytes())).unwrap();
    let prefix = PathPrefix::parse(prefix).unwrap();
    prefix
        .rest_of(&path)
        .map(|rest| String::from_utf8(rest.to_vec()).unwrap())
}

#[test]
fn prefixes_end_at_segment_boundaries() {
    for (prefix, path, expected) in [
        ("/foo", "/foo", Some("")),
        ("/foo", "/foo/", Some("/")),
        ("/foo/", "/foo/x", Some("/x")),
        ("/foo", "/foobar", None),
        ("/foo", "/fo", None),
        ("/foo", "/FOO/x", None),
        ("/foo", "/", None),
        ("/", "/anything", Some("/anything")),
        ("/a:b", "/a%3Ab/x", Some("/x")),
        ("/a%3ab", "/a:b/x", Some("/x")),
        ("/a%20b", "/a%20b", Some("")),
        ("/gr%C3%BCn", "/gr%c3%bcn/x", Some("/x")),
    ] {
        assert_eq!(rest(prefix, path).as_deref(), expected, "{prefix} {path}");
    }
    assert!(PathPrefix::parse("/a;b").is_err());
    assert!(PathPrefix::parse("foo").is_err());
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("/".to_owned()),
        4 => "[a-z]{1,3}",
        2 => Just("..".to_owned()),
        2 => Just(".".to_owned()),
        1 => Just(";".to_owned()),
        1 => Just("%3b".to_owned()),
        1 => Just("%2e".to_owned()),
        1 => Just("%25".to_owned()),
        1 => Just("%32%66".to_owned()),
        1 => "%[0-9a-fA-F]{2}",
        1 => "[ -~]",
        1 => Just("%c3%a9".to_owned()),
    ]
}

fn target() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #[test]
    fn reading_again_changes_nothing(raw in target()) {
        if let Ok(once) = parse(&raw) {
            prop_assert_eq!(parse(&once), Ok(once.clone()));
        }
    }

    #[test]
    fn a_canonical_path_holds_nothing_to_disagree_about(raw in target()) {
        if let Ok(path) = parse(&raw) {
            prop_assert!(path.starts_with('/'));
            prop_assert!(!path.contains("//") && !path.contains('\\') && !path.contains('#'));
            let decoded: Vec<u8> = decode(path.as_bytes()).collect();
            let decoded = String::from_utf8(decoded).unwrap();
            prop_assert_eq!(decoded.matches('/').count(), path.matches('/').count());
            prop_assert!(decoded.split('/').all(|segment| segment != "." && segment != ".."));
        }
    }

    #[test]
    fn a_browser_reads_a_canonical_path_the_same_way(raw in target()) {
        if let Ok(path) = parse(&raw) {
            let url = url::Url::parse(&format!("http://h{path}")).unwrap();
            prop_assert_eq!(url.path(), path);
        }
    }

    #[test]
    fn taking_a_prefix_away_is_never_refused(raw in target(), prefix in "/[a-z]{1,2}") {
        let prefix = PathPrefix::parse(&prefix).unwrap();
        if let Ok(path) = CanonicalPath::parse(&Bytes::from(raw))
            && prefix.rest_of(&path).is_some()
        {
            let rest = prefix.remove_from(&path);
            prop_assert!(rest.is_ok_and(|rest| path.as_str().ends_with(rest.as_str()) || rest.as_str() == "/"));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(raw in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut raw = raw;
        raw.insert(0, b'/');
        let _ = CanonicalPath::parse(&Bytes::from(raw));
    }
}

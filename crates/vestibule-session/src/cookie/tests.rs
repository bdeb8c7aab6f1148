use super::names::is_ours;
use super::*;
use crate::handle::Handle;
use crate::site::Site;
use proptest::prelude::*;
use vestibule_oidc::authorization::ResponseMode;

fn https() -> Site {
    Site::https("portal.example.com", 443).unwrap()
}

fn handle(byte: u8) -> Handle {
    Handle::from_entropy([byte; 32])
}

fn text(byte: u8) -> String {
    handle(byte).encoded().to_string()
}

fn find(headers: &[&str]) -> SessionCookie {
    https()
        .cookies()
        .find_session(headers.iter().map(|h| h.as_bytes()))
}

#[test]
fn the_session_is_found_between_other_cookies() {
    let one = text(1);
    for header in [
        format!("__Host-vestibule={one}"),
        format!("a=b; __Host-vestibule={one}; c=d"),
        format!("a=b;__Host-vestibule={one}"),
        format!(";; a; =; __Host-vestibule\t= {one} ;"),
        format!("__Host-vestibule={one}; __Host-vestibule={one}"),
        format!("__Host-vestibule=stale; __Host-vestibule={one}; __Host-vestibule="),
    ] {
        assert_eq!(
            find(&[&header]),
            SessionCookie::Handle(handle(1)),
            "{header}"
        );
    }
    assert_eq!(
        find(&["a=b", &format!("__Host-vestibule={one}")]),
        SessionCookie::Handle(handle(1))
    );
}

#[test]
fn whoever_ends_sessions_gets_all_their_handles_each_once_and_not_too_many() {
    let all = |headers: &[&str], most| {
        let headers = headers.iter().map(|header| header.as_bytes());
        https().cookies().all_handles(headers, most)
    };
    let (one, two) = (text(1), text(2));
    let pair = |text: &str| format!("__Host-vestibule={text}");
    let both = format!(
        "{}; a=b; {}; {}; __Host-vestibule=stale",
        pair(&one),
        pair(&two),
        pair(&one)
    );
    assert_eq!(all(&[&both], 9), [handle(1), handle(2)]);
    assert_eq!(all(&[&pair(&two), &pair(&one)], 9), [handle(2), handle(1)]);
    assert_eq!(all(&[&both], 1), [handle(1)]);
    assert_eq!(
        all(
            &[
                "",
                "a=b",
                "__Host-vestibule=",
                &format!("vestibule-8080={one}")
            ],
            9
        ),
        []
    );
}

#[test]
fn no_cookie_of_this_site_is_absent() {
    let one = text(1);
    for header in [
        String::new(),
        "a=b".into(),
        "__Host-vestibule".into(),
        format!("__host-vestibule={one}"),
        format!("x__Host-vestibule={one}"),
        format!("__Host-vestibule-8443={one}"),
        format!("vestibule-8080={one}"),
        format!("$Version=1; x=\"; __Host-vestibulex={one}\""),
    ] {
        assert_eq!(find(&[&header]), SessionCookie::Absent, "{header}");
    }
}

#[test]
fn a_value_that_is_no_handle_is_malformed() {
    let one = text(1);
    for header in [
        "__Host-vestibule=".to_owned(),
        "__Host-vestibule=x".to_owned(),
        format!("__Host-vestibule=\"{one}\""),
        format!("__Host-vestibule={one}="),
        format!("__Host-vestibule={one} x"),
        format!("__Host-vestibule={one}, a=b"),
    ] {
        assert_eq!(find(&[&header]), SessionCookie::Malformed, "{header}");
    }
}

#[test]
fn two_different_handles_are_not_chosen_between() {
    let (one, two) = (text(1), text(2));
    let both = format!("__Host-vestibule={one}; __Host-vestibule={two}");
    assert_eq!(find(&[&both]), SessionCookie::Ambiguous);
    assert_eq!(
        find(&[
            &format!("__Host-vestibule={one}"),
            &format!("__Host-vestibule={two}")
        ]),
        SessionCookie::Ambiguous
    );
}

/// PortSwigger, 2025: servers that trimmed U+2000 and its kin, or knew `$Version`, took a cookie without the prefix's
/// guarantees for one with them.
#[test]
fn cookie_prefix_is_not_imitated_by_unicode_space_or_legacy_syntax() {
    let one = text(1);
    for header in [
        format!("\u{2000}__Host-vestibule={one}"),
        format!("\u{a0}__Host-vestibule={one}"),
        format!("\x0b__Host-vestibule={one}"),
        format!("$Version=1,__Host-vestibule={one}"),
    ] {
        assert_eq!(find(&[&header]), SessionCookie::Absent, "{header:?}");
        assert_eq!(strip(header.as_bytes()), Stripped::Unchanged, "{header:?}");
    }
}

/// CVE-2023-28625: a crafted `Cookie` header crashed the stripping of cookies.
#[test]
fn cve_2023_28625_strange_headers_are_harmless() {
    for header in [
        "",
        "=",
        ";",
        ";;",
        "==",
        "=;=",
        "; ;",
        "vestibule",
        "=vestibule-1",
        "vestibule-1=",
    ] {
        let _ = find(&[header]);
        let _ = strip(header.as_bytes());
        let _ = upstream_may_set(header.as_bytes());
    }
    assert_eq!(find(&[&";".repeat(4096)]), SessionCookie::Absent);
}

/// CVE-2024-24814: a chunk counter of 99999999 was believed.
#[test]
fn cve_2024_24814_numbered_cookies_cost_nothing() {
    let header = "__Host-vestibule.chunks=99999999; __Host-vestibule.0=x";
    assert_eq!(find(&[header]), SessionCookie::Absent);
    assert_eq!(strip(header.as_bytes()), Stripped::Nothing);
}

#[test]
fn our_names_are_these_and_no_others() {
    for ours in [
        "__Host-vestibule",
        "__Host-vestibule-8443",
        "__Host-vestibule-signin-AAAAAAAAAAAAAAAA",
        "__Host-vestibule-8443-signin-AAAAAAAAAAAAAAAA",
        "__Host-vestibule.0",
        "vestibule-8080",
        "vestibule-8080-signin-AAAAAAAAAAAAAAAA",
        "vestibule-8080.1",
    ] {
        assert!(is_ours(ours.as_bytes()), "{ours}");
    }
    for other in [
        "",
        "vestibule",
        "vestibule-",
        "vestibule-theme",
        "vestibule-123456",
        "vestibule-80x",
        "Vestibule-8080",
        "__Host-vestibule2",
        "__Host-vestibule-theme",
        "__Host-Vestibule",
        "__host-vestibule",
        "__Secure-vestibule",
        "my__Host-vestibule",
    ] {
        assert!(!is_ours(other.as_bytes()), "{other}");
    }
    for site in [
        https(),
        Site::https("a.example", 8443).unwrap(),
        Site::loopback_http("localhost", 8080).unwrap(),
        Site::loopback_http("localhost", 80).unwrap(),
    ] {
        assert!(is_ours(site.cookies().session().as_bytes()));
        assert!(is_ours(site.cookies().pending("state").as_bytes()));
    }
}

#[test]
fn our_cookies_do_not_reach_the_upstream_and_the_rest_is_untouched() {
    let rest = |text: &str| Stripped::Rest(text.as_bytes().to_vec());
    for (header, expected) in [
        ("a=b", Stripped::Unchanged),
        ("a=b;c=d; e", Stripped::Unchanged),
        ("a=vestibule-8080", Stripped::Unchanged),
        ("__Host-vestibule=x", Stripped::Nothing),
        ("__Host-vestibule=x; ", Stripped::Nothing),
        ("__Host-vestibule=x; vestibule-8080=y", Stripped::Nothing),
        ("__Host-vestibule=x; a=b", rest("a=b")),
        ("a=b; __Host-vestibule=x", rest("a=b")),
        ("a=b; __Host-vestibule=x; c=d", rest("a=b; c=d")),
        (
            "a=\"b\" ;__Host-vestibule=x;\tc = d;",
            rest("a=\"b\" ;\tc = d;"),
        ),
        (
            "a=b; __Host-vestibule-signin-AAAAAAAAAAAAAAAA=x; c=d",
            rest("a=b; c=d"),
        ),
        ("a=b; __Host-vestibule; c=d", rest("a=b; c=d")),
        ("a=b; =__Host-vestibule=x; c=d", rest("a=b; c=d")),
        ("theme=vestibule; vestibule-8080=x", rest("theme=vestibule")),
    ] {
        assert_eq!(strip(header.as_bytes()), expected, "{header}");
    }
}

#[test]
fn an_upstream_cannot_set_our_cookies() {
    for ours in [
        "__Host-vestibule=x; Path=/; Secure",
        " __Host-vestibule =x",
        "__Host-vestibule",
        "=__Host-vestibule=x",
        "= vestibule-8080=x; Path=/",
        "vestibule-8080=x",
        "vestibule-8080-signin-AAAAAAAAAAAAAAAA=x",
        "__Host-vestibule.0=x",
    ] {
        assert!(!upstream_may_set(ours.as_bytes()), "{ours}");
    }
    for other in [
        "a=b",
        "a=vestibule-8080",
        "vestibule-theme=dark",
        "x; vestibule-8080=y",
        "",
        "=",
    ] {
        assert!(upstream_may_set(other.as_bytes()), "{other}");
    }
}

#[test]
fn set_cookie_lines_have_all_attributes() {
    let site = https();
    assert_eq!(
        site.cookies().set_session(&handle(1), None),
        format!(
            "__Host-vestibule={}; Path=/; Secure; HttpOnly; SameSite=Lax",
            text(1)
        )
    );
    let dev = Site::loopback_http("localhost", 8080).unwrap();
    assert_eq!(
        dev.cookies().set_session(&handle(1), None),
        format!("vestibule-8080={}; Path=/; HttpOnly; SameSite=Lax", text(1))
    );
    assert!(site.cookies().set_session(&handle(1), None).len() < 200);
}

/// CVE-2025-55162: deletions lacked `Secure`, and browsers keep a `__Host-` cookie then.
#[test]
fn cve_2025_55162_a_deletion_has_the_attributes_of_what_it_deletes() {
    let site = https();
    assert_eq!(
        site.cookies().delete_session(),
        "__Host-vestibule=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax"
    );
    let deletion = site
        .cookies()
        .delete_pending("__Host-vestibule-signin-x", ResponseMode::FormPost);
    assert!(
        deletion.ends_with("; Secure; HttpOnly; SameSite=None"),
        "{deletion}"
    );
}

#[test]
fn only_a_form_post_over_https_relaxes_same_site() {
    let dev = Site::loopback_http("localhost", 8080).unwrap();
    for (site, mode, same_site) in [
        (&https(), ResponseMode::Query, "Lax"),
        (&https(), ResponseMode::FormPost, "None"),
        (&dev, ResponseMode::Query, "Lax"),
        (&dev, ResponseMode::FormPost, "Lax"),
    ] {
        let line = site.cookies().set_pending("x", "v", 600, mode);
        assert!(
            line.ends_with(&format!("HttpOnly; SameSite={same_site}")),
            "{line}"
        );
        assert_eq!(line.contains("; Secure"), site.is_secure(), "{line}");
        assert!(line.contains("; Max-Age=600;"), "{line}");
    }
}

#[test]
fn cookies_that_are_named_go_with_ours_and_no_others() {
    let names = ["theme".to_owned(), "__Secure-x".to_owned()];
    for (header, expected) in [
        ("a=b; theme=dark; c=d", Stripped::Rest(b"a=b; c=d".to_vec())),
        ("theme=dark; a=b", Stripped::Rest(b"a=b".to_vec())),
        ("theme=a; __Secure-x=b; theme=c", Stripped::Nothing),
        ("Theme=a; themes=b; x=theme=c", Stripped::Unchanged),
        (
            "__Host-vestibule=x; theme=dark; a=b",
            Stripped::Rest(b"a=b".to_vec()),
        ),
    ] {
        assert_eq!(strip_with(header.as_bytes(), &names), expected, "{header}");
    }
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -:<-~]{0,12}",
        2 => Just("__Host-vestibule=x".to_owned()),
        1 => Just(" vestibule-8080-signin-abc=x".to_owned()),
        1 => Just(format!(" __Host-vestibule={}", Handle::from_entropy([3; 32]).encoded().as_str())),
        1 => Just(" =__Host-vestibule=x".to_owned()),
    ]
}

proptest! {
    #[test]
    fn stripping_leaves_nothing_of_ours_and_loses_nothing_else(segments in prop::collection::vec(segment(), 0..8)) {
        let header = segments.join(";");
        let out = match strip(header.as_bytes()) {
            Stripped::Unchanged => header.clone().into_bytes(),
            Stripped::Rest(rest) => rest,
            Stripped::Nothing => Vec::new(),
        };
        let plain = |header: &[u8]| -> Vec<(Vec<u8>, Vec<u8>)> {
            pairs(header)
                .filter(|p| upstream_may_set(&[p.name, b"=", p.value].concat()))
                .map(|p| (p.name.to_vec(), p.value.to_vec()))
                .collect()
        };
        prop_assert_eq!(plain(&out), plain(header.as_bytes()));
        prop_assert_eq!(pairs(&out).count(), plain(&out).len());
        prop_assert_eq!(strip(&out), Stripped::Unchanged);
    }

    #[test]
    fn any_bytes_are_read_without_panic(header in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = https().cookies().find_session([header.as_slice()]);
        let _ = strip(&header);
        let _ = upstream_may_set(&header);
        prop_assert!(pairs(&header).count() <= header.len() + 1);
    }
}

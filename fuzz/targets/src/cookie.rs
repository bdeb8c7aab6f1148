//! Target `cookie`: our cookies are found in one way only, and never reach an upstream.

use vestibule_session::cookie::{SessionCookie, Stripped, pairs, strip, upstream_may_set};
use vestibule_session::site::Site;

/// The value of a `Cookie` header, and of a `Set-Cookie` header of an upstream.
pub fn cookie(input: &[u8]) {
    for pair in pairs(input) {
        assert!(!pair.name.iter().chain(pair.value).any(|&byte| byte == b';'));
        assert!(!pair.name.contains(&b'='));
    }
    let sites = [
        Site::https("site.example.com", 443),
        Site::loopback_http("localhost", 8080),
    ];
    for site in sites.iter().flatten() {
        let name = site.cookies().session();
        if let SessionCookie::Handle(handle) = site.cookies().find_session([input]) {
            let cookie = format!("{name}={}", handle.encoded().as_str());
            let spaced = cookie.replace('=', " ");
            let held = |text: &str| {
                input
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
            };
            // White space may stand around `=`.
            assert!(held(handle.encoded().as_str()) && (held(name) || held(&spaced)));
        }
        let rest = match strip(input) {
            Stripped::Unchanged => input.to_vec(),
            Stripped::Rest(rest) => rest,
            Stripped::Nothing => Vec::new(),
        };
        assert_eq!(
            site.cookies().find_session([rest.as_slice()]),
            SessionCookie::Absent
        );
        assert_eq!(strip(&rest), Stripped::Unchanged);
        if upstream_may_set(input) {
            // The browser sends back at most the part in front of the attributes.
            let kept = input.split(|&byte| byte == b';').next().unwrap_or_default();
            assert_eq!(site.cookies().find_session([kept]), SessionCookie::Absent);
        }
    }
}

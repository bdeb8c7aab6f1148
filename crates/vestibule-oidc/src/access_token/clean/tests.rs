use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

#[test]
fn what_surrounds_a_token_is_taken_off_and_noted() {
    for (text, token, removed) in [
        ("abc", "abc", vec![]),
        ("eyJh.b.c-_9", "eyJh.b.c-_9", vec![]),
        ("eyJh.b.c.d.e", "eyJh.b.c.d.e", vec![]),
        ("eyJh..c", "eyJh..c", vec![]),
        ("tokeneyJh.b.c", "tokeneyJh.b.c", vec![]),
        (" abc\n", "abc", vec![Cleaning::WhiteSpace]),
        ("\"abc\"", "abc", vec![Cleaning::Quotes]),
        ("Bearer abc", "abc", vec![Cleaning::Bearer]),
        (
            "bearer Bearer abc",
            "abc",
            vec![Cleaning::Bearer, Cleaning::BearerAgain],
        ),
        (
            "Bearer%20eyJh%2Eb%2Ec",
            "eyJh.b.c",
            vec![Cleaning::Percent, Cleaning::Bearer],
        ),
        ("eyJh%252Eb", "eyJh.b", vec![Cleaning::Percent]),
        ("a%zz", "a%zz", vec![]),
        ("eyJh=.b==.+/", "eyJh.b.-_", vec![Cleaning::Padding]),
        ("EwB+/==", "EwB+/==", vec![]),
        ("\u{feff}abc\u{200b}", "abc", vec![Cleaning::Invisible]),
        ("eyJh.b.c.", "eyJh.b.c", vec![Cleaning::Punctuation]),
        ("eyJh.b.", "eyJh.b.", vec![]),
        ("eyJh.b.c,", "eyJh.b.c", vec![Cleaning::Punctuation]),
        ("eyJh...c", "eyJh", vec![Cleaning::Ellipsis]),
        ("eyJh…", "eyJh", vec![Cleaning::Ellipsis]),
        ("“abc”", "abc", vec![Cleaning::Quotes]),
        ("(abc)", "abc", vec![Cleaning::Quotes]),
        ("OIDC_access_token: abc", "abc", vec![Cleaning::Name]),
        (
            "\"access_token\":\"abc\",",
            "abc",
            vec![Cleaning::Quotes, Cleaning::Punctuation, Cleaning::Name],
        ),
        (
            "token: >-\n  eyJh\n  bc",
            "eyJhbc",
            vec![Cleaning::Name, Cleaning::WhiteSpace],
        ),
        (
            "Authorization: Bearer abc",
            "abc",
            vec![Cleaning::Name, Cleaning::Bearer],
        ),
        ("ab\n c", "abc", vec![Cleaning::WhiteSpace]),
        ("access_token=abc", "abc", vec![Cleaning::Name]),
        ("{\"a\": 1}", "{\"a\": 1}", vec![]),
        ("", "", vec![]),
    ] {
        let cleaned = clean(text);
        assert_eq!(
            (cleaned.text.as_str(), &cleaned.removed),
            (token, &removed),
            "{text:?}"
        );
    }
}

#[test]
fn another_base64_around_a_jwt_is_undone() {
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4IiwiaXNzIjoieSJ9.c2ln-natu_re";
    for (text, more) in [
        (STANDARD.encode(jwt), vec![]),
        (URL_SAFE_NO_PAD.encode(jwt), vec![]),
        (
            STANDARD.encode(format!("Bearer {jwt}")),
            vec![Cleaning::Bearer],
        ),
        (
            STANDARD.encode(format!("{jwt}\n")),
            vec![Cleaning::WhiteSpace],
        ),
    ] {
        let cleaned = clean(&text);
        assert_eq!(cleaned.text, jwt, "{text}");
        assert_eq!(
            cleaned.removed,
            [vec![Cleaning::Base64], more].concat(),
            "{text}"
        );
    }
    // The payload of a JWT, and other texts that begin so.
    for text in ["ZXlKYWJj", "ZXlK", "QmVhcmVyYWJj", "ZXlK.x.y"] {
        assert_eq!(clean(text).text, text);
    }
}

proptest! {
    #[test]
    fn to_clean_twice_changes_nothing(text in "\\PC{0,200}|(ZXlK|QmVhcmVy)?[A-Za-z0-9_.+/=-]{0,200}") {
        let cleaned = clean(&text);
        prop_assert_eq!(clean(&cleaned.text).text, cleaned.text);
    }
}

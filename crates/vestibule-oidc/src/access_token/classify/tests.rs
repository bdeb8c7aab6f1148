use proptest::prelude::*;
use serde_json::json;

use super::*;

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn kind(text: &str) -> &'static str {
    classify(text).kind()
}

#[test]
fn shapes_are_told_apart() {
    let rs = part(&json!({ "alg": "RS256", "typ": "JWT" }));
    let none = part(&json!({ "alg": "None" }));
    let jwe = part(&json!({ "alg": "dir", "enc": "A256GCM" }));
    let claims = part(&json!({ "aud": "x" }));
    for (text, kind) in [
        (String::new(), "none"),
        (" \n".into(), "none"),
        (format!("{rs}.{claims}.AAAA"), "jwt"),
        (format!(" {rs}.{claims}.AAAA\n"), "jwt"),
        (format!("{none}.{claims}."), "unsigned-jwt"),
        (format!("{none}.{claims}.AAAA"), "unsigned-jwt"),
        (format!("{rs}.{claims}."), "truncated-jwt"),
        (format!("{rs}.{claims}"), "truncated-jwt"),
        (rs.clone(), "truncated-jwt"),
        (format!("{jwe}..AAAA.AAAA.AAAA"), "jwe"),
        (format!("{rs}.b.c.d.e"), "opaque"),
        (json!({ "access_token": "x" }).to_string(), "token-response"),
        ("0.ASgABC.AQABAAIAAAAx".into(), "code-or-refresh-token"),
        ("1.ASgABC.AgABAwEAAAA".into(), "code-or-refresh-token"),
        (format!("{rs}.notjson.AAAA"), "damaged-jwt"),
        (format!("QiOiJ.{claims}.AAAA"), "damaged-jwt"),
        ("eyJhbGciOiJ!.x.AAAA".into(), "damaged-jwt"),
        (format!("{claims}.AAAA"), "damaged-jwt"),
        (format!("{rs}.{claims}.AAAA.AAAA"), "damaged-jwt"),
        ("eyJhbGciOiJSUzI1N".into(), "truncated-jwt"),
        (claims.clone(), "opaque"),
        ("<saml:Assertion ID=\"_1\">".into(), "saml"),
        ("PHNhbWw6QXNzZXJ0aW9uIElEPSJfMSI+".into(), "saml"),
        ("PGh0bWw+PGJvZHk+".into(), "opaque"),
        ("a".repeat(MAX_BYTES + 1), "too-long"),
        ("a.b.c".into(), "opaque"),
        ("a.b.c.d.e.f.g".into(), "opaque"),
        ("xZ3kP0q8sT1vW2yA".into(), "opaque"),
    ] {
        assert_eq!(super::tests::kind(&text), kind, "{text}");
    }
}

#[test]
fn microsofts_opaque_tokens_are_recognised() {
    assert_eq!(
        classify("EwBwA8l6BAAUO9chh8cJscQLmU+LSWpbnr0vmwwAAQ"),
        TokenShape::PersonalAccountTicket
    );
    assert_eq!(classify("EwA4A8l6BAAU"), TokenShape::PersonalAccountTicket);
    assert_eq!(classify("AQABAAAAAAD4Q"), TokenShape::EntraV1Opaque);
    assert_eq!(classify("PAQABAAAAAAD"), TokenShape::EntraV1Opaque);
    assert_eq!(classify("ya29.a0AfH6"), TokenShape::GoogleOpaque);
    assert_eq!(
        classify("gho_16C7e42F292c6912E7710c838347Ae178B4a"),
        TokenShape::GitHubOpaque
    );
    for (text, shape) in [
        ("ya29.a0AfH6.SMB-x.y", TokenShape::GoogleOpaque),
        (
            "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
            TokenShape::GitHubOpaque,
        ),
        ("github_pat_11AAAAAAA0abc", TokenShape::GitHubOpaque),
        ("glpat-xxxxxxxxxxxxxxxxxxxx", TokenShape::GitLabOpaque),
        ("gloas-0123456789abcdef", TokenShape::GitLabOpaque),
        ("00Dxx0000001gPL!AR8AQ.JxBp_x", TokenShape::SalesforceOpaque),
        ("00Dxx0000001gPL!", TokenShape::Opaque { length: 16 }),
        ("00Dxx0000001gP!AR8", TokenShape::Opaque { length: 18 }),
    ] {
        assert_eq!(classify(text), shape, "{text}");
    }
}

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

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,200}|[A-Za-z0-9_.-]{0,200}") {
        let _ = classify(&text);
        let cleaned = clean(&text);
        prop_assert_eq!(clean(&cleaned.text).text, cleaned.text);
    }
}

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
        (format!("{rs}.{claims}.{rs}").to_lowercase(), "damaged-jwt"),
        ("eyjolfur.portal.example".into(), "opaque"),
        ("eyjx.eyjy".into(), "opaque"),
        (
            "M.C507_BAY.2.U.12345678-1234-1234-1234-1234567890ab".into(),
            "code-or-refresh-token",
        ),
        (
            "M.R3_SN1.-CdY1w9!Qx*ZkR0mV4tB7nLp".into(),
            "code-or-refresh-token",
        ),
        ("M.C507_BAY.abcd".into(), "opaque"),
        (
            "M.Cx_BAY.2.U.12345678-1234-1234-1234-1234567890ab".into(),
            "opaque",
        ),
        (
            "Abc8Q~abcdefghijklmnopqrstuvwxyz01234.x".into(),
            "client-secret",
        ),
        ("Abc8Q~short".into(), "opaque"),
        ("Abcd8Q~abcdefghijklmnopqrstuvwxyz01234.x".into(), "opaque"),
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

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,200}|[A-Za-z0-9_.-]{0,200}") {
        let _ = classify(&text);
    }
}

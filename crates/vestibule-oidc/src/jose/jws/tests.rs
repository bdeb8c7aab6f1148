use proptest::prelude::*;
use serde_json::json;

use super::*;

fn token(header: &str, payload: &str) -> String {
    format!(
        "{}.{}.AAAA",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    )
}

fn refused(token: &str) -> JwsError {
    CompactJws::parse(token, 4096).unwrap_err()
}

#[test]
fn an_ordinary_token_is_taken_apart() {
    let text = token(
        r#"{"alg":"RS256","typ":"application/JWT","kid":"k"}"#,
        r#"{"sub":"ann"}"#,
    );
    let jws = CompactJws::parse(&text, 4096).unwrap();
    assert_eq!(jws.algorithm(), Algorithm::Rs256);
    assert_eq!(jws.kid(), Some("k"));
    assert_eq!(jws.typ().as_deref(), Some("jwt"));
    assert_eq!(jws.claims().unwrap().get("sub"), Some(&json!("ann")));
    assert_eq!(jws.signature(), [0, 0, 0]);
    assert_eq!(jws.signing_input(), text.strip_suffix(".AAAA").unwrap());
}

/// lua-resty-openidc once had `none` on by default; CVE-2015-9235.
#[test]
fn cve_2015_9235_none_is_refused_in_every_spelling() {
    for name in ["none", "None", "NONE", "nOnE", " none", "none "] {
        let text = token(&json!({ "alg": name }).to_string(), "{}");
        assert_eq!(refused(&text), JwsError::Unsigned, "{name:?}");
    }
    // RFC 7515 appendix A.5.
    let unsecured = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
                     Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    assert_eq!(refused(unsecured), JwsError::Unsigned);
}

#[test]
fn algorithms_we_do_not_verify_are_refused() {
    for (header, code) in [
        (r#"{"alg":"HS256"}"#, "token_symmetric_algorithm"),
        (r#"{"alg":"hs512"}"#, "token_symmetric_algorithm"),
        (r#"{"alg":"rs256"}"#, "token_unknown_algorithm"),
        (r#"{"alg":"ES256K"}"#, "token_unknown_algorithm"),
        (r#"{"alg":"RSA-OAEP"}"#, "token_unknown_algorithm"),
        (r#"{"alg":"RSA1_5"}"#, "token_unknown_algorithm"),
        (r#"{"alg":""}"#, "token_unknown_algorithm"),
        (r#"{"typ":"JWT"}"#, "token_header"),
        (r#"{"alg":null}"#, "token_header"),
        (r#"{"alg":["RS256"]}"#, "token_header"),
    ] {
        assert_eq!(refused(&token(header, "{}")).code(), code, "{header}");
    }
}

#[test]
fn headers_that_demand_or_confuse_are_refused() {
    let long = json!({ "alg": "RS256", "kid": "k".repeat(MAX_KID_BYTES + 1) }).to_string();
    for (header, code) in [
        (
            r#"{"alg":"RS256","crit":["exp"],"exp":1}"#,
            "token_critical_extension",
        ),
        (
            r#"{"alg":"RS256","crit":["b64"],"b64":false}"#,
            "token_critical_extension",
        ),
        (r#"{"alg":"RS256","crit":[]}"#, "token_critical_extension"),
        (r#"{"alg":"RS256","crit":null}"#, "token_critical_extension"),
        (r#"{"alg":"RS256","kid":7}"#, "token_header"),
        (r#"{"alg":"RS256","kid":null}"#, "token_header"),
        (r#"{"alg":"RS256","typ":{}}"#, "token_header"),
        (r#"{"alg":"RS256","alg":"none"}"#, "token_json"),
        (r#"["RS256"]"#, "token_json"),
        ("", "token_json"),
        (long.as_str(), "token_key_id_too_long"),
    ] {
        assert_eq!(refused(&token(header, "{}")).code(), code, "{header}");
    }
    let longest = json!({ "alg": "RS256", "kid": "k".repeat(MAX_KID_BYTES) }).to_string();
    assert!(CompactJws::parse(&token(&longest, "{}"), 4096).is_ok());
}

/// GO-JOSE, PyJWT and golang-jwt spent memory on every dot (CVE-2025-30204, CVE-2025-27144).
#[test]
fn cve_2025_30204_many_dots_are_refused_without_work() {
    assert_eq!(refused(&".".repeat(4000)), JwsError::Parts { found: 6 });
    for (text, found) in [
        ("", 1),
        ("a", 1),
        ("a.b", 2),
        ("a.b.c.d", 4),
        ("a.b.c.d.e", 5),
    ] {
        assert_eq!(refused(text), JwsError::Parts { found }, "{text}");
    }
}

/// CVE-2024-33531: a five-part token skipped the signature check of lua-resty-jwt. A compressed one
/// unpacked to any size (mod_auth_openidc, 2026-05-20; CVE-2025-27144, CVE-2026-34986).
#[test]
fn cve_2024_33531_five_parts_are_no_signed_token() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#);
    assert_eq!(
        refused(&format!("{header}..AAAA.AAAA.AAAA")),
        JwsError::Parts { found: 5 }
    );
}

/// CVE-2024-28180: size is judged before anything is decoded.
#[test]
fn cve_2024_28180_an_oversized_token_is_refused_first() {
    let text = token(r#"{"alg":"RS256"}"#, &"x".repeat(4096));
    assert!(matches!(
        refused(&text),
        JwsError::TooLong { limit: 4096, .. }
    ));
}

#[test]
fn only_base64url_without_padding_is_decoded() {
    let good = token(r#"{"alg":"RS256"}"#, "{}");
    let (rest, _) = good.rsplit_once('.').unwrap();
    for signature in ["AAA=", "AA+A", "AA/A", "AA A", "AAAA\n", "A", "AAB", "ä"] {
        let error = refused(&format!("{rest}.{signature}"));
        assert_eq!(
            error,
            JwsError::Encoding {
                segment: Segment::Signature
            },
            "{signature:?}"
        );
    }
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,200}|[A-Za-z0-9_.-]{0,200}") {
        let _ = CompactJws::parse(&text, 128).map(|jws| jws.claims());
    }

    #[test]
    fn what_is_parsed_is_what_was_written(header_kid in ".{0,40}", payload in prop::collection::vec(any::<u8>(), 0..64)) {
        let header = json!({ "alg": "ES256", "kid": header_kid });
        let text = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(&payload));
        let jws = CompactJws::parse(&text, 4096).unwrap();
        prop_assert_eq!(jws.kid(), Some(header_kid.as_str()));
        prop_assert_eq!(jws.payload(), payload.as_slice());
    }
}

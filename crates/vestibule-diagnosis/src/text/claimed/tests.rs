use super::*;

const V1: &str = "https://sts.windows.net/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/";
const V2: &str = "https://login.microsoftonline.com/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/v2.0";

#[test]
fn issuers_that_were_compared_are_found() {
    for text in [
        format!(
            "oidc_proto_validate_iss: requested issuer ({V2}) does not match received \"iss\" value in id_token ({V1})"
        ),
        format!(
            "IDX10205: Issuer validation failed. Issuer: '{V1}'. Did not match: validationParameters.ValidIssuer: '{V2}' or validationParameters.ValidIssuers: 'null'"
        ),
        format!(
            "IDX10205: Issuer validation failed. Issuer: '{V1}'. Did not match: validationParameters.ValidIssuer: 'null' or validationParameters.ValidIssuers: '{V2}' or validationParameters.ConfigurationManager.CurrentConfiguration.Issuer: 'Null'."
        ),
        format!("oidc: id token issued by a different provider, expected \"{V2}\" got \"{V1}\""),
        format!(
            "{{\"msg\":\"oidc: id token issued by a different provider, expected \\\"{V2}\\\" got \\\"{V1}\\\"\"}}"
        ),
        format!("Issuer (iss) claim value ({V1}) doesn't match expected value of {V2}]"),
    ] {
        let found = read(&text);
        assert_eq!(found.issuer.as_deref(), Some(V1), "{text}");
        assert_eq!(found.expected_issuers, [V2], "{text}");
        assert!(!found.is_of_metadata, "{text}");
    }
    let found = read(&format!(
        "error_description=\"The issuer '{V1}' is invalid\""
    ));
    assert_eq!(found.issuer.as_deref(), Some(V1));
    let found = read(&format!(
        "oidc: issuer did not match the issuer returned by provider, expected \"{V2}/\" got \"{V2}\""
    ));
    assert!(found.is_of_metadata && found.token().is_none());
}

#[test]
fn audiences_that_were_compared_are_found() {
    for (text, found, expected) in [
        (
            "IDX10214: Audience validation failed. Audiences: 'a, b'. Did not match: validationParameters.ValidAudience: 'x' or validationParameters.ValidAudiences: 'null'.",
            &["a", "b"][..],
            &["x"][..],
        ),
        ("The audience 'api://a' is invalid", &["api://a"], &[]),
        ("The audience '(null)' is invalid", &[], &[]),
        (
            "Audience (aud) claim [a] doesn't contain an acceptable identifier. Expected x as an aud value.",
            &["a"],
            &["x"],
        ),
        (
            "JsonWebTokenError: jwt audience invalid. expected: x",
            &[],
            &["x"],
        ),
        (
            "audience from claim aud with value [a b] does not match with any of allowed audiences map[x:{} y:{}]",
            &["a", "b"],
            &["x", "y"],
        ),
        ("oidc: expected audience \"x\" got [\"a\"]", &["a"], &["x"]),
        (
            "Audiences: '[PII of type 'System.String' is hidden.]'. Did not match: validationParameters.ValidAudience: 'null'",
            &[],
            &[],
        ),
    ] {
        let claimed = read(text);
        assert_eq!(claimed.audiences, found, "{text}");
        assert_eq!(claimed.expected_audiences, expected, "{text}");
    }
}

#[test]
fn times_of_any_form_are_subtracted() {
    for (end, now, gap) in [
        ("11/20/2026 7:11:12 AM", "11/20/2026 8:11:12 AM", Some(3600)),
        (
            "11/20/2026 11:59:00 AM",
            "11/20/2026 12:01:00 PM",
            Some(120),
        ),
        ("20.11.2026 07:11:12", "21.11.2026 07:11:12", Some(86_400)),
        ("2026-02-28T23:59:59Z", "2026-03-01T00:00:01Z", Some(2)),
        ("11/20/2026 8:11:12 AM", "11/20/2026 7:11:12 AM", None),
        ("soon", "11/20/2026 7:11:12 AM", None),
    ] {
        let text = format!("ValidTo (UTC): '{end}', Current time (UTC): '{now}'.");
        assert_eq!(read(&text).gap_secs, gap, "{text}");
    }
    assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(seconds("11/22/2026 2:29:03 PM"), Some(1_795_357_743));
}

#[test]
fn no_secret_is_a_claim() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.AAAA";
    let found = read(&format!(
        "The audience '{token}' is invalid; The issuer '{token}' is invalid"
    ));
    assert_eq!(found, Claimed::default());
}

#[test]
fn words_without_a_value_do_not_hide_those_with_one() {
    let found =
        read("The audience is invalid. error_description=\"The audience 'api://x' is invalid\"");
    assert_eq!(found.audiences, ["api://x"]);
}

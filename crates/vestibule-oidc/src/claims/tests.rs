use proptest::prelude::*;
use serde_json::json;

use super::*;

fn claims(value: Value) -> Claims {
    value.as_object().unwrap().clone()
}

/// A library took a time of the wrong type for none (CVE-2026-25537); another computed with 1e300
/// (mod_auth_openidc, 2026-08-12).
#[test]
fn cve_2026_25537_a_time_of_the_wrong_type_is_refused_not_absent() {
    for value in [
        json!("1"),
        json!("99999999999"),
        json!(null),
        json!([1]),
        json!({}),
        json!(true),
    ] {
        let error = time(&claims(json!({ "exp": value })), "exp").unwrap_err();
        assert_eq!(error.code(), "claim_wrong_type", "{value}");
    }
    for value in [
        json!(1e300),
        json!(-1),
        json!(-0.5),
        json!(1_u64 << 63),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(253_402_300_800_i64),
    ] {
        let error = time(&claims(json!({ "exp": value })), "exp").unwrap_err();
        assert_eq!(error.code(), "claim_out_of_range", "{value}");
    }
    for (value, secs) in [
        (json!(0), 0),
        (json!(1.5), 1),
        (json!(1e9), 1_000_000_000),
        (json!(2_147_483_648_i64), 2_147_483_648),
        (json!(253_402_300_799_i64), 253_402_300_799),
    ] {
        assert_eq!(
            time(&claims(json!({ "exp": value })), "exp"),
            Ok(Some(UnixTime(secs)))
        );
    }
    assert_eq!(time(&claims(json!({})), "exp"), Ok(None));
}

#[test]
fn audiences_are_a_string_or_an_array_of_strings() {
    for (value, outcome) in [
        (json!("a"), Ok(vec!["a"])),
        (json!(["a", "b"]), Ok(vec!["a", "b"])),
        (json!([]), Err("claim_length")),
        (json!(vec!["a"; 65]), Err("claim_length")),
        (json!(["a", 1]), Err("claim_wrong_type")),
        (json!([["a"]]), Err("claim_wrong_type")),
        (json!(null), Err("claim_wrong_type")),
        (json!({ "a": 1 }), Err("claim_wrong_type")),
    ] {
        let claims = claims(json!({ "aud": value }));
        assert_eq!(
            audiences(&claims).map_err(|error| error.code()),
            outcome,
            "{value}"
        );
    }
    assert_eq!(
        audiences(&Claims::new()),
        Err(ClaimError::Missing { name: "aud" })
    );
}

#[test]
fn subjects_are_neither_empty_nor_endless() {
    for (value, outcome) in [
        (json!("a"), Ok(Some("a"))),
        (json!(""), Err("claim_length")),
        (json!("a".repeat(256)), Err("claim_length")),
        (json!(1), Err("claim_wrong_type")),
        (json!(null), Err("claim_wrong_type")),
    ] {
        let claims = claims(json!({ "sub": value }));
        assert_eq!(
            subject(&claims).map_err(|error| error.code()),
            outcome,
            "{value}"
        );
    }
}

proptest! {
    #[test]
    fn every_number_is_a_time_in_range_or_refused(number in any::<f64>()) {
        let claims = claims(json!({ "exp": number }));
        if let Ok(Some(time)) = time(&claims, "exp") {
            prop_assert!((0..=253_402_300_799).contains(&time.as_secs()));
        }
    }
}

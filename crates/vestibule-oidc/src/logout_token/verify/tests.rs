use serde_json::json;

use super::*;
use crate::testing::TestProvider;

const ISSUER: &str = "https://idp.example";
const NOW: UnixTime = UnixTime(1_800_000_000);
const SKEW: Duration = Duration::from_secs(60);

fn provider() -> TestProvider {
    TestProvider::new(ISSUER)
}

fn claims() -> Value {
    provider().logout_token_claims("me", Some("ann"), Some("s1"), NOW)
}

/// The ordinary claims with one changed, or with `null`, removed.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => {
            claims.as_object_mut().unwrap().remove(name);
        }
        value => claims[name] = value,
    }
    claims
}

fn run(token: &str) -> Result<VerifiedLogoutToken, LogoutTokenError> {
    let expected = Expected {
        client_id: "me",
        issuer: &TokenIssuer::exact(ISSUER),
        algorithms: &Algorithm::DEFAULT,
        skew: SKEW,
    };
    verify(&Secret::from(token), &provider().key_set(), &expected, NOW)
}

fn judge(claims: &Value) -> Result<VerifiedLogoutToken, LogoutTokenError> {
    run(&provider().sign(claims))
}

#[track_caller]
fn refused(claims: &Value, code: &str, step: Option<u8>) {
    let error = judge(claims).expect_err(&claims.to_string());
    assert_eq!(
        (error.code(), error.step()),
        (code, step),
        "{claims} {error}"
    );
}

#[test]
fn an_ordinary_logout_token_is_verified() {
    let verified = judge(&claims()).unwrap();
    assert_eq!(verified.issuer(), ISSUER);
    assert!(*verified.whom() == Whom::Session("s1".to_owned()));
    assert_eq!(verified.jti(), claims()["jti"].as_str().unwrap());
    assert_eq!(
        verified.counts_until(),
        NOW + Duration::from_secs(120) + SKEW
    );
    assert!(!format!("{verified:?}").contains("ann"));
    assert!(!format!("{:?}", verified.whom()).contains("ann"));
}

/// RUSTSEC-2023-0071: the time an RSA decryption took told the key. Nothing is decrypted here.
#[test]
fn step_1_an_encrypted_token_is_refused() {
    let error = run("a.b.c.d.e").unwrap_err();
    assert_eq!(
        (error.code(), error.step()),
        ("logout_token_encrypted", Some(1))
    );
}

#[test]
fn step_2_without_the_providers_signature_nothing_is_believed() {
    let token = provider().sign(&claims());
    let (input, _) = token.rsplit_once('.').unwrap();
    for forged in [
        format!("{input}.AAAA"),
        format!("{input}."),
        provider().sign_with_header(&json!({ "alg": "EdDSA", "kid": "other" }), &claims()),
    ] {
        let error = run(&forged).unwrap_err();
        assert!(matches!(error.step(), Some(2) | None), "{error}");
    }
    // Another provider's token about one of our people.
    let other = provider().sign(&with("iss", json!("https://evil.example")));
    assert_eq!(run(&other).unwrap_err().code(), "issuer_mismatch");
}

#[test]
fn step_3_unsigned_and_symmetric_tokens_are_refused() {
    for alg in ["none", "None", "nOnE", "HS256", "HS512"] {
        let header = json!({ "alg": alg, "typ": "logout+jwt", "kid": "test" });
        let token = provider().sign_with_header(&header, &claims());
        assert_eq!(run(&token).unwrap_err().step(), Some(3), "{alg}");
    }
}

#[test]
fn step_3_an_algorithm_that_was_not_agreed_on_is_refused() {
    let expected = Expected {
        client_id: "me",
        issuer: &TokenIssuer::exact(ISSUER),
        algorithms: &[Algorithm::Rs256],
        skew: SKEW,
    };
    let token = Secret::new(provider().sign(&claims()));
    let error = verify(&token, &provider().key_set(), &expected, NOW).unwrap_err();
    assert_eq!(error.step(), Some(3), "{error}");
}

#[test]
fn a_token_that_says_it_is_something_else_is_refused() {
    for (typ, taken) in [
        (json!("logout+jwt"), true),
        (json!("application/logout+JWT"), true),
        (json!("JWT"), true),
        (json!(null), true),
        (json!("at+jwt"), false),
        (json!("id_token+jwt"), false),
        (json!("secevent+jwt"), false),
        (json!("dpop+jwt"), false),
        (json!(""), false),
    ] {
        let mut header = json!({ "alg": "EdDSA", "kid": "test" });
        if !typ.is_null() {
            header["typ"] = typ.clone();
        }
        let outcome = run(&provider().sign_with_header(&header, &claims()));
        assert_eq!(outcome.is_ok(), taken, "{typ}");
        if let Err(error) = outcome {
            assert_eq!(error.code(), "logout_token_another_kind");
        }
    }
}

#[test]
fn step_4_another_issuer_is_refused() {
    for iss in ["https://evil.example", "https://idp.example/", "h", ""] {
        refused(&with("iss", json!(iss)), "issuer_mismatch", Some(4));
    }
    refused(&with("iss", Value::Null), "claim_missing", Some(4));
}

#[test]
fn step_4_the_audience_is_us() {
    for aud in [json!("you"), json!(["you", "they"]), json!("mee")] {
        refused(&with("aud", aud), "logout_token_audience", Some(4));
    }
    refused(&with("aud", Value::Null), "claim_missing", Some(4));
    refused(&with("aud", json!([])), "claim_length", Some(4));
    assert!(judge(&with("aud", json!(["you", "me"]))).is_ok());
    refused(
        &with("azp", json!("you")),
        "logout_token_authorized_party",
        Some(4),
    );
}

/// mod_auth_openidc, 2026-08-11: tokens without `iat` or `jti` were accepted.
#[test]
fn mod_auth_openidc_2026_08_11_iat_exp_and_jti_are_required() {
    refused(&with("iat", Value::Null), "claim_missing", Some(4));
    refused(&with("exp", Value::Null), "claim_missing", Some(4));
    refused(&with("jti", Value::Null), "claim_missing", Some(8));
    refused(&with("jti", json!("")), "claim_length", Some(8));
    refused(
        &with("jti", json!("j".repeat(513))),
        "claim_length",
        Some(8),
    );
    refused(&with("jti", json!(7)), "claim_wrong_type", Some(8));
}

/// CVE-2026-25537 in another library: a time of the wrong type was taken for none.
#[test]
fn step_4_the_times_are_times_and_now() {
    let at = |secs: i64| json!(NOW.as_secs() + secs);
    refused(&with("exp", at(-60)), "logout_token_expired", Some(4));
    assert!(judge(&with("exp", at(-59))).is_ok());
    refused(&with("iat", at(61)), "logout_token_not_yet_valid", Some(4));
    assert!(judge(&with("iat", at(60))).is_ok());
    refused(&with("nbf", at(61)), "logout_token_not_yet_valid", Some(4));
    for bad in [json!("1800000000"), json!(-1), json!(1e300), json!([])] {
        for name in ["iat", "exp"] {
            let error = judge(&with(name, bad.clone())).unwrap_err();
            assert_eq!(error.step(), Some(4), "{name} {bad}");
        }
    }
}

/// However far away `exp` is: what came before is remembered for a bounded time only.
#[test]
fn step_4_an_old_token_is_refused_whatever_its_expiry() {
    let mut claims = with("exp", json!(NOW.as_secs() + 1_000_000));
    let verified = judge(&claims).unwrap();
    assert_eq!(verified.counts_until(), NOW + MAX_AGE + SKEW);
    claims["iat"] = json!(NOW.as_secs() - 659);
    assert!(judge(&claims).is_ok());
    claims["iat"] = json!(NOW.as_secs() - 660);
    refused(&claims, "logout_token_too_old", Some(4));
}

#[test]
fn step_5_somebody_is_named() {
    let mut nobody = with("sub", Value::Null);
    nobody.as_object_mut().unwrap().remove("sid");
    refused(&nobody, "logout_token_names_nobody", Some(5));
    let by_sid = judge(&with("sub", Value::Null)).unwrap();
    assert!(matches!(by_sid.whom(), Whom::Session(_)));
    let by_subject = judge(&with("sid", Value::Null)).unwrap();
    assert!(*by_subject.whom() == Whom::Subject("ann".to_owned()));
    for name in ["sub", "sid"] {
        refused(&with(name, json!("")), "claim_length", Some(5));
        refused(&with(name, json!(["ann"])), "claim_wrong_type", Some(5));
    }
}

#[test]
fn step_6_the_event_is_a_logout() {
    refused(&with("events", Value::Null), "claim_missing", Some(6));
    for events in [
        json!({}),
        json!([EVENT]),
        json!(EVENT),
        json!({ EVENT: null }),
        json!({ EVENT: "" }),
        json!({ format!("{EVENT}/"): {} }),
        json!({ "http://schemas.openid.net/event/backchannel": {} }),
    ] {
        refused(&with("events", events), "logout_token_no_event", Some(6));
    }
    let with_more = json!({ EVENT: { "reason": "x" }, "another": {} });
    assert!(judge(&with("events", with_more)).is_ok());
}

#[test]
fn step_7_a_nonce_is_refused_whatever_it_is() {
    for nonce in [json!("n"), json!(""), json!(1)] {
        refused(&with("nonce", nonce), "logout_token_nonce", Some(7));
    }
    let mut claims = claims();
    claims["nonce"] = Value::Null;
    refused(&claims, "logout_token_nonce", Some(7));
}

/// An ID token, as anybody may have one of their own, ends nothing.
#[test]
fn an_id_token_is_no_logout_token() {
    let id_token = provider().id_token_claims("me", "ann", NOW);
    assert!(judge(&id_token).is_err());
}

#[test]
fn a_token_is_of_bounded_size() {
    let large = with("extra", json!("x".repeat(MAX_BYTES)));
    assert!(judge(&large).is_err());
}

#[test]
fn an_unknown_key_asks_for_newer_ones_and_a_bad_signature_does_not() {
    let header = json!({ "alg": "EdDSA", "kid": "newer" });
    let unknown = run(&provider().sign_with_header(&header, &claims())).unwrap_err();
    assert!(unknown.newer_keys_may_help());
    let token = provider().sign(&claims());
    let (input, _) = token.rsplit_once('.').unwrap();
    let forged = run(&format!("{input}.{}", "A".repeat(86))).unwrap_err();
    assert!(!forged.newer_keys_may_help());
}

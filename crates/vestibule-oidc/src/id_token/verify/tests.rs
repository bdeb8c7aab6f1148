use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::issuer::{IssuerRule, ProviderKind};
use crate::jose::KeyKind;
use crate::metadata::ProviderMetadata;
use crate::test_keys;
use crate::testing::TestProvider;

const ISSUER: &str = "https://idp.example";
const NOW: UnixTime = UnixTime(1_800_000_000);
const SKEW: Duration = Duration::from_secs(60);

fn provider() -> TestProvider {
    TestProvider::new(ISSUER)
}

fn claims() -> Value {
    provider().id_token_claims("me", "ann", NOW)
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

struct Given<'a> {
    max_age: Option<Duration>,
    acr_values: &'a [String],
    access_token: Option<&'a Secret>,
    code: Option<&'a Secret>,
}

const PLAIN: Given<'static> = Given {
    max_age: None,
    acr_values: &[],
    access_token: None,
    code: None,
};

fn run(token: &str, given: &Given<'_>) -> Result<VerifiedIdToken, IdTokenError> {
    let expected = Expected {
        client_id: "me",
        issuer: &TokenIssuer::exact(ISSUER),
        nonce: &Nonce::from_stored("nonce"),
        algorithms: &Algorithm::DEFAULT,
        max_age: given.max_age,
        acr_values: given.acr_values,
        access_token: given.access_token,
        code: given.code,
        skew: SKEW,
    };
    verify(&Secret::from(token), &provider().key_set(), &expected, NOW)
}

fn judge(claims: &Value) -> Result<VerifiedIdToken, IdTokenError> {
    run(&provider().sign(claims), &PLAIN)
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
fn an_ordinary_id_token_is_verified() {
    let mut claims = claims();
    for (name, value) in [
        ("sid", json!("s")),
        ("tid", json!("t")),
        ("login_hint", json!("h")),
        ("auth_time", json!(5)),
    ] {
        claims[name] = value;
    }
    let token = provider().sign(&claims);
    let verified = run(&token, &PLAIN).unwrap();
    assert_eq!(verified.issuer(), ISSUER);
    assert_eq!(verified.subject(), "ann");
    assert_eq!(verified.audiences(), ["me"]);
    assert_eq!(verified.sid(), Some("s"));
    assert_eq!(verified.tenant(), Some("t"));
    assert_eq!(verified.login_hint(), Some("h"));
    assert_eq!(verified.issued_at(), NOW);
    assert_eq!(verified.expires_at(), NOW + Duration::from_secs(3600));
    assert_eq!(verified.auth_time(), Some(UnixTime(5)));
    assert_eq!(verified.algorithm(), Algorithm::EdDsa);
    assert_eq!(verified.raw().expose(), &token);
    assert_eq!(verified.claims(), claims.as_object().unwrap());
    assert!(!format!("{verified:?}").contains("ann"));
}

/// RUSTSEC-2023-0071: the time an RSA decryption took told the key. Nothing is decrypted here.
#[test]
fn step_1_an_encrypted_token_is_refused() {
    let error = run("a.b.c.d.e", &PLAIN).unwrap_err();
    assert_eq!(
        (error.code(), error.step()),
        ("id_token_encrypted", Some(1))
    );
}

#[test]
fn step_2_another_issuer_is_refused() {
    for iss in [
        "https://evil.example",
        "https://idp.example/",
        "https://idp.exampl",
        "h",
        "",
    ] {
        refused(&with("iss", json!(iss)), "issuer_mismatch", Some(2));
    }
    refused(&with("iss", Value::Null), "claim_missing", Some(2));
    refused(&with("iss", json!([ISSUER])), "claim_wrong_type", Some(2));
}

#[test]
fn steps_3_to_5_the_audience_is_us() {
    refused(&with("aud", json!("you")), "id_token_audience", Some(3));
    refused(&with("aud", json!("m")), "id_token_audience", Some(3));
    refused(&with("aud", json!("meme")), "id_token_audience", Some(3));
    refused(&with("aud", json!([])), "claim_length", Some(3));
    refused(
        &with("aud", json!(["you", "they"])),
        "id_token_audience",
        Some(3),
    );
    refused(&with("aud", Value::Null), "claim_missing", Some(3));
    refused(
        &with("aud", json!({ "me": 1 })),
        "claim_wrong_type",
        Some(3),
    );
    // Step 4: several audiences and nobody authorized.
    refused(&with("aud", json!(["me", "you"])), "claim_missing", Some(4));
    // Step 5.
    refused(
        &with("azp", json!("you")),
        "id_token_authorized_party",
        Some(5),
    );
    refused(&with("azp", json!(["me"])), "claim_wrong_type", Some(4));
    let mut several = with("aud", json!(["you", "me"]));
    several["azp"] = json!("you");
    refused(&several, "id_token_authorized_party", Some(5));
    several["azp"] = json!("me");
    assert!(judge(&several).is_ok());
    assert!(judge(&with("aud", json!(["me"]))).is_ok());
    assert!(judge(&with("azp", json!("me"))).is_ok());
}

#[test]
fn step_6_the_signature_is_the_providers() {
    let header = json!({ "alg": "EdDSA", "kid": "other" });
    let token = provider().sign_with_header(&header, &claims());
    let error = run(&token, &PLAIN).unwrap_err();
    assert_eq!((error.code(), error.step()), ("unknown_key", Some(6)));
    assert!(error.newer_keys_may_help());

    let token = provider().sign(&claims());
    let (head, signature) = token.rsplit_once('.').unwrap();
    let forged = provider().sign(&with("sub", json!("root")));
    let (forged_head, _) = forged.rsplit_once('.').unwrap();
    for text in [
        format!("{forged_head}.{signature}"),
        format!("{head}."),
        format!("{head}.AAAA"),
    ] {
        let error = run(&text, &PLAIN).unwrap_err();
        assert_eq!((error.code(), error.step()), ("bad_signature", Some(6)));
        assert!(!error.newer_keys_may_help());
    }
    for text in ["", "a", "a.b", "a.b.c"] {
        assert_eq!(
            run(text, &PLAIN).unwrap_err().fault(),
            crate::fault::Fault::Provider
        );
    }
}

#[test]
fn steps_7_and_8_the_algorithm_is_one_that_was_agreed_on() {
    let keys = test_keys::key_set(&[KeyKind::Rsa, KeyKind::P384]);
    for (algorithm, allowed) in [
        (Algorithm::Rs256, true),
        (Algorithm::Rs512, false),
        (Algorithm::Es384, false),
    ] {
        let token = Secret::new(test_keys::sign(algorithm, None, &claims()));
        let expected = Expected {
            client_id: "me",
            issuer: &TokenIssuer::exact(ISSUER),
            nonce: &Nonce::from_stored("nonce"),
            algorithms: &Algorithm::DEFAULT,
            max_age: None,
            acr_values: &[],
            access_token: None,
            code: None,
            skew: SKEW,
        };
        match verify(&token, &keys, &expected, NOW) {
            Ok(_) => assert!(allowed, "{algorithm}"),
            Err(error) => {
                assert!(!allowed, "{algorithm} {error}");
                assert_eq!(
                    (error.code(), error.step()),
                    ("algorithm_not_allowed", Some(7))
                );
            }
        }
        let every = Expected {
            algorithms: &Algorithm::ALL,
            ..expected
        };
        assert!(verify(&token, &keys, &every, NOW).is_ok(), "{algorithm}");
    }
    for (alg, code, step) in [
        ("none", "token_unsigned", 7),
        ("HS256", "token_symmetric_algorithm", 8),
    ] {
        let token = provider().sign_with_header(&json!({ "alg": alg }), &claims());
        let error = run(&token, &PLAIN).unwrap_err();
        assert_eq!((error.code(), error.step()), (code, Some(step)));
    }
}

#[test]
fn step_9_an_expired_token_is_refused() {
    assert!(judge(&with("exp", json!(NOW.as_secs() - 59))).is_ok());
    refused(
        &with("exp", json!(NOW.as_secs() - 60)),
        "id_token_expired",
        Some(9),
    );
    refused(&with("exp", json!(0)), "id_token_expired", Some(9));
    refused(&with("exp", Value::Null), "claim_missing", Some(9));
    refused(
        &with("nbf", json!(NOW.as_secs() + 61)),
        "id_token_not_yet_valid",
        Some(10),
    );
    assert!(judge(&with("nbf", json!(NOW.as_secs() + 60))).is_ok());
}

#[test]
fn step_10_a_token_from_the_future_is_refused() {
    assert!(judge(&with("iat", json!(NOW.as_secs() + 60))).is_ok());
    assert!(judge(&with("iat", json!(NOW.as_secs() - 86_400))).is_ok());
    refused(
        &with("iat", json!(NOW.as_secs() + 61)),
        "id_token_not_yet_valid",
        Some(10),
    );
    refused(&with("iat", Value::Null), "claim_missing", Some(10));
}

/// A malformed time is not an absent one.
#[test]
fn cve_2026_25537_times_of_the_wrong_type_are_refused() {
    for name in ["exp", "iat", "nbf", "auth_time"] {
        for value in [json!("99999999999"), json!([1]), json!({}), json!(true)] {
            let error = judge(&with(name, value)).unwrap_err();
            assert_eq!(error.code(), "claim_wrong_type", "{name}");
        }
        for value in [json!(1e300), json!(-1), json!(u64::MAX)] {
            let error = judge(&with(name, value)).unwrap_err();
            assert_eq!(error.code(), "claim_out_of_range", "{name}");
        }
        let mut null = claims();
        null[name] = Value::Null;
        assert_eq!(
            judge(&null).unwrap_err().code(),
            "claim_wrong_type",
            "{name}"
        );
    }
}

#[test]
fn step_11_the_nonce_is_this_sign_ins() {
    refused(
        &with("nonce", Value::Null),
        "id_token_nonce_missing",
        Some(11),
    );
    for nonce in ["", "nonc", "nonce ", "NONCE"] {
        refused(
            &with("nonce", json!(nonce)),
            "id_token_nonce_mismatch",
            Some(11),
        );
    }
    refused(&with("nonce", json!(7)), "claim_wrong_type", Some(11));
}

#[test]
fn step_12_the_authentication_context_suffices() {
    let given = Given {
        acr_values: &["mfa".to_owned()],
        ..PLAIN
    };
    for (acr, ok) in [
        (json!("mfa"), true),
        (json!("pwd"), false),
        (Value::Null, false),
    ] {
        let outcome = run(&provider().sign(&with("acr", acr)), &given);
        match outcome {
            Ok(_) => assert!(ok),
            Err(error) => assert_eq!(
                (ok, error.code(), error.step()),
                (false, "id_token_acr", Some(12))
            ),
        }
    }
}

#[test]
fn step_13_the_authentication_is_fresh_enough() {
    let given = Given {
        max_age: Some(Duration::from_secs(300)),
        ..PLAIN
    };
    let run = |auth_time: Value| run(&provider().sign(&with("auth_time", auth_time)), &given);
    assert!(run(json!(NOW.as_secs() - 360)).is_ok());
    let error = run(json!(NOW.as_secs() - 361)).unwrap_err();
    assert_eq!(
        (error.code(), error.step()),
        ("id_token_authentication_too_old", Some(13))
    );
    let error = run(Value::Null).unwrap_err();
    assert_eq!((error.code(), error.step()), ("claim_missing", Some(13)));
}

#[test]
fn hashes_are_of_what_came_along() {
    // The example of OIDC Core appendix A.3 is for RS256; Ed25519 hashes with SHA-512.
    let access_token = Secret::from("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
    assert_eq!(
        URL_SAFE_NO_PAD.encode(Algorithm::Rs256.half_hash(access_token.expose())),
        "77QmUPtjPfzWtF2AnpK9RQ"
    );
    let half = URL_SAFE_NO_PAD.encode(Algorithm::EdDsa.half_hash(access_token.expose()));
    assert_eq!(half.len(), 43);
    for name in ["at_hash", "c_hash"] {
        let given = match name {
            "at_hash" => Given {
                access_token: Some(&access_token),
                ..PLAIN
            },
            _ => Given {
                code: Some(&access_token),
                ..PLAIN
            },
        };
        assert!(run(&provider().sign(&with(name, json!(half))), &given).is_ok());
        assert!(
            run(&provider().sign(&claims()), &given).is_ok(),
            "optional for a code"
        );
        for wrong in ["", "77QmUPtjPfzWtF2AnpK9RQ"] {
            let error = run(&provider().sign(&with(name, json!(wrong))), &given).unwrap_err();
            assert_eq!(error, IdTokenError::HashMismatch { name });
        }
        let error = run(&provider().sign(&with(name, json!(7))), &given).unwrap_err();
        assert_eq!(error.code(), "claim_wrong_type");
    }
}

#[test]
fn a_token_of_another_kind_is_no_id_token() {
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "logout+jwt",
        "dpop+jwt",
    ] {
        let header = json!({ "alg": "EdDSA", "kid": "test", "typ": typ });
        let error = run(&provider().sign_with_header(&header, &claims()), &PLAIN).unwrap_err();
        assert_eq!(error.code(), "id_token_another_kind", "{typ}");
    }
    for typ in ["JWT", "jwt", "JOSE", "id_token+jwt"] {
        let header = json!({ "alg": "EdDSA", "kid": "test", "typ": typ });
        assert!(
            run(&provider().sign_with_header(&header, &claims()), &PLAIN).is_ok(),
            "{typ}"
        );
    }
}

#[test]
fn subjects_and_other_claims_have_their_types() {
    refused(&with("sub", Value::Null), "claim_missing", None);
    refused(&with("sub", json!("")), "claim_length", None);
    refused(&with("sub", json!(7)), "claim_wrong_type", None);
    refused(&with("sid", json!(7)), "claim_wrong_type", None);
}

#[test]
fn two_hundred_groups_fit_and_a_megabyte_does_not() {
    let group = "00000000-0000-4000-8000-000000000000";
    assert!(judge(&with("groups", json!(vec![group; 200]))).is_ok());
    refused(
        &with("groups", json!(vec![group; 2000])),
        "token_too_long",
        None,
    );
}

/// The key's own issuer counts in step 6: the public cloud's list holds other clouds' keys.
#[test]
fn a_key_of_another_issuer_is_refused() {
    let tenant = "11111111-1111-4111-8111-111111111111";
    let iss = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let provider = TestProvider::new(&iss);
    let mut claims = provider.id_token_claims("me", "ann", NOW);
    claims["tid"] = json!(tenant);
    let token = Secret::new(provider.sign(&claims));
    for (key_issuer, ok) in [
        ("https://login.microsoftonline.com/{tenantid}/v2.0", true),
        ("https://login.microsoftonline.us/{tenantid}/v2.0", false),
        (
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            false,
        ),
    ] {
        let mut jwks = provider.jwks();
        jwks["keys"][0]["issuer"] = json!(key_issuer);
        let keys = KeySet::parse(jwks.to_string().as_bytes()).unwrap();
        let expected = Expected {
            client_id: "me",
            issuer: &TokenIssuer::entra_exact(&iss),
            nonce: &Nonce::from_stored("nonce"),
            algorithms: &Algorithm::DEFAULT,
            max_age: None,
            acr_values: &[],
            access_token: None,
            code: None,
            skew: SKEW,
        };
        match verify(&token, &keys, &expected, NOW) {
            Ok(_) => assert!(ok, "{key_issuer}"),
            Err(error) => assert_eq!(
                (ok, error.code(), error.step()),
                (false, "key_of_another_issuer", Some(6))
            ),
        }
    }
}

/// Metadata and key set name their clouds; US Government keys are published in the public cloud's
/// list. A provider that is not Entra may mean anything by the name.
#[test]
fn a_key_of_another_cloud_is_refused() {
    let tenant = "11111111-1111-4111-8111-111111111111";
    let base = format!("https://login.microsoftonline.com/{tenant}");
    let iss = format!("{base}/v2.0");
    let provider = TestProvider::new(&iss);
    let mut claims = provider.id_token_claims("me", "ann", NOW);
    claims["tid"] = json!(tenant);
    let token = Secret::new(provider.sign(&claims));
    for (kind, metadata_cloud, key_cloud, ok) in [
        (
            ProviderKind::Detect,
            json!("microsoftonline.com"),
            json!("microsoftonline.com"),
            true,
        ),
        (
            ProviderKind::Detect,
            json!("microsoftonline.com"),
            json!("microsoftonline.us"),
            false,
        ),
        (
            ProviderKind::Detect,
            json!("microsoftonline.com"),
            Value::Null,
            true,
        ),
        (
            ProviderKind::Detect,
            Value::Null,
            json!("microsoftonline.us"),
            true,
        ),
        (
            ProviderKind::Other,
            json!("microsoftonline.com"),
            json!("microsoftonline.us"),
            true,
        ),
        (
            ProviderKind::Other,
            json!(7),
            json!("microsoftonline.us"),
            true,
        ),
    ] {
        let document = json!({
            "issuer": iss,
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "cloud_instance_name": metadata_cloud,
        });
        let rule = IssuerRule::new(&iss, kind, Vec::new());
        let metadata = ProviderMetadata::parse(document.to_string().as_bytes(), &rule).unwrap();
        let mut jwks = provider.jwks();
        jwks["keys"][0]["issuer"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0");
        if kind == ProviderKind::Other {
            jwks["keys"][0]["issuer"] = Value::Null;
        }
        jwks["keys"][0]["cloud_instance_name"] = key_cloud.clone();
        let keys = KeySet::parse(jwks.to_string().as_bytes()).unwrap();
        let expected = Expected {
            client_id: "me",
            issuer: metadata.token_issuer(),
            nonce: &Nonce::from_stored("nonce"),
            algorithms: &Algorithm::DEFAULT,
            max_age: None,
            acr_values: &[],
            access_token: None,
            code: None,
            skew: SKEW,
        };
        match verify(&token, &keys, &expected, NOW) {
            Ok(_) => assert!(ok, "{metadata_cloud} {key_cloud}"),
            Err(error) => assert_eq!(
                (ok, error.code(), error.step()),
                (false, "key_of_another_cloud", Some(6)),
            ),
        }
    }
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,100}|[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        prop_assert!(run(&text, &PLAIN).is_err());
    }

    #[test]
    fn a_flipped_bit_is_always_refused(at in 0_usize..4096, bit in 0_u8..6) {
        let token = provider().sign(&claims());
        let mut bytes = token.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(run(&text, &PLAIN).is_err(), "{}", text);
        }
    }
}

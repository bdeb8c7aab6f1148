use aws_lc_rs::rsa::KeySize;
use serde_json::json;

use super::*;
use crate::test_keys;

fn parse(jwk: &Value) -> Result<Jwk, JwkError> {
    Jwk::parse(jwk.as_object().unwrap())
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

const KINDS: [KeyKind; 5] = [
    KeyKind::Rsa,
    KeyKind::P256,
    KeyKind::P384,
    KeyKind::P521,
    KeyKind::Ed25519,
];

#[test]
fn a_key_of_each_kind_fits_its_algorithms_and_no_other() {
    for kind in KINDS {
        let key = parse(&test_keys::key(kind).jwk).unwrap();
        assert_eq!(key.kind(), kind);
        for algorithm in Algorithm::ALL {
            assert_eq!(
                key.fits(algorithm),
                algorithm.key_kind() == kind,
                "{algorithm} {kind:?}"
            );
        }
    }
}

#[test]
fn a_key_with_alg_fits_only_that() {
    let jwk = with(
        test_keys::key(KeyKind::Rsa).jwk.clone(),
        "alg",
        json!("PS256"),
    );
    let key = parse(&jwk).unwrap();
    assert!(key.fits(Algorithm::Ps256));
    assert!(!key.fits(Algorithm::Rs256) && !key.fits(Algorithm::Ps384));
}

#[test]
fn keys_not_for_verifying_are_refused() {
    let rsa = || test_keys::key(KeyKind::Rsa).jwk.clone();
    for (name, value, code) in [
        ("use", json!("enc"), "jwk_not_for_signatures"),
        ("use", json!(7), "jwk_member"),
        ("key_ops", json!(["sign"]), "jwk_not_for_signatures"),
        ("key_ops", json!([]), "jwk_not_for_signatures"),
        ("key_ops", json!("verify"), "jwk_member"),
        ("alg", json!("RSA-OAEP"), "jwk_algorithm"),
        ("alg", json!("HS256"), "jwk_algorithm"),
        ("alg", json!("ES256"), "jwk_algorithm"),
        ("alg", json!("none"), "jwk_algorithm"),
        ("d", json!("AQAB"), "jwk_private_part_published"),
        ("kty", json!("oct"), "jwk_unknown_kind"),
        ("kty", json!("EC"), "jwk_member"),
        ("kty", Value::Null, "jwk_member"),
        ("n", json!("!"), "jwk_member"),
        ("n", json!(""), "jwk_rsa_size"),
        ("e", json!(""), "jwk_rsa_exponent"),
        ("e", json!("AQ"), "jwk_rsa_exponent"),
        ("e", json!("Ag"), "jwk_rsa_exponent"),
        ("e", json!("AQAA"), "jwk_rsa_exponent"),
        ("e", json!("AQAAAAE"), "jwk_rsa_exponent"),
        ("e", json!("AQAAAAAAAAE"), "jwk_rsa_exponent"),
        ("kid", json!("k".repeat(257)), "jwk_key_id_too_long"),
        ("kid", json!(1), "jwk_member"),
    ] {
        let error = parse(&with(rsa(), name, value.clone())).unwrap_err();
        assert_eq!(error.code(), code, "{name} {value}");
    }
    for (name, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["verify"])),
        ("x5c", json!(7)),
    ] {
        assert!(parse(&with(rsa(), name, value)).is_ok(), "{name}");
    }
}

#[test]
fn rsa_keys_have_2048_to_8192_bits() {
    for (bytes, bits) in [(128, 1024), (255, 2040), (1025, 8200)] {
        let mut n = vec![0xff; bytes];
        n[0] = 0x80;
        let jwk = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(&n), "e": "AQAB" });
        assert_eq!(parse(&jwk).unwrap_err(), JwkError::RsaSize { bits });
    }
    let mut n = vec![0xff; 256];
    n[0] = 0x7f;
    let jwk = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(&n), "e": "AQAB" });
    assert_eq!(parse(&jwk).unwrap_err(), JwkError::RsaSize { bits: 2047 });
    assert!(parse(&test_keys::rsa(KeySize::Rsa3072).jwk).is_ok());
}

#[test]
fn a_zero_byte_before_the_modulus_changes_nothing() {
    let rsa = test_keys::key(KeyKind::Rsa);
    let n = URL_SAFE_NO_PAD
        .decode(rsa.jwk["n"].as_str().unwrap())
        .unwrap();
    let padded = [&[0][..], &n].concat();
    let key = parse(&with(
        rsa.jwk.clone(),
        "n",
        json!(URL_SAFE_NO_PAD.encode(padded)),
    ))
    .unwrap();
    let token = test_keys::sign(Algorithm::Rs256, None, &json!({}));
    let jws = crate::jose::CompactJws::parse(&token, 4096).unwrap();
    assert!(key.verifies(
        Algorithm::Rs256,
        jws.signing_input().as_bytes(),
        jws.signature()
    ));
}

#[test]
fn points_that_are_not_on_the_curve_are_refused() {
    let ec = || test_keys::key(KeyKind::P256).jwk.clone();
    let zeros = json!(URL_SAFE_NO_PAD.encode([0; 32]));
    for (name, value, code) in [
        ("x", zeros.clone(), "jwk_malformed"),
        ("y", zeros, "jwk_malformed"),
        ("y", json!(URL_SAFE_NO_PAD.encode([1; 31])), "jwk_member"),
        ("y", json!(URL_SAFE_NO_PAD.encode([0; 33])), "jwk_member"),
        ("x", Value::Null, "jwk_member"),
        ("crv", json!("P-384"), "jwk_member"),
        ("crv", json!("secp256k1"), "jwk_unknown_kind"),
    ] {
        let error = parse(&with(ec(), name, value.clone())).unwrap_err();
        assert_eq!(error.code(), code, "{name} {value}");
    }
    let ed = || test_keys::key(KeyKind::Ed25519).jwk.clone();
    assert_eq!(
        parse(&with(ed(), "x", json!("AAAA"))).unwrap_err(),
        JwkError::Malformed
    );
    assert_eq!(
        parse(&with(ed(), "crv", json!("X25519")))
            .unwrap_err()
            .code(),
        "jwk_unknown_kind"
    );
}

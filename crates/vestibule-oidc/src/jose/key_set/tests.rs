use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jose::KeyKind;
use crate::test_keys::{self, key, key_set, sign};
use crate::testing::TestProvider;

const ALL_KINDS: [KeyKind; 5] = [
    KeyKind::Rsa,
    KeyKind::P256,
    KeyKind::P384,
    KeyKind::P521,
    KeyKind::Ed25519,
];

fn verify(keys: &KeySet, token: &str, allowed: &[Algorithm]) -> Result<(), SignatureError> {
    let jws = CompactJws::parse(token, 1 << 16).unwrap();
    keys.verify(&jws, allowed).map(|_| ())
}

fn one_key(jwk: Value) -> KeySet {
    KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap()
}

/// RFC 7515 appendices A.2, A.3, A.4 and RFC 8037 appendix A.4.
#[test]
fn the_specifications_own_examples_verify() {
    let examples = [
        (
            json!({ "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" }),
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        (
            json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }),
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            json!({ "kty": "EC", "crv": "P-521", "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk", "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2" }),
            "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
        ),
        (
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];
    for (jwk, token) in examples {
        let keys = one_key(jwk);
        assert_eq!(verify(&keys, token, &Algorithm::ALL), Ok(()), "{token}");
        let payload_changed = token.replacen(".e", ".f", 1).replacen(".U", ".V", 1);
        let payload_changed = payload_changed.replacen(".R", ".S", 1);
        assert!(
            verify(&keys, &payload_changed, &Algorithm::ALL).is_err(),
            "{token}"
        );
    }
}

/// What `jsonwebtoken` signs verifies here, and only with its own key and while it is allowed.
#[test]
fn tokens_of_another_library_verify() {
    let keys = key_set(&ALL_KINDS);
    for algorithm in Algorithm::ALL {
        let kid = key(algorithm.key_kind()).kid();
        for kid in [Some(kid), None] {
            let token = sign(algorithm, kid, &json!({ "sub": "ann" }));
            assert_eq!(
                verify(&keys, &token, &[algorithm]),
                Ok(()),
                "{algorithm} {kid:?}"
            );
            let others: Vec<_> = Algorithm::ALL
                .into_iter()
                .filter(|a| *a != algorithm)
                .collect();
            assert_eq!(
                verify(&keys, &token, &others),
                Err(SignatureError::AlgorithmNotAllowed {
                    found: algorithm,
                    allowed: others
                }),
            );
        }
    }
}

#[test]
fn one_flipped_bit_anywhere_is_refused() {
    let keys = key_set(&[KeyKind::P256]);
    let token = sign(Algorithm::Es256, Some("P-256"), &json!({ "sub": "ann" }));
    let parts: Vec<_> = token.split('.').collect();
    for place in 1..3 {
        let decode = |part: &str| {
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, part).unwrap()
        };
        let bytes = decode(parts[place]);
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let mut parts: Vec<_> = parts.iter().map(|part| (*part).to_owned()).collect();
            parts[place] =
                base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, changed);
            let error = verify(&keys, &parts.join("."), &Algorithm::DEFAULT).unwrap_err();
            assert_eq!(error.code(), "bad_signature");
        }
    }
}

#[test]
fn an_unknown_kid_is_its_own_error_so_that_keys_can_be_fetched_again() {
    let keys = key_set(&ALL_KINDS);
    let token = sign(Algorithm::Es256, Some("rolled-over"), &json!({}));
    let error = verify(&keys, &token, &Algorithm::DEFAULT).unwrap_err();
    assert_eq!(
        error,
        SignatureError::UnknownKey {
            kid: Some("rolled-over".into())
        }
    );
    assert!(error.newer_keys_may_help());
    // Without `kid`, a key that is not in the set is unknown too.
    let other = one_key(test_keys::rsa(aws_lc_rs::rsa::KeySize::Rsa2048).jwk);
    let token = sign(Algorithm::Rs256, None, &json!({}));
    assert!(
        verify(&other, &token, &Algorithm::DEFAULT)
            .unwrap_err()
            .newer_keys_may_help()
    );
    let empty = KeySet::default();
    assert!(
        verify(&empty, &token, &Algorithm::DEFAULT)
            .unwrap_err()
            .newer_keys_may_help()
    );
}

#[test]
fn a_key_of_the_right_name_and_the_wrong_kind_is_refused() {
    let mut jwk = key(KeyKind::P256).jwk.clone();
    jwk["kid"] = json!("rsa");
    let keys = one_key(jwk);
    let token = sign(Algorithm::Rs256, Some("rsa"), &json!({}));
    let error = verify(&keys, &token, &Algorithm::DEFAULT).unwrap_err();
    assert!(!error.to_string().contains("Some("), "{error}");
    assert_eq!(
        error,
        SignatureError::WrongKindOfKey {
            kid: Some("rsa".into()),
            algorithm: Algorithm::Rs256
        }
    );
    assert!(!error.newer_keys_may_help());
}

#[test]
fn several_keys_of_one_kid_are_all_tried() {
    let stranger = test_keys::rsa(aws_lc_rs::rsa::KeySize::Rsa2048).jwk;
    let document = json!({ "keys": [stranger, key(KeyKind::Rsa).jwk] });
    let keys = KeySet::parse(document.to_string().as_bytes()).unwrap();
    let token = sign(Algorithm::Rs256, Some("rsa"), &json!({}));
    assert_eq!(verify(&keys, &token, &Algorithm::DEFAULT), Ok(()));
}

#[test]
fn a_token_without_kid_does_not_make_us_try_keys_without_end() {
    let stranger = test_keys::rsa(aws_lc_rs::rsa::KeySize::Rsa2048).jwk;
    for (strangers, found) in [(MAX_TRIED - 1, true), (MAX_TRIED, false)] {
        let mut keys = vec![stranger.clone(); strangers];
        keys.push(key(KeyKind::Rsa).jwk.clone());
        let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        let token = sign(Algorithm::Rs256, None, &json!({}));
        assert_eq!(verify(&set, &token, &Algorithm::DEFAULT).is_ok(), found);
    }
}

/// The public key in any format is no shared secret.
#[test]
fn cve_2022_29217_cve_2024_33663_a_public_key_as_hmac_secret_is_refused() {
    for kind in ALL_KINDS {
        let key = key(kind);
        let secrets = [key.public_der.clone(), key.jwk.to_string().into_bytes()];
        for secret in secrets {
            let token = jsonwebtoken::encode(
                &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256),
                &json!({ "sub": "mallory" }),
                &jsonwebtoken::EncodingKey::from_secret(&secret),
            )
            .unwrap();
            let error = CompactJws::parse(&token, 4096).unwrap_err();
            assert_eq!(error.code(), "token_symmetric_algorithm");
        }
    }
}

/// node-jose trusted the key inside the token.
#[test]
fn cve_2018_0114_an_embedded_key_is_not_trusted() {
    let mallory = TestProvider::new("https://mallory.example");
    let jwk = mallory.jwks()["keys"][0].clone();
    let header = json!({
        "alg": "EdDSA", "jwk": jwk, "jku": "https://mallory.example/keys",
        "x5u": "https://mallory.example/cert", "x5c": ["MIIB"],
    });
    let token = mallory.sign_with_header(&header, &json!({ "sub": "mallory" }));
    let keys = key_set(&[KeyKind::Ed25519, KeyKind::Rsa]);
    assert_eq!(
        verify(&keys, &token, &Algorithm::ALL),
        Err(SignatureError::UnknownKey { kid: None })
    );
}

/// Java accepted r = s = 0.
#[test]
fn cve_2022_21449_degenerate_ecdsa_signatures_are_refused() {
    let n = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut n_plus_1 = n;
    n_plus_1[31] += 1;
    let keys = key_set(&[KeyKind::P256]);
    let token = sign(Algorithm::Es256, Some("P-256"), &json!({}));
    let (input, _) = token.rsplit_once('.').unwrap();
    let values = [[0; 32], n, n_plus_1];
    for r in values {
        for s in values {
            let signature = [r, s].concat();
            let signature = base64::Engine::encode(
                &base64::engine::general_purpose::URL_SAFE_NO_PAD,
                signature,
            );
            let error = verify(&keys, &format!("{input}.{signature}"), &Algorithm::DEFAULT);
            assert_eq!(error.unwrap_err().code(), "bad_signature");
        }
    }
    for signature in ["", "AA"] {
        assert!(verify(&keys, &format!("{input}.{signature}"), &Algorithm::DEFAULT).is_err());
    }
}

#[test]
fn a_bad_key_does_not_spoil_the_set() {
    let document = json!({ "keys": [
        { "kty": "oct", "k": "c2VjcmV0", "kid": "shared" },
        { "kty": "RSA", "use": "enc", "kid": "encryption", "n": "AQAB", "e": "AQAB" },
        key(KeyKind::Ed25519).jwk,
    ] });
    let keys = KeySet::parse(document.to_string().as_bytes()).unwrap();
    assert_eq!(keys.keys().len(), 1);
    let skipped: Vec<_> = keys
        .skipped()
        .iter()
        .map(|key| (key.index, key.kid.as_deref(), key.reason.code()))
        .collect();
    assert_eq!(
        skipped,
        [
            (0, Some("shared"), "jwk_unknown_kind"),
            (1, Some("encryption"), "jwk_not_for_signatures")
        ]
    );
}

#[test]
fn what_is_no_key_set_is_refused() {
    let many = json!({ "keys": vec![json!({}); MAX_KEYS + 1] }).to_string();
    for (document, code) in [
        ("<html>", "key_set_json"),
        ("{\"keys\":[],\"keys\":[]}", "key_set_json"),
        ("[]", "key_set_json"),
        ("{}", "key_set_no_keys"),
        ("{\"keys\":{}}", "key_set_no_keys"),
        ("{\"keys\":[1]}", "key_set_no_keys"),
        (many.as_str(), "key_set_too_many"),
    ] {
        assert_eq!(KeySet::parse(document.as_bytes()).unwrap_err().code(), code);
    }
    assert!(KeySet::parse(b"{\"keys\":[]}").unwrap().keys().is_empty());
}

/// Entra's v2.0 keys: no `alg`, an `issuer` each, certificates beside.
#[test]
fn the_issuer_of_a_key_is_kept() {
    let mut jwk = key(KeyKind::Rsa).jwk.clone();
    jwk["issuer"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0");
    jwk["x5t"] = jwk["kid"].clone();
    jwk["x5c"] = json!(["MIIC"]);
    let keys = one_key(jwk);
    assert_eq!(
        keys.keys()[0].origin().issuer,
        Some("https://login.microsoftonline.com/{tenantid}/v2.0")
    );
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,200}") {
        let _ = KeySet::parse(text.as_bytes());
        let document = json!({ "keys": [{ "kty": "RSA", "n": text, "e": text }, { "kty": text }] });
        let _ = KeySet::parse(document.to_string().as_bytes());
    }
}

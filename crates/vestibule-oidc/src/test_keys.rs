//! Keys of every kind for tests, signing with `jsonwebtoken`: a second opinion on what a signed
//! token is.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::jose::{Algorithm, KeyKind, KeySet};

/// A key pair: the public half as a JWK, the private half ready to sign.
pub(crate) struct TestKey {
    pub(crate) jwk: Value,
    /// The public half in the other formats that confused verifiers took for a shared secret.
    pub(crate) public_der: Vec<u8>,
    encoding: Option<EncodingKey>,
    p521: Option<EcdsaKeyPair>,
}

/// The key of this kind, made once per test process.
pub(crate) fn key(kind: KeyKind) -> &'static TestKey {
    static RSA: OnceLock<TestKey> = OnceLock::new();
    static P256: OnceLock<TestKey> = OnceLock::new();
    static P384: OnceLock<TestKey> = OnceLock::new();
    static P521: OnceLock<TestKey> = OnceLock::new();
    static ED: OnceLock<TestKey> = OnceLock::new();
    match kind {
        KeyKind::Rsa => RSA.get_or_init(|| rsa(KeySize::Rsa2048)),
        KeyKind::P256 => P256.get_or_init(|| ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")),
        KeyKind::P384 => P384.get_or_init(|| ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")),
        KeyKind::P521 => P521.get_or_init(|| ec(&ECDSA_P521_SHA512_FIXED_SIGNING, "P-521")),
        KeyKind::Ed25519 => ED.get_or_init(ed),
    }
}

/// The set of the test keys of these kinds, without `alg`, each with its own `kid`.
pub(crate) fn key_set(kinds: &[KeyKind]) -> KeySet {
    let keys: Vec<_> = kinds.iter().map(|kind| key(*kind).jwk.clone()).collect();
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// Signs claims with the test key of the algorithm's kind.
pub(crate) fn sign(algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> String {
    let key = key(algorithm.key_kind());
    if let Some(pair) = &key.p521 {
        let header = match kid {
            Some(kid) => json!({ "alg": "ES512", "kid": kid }),
            None => json!({ "alg": "ES512" }),
        };
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(&header), encode(claims));
        let signature = pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        return format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    }
    let mut header = Header::new(algorithm.name().parse().unwrap());
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, key.encoding.as_ref().unwrap()).unwrap()
}

impl TestKey {
    pub(crate) fn kid(&self) -> &str {
        self.jwk["kid"].as_str().unwrap()
    }
}

pub(crate) fn rsa(size: KeySize) -> TestKey {
    let pair = RsaKeyPair::generate(size).unwrap();
    let public = pair.public_key();
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let jwk = json!({
        "kty": "RSA",
        "kid": "rsa",
        "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
        "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
    });
    let encoding = EncodingKey::from_rsa_pem(pem(pkcs8.as_ref()).as_bytes()).unwrap();
    TestKey {
        jwk,
        public_der: public.as_ref().to_vec(),
        encoding: Some(encoding),
        p521: None,
    }
}

fn pem(pkcs8: &[u8]) -> String {
    let text = STANDARD.encode(pkcs8);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm, crv: &str) -> TestKey {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap();
    let point = pair.public_key().as_ref()[1..].to_vec();
    let (x, y) = point.split_at(point.len() / 2);
    let jwk = json!({
        "kty": "EC",
        "crv": crv,
        "kid": crv,
        "x": URL_SAFE_NO_PAD.encode(x),
        "y": URL_SAFE_NO_PAD.encode(y),
    });
    let public_der = pair.public_key().as_ref().to_vec();
    let is_p521 = crv == "P-521";
    TestKey {
        jwk,
        public_der,
        encoding: (!is_p521).then(|| EncodingKey::from_ec_der(pkcs8.as_ref())),
        p521: is_p521.then_some(pair),
    }
}

fn ed() -> TestKey {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    TestKey {
        jwk: json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": x }),
        public_der: pair.public_key().as_ref().to_vec(),
        encoding: Some(EncodingKey::from_ed_der(pkcs8.as_ref())),
        p521: None,
    }
}

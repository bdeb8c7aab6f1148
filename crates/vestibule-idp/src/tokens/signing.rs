//! From claims to a token: the header, the signature, and what the faults do to them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use super::{Key, KeyFailure, Keys};
use crate::{
    entropy,
    faults::{Fault, Faults, Token},
};

/// What is in the header beside `typ`, `alg` and `kid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderShape {
    /// `x5t`, as in version 1.0 tokens.
    V1,
    /// Nothing, as in version 2.0 tokens.
    V2,
    /// `x5t` and `nonce`, and a signature over the header with the *hash* of that nonce: nobody but
    /// Graph can check it. A plain JWS check finds the key and then fails.
    Graph,
}

/// Signs the claims.
pub(crate) fn sign(
    keys: &Keys,
    faults: &Faults,
    token: Token,
    shape: HeaderShape,
    mut claims: Map<String, Value>,
    now: i64,
) -> Result<String, KeyFailure> {
    spoil_claims(faults, token, &mut claims, now);
    let tenant = claims
        .get("tid")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut key = keys.signing_for(tenant)?;
    if fires(faults, token, |fault| {
        matches!(fault, Fault::ForeignKey { .. })
    }) {
        key = keys.other_cloud()?;
    }
    if fires(faults, token, |fault| {
        matches!(fault, Fault::UnpublishedKey { .. })
    }) {
        key = Key::new("unpublished.vestibule-idp.invalid")?.into();
    }
    if fires(faults, token, |fault| matches!(fault, Fault::AppKey { .. })) {
        key = keys.app()?;
    }
    if fires(faults, token, |fault| {
        matches!(fault, Fault::AlgNone { .. })
    }) {
        let header = json!({"typ": "JWT", "alg": "none", "kid": key.kid});
        return Ok(format!(
            "{}.{}.",
            segment(&header),
            segment(&Value::Object(claims))
        ));
    }
    if fires(faults, token, |fault| {
        matches!(fault, Fault::HmacWithPublicKey { .. })
    }) {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.kid.clone());
        let secret = EncodingKey::from_secret(key.public_pem.as_bytes());
        return Ok(encode(&header, &claims, &secret)?);
    }

    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(key.kid.clone());
    if shape != HeaderShape::V2 {
        header.x5t = Some(key.kid.clone());
    }
    let nonce = (shape == HeaderShape::Graph).then(|| entropy::text(43));
    header.nonce = nonce.as_ref().map(|nonce| {
        let hash = digest(&SHA256, nonce.as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    });
    let mut signed = encode(&header, &claims, &key.signing)?;
    if nonce.is_some() {
        header.nonce = nonce;
        if let Some((_, rest)) = signed.split_once('.') {
            let sent = serde_json::to_value(&header).unwrap_or_default();
            signed = format!("{}.{rest}", segment(&sent));
        }
    }
    if fires(faults, token, |fault| {
        matches!(fault, Fault::BadSignature { .. })
    }) {
        signed = with_spoiled_signature(&signed);
    }
    Ok(signed)
}

fn spoil_claims(faults: &Faults, token: Token, claims: &mut Map<String, Value>, now: i64) {
    let changes = faults.fire_all(|fault| {
        let on = |at: &Token, changes: Vec<(&str, Value)>| {
            at.covers(token).then(|| {
                changes
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            })
        };
        let changes: Option<Vec<(String, Value)>> = match fault {
            Fault::WrongIssuer { token: at } => on(
                at,
                vec![("iss", "https://issuer.invalid/elsewhere/v2.0".into())],
            ),
            Fault::WrongAudience { token: at } => on(
                at,
                vec![("aud", "00000000-0000-4000-8000-00000000beef".into())],
            ),
            Fault::WrongNonce => on(&Token::IdToken, vec![("nonce", entropy::text(22).into())]),
            Fault::MissingClaim { token: at, claim } => on(at, vec![(claim, Value::Null)]),
            Fault::ReplaceClaim {
                token: at,
                claim,
                value,
            } => on(at, vec![(claim, value.clone())]),
            Fault::Expired { token: at } => on(
                at,
                vec![
                    ("iat", json!(now - 10_800)),
                    ("nbf", json!(now - 10_800)),
                    ("exp", json!(now - 7_200)),
                ],
            ),
            Fault::NotYetValid { token: at } => on(
                at,
                vec![
                    ("iat", json!(now + 7_200)),
                    ("nbf", json!(now + 7_200)),
                    ("exp", json!(now + 10_800)),
                ],
            ),
            Fault::OversizeToken { token: at, bytes } => on(
                at,
                vec![("padding", "x".repeat((*bytes).min(8 << 20) as usize).into())],
            ),
            _ => None,
        };
        changes
    });
    for (name, value) in changes.into_iter().flatten() {
        if value.is_null() {
            claims.shift_remove(&name);
        } else {
            claims.insert(name, value);
        }
    }
}

/// Whether a fault of this sort is on for this token; uses it once.
fn fires(faults: &Faults, token: Token, is_it: impl Fn(&Fault) -> bool) -> bool {
    faults
        .fire(|fault| {
            let at = match fault {
                Fault::AlgNone { token }
                | Fault::HmacWithPublicKey { token }
                | Fault::BadSignature { token }
                | Fault::ForeignKey { token }
                | Fault::UnpublishedKey { token }
                | Fault::AppKey { token } => *token,
                _ => return None,
            };
            (at.covers(token) && is_it(fault)).then_some(())
        })
        .is_some()
}

fn segment(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn with_spoiled_signature(token: &str) -> String {
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return token.to_owned();
    };
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    if let Some(byte) = bytes.last_mut() {
        *byte ^= 1;
    }
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

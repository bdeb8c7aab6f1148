//! Reads one public key (RFC 7517 §4) and decides whether it may verify signatures.

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::jws::MAX_KID_BYTES;
use super::{Algorithm, KeyKind};
use crate::issuer::KeyOrigin;

/// Why a key of a set is not used. The rest of the set is (RFC 7517 §5: keys that are not
/// understood are ignored).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// A member is missing, has the wrong type, or is not base64url.
    #[error("read the key's `{name}`")]
    Member {
        /// Its name.
        name: &'static str,
    },
    /// `kid` is longer than [`MAX_KID_BYTES`].
    #[error("accept a key id of {found} bytes where at most {MAX_KID_BYTES} are allowed")]
    KeyIdTooLong {
        /// The bytes there are.
        found: usize,
    },
    /// A kind of key or a curve we do not verify with.
    #[error("use a key of kind {kind}")]
    UnknownKind {
        /// `kty` or `crv`, shortened.
        kind: String,
    },
    /// `use` or `key_ops` say that it is not for verifying signatures.
    #[error("use a key that is not for signatures")]
    NotForSignatures,
    /// `alg` is not one that goes with the key.
    #[error("use the key with its algorithm {name}")]
    Algorithm {
        /// The `alg` value, shortened.
        name: String,
    },
    /// The private part is published too: anybody can sign with it.
    #[error("trust a key whose private part is published")]
    PrivatePartPublished,
    /// An RSA key outside 2048 to 8192 bits.
    #[error("use an RSA key of {bits} bits (2048 to 8192 are allowed)")]
    RsaSize {
        /// The modulus's length.
        bits: usize,
    },
    /// An RSA exponent that is even, below 3, or above 2^32.
    #[error("use an RSA key with this public exponent")]
    RsaExponent,
    /// Not a key: the point is not on the curve, or the library refuses the numbers.
    #[error("use a key that is none")]
    Malformed,
}

impl JwkError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Member { .. } => "jwk_member",
            Self::KeyIdTooLong { .. } => "jwk_key_id_too_long",
            Self::UnknownKind { .. } => "jwk_unknown_kind",
            Self::NotForSignatures => "jwk_not_for_signatures",
            Self::Algorithm { .. } => "jwk_algorithm",
            Self::PrivatePartPublished => "jwk_private_part_published",
            Self::RsaSize { .. } => "jwk_rsa_size",
            Self::RsaExponent => "jwk_rsa_exponent",
            Self::Malformed => "jwk_malformed",
        }
    }
}

/// A public key that may verify signatures.
pub struct Jwk {
    kid: Option<String>,
    issuer: Option<String>,
    cloud: Option<String>,
    algorithm: Option<Algorithm>,
    material: Material,
}

enum Material {
    /// The library ties a parsed key to one algorithm, an RSA key serves six: each is parsed when
    /// first needed.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
        parsed: Box<[OnceLock<Option<ParsedPublicKey>>; 6]>,
    },
    Curve {
        kind: KeyKind,
        parsed: Box<ParsedPublicKey>,
    },
}

impl Jwk {
    /// Reads one key.
    ///
    /// # Errors
    /// Any [`JwkError`].
    pub fn parse(members: &Map<String, Value>) -> Result<Self, JwkError> {
        let kid = optional(members, "kid")?;
        if let Some(kid) = &kid
            && kid.len() > MAX_KID_BYTES
        {
            return Err(JwkError::KeyIdTooLong { found: kid.len() });
        }
        for_signatures(members)?;
        let material = match required(members, "kty")? {
            "RSA" => rsa(members)?,
            "EC" => match required(members, "crv")? {
                "P-256" => curve(KeyKind::P256, &point(members, 32)?)?,
                "P-384" => curve(KeyKind::P384, &point(members, 48)?)?,
                "P-521" => curve(KeyKind::P521, &point(members, 66)?)?,
                other => return Err(unknown_kind(other)),
            },
            "OKP" => match required(members, "crv")? {
                "Ed25519" => curve(KeyKind::Ed25519, &bytes(members, "x")?)?,
                other => return Err(unknown_kind(other)),
            },
            other => return Err(unknown_kind(other)),
        };
        if members.contains_key("d") {
            return Err(JwkError::PrivatePartPublished);
        }
        let algorithm = match optional(members, "alg")? {
            None => None,
            Some(name) => match Algorithm::from_name(&name) {
                Some(algorithm) if algorithm.key_kind() == material.kind() => Some(algorithm),
                _ => {
                    return Err(JwkError::Algorithm {
                        name: name.chars().take(32).collect(),
                    });
                }
            },
        };
        Ok(Self {
            kid,
            issuer: optional(members, "issuer")?,
            cloud: optional(members, "cloud_instance_name")?,
            algorithm,
            material,
        })
    }

    /// `kid` (RFC 7517 §4.5).
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whom this key signs for, as far as the set says so: Entra's v2.0 key sets put `issuer`,
    /// perhaps with `{tenantid}`, and `cloud_instance_name` on their keys.
    pub fn origin(&self) -> KeyOrigin<'_> {
        KeyOrigin {
            issuer: self.issuer.as_deref(),
            cloud: self.cloud.as_deref(),
        }
    }

    /// The kind of key.
    pub const fn kind(&self) -> KeyKind {
        self.material.kind()
    }

    /// Whether signatures of this algorithm can be verified with it: kind and `alg` (RFC 7517 §4.4)
    /// fit.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.key_kind() == self.kind() && self.algorithm.is_none_or(|fixed| fixed == algorithm)
    }

    /// Whether `signature` is this key's over `message`. False for an algorithm that does not fit.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.fits(algorithm)
            && self
                .material
                .parsed(algorithm)
                .is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("kid", &self.kid)
            .field("issuer", &self.issuer)
            .field("cloud", &self.cloud)
            .field("algorithm", &self.algorithm)
            .field("kind", &self.kind())
            .finish()
    }
}

impl Material {
    const fn kind(&self) -> KeyKind {
        match self {
            Self::Rsa { .. } => KeyKind::Rsa,
            Self::Curve { kind, .. } => *kind,
        }
    }

    fn parsed(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        match self {
            Self::Curve { parsed, .. } => Some(parsed),
            Self::Rsa { n, e, parsed } => {
                let parameters = algorithm.rsa_parameters()?;
                let slot = match algorithm {
                    Algorithm::Rs256 => 0,
                    Algorithm::Rs384 => 1,
                    Algorithm::Rs512 => 2,
                    Algorithm::Ps256 => 3,
                    Algorithm::Ps384 => 4,
                    _ => 5,
                };
                parsed
                    .get(slot)?
                    .get_or_init(|| {
                        RsaPublicKeyComponents { n, e }
                            .to_parsed_public_key(parameters)
                            .ok()
                    })
                    .as_ref()
            }
        }
    }
}

/// RFC 7517 §4.2 and §4.3.
fn for_signatures(members: &Map<String, Value>) -> Result<(), JwkError> {
    let used = optional(members, "use")?;
    let operations = match members.get("key_ops") {
        None | Some(Value::Null) => true,
        Some(Value::Array(operations)) => operations
            .iter()
            .any(|operation| operation.as_str() == Some("verify")),
        Some(_) => return Err(JwkError::Member { name: "key_ops" }),
    };
    if used.is_some_and(|used| used != "sig") || !operations {
        return Err(JwkError::NotForSignatures);
    }
    Ok(())
}

/// RFC 7518 §6.3.1.
fn rsa(members: &Map<String, Value>) -> Result<Material, JwkError> {
    // Some providers put a zero byte in front of the modulus, against RFC 7518 §2; the number is
    // the same.
    let number = |name| bytes(members, name).map(|mut n| n.split_off(leading_zeros(&n)));
    let (n, e) = (number("n")?, number("e")?);
    let bits = n
        .first()
        .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(JwkError::RsaSize { bits });
    }
    let exponent = (e.len() <= 5).then(|| e.iter().fold(0_u64, |sum, &b| sum << 8 | u64::from(b)));
    if !exponent.is_some_and(|e| e >= 3 && e % 2 == 1 && e <= 1 << 32) {
        return Err(JwkError::RsaExponent);
    }
    let material = Material::Rsa {
        n,
        e,
        parsed: Box::default(),
    };
    match material.parsed(Algorithm::Rs256) {
        Some(_) => Ok(material),
        None => Err(JwkError::Malformed),
    }
}

fn leading_zeros(number: &[u8]) -> usize {
    number.iter().take_while(|&&byte| byte == 0).count()
}

/// The uncompressed point of RFC 7518 §6.2.1; both coordinates have the curve's full length.
fn point(members: &Map<String, Value>, length: usize) -> Result<Vec<u8>, JwkError> {
    let mut point = vec![4];
    for name in ["x", "y"] {
        let coordinate = bytes(members, name)?;
        if coordinate.len() != length {
            return Err(JwkError::Member { name });
        }
        point.extend(coordinate);
    }
    Ok(point)
}

/// The library refuses a point that is not on the curve.
fn curve(kind: KeyKind, public: &[u8]) -> Result<Material, JwkError> {
    let algorithm = kind.curve_algorithm().ok_or(JwkError::Malformed)?;
    let parsed = ParsedPublicKey::new(algorithm, public).map_err(|_| JwkError::Malformed)?;
    Ok(Material::Curve {
        kind,
        parsed: Box::new(parsed),
    })
}

fn unknown_kind(kind: &str) -> JwkError {
    JwkError::UnknownKind {
        kind: kind.chars().take(32).collect(),
    }
}

fn optional(members: &Map<String, Value>, name: &'static str) -> Result<Option<String>, JwkError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(JwkError::Member { name }),
    }
}

fn required<'m>(members: &'m Map<String, Value>, name: &'static str) -> Result<&'m str, JwkError> {
    members
        .get(name)
        .and_then(Value::as_str)
        .ok_or(JwkError::Member { name })
}

fn bytes(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    URL_SAFE_NO_PAD
        .decode(required(members, name)?)
        .map_err(|_| JwkError::Member { name })
}

#[cfg(test)]
mod tests;

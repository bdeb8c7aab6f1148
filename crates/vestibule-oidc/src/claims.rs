//! Decides what a claim's value may be: the right type or refused, never "as if absent".
//!
//! A library that took `"exp": "9999999999"` for a token without `exp` is why each claim is read
//! here and nowhere else.

use serde_json::{Map, Value};

use crate::json::kind;
use crate::time::UnixTime;

/// The greatest time a claim may name: the end of the year 9999.
const MAX_TIME: f64 = 253_402_300_799.0;
/// The most audiences of one token.
const MAX_AUDIENCES: usize = 64;
/// OIDC Core §2: `sub` has at most 255 characters.
const MAX_SUBJECT_BYTES: usize = 255;

/// Why a claim cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// It is not there.
    #[error("find the claim `{name}`")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// It is there with another type.
    #[error("read the claim `{name}`, which is {found}")]
    WrongType {
        /// Its name.
        name: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// It is a time before 1970 or after 9999.
    #[error("read the claim `{name}` as a time, it is out of range")]
    OutOfRange {
        /// Its name.
        name: &'static str,
    },
    /// It is empty or too long.
    #[error("accept the claim `{name}` of {found} bytes or items")]
    Length {
        /// Its name.
        name: &'static str,
        /// Bytes of a string, items of an array.
        found: usize,
    },
}

impl ClaimError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "claim_missing",
            Self::WrongType { .. } => "claim_wrong_type",
            Self::OutOfRange { .. } => "claim_out_of_range",
            Self::Length { .. } => "claim_length",
        }
    }

    /// The claim's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing { name }
            | Self::WrongType { name, .. }
            | Self::OutOfRange { name }
            | Self::Length { name, .. } => name,
        }
    }
}

type Claims = Map<String, Value>;

pub(crate) fn required<T>(found: Option<T>, name: &'static str) -> Result<T, ClaimError> {
    found.ok_or(ClaimError::Missing { name })
}

/// A string claim, if it is there.
pub(crate) fn string<'c>(
    claims: &'c Claims,
    name: &'static str,
) -> Result<Option<&'c str>, ClaimError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(ClaimError::WrongType {
            name,
            found: kind(other),
        }),
    }
}

/// `sub`, which is never empty.
pub(crate) fn subject(claims: &Claims) -> Result<Option<&str>, ClaimError> {
    match string(claims, "sub")? {
        Some(sub) if sub.is_empty() || sub.len() > MAX_SUBJECT_BYTES => Err(ClaimError::Length {
            name: "sub",
            found: sub.len(),
        }),
        sub => Ok(sub),
    }
}

/// A `NumericDate` (RFC 7519 §2), if it is there. A fraction is cut off.
pub(crate) fn time(claims: &Claims, name: &'static str) -> Result<Option<UnixTime>, ClaimError> {
    let secs = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
        Some(other) => {
            return Err(ClaimError::WrongType {
                name,
                found: kind(other),
            });
        }
    };
    if !(0.0..=MAX_TIME).contains(&secs) {
        return Err(ClaimError::OutOfRange { name });
    }
    // In range, as the line above proves: nothing is lost but the fraction.
    Ok(Some(UnixTime(secs as i64)))
}

/// `aud`: a string, or an array of strings that is not empty (RFC 7519 §4.1.3).
pub(crate) fn audiences(claims: &Claims) -> Result<Vec<&str>, ClaimError> {
    let name = "aud";
    match required(claims.get(name), name)? {
        Value::String(audience) => Ok(vec![audience]),
        Value::Array(items) if items.is_empty() || items.len() > MAX_AUDIENCES => {
            Err(ClaimError::Length {
                name,
                found: items.len(),
            })
        }
        Value::Array(items) => items
            .iter()
            .map(|item| {
                item.as_str().ok_or(ClaimError::WrongType {
                    name,
                    found: "an array of mixed types",
                })
            })
            .collect(),
        other => Err(ClaimError::WrongType {
            name,
            found: kind(other),
        }),
    }
}

#[cfg(test)]
mod tests;

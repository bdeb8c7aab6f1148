//! Reads the answer of the user-info endpoint (OIDC Core §5.3) and decides whether it is about the
//! same person.

mod signed;

use serde_json::{Map, Value};

pub use signed::{SignedExpected, is_signed, verify};

use crate::claims::{self, ClaimError};
use crate::fault::Fault;
use crate::issuer::IssuerMismatch;
use crate::jose::{JwsError, SignatureError};
use crate::json::{self, JsonError};
use crate::secret::Secret;
use crate::text::{is_json, or_none, readable};
use crate::time::UnixTime;

/// The longest answer that is read.
pub const MAX_BYTES: usize = 256 << 10;

/// Why the answer of the user-info endpoint is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserInfoError {
    /// The provider answered with an error status (OIDC Core §5.3.3).
    #[error("ask for user info: the provider answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is neither JSON nor signed by its `Content-Type`.
    #[error("read user info of type {}", or_none(content_type))]
    NotJson {
        /// The type, shortened.
        content_type: Option<String>,
    },
    /// The answer is not signed, and whoever asked takes no other.
    #[error("accept user info that is not signed")]
    NotSigned,
    /// The answer is not a JSON object we read.
    #[error("read the user info")]
    Json(#[from] JsonError),
    /// `sub`, or in signed user info another claim that is needed, is missing or has the wrong type.
    #[error("read the user info's claims")]
    Subject(#[from] ClaimError),
    /// It is no signed token we look at; an encrypted one is none.
    #[error("take signed user info apart")]
    Token(#[from] JwsError),
    /// `typ` says that it is a token for something else (RFC 8725 §3.11).
    #[error("accept a token of type {typ:?} as user info")]
    AnotherKind {
        /// The header's `typ`.
        typ: String,
    },
    /// It is another issuer's, or signed with another issuer's key.
    #[error("accept the user info's issuer")]
    Issuer(#[from] IssuerMismatch),
    /// It is for others.
    #[error("accept user info for {found:?} where {expected:?} is expected")]
    Audience {
        /// Our client id.
        expected: String,
        /// `aud`.
        found: Vec<String>,
    },
    /// No key of the provider vouches for it.
    #[error("verify the user info's signature")]
    Signature(#[from] SignatureError),
    /// It has expired, or is not valid yet.
    #[error("accept user info whose `{name}` is {at}; it is {now}")]
    Time {
        /// `exp`, `nbf` or `iat`.
        name: &'static str,
        /// Its value.
        at: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// It is about somebody else (OIDC Core §5.3.2): using it would mix two people up.
    #[error("accept user info about another subject")]
    AnotherSubject,
}

impl UserInfoError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Status { .. } => "userinfo_status",
            Self::NotJson { .. } => "userinfo_not_json",
            Self::NotSigned => "userinfo_not_signed",
            Self::Json(_) => "userinfo_json",
            Self::Token(error) => error.code(),
            Self::AnotherKind { .. } => "userinfo_another_kind",
            Self::Issuer(_) => "userinfo_issuer",
            Self::Audience { .. } => "userinfo_audience",
            Self::Signature(_) => "userinfo_signature",
            Self::Time { .. } => "userinfo_time",
            Self::Subject(_) => "userinfo_subject",
            Self::AnotherSubject => "userinfo_another_subject",
        }
    }

    /// Whether one more fetch of the keys is worth it.
    pub const fn newer_keys_may_help(&self) -> bool {
        matches!(self, Self::Signature(error) if error.newer_keys_may_help())
    }

    /// The provider answered.
    pub const fn fault(&self) -> Fault {
        Fault::Provider
    }

    /// What a stranger may read.
    pub const fn public_message(&self) -> &'static str {
        "The sign-in provider gave no usable information about you."
    }
}

/// What the provider says about a person, who is the one of the ID token.
#[derive(Clone)]
pub struct UserInfo {
    claims: Map<String, Value>,
    token: Option<Secret>,
}

impl UserInfo {
    /// Every claim.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The signed token that the claims came in and were verified by; `None` if they came as plain JSON.
    pub const fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// The same without that token, where nobody is to get it.
    #[must_use]
    pub fn without_token(self) -> Self {
        Self {
            token: None,
            ..self
        }
    }
}

impl std::fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserInfo")
    }
}

/// Reads an answer about `subject`, the `sub` of the verified ID token.
///
/// # Errors
/// Any [`UserInfoError`].
pub fn parse(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    subject: &str,
) -> Result<UserInfo, UserInfoError> {
    if status != 200 {
        return Err(UserInfoError::Status { status });
    }
    if !is_json(content_type) {
        let content_type = content_type.map(|found| readable(found, 128));
        return Err(UserInfoError::NotJson { content_type });
    }
    about(json::parse_object(body, MAX_BYTES)?, None, subject)
}

/// OIDC Core §5.3.2: `sub` is that of the ID token, to the letter.
fn about(
    claims: Map<String, Value>,
    token: Option<&str>,
    subject: &str,
) -> Result<UserInfo, UserInfoError> {
    match claims::required(claims::subject(&claims)?, "sub")? {
        found if found == subject => Ok(UserInfo {
            claims,
            token: token.map(Secret::from),
        }),
        _ => Err(UserInfoError::AnotherSubject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, content_type: &str, body: &str) -> Result<(), &'static str> {
        parse(status, Some(content_type), body.as_bytes(), "ann")
            .map(|_| ())
            .map_err(|error| error.code())
    }

    #[test]
    fn only_the_same_person_is_believed() {
        let json = "application/json; charset=utf-8";
        assert_eq!(check(200, json, r#"{"sub":"ann","name":"Ann"}"#), Ok(()));
        for (status, content_type, body, code) in [
            (200, json, r#"{"sub":"bob"}"#, "userinfo_another_subject"),
            (200, json, r#"{"sub":"ann "}"#, "userinfo_another_subject"),
            (200, json, r#"{"name":"Ann"}"#, "userinfo_subject"),
            (200, json, r#"{"sub":7}"#, "userinfo_subject"),
            (200, json, r#"{"sub":""}"#, "userinfo_subject"),
            (200, json, r#"{"sub":"ann","sub":"bob"}"#, "userinfo_json"),
            (200, json, "[]", "userinfo_json"),
            (200, "application/jwt", "a.b.c", "userinfo_not_json"),
            (200, "text/html", r#"{"sub":"ann"}"#, "userinfo_not_json"),
            (401, json, r#"{"sub":"ann"}"#, "userinfo_status"),
        ] {
            assert_eq!(check(status, content_type, body), Err(code), "{body}");
        }
    }

    #[test]
    fn more_claims_than_anybody_has_are_refused() {
        let claims: String = (0..json::MAX_MEMBERS)
            .map(|at| format!(r#","{at}":0"#))
            .collect();
        let body = format!(r#"{{"sub":"ann"{claims}}}"#);
        assert_eq!(check(200, "application/json", &body), Err("userinfo_json"));
    }
}

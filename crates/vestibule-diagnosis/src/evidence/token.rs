//! Holds what can be read of a token, what the API expects, and what a verifier said.

use serde_json::{Map, Value};
use vestibule_oidc::access_token::{AccessTokenError, Cleaning, TokenShape, classify, clean};
use vestibule_oidc::jose::SignatureError;

use super::Product;

/// What a token is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Role {
    /// Nobody said.
    #[default]
    Unknown,
    /// As an access token.
    Access,
    /// As an ID token.
    Id,
}

/// The characters of an RSA signature of 2048 bits, the shortest anybody issues.
const RSA_SIGNATURE_CHARS: usize = 342;
/// The characters of an ECDSA signature on P-256, or one of Ed25519.
const P256_SIGNATURE_CHARS: usize = 86;

/// The year 5138 in seconds. What is beyond is 1973 in milliseconds, or later.
const LATEST_SECS: i64 = 100_000_000_000;

/// A token, without what makes it usable.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Token {
    /// What it is used as.
    pub role: Role,
    /// What it looks like, with header and claims of a JWT.
    pub shape: TokenShape,
    /// Its length in bytes.
    pub length: usize,
    /// The length of a JWT's signature in characters.
    pub signature_length: Option<usize>,
    /// What had to be taken off the text to find it.
    pub removed: Vec<Cleaning>,
    /// What a verifier said: `None` if nobody verified it.
    pub verified: Option<Result<(), Failure>>,
    /// Whether it was got a moment ago, with the settings at hand. Any other may be older than they are.
    pub is_new: bool,
    /// Whether these are only the claims that a log names, so that nothing follows from what is not
    /// there.
    pub is_partial: bool,
}

impl Token {
    /// What can be read of this text, with what surrounds it taken off.
    pub fn of(text: &str) -> Self {
        let cleaned = clean(text);
        let shape = classify(&cleaned.text);
        let signature_length = match shape {
            TokenShape::Jwt { .. } => cleaned.text.rsplit('.').next().map(str::len),
            _ => None,
        };
        Self {
            role: Role::Unknown,
            shape,
            length: cleaned.text.len(),
            signature_length,
            removed: cleaned.removed,
            verified: None,
            is_new: false,
            is_partial: false,
        }
    }

    /// A JWT of this header and these claims.
    pub fn jwt(header: Map<String, Value>, claims: Map<String, Value>) -> Self {
        Self {
            role: Role::Unknown,
            shape: TokenShape::Jwt { header, claims },
            length: 0,
            signature_length: None,
            removed: Vec::new(),
            verified: None,
            is_new: false,
            is_partial: false,
        }
    }

    /// The same, used as that.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// The same, got a moment ago with the settings at hand.
    #[must_use]
    pub const fn just_issued(mut self) -> Self {
        self.is_new = true;
        self
    }

    /// The same, with what a verifier said.
    #[must_use]
    pub fn verified(mut self, outcome: Result<(), Failure>) -> Self {
        self.verified = Some(outcome);
        self
    }

    /// A JWT's claims.
    pub const fn claims(&self) -> Option<&Map<String, Value>> {
        match &self.shape {
            TokenShape::Jwt { claims, .. } | TokenShape::UnsignedJwt { claims, .. } => Some(claims),
            _ => None,
        }
    }

    /// A JWT's header.
    pub const fn header(&self) -> Option<&Map<String, Value>> {
        match &self.shape {
            TokenShape::Jwt { header, .. }
            | TokenShape::UnsignedJwt { header, .. }
            | TokenShape::TruncatedJwt { header }
            | TokenShape::DamagedJwt {
                header: Some(header),
                ..
            }
            | TokenShape::Jwe { header } => Some(header),
            _ => None,
        }
    }

    /// Whether it is a JWT with this claim, `null` not counted.
    pub fn has(&self, name: &str) -> bool {
        self.claim(name).is_some()
    }

    /// A claim, `null` not counted.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims()?.get(name).filter(|value| !value.is_null())
    }

    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claim(name)?.as_str()
    }

    /// A claim that is a whole number, as times are.
    pub fn number(&self, name: &str) -> Option<i64> {
        let value = self.claim(name)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float saturates, and times are whole seconds"
        )]
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|secs| secs as i64))
    }

    /// A claim that is a list, or text of words.
    pub fn words(&self, name: &str) -> Vec<&str> {
        match self.claim(name) {
            Some(Value::String(words)) => words.split_ascii_whitespace().collect(),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// `aud`.
    pub fn audiences(&self) -> Vec<&str> {
        match self.claim("aud") {
            Some(Value::String(audience)) => vec![audience],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// A text member of the header.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header()?.get(name)?.as_str()
    }

    /// The client it was issued to: `azp`, `appid` in Entra's v1.0 tokens, `client_id`, `cid`.
    pub fn client(&self) -> Option<&str> {
        ["azp", "appid", "client_id", "cid"]
            .into_iter()
            .find_map(|name| self.text(name))
    }

    /// The permissions a person gave: `scp` or `scope`.
    pub fn scopes(&self) -> Vec<&str> {
        match self.has("scp") {
            true => self.words("scp"),
            false => self.words("scope"),
        }
    }

    /// Whether Entra issued it.
    pub fn is_entra(&self) -> bool {
        self.product().is_some_and(Product::is_entra)
    }

    /// Which product issued it, as far as it shows.
    pub fn product(&self) -> Option<Product> {
        Product::of_token(self)
    }

    /// Whether a JWT shows itself to be an ID token: a `nonce` among the claims, a hash of another
    /// token, Cognito's `token_use`, Keycloak's `typ`; and no permissions.
    pub fn looks_like_id_token(&self) -> bool {
        let says = |name, value| self.text(name) == Some(value);
        if self.other_kind().is_some() {
            return false;
        }
        says("token_use", "id")
            || says("typ", "ID")
            || (["nonce", "at_hash", "c_hash"]
                .iter()
                .any(|name| self.has(name))
                && !["scp", "scope", "roles"].iter().any(|name| self.has(name)))
    }

    /// The least characters a signature of the token's algorithm has, where it has fewer: then it was cut.
    pub fn missing_signature(&self) -> Option<usize> {
        let least = match self.header_text("alg")? {
            alg if alg.starts_with("RS") || alg.starts_with("PS") => RSA_SIGNATURE_CHARS,
            alg if alg.starts_with("ES") || alg == "EdDSA" => P256_SIGNATURE_CHARS,
            _ => return None,
        };
        self.signature_length
            .is_some_and(|length| length < least)
            .then_some(least)
    }

    /// Whether a JWT says that it is a refresh token, as Keycloak's do.
    pub fn is_refresh_token(&self) -> bool {
        matches!(self.text("typ"), Some("Refresh" | "Offline"))
    }

    /// Whether its signature is made with a secret that issuer and verifier share.
    pub fn has_shared_secret(&self) -> bool {
        matches!(self.shape, TokenShape::Jwt { .. })
            && self
                .header_text("alg")
                .is_some_and(|alg| alg.starts_with("HS"))
    }

    /// Whether a JWT's times are in milliseconds, which no verifier expects.
    pub fn has_milliseconds(&self) -> bool {
        ["exp", "iat", "nbf"]
            .iter()
            .any(|name| self.number(name).is_some_and(|time| time > LATEST_SECS))
    }

    /// Whether a verifier failed on this.
    pub fn failed(&self, failure: Failure) -> bool {
        self.verified == Some(Err(failure))
    }

    /// Whether a verifier found it in order.
    pub fn is_verified(&self) -> bool {
        self.verified == Some(Ok(()))
    }
}

/// What an API expects of its access tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Api {
    /// Its App ID URI, or its application (client) id.
    pub name: Option<String>,
    /// The audiences it accepts.
    pub audiences: Vec<String>,
    /// The issuers it accepts.
    pub issuers: Vec<String>,
    /// The version of Entra's tokens it expects: `1.0` or `2.0`.
    pub version: Option<String>,
    /// The algorithms it accepts.
    pub algorithms: Vec<String>,
    /// The scopes it asks for, as it writes them.
    pub scopes: Vec<String>,
    /// The roles it asks for.
    pub roles: Vec<String>,
    /// The claims it cannot do without.
    pub claims: Vec<String>,
    /// Whether it takes any token that is not a JWT: it introspects.
    pub takes_opaque: Option<bool>,
}

/// Which check of a verifier failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// It can't be taken apart.
    Format,
    /// No key of its `kid`.
    UnknownKey,
    /// The key is there and did not sign this.
    BadSignature,
    /// Signed with an algorithm that is not accepted.
    Algorithm,
    /// Another issuer, or another issuer's key.
    Issuer,
    /// For somebody else.
    Audience,
    /// Expired.
    Expired,
    /// Issued or valid in the future.
    NotYetValid,
    /// Another kind of token.
    Kind,
    /// A claim is missing or of the wrong type.
    Claim,
}

impl From<&AccessTokenError> for Failure {
    fn from(error: &AccessTokenError) -> Self {
        match error {
            AccessTokenError::Signature(SignatureError::UnknownKey { .. }) => Self::UnknownKey,
            AccessTokenError::Signature(SignatureError::BadSignature { .. }) => Self::BadSignature,
            AccessTokenError::Signature(_) => Self::Algorithm,
            AccessTokenError::Issuer(_) => Self::Issuer,
            AccessTokenError::Audience { .. } => Self::Audience,
            AccessTokenError::Expired { .. } => Self::Expired,
            AccessTokenError::NotYetValid { .. } => Self::NotYetValid,
            AccessTokenError::AnotherKind { .. } => Self::Kind,
            AccessTokenError::Claim(_) => Self::Claim,
            _ => Self::Format,
        }
    }
}

//! A provider for tests: it really signs, so that tests get a [`VerifiedIdToken`] the way everybody
//! does, by verifying a token. There is no back door.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::authorization::Nonce;
use crate::id_token::{self, Expected, IdTokenError, VerifiedIdToken};
use crate::issuer::TokenIssuer;
use crate::jose::{Algorithm, KeySet};
use crate::logout_token;
use crate::secret::Secret;
use crate::time::UnixTime;

/// An issuer with one Ed25519 key, the same in every run.
pub struct TestProvider {
    issuer: String,
    key: Option<Ed25519KeyPair>,
}

impl TestProvider {
    /// A provider of this issuer.
    pub fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            key: Ed25519KeyPair::from_seed_unchecked(&[7; 32]).ok(),
        }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The document of its `jwks_uri`.
    pub fn jwks(&self) -> Value {
        let x = self
            .key
            .as_ref()
            .map(|key| URL_SAFE_NO_PAD.encode(key.public_key().as_ref()));
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "test", "use": "sig", "x": x }] })
    }

    /// Its keys.
    pub fn key_set(&self) -> KeySet {
        KeySet::parse(self.jwks().to_string().as_bytes()).unwrap_or_default()
    }

    /// Signs these claims as they are.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with_header(
            &json!({ "alg": "EdDSA", "typ": "JWT", "kid": "test" }),
            claims,
        )
    }

    /// Signs these claims under this header, whatever it says.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(header), encode(claims));
        let signature = self.key.as_ref().map(|key| key.sign(input.as_bytes()));
        let signature = signature.as_ref().map_or(&[][..], AsRef::as_ref);
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of an ordinary ID token, one hour valid, for `client_id`, with the nonce
    /// `"nonce"`.
    pub fn id_token_claims(&self, client_id: &str, subject: &str, now: UnixTime) -> Value {
        json!({
            "iss": self.issuer,
            "sub": subject,
            "aud": client_id,
            "iat": now.as_secs(),
            "exp": now.as_secs() + 3600,
            "nonce": "nonce",
        })
    }

    /// The claims of an ordinary logout token, two minutes valid, for `client_id`.
    pub fn logout_token_claims(
        &self,
        client_id: &str,
        subject: Option<&str>,
        sid: Option<&str>,
        now: UnixTime,
    ) -> Value {
        let mut claims = json!({
            "iss": self.issuer,
            "aud": client_id,
            "iat": now.as_secs(),
            "exp": now.as_secs() + 120,
            "jti": format!("{}-{}-{}", subject.unwrap_or(""), sid.unwrap_or(""), now.as_secs()),
            "events": { logout_token::EVENT: {} },
        });
        for (name, value) in [("sub", subject), ("sid", sid)] {
            if let (Some(value), Some(members)) = (value, claims.as_object_mut()) {
                members.insert(name.to_owned(), value.into());
            }
        }
        claims
    }

    /// Signs the claims and verifies the token as a sign-in of `client_id` with the nonce `"nonce"`
    /// does.
    ///
    /// # Errors
    /// Any [`IdTokenError`], if the claims are not those of a valid ID token.
    pub fn verified(
        &self,
        client_id: &str,
        claims: &Value,
        now: UnixTime,
    ) -> Result<VerifiedIdToken, IdTokenError> {
        let expected = Expected {
            client_id,
            issuer: &TokenIssuer::exact(&self.issuer),
            nonce: &Nonce::from_stored("nonce"),
            algorithms: &Algorithm::DEFAULT,
            max_age: None,
            acr_values: &[],
            access_token: None,
            code: None,
            skew: id_token::DEFAULT_SKEW,
        };
        id_token::verify(
            &Secret::new(self.sign(claims)),
            &self.key_set(),
            &expected,
            now,
        )
    }
}

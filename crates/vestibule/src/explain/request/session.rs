//! Makes the session of somebody with these claims, the way every session is made: from a verified ID token.
//!
//! The token is signed with a key made for it, verified with that key, and forgotten with it. Nothing but the claims
//! are the person's word.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use vestibule_config::{ProviderSettings, RouteSettings, Settings};
use vestibule_oidc::authorization::Nonce;
use vestibule_oidc::id_token::{self, DEFAULT_SKEW, Expected};
use vestibule_oidc::issuer::TokenIssuer;
use vestibule_oidc::jose::{Algorithm, KeySet};
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::TokenResponse;
use vestibule_proxy::entropy::random_bytes;
use vestibule_session::handle::Handle;
use vestibule_session::record::{Record, ResourceKey, SignedIn};
use vestibule_session::site::Site;
use vestibule_session::store::{Stored, Version};

use crate::explain::Failure;
use crate::{assemble, evidence as converted};

/// What stands for the access token of the session, which nobody gave.
pub(super) const ACCESS_TOKEN: &str = "the-access-token-of-the-session";

/// What stands for an answer that lists no scope, and is none that a rule could name.
pub(super) const NOTHING: &str = "[nothing]";

/// The largest file of claims.
const MAX_BYTES: u64 = 64 << 10;

/// A session, once for each answer the provider may have given, and its cookie.
pub(super) struct Made {
    pub(super) sessions: Vec<Arc<Stored>>,
    pub(super) cookie: String,
}

/// Reads the claims.
pub(super) fn claims(file: &Path) -> Result<Map<String, Value>, Failure> {
    let named = |error: &dyn std::fmt::Display| {
        Failure::new(
            "read the session's claims",
            format!("{}: {error}", file.display()),
        )
        .help("write a JSON object of claims, as { \"sub\": \"ada\", \"groups\": [\"staff\"] }")
    };
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| named(&error))?;
    let most = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    vestibule_oidc::json::parse_object(&bytes, most).map_err(|error| named(&error))
}

/// The provider somebody on this route signed in with.
pub(super) fn provider<'s>(
    settings: &'s Settings,
    route: Option<&RouteSettings>,
) -> Result<&'s ProviderSettings, Failure> {
    let provider = match route {
        Some(route) => converted::provider_of(settings, route),
        None => settings.providers.first(),
    };
    provider.ok_or_else(|| {
        let error = "the configuration has no provider that anybody could sign in with";
        Failure::new("make the session", error)
    })
}

/// The session of somebody with these claims, signed in on this site with this provider, whose answer listed one of
/// `answers` as granted.
pub(super) fn make(
    settings: &Settings,
    provider: &ProviderSettings,
    site: &Site,
    claims: &Map<String, Value>,
    answers: &[String],
    now: UnixTime,
) -> Result<Made, Failure> {
    let failed = |because: Box<dyn std::error::Error + Send + Sync>| Failure::Error {
        to: "make the session",
        because,
        help: None,
    };
    let signer = Signer::new().map_err(failed)?;
    let claims = completed(
        claims,
        provider.discovery.configured(),
        &provider.client_id,
        now,
    );
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let client_id = match claims.get("azp").and_then(Value::as_str) {
        Some(party) => party,
        None => match claims.get("aud") {
            Some(Value::Array(several)) => {
                several.iter().find_map(Value::as_str).unwrap_or_default()
            }
            _ => text("aud"),
        },
    };
    let token = Secret::new(signer.sign(&claims));
    let at = claims.get("iat").and_then(Value::as_i64);
    let verified = id_token::verify(
        &token,
        &signer.keys().map_err(failed)?,
        &Expected {
            client_id,
            issuer: &TokenIssuer::exact(text("iss")),
            nonce: &Nonce::from_stored(text("nonce")),
            algorithms: &[Algorithm::EdDsa],
            max_age: None,
            acr_values: &[],
            access_token: None,
            code: None,
            skew: DEFAULT_SKEW,
        },
        // Claims of an earlier sign-in are as good: the session is made now.
        at.map_or(now, UnixTime::from_secs),
    )
    .map_err(|error| {
        Failure::new("make the session", error)
            .help("correct the claim: the file holds the claims of an ID token")
    })?;
    let asked = assemble::asked_for(provider, settings);
    let asked_for = ResourceKey::new(asked.resource.as_deref(), &asked.scopes.join(" "));
    let sessions = answers.iter().map(|granted| {
        // An empty list says as little as none.
        let granted = match granted.is_empty() {
            true => NOTHING,
            false => granted,
        };
        let answer = json!({
            "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": granted,
        });
        let answer = answer.to_string();
        let tokens = TokenResponse::parse(200, Some("application/json"), answer.as_bytes())
            .map_err(|error| failed(error.into()))?;
        let record = Record::establish(
            SignedIn {
                provider: &assemble::provider_name(provider),
                site,
                id_token: &verified,
                tokens: &tokens,
                asked_for: asked_for.clone(),
                userinfo: None,
                access_token: None,
                detour: None,
                groups: None,
            },
            now,
        );
        Ok(Arc::new(Stored::new(Version::FIRST, record, now)))
    });
    let handle = Handle::from_entropy(random_bytes().map_err(|error| failed(error.into()))?);
    Ok(Made {
        sessions: sessions.collect::<Result<_, Failure>>()?,
        cookie: handle.encoded().to_string(),
    })
}

/// The claims with those an ID token can't do without (OIDC Core §2).
fn completed(
    claims: &Map<String, Value>,
    issuer: &str,
    client_id: &str,
    now: UnixTime,
) -> Map<String, Value> {
    let mut all = claims.clone();
    let mut or = |name: &str, value: Value| {
        all.entry(name.to_owned()).or_insert(value);
    };
    or("iss", issuer.into());
    or("sub", "somebody".into());
    or("aud", client_id.into());
    or("nonce", "explain".into());
    or("iat", now.as_secs().into());
    let issued = all
        .get("iat")
        .and_then(Value::as_i64)
        .unwrap_or(now.as_secs());
    all.entry("exp".to_owned())
        .or_insert_with(|| issued.saturating_add(3600).into());
    all
}

/// Signs one token.
struct Signer(Ed25519KeyPair);

impl Signer {
    fn new() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let seed: [u8; 32] = random_bytes()?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
        Ok(Self(pair.map_err(|error| error.to_string())?))
    }

    fn keys(&self) -> Result<KeySet, Box<dyn std::error::Error + Send + Sync>> {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref());
        let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "explain", "use": "sig", "x": x }] });
        Ok(KeySet::parse(set.to_string().as_bytes())?)
    }

    fn sign(&self, claims: &Map<String, Value>) -> String {
        let encode = |value: &str| URL_SAFE_NO_PAD.encode(value);
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "explain" });
        let claims = Value::Object(claims.clone()).to_string();
        let input = format!("{}.{}", encode(&header.to_string()), encode(&claims));
        let signature = self.0.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

//! Validates the token the sample API is handed, as a real API does: by the metadata of the token's own version, the
//! provider's keys, issuer, audience and time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;
use vestibule_diagnosis::evidence::{Api, Failure, Keys, Metadata, Role, Settings, Token};
use vestibule_diagnosis::{Evidence, Finding, diagnose_token};
use vestibule_oidc::access_token::{
    AccessTokenError, AccessTokenExpected, TokenShape, VerifiedAccessToken, classify, verify,
};
use vestibule_oidc::issuer::IssuerRule;
use vestibule_oidc::jose::{Algorithm, KeySet};
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_proxy::provider::HttpTransport;
use vestibule_proxy::provider::call::{ProviderCall, Transport as _};

use crate::clock::now;
use crate::output::Chain;

/// Keys are asked for again at most this often, whatever `kid` a token names.
const KEYS_AT_MOST_EVERY: Duration = Duration::from_secs(10);

/// What the API thinks of its token.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    /// `jwt`, `opaque`, `none`, and so on: what it looks like.
    pub(super) kind: &'static str,
    /// Whether everything was verified.
    pub(super) valid: bool,
    /// Why not, in words; nothing when it is valid.
    pub(super) reason: Option<String>,
    /// The audience it names, verified or not.
    pub(super) aud: Option<Value>,
    /// The issuer it names, verified or not.
    pub(super) iss: Option<Value>,
    /// Its version, where the issuer is Entra.
    pub(super) ver: Option<Value>,
    /// Everything a JWT says, verified or not.
    pub(super) claims: Option<Map<String, Value>>,
    /// What is wrong and what to change.
    pub(super) findings: Vec<Finding>,
}

/// What the API accepts.
pub(super) struct Validator {
    transport: HttpTransport,
    /// By version of the token: Entra has one document for each.
    v1: Authority,
    v2: Authority,
    audiences: Vec<String>,
    issuers: Vec<String>,
    /// The API's client id, for the finding's cure.
    api: String,
    /// What the proxy in front is set to, so that both say the same.
    settings: Option<Settings>,
}

/// Why a token was refused.
struct Refusal {
    because: String,
    /// Which check failed, if it came to that.
    failure: Option<Failure>,
}

impl Refusal {
    fn of(because: impl Into<String>) -> Self {
        Self {
            because: because.into(),
            failure: None,
        }
    }
}

/// One metadata document and the keys it names.
struct Authority {
    metadata_url: Url,
    rule: IssuerRule,
    documents: Mutex<Option<Documents>>,
}

#[derive(Clone)]
struct Documents {
    metadata: Arc<ProviderMetadata>,
    keys: Arc<KeySet>,
    seen: Arc<(Metadata, Keys)>,
    fetched: Instant,
}

impl Validator {
    /// An API whose tokens come from these two documents and name one of these audiences.
    pub(super) fn new(
        transport: HttpTransport,
        v1: (Url, IssuerRule),
        v2: (Url, IssuerRule),
        audiences: Vec<String>,
        issuers: Vec<String>,
        api: String,
    ) -> Self {
        Self {
            transport,
            v1: Authority::new(v1),
            v2: Authority::new(v2),
            audiences,
            issuers,
            api,
            settings: None,
        }
    }

    /// The same, knowing what the proxy in front is set to.
    #[must_use]
    pub(super) fn behind(mut self, mut settings: Settings) -> Self {
        // The API has its own metadata, one for each version of tokens: what the proxy signs people in by is another's.
        if let Some(provider) = &mut settings.provider {
            (provider.issuer, provider.metadata_url) = (None, None);
        }
        self.settings = Some(settings);
        self
    }

    /// What is wrong with the token. What the settings show by themselves is for who reads them.
    fn findings(&self, seen: &Evidence) -> Vec<Finding> {
        let mut all = seen.clone();
        all.settings.clone_from(&self.settings);
        let mut known = Evidence::default();
        known.settings.clone_from(&self.settings);
        known.route.clone_from(&seen.route);
        let before: Vec<_> = diagnose_token(&known)
            .into_iter()
            .map(|finding| finding.code)
            .collect();
        let mut findings = diagnose_token(&all);
        findings.retain(|finding| !before.contains(&finding.code));
        findings
    }

    /// Judges a token. Nothing of it is repeated but `aud`, `iss` and `ver`.
    pub(super) async fn judge(&self, token: Option<String>) -> Verdict {
        let text = token.unwrap_or_default();
        let shape = classify(&text);
        let claims = claims(&shape).cloned().unwrap_or_default();
        let outcome = match &shape {
            TokenShape::Jwt { .. } => self.verify(&text, &claims).await,
            TokenShape::Empty => Err(Refusal::of("The request brought no access token.")),
            TokenShape::UnsignedJwt { .. } => Err(Refusal::of(
                "It is a JWT without a signature: anybody can make one that says the same.",
            )),
            TokenShape::TruncatedJwt { .. } => Err(Refusal::of(
                "It is a JWT that was cut off: its signature can't be checked.",
            )),
            _ => Err(Refusal::of(
                "It is not a JWT: nothing in it can be read, so nobody but its issuer can validate it.",
            )),
        };
        let kind = shape.kind();
        let mut evidence = Evidence::default();
        let mut seen = Token::of(&text).role(Role::Access).just_issued();
        seen.verified = match &outcome {
            Ok(_) => Some(Ok(())),
            Err(refusal) => refusal.failure.map(Err),
        };
        evidence.token = Some(seen);
        evidence.now = Some(now());
        evidence.route = Some("/foo".to_owned());
        if let Some(documents) = self.authority(&claims).held().await {
            let (metadata, keys) = (*documents.seen).clone();
            (evidence.metadata, evidence.keys) = (Some(metadata), Some(keys));
        }
        let mut api = Api::default();
        api.audiences.clone_from(&self.audiences);
        api.issuers.clone_from(&self.issuers);
        api.name = Some(self.api.clone());
        evidence.api = Some(api);
        Verdict {
            kind,
            valid: outcome.is_ok(),
            reason: outcome.err().map(|refusal| refusal.because),
            aud: claims.get("aud").cloned(),
            iss: claims.get("iss").cloned(),
            ver: claims.get("ver").cloned(),
            claims: (!claims.is_empty()).then_some(claims),
            findings: self.findings(&evidence),
        }
    }

    async fn verify(
        &self,
        token: &str,
        claims: &Map<String, Value>,
    ) -> Result<VerifiedAccessToken, Refusal> {
        let authority = self.authority(claims);
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            Refusal::of(format!(
                "The provider's keys can't be had: {}.",
                Chain(&*error)
            ))
        };
        let mut documents = authority
            .documents(&self.transport, None)
            .await
            .map_err(failed)?;
        let mut outcome = self.verify_with(token, &documents);
        if let Err(error) = &outcome
            && error.newer_keys_may_help()
        {
            documents = authority
                .documents(&self.transport, Some(documents.fetched))
                .await
                .map_err(failed)?;
            outcome = self.verify_with(token, &documents);
        }
        outcome.map_err(|error| Refusal {
            because: format!(
                "{} In detail: failed to {}.",
                error.public_message(),
                Chain(&error)
            ),
            failure: Some(Failure::from(&error)),
        })
    }

    /// Which rules apply is the token's own word; that it meets them is not.
    fn authority(&self, claims: &Map<String, Value>) -> &Authority {
        match claims.get("ver").and_then(Value::as_str) {
            Some("1.0") => &self.v1,
            _ => &self.v2,
        }
    }

    fn verify_with(
        &self,
        token: &str,
        documents: &Documents,
    ) -> Result<VerifiedAccessToken, AccessTokenError> {
        let expected = AccessTokenExpected {
            issuer: documents.metadata.token_issuer(),
            audiences: &self.audiences,
            algorithms: &[Algorithm::Rs256],
            skew: Duration::from_secs(60),
        };
        verify(token, &documents.keys, &expected, now())
    }
}

impl Authority {
    fn new((metadata_url, rule): (Url, IssuerRule)) -> Self {
        Self {
            metadata_url,
            rule,
            documents: Mutex::new(None),
        }
    }

    /// The documents, if they were had.
    async fn held(&self) -> Option<Documents> {
        self.documents.lock().await.clone()
    }

    /// The documents; newer ones than those of `older_than`, if they may be asked for again.
    async fn documents(
        &self,
        transport: &HttpTransport,
        older_than: Option<Instant>,
    ) -> Result<Documents, Box<dyn std::error::Error + Send + Sync>> {
        let mut held = self.documents.lock().await;
        if let Some(documents) = &*held {
            let enough = match older_than {
                None => true,
                Some(seen) => {
                    documents.fetched > seen || documents.fetched.elapsed() < KEYS_AT_MOST_EVERY
                }
            };
            if enough {
                return Ok(documents.clone());
            }
        }
        let answer = transport
            .call(ProviderCall::document(self.metadata_url.clone()))
            .await?;
        let metadata = ProviderMetadata::parse(&answer.body, &self.rule)?;
        let members = serde_json::from_slice(&answer.body).unwrap_or_default();
        let answer = transport
            .call(ProviderCall::document(metadata.jwks_uri().clone()))
            .await?;
        let keys = KeySet::parse(&answer.body)?;
        let mut seen = Keys::read(&answer.body);
        (seen.url, seen.fetched_at) = (Some(metadata.jwks_uri().to_string()), Some(now()));
        seen.fetched_again = Some(older_than.is_some());
        let documents = Documents {
            seen: Arc::new((Metadata::new(self.metadata_url.as_str(), members), seen)),
            metadata: Arc::new(metadata),
            keys: Arc::new(keys),
            fetched: Instant::now(),
        };
        Ok(held.insert(documents).clone())
    }
}

fn claims(shape: &TokenShape) -> Option<&Map<String, Value>> {
    match shape {
        TokenShape::Jwt { claims, .. } | TokenShape::UnsignedJwt { claims, .. } => Some(claims),
        _ => None,
    }
}

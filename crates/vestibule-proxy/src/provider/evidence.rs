//! What is known of a provider, as the diagnosis wants it: settings, metadata, keys, and what became of a call. Of the
//! secret only its shape.

use serde_json::Map;
use url::{Position, Url};
use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{
    Failure, Key, Keys, Metadata, Probe, ProbeOutcome, ProbeTarget, Product, ProviderError as Said,
    ProviderSettings, SecretShape, Token,
};
use vestibule_oidc::access_token;
use vestibule_oidc::authorization::ResponseMode;
use vestibule_oidc::issuer::IssuerRuleError;
use vestibule_oidc::jose::{Algorithm, CompactJws, SignatureError};
use vestibule_oidc::metadata::MetadataError;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::token::TokenError;

use super::call::CallError;
use super::{Endpoint, Provider, ProviderError, UserInfoUse, place};
use crate::error_chain::chain;

impl Provider {
    /// Its settings.
    pub(crate) fn described(&self) -> ProviderSettings {
        let plan = &self.plan;
        let issuer = plan.issuer.configured();
        let mut found = ProviderSettings::default();
        found.name = Some(plan.name.clone());
        found.issuer = Some(issuer.to_owned());
        found.metadata_url = Some(plan.metadata_url.to_string());
        let entra = self
            .known_metadata()
            .is_some_and(|metadata| metadata.is_entra());
        // Which of Microsoft's products it is shows better in the address.
        found.product = (Product::of_url(issuer).is_none() && plan.issuer.is_entra(entra))
            .then_some(Product::Entra);
        found.client_id = Some(plan.client_id.clone());
        found.secret = plan
            .client_secret
            .as_ref()
            .map(|secret| SecretShape::of(secret.expose()));
        found.secret_from.clone_from(&plan.client_secret_from);
        found.scopes = Some(plan.scopes.clone());
        found.response_type = Some("code".to_owned());
        found.response_mode = Some(
            match plan.response_mode {
                ResponseMode::FormPost => "form_post",
                _ => "query",
            }
            .to_owned(),
        );
        found.authorization_parameters = plan.authorization_parameters.pairs().to_vec();
        found.user_info = match plan.user_info {
            UserInfoUse::Always => Some(true),
            UserInfoUse::Never => Some(false),
            UserInfoUse::WhenAdvertised | UserInfoUse::WhenSigned => None,
        };
        found.pkce_only_if_advertised = Some(false);
        found
    }

    /// The metadata in use.
    pub(crate) fn documented(&self) -> Option<Metadata> {
        let metadata = self.known_metadata()?;
        let members = metadata.members().clone();
        Some(Metadata::new(self.plan.metadata_url.as_str(), members))
    }

    /// The keys in use.
    pub(crate) fn published(&self) -> Option<Keys> {
        let held = self.documents.borrow().usable_keys()?;
        let mut keys = Keys::default();
        keys.url = self
            .known_metadata()
            .map(|metadata| place(metadata.jwks_uri()));
        let described = held.keys().iter().map(|jwk| {
            let mut key = Key::default();
            key.kid = jwk.kid().map(str::to_owned);
            key.issuer = jwk.origin().issuer.map(str::to_owned);
            key.cloud = jwk.origin().cloud.map(str::to_owned);
            key
        });
        keys.keys = Some(described.collect());
        Some(keys)
    }

    /// Every issuer that its access tokens for APIs may have, of both of Entra's versions. None where that can't be told:
    /// other providers' access tokens may name another issuer than their ID tokens do.
    pub(crate) fn token_issuers(&self) -> Vec<String> {
        let configured = self.plan.issuer.configured();
        let metadata = self.known_metadata();
        let rule = metadata.as_ref().map(|metadata| metadata.token_issuer());
        let Some(rule) = rule.filter(|rule| rule.is_entra()) else {
            return Vec::new();
        };
        if !matches!(Product::of_url(configured), None | Some(Product::Entra)) {
            return Vec::new();
        }
        let mut issuers = rule.clone().with_version_1().issuers();
        if self.plan.issuer.is_loopback() {
            // The local provider has one host for both versions.
            let version_1 = |issuer: &String| {
                let url = Url::parse(issuer).ok()?;
                let tenant = url.path_segments()?.next()?;
                Some(format!(
                    "{}/sts/{tenant}/",
                    url.origin().ascii_serialization()
                ))
            };
            let beside: Vec<String> = issuers.iter().filter_map(version_1).collect();
            issuers.extend(beside);
        }
        issuers
    }

    /// Whether one of the published keys signed a JWT that names this provider. `None` of any other token, and where it
    /// can't be told.
    pub(crate) fn signature(&self, token: &Token, raw: &Secret) -> Option<Result<(), Failure>> {
        let iss = token.text("iss")?;
        let own = |issuer: &String| issuer == iss;
        let metadata = self.known_metadata()?;
        if !metadata.token_issuer().permits(iss) && !self.token_issuers().iter().any(own) {
            return None;
        }
        let keys = self.documents.borrow().usable_keys()?;
        let jws = CompactJws::parse(raw.expose(), access_token::MAX_BYTES).ok()?;
        match keys.verify(&jws, &Algorithm::ALL) {
            Ok(_) => Some(Ok(())),
            Err(SignatureError::UnknownKey { .. }) => Some(Err(Failure::UnknownKey)),
            Err(SignatureError::BadSignature { .. }) => Some(Err(Failure::BadSignature)),
            // What is wrong with its algorithm shows without a key.
            Err(_) => None,
        }
    }

    /// Why its documents could not be had the last time, if they could not.
    fn trouble(&self) -> Option<ProviderError> {
        let trouble = self.documents.borrow().trouble.clone();
        trouble.filter(|trouble| *trouble != ProviderError::Down)
    }

    /// The hosts that only this machine calls, with their ports and without: no browser is sent there, and no token
    /// names them. Until the metadata are there, only an issuer on another host says which are others.
    pub(crate) fn hidden_hosts(&self) -> Vec<String> {
        let metadata = self.known_metadata();
        let metadata = metadata.as_deref();
        let names = |url: &Url| {
            let host = &url[Position::BeforeHost..Position::AfterHost];
            let authority = &url[Position::BeforeHost..Position::AfterPort];
            [authority.to_owned(), host.to_owned()]
        };
        let issuer = |issuer: &str| Url::parse(issuer).ok();
        let configured = self.plan.issuer.configured();
        let public = [
            issuer(configured).filter(|_| self.plan.issuer_is_named),
            metadata.and_then(|metadata| issuer(metadata.issuer())),
            metadata.map(|metadata| metadata.authorization_endpoint().clone()),
        ];
        let public: Vec<String> = public.iter().flatten().flat_map(names).collect();
        let called = [
            Some(&self.plan.metadata_url),
            metadata.map(|metadata| metadata.token_endpoint()),
            metadata.map(|metadata| metadata.jwks_uri()),
            metadata.and_then(|metadata| metadata.userinfo_endpoint()),
            self.plan.graph.as_ref(),
        ];
        called
            .into_iter()
            .flatten()
            .flat_map(names)
            .filter(|host| !public.contains(host))
            .collect()
    }
}

impl ProviderError {
    /// Adds what this failure shows.
    pub(crate) fn witness(&self, provider: Option<&Provider>, evidence: &mut Evidence) {
        let Some(provider) = provider else {
            return;
        };
        // What it is down with is what it did last.
        if let (Self::Down, Some(trouble)) = (self, provider.trouble()) {
            return trouble.witness(Some(provider), evidence);
        }
        let url = || {
            let known = provider.place_of(self);
            known.map_or_else(
                || provider.plan.metadata_url.to_string(),
                |place| format!("{}://{place}", provider.plan.metadata_url.scheme()),
            )
        };
        let http = |status: u16, content_type: Option<&String>| ProbeOutcome::Http {
            status,
            content_type: content_type.cloned(),
            first_char: None,
        };
        let mut failed = || ProbeOutcome::Failed {
            detail: chain(self),
        };
        let outcome = match self {
            Self::Down => ProbeOutcome::NoConnection,
            Self::Call { source, .. } => of_call(source).unwrap_or_else(&mut failed),
            Self::Status { status, .. } => http(*status, None),
            Self::Refused { status, aadsts, .. } => {
                let mut said = Said::default();
                said.aadsts = vec![*aadsts];
                evidence.provider_error = Some(said);
                http(*status, None)
            }
            Self::ContentType { found, .. } => http(200, Some(found)),
            Self::Metadata(MetadataError::Issuer(IssuerRuleError::Different { found, .. }))
            | Self::IssuerChanged { found, .. } => {
                let issuer = ("issuer".to_owned(), found.as_str().into());
                evidence.metadata = Some(Metadata::new(
                    provider.plan.metadata_url.as_str(),
                    Map::from_iter([issuer]),
                ));
                return;
            }
            Self::Keys(_) | Self::NoUsableKey => {
                let mut keys = Keys::default();
                keys.url = Some(url());
                evidence.keys = Some(keys);
                return;
            }
            Self::Metadata(_) | Self::NoEndpoint { .. } | Self::EndpointAddress { .. } => failed(),
        };
        let target = match self.endpoint() {
            None | Some(Endpoint::Metadata) => ProbeTarget::Metadata,
            Some(Endpoint::Keys) => ProbeTarget::Keys,
            // Nobody diagnoses a revocation; it is asked of the same server in the same way.
            Some(Endpoint::Token | Endpoint::Revocation) => ProbeTarget::Token,
            Some(Endpoint::UserInfo) => ProbeTarget::UserInfo,
            Some(Endpoint::Graph) => ProbeTarget::Graph,
        };
        if target == ProbeTarget::Keys
            && let ProbeOutcome::Http {
                status,
                content_type,
                ..
            } = &outcome
        {
            let mut keys = Keys::default();
            keys.url = Some(url());
            keys.status = Some(*status);
            keys.content_type.clone_from(content_type);
            evidence.keys = Some(keys);
        }
        evidence.probes.push(Probe::new(target, url(), outcome));
    }
}

/// Adds what an answer of the token endpoint shows that gives no tokens and is no refusal.
pub(crate) fn witness_of_answer(
    error: &TokenError,
    provider: Option<&Provider>,
    evidence: &mut Evidence,
) {
    let endpoint = Endpoint::Token;
    let status = |status| ProviderError::Status { endpoint, status };
    match error {
        TokenError::Refused(_) => {}
        TokenError::Status { status: found } => status(*found).witness(provider, evidence),
        TokenError::NotJson { content_type } => {
            let found = content_type.clone().unwrap_or_default();
            ProviderError::ContentType { endpoint, found }.witness(provider, evidence);
        }
        unusable => {
            let Some(provider) = provider else {
                return;
            };
            let place = provider.place_of(&status(200)).unwrap_or_default();
            let url = format!("{}://{place}", provider.plan.metadata_url.scheme());
            let detail = chain(unusable);
            let outcome = ProbeOutcome::Failed { detail };
            evidence
                .probes
                .push(Probe::new(ProbeTarget::Token, url, outcome));
        }
    }
}

/// What a connector said is text for people; of that only what is plain in it is used.
fn of_call(error: &CallError) -> Option<ProbeOutcome> {
    Some(match error {
        CallError::Unreachable { reason } => {
            let lower = reason.to_ascii_lowercase();
            let says = |words: &[&str]| words.iter().any(|words| lower.contains(words));
            if says(&["certificate", "tls", "handshake", "corrupt message"]) {
                ProbeOutcome::Tls {
                    detail: reason.clone(),
                    certificate: None,
                }
            } else if says(&["dns", "lookup", "resolve", "name or service"]) {
                ProbeOutcome::NoSuchHost
            } else {
                ProbeOutcome::NoConnection
            }
        }
        CallError::NoTunnel { proxy, reason } => ProbeOutcome::NoTunnel {
            proxy: proxy.clone(),
            reason: *reason,
        },
        CallError::TimedOut => ProbeOutcome::TimedOut,
        CallError::Aborted => ProbeOutcome::Closed,
        CallError::Redirected { status } => ProbeOutcome::Http {
            status: *status,
            content_type: None,
            first_char: None,
        },
        CallError::TooLarge { .. } => return None,
    })
}

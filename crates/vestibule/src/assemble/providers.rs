//! The providers: their rules, our registrations, what the routes need asked for at sign-in.

use std::sync::Arc;

use url::Url;
use vestibule_config::{
    AccessToken, ClientAuthentication, Discovery, ProviderKind, ProviderSettings, ResponseMode,
    Settings, UserInfo,
};
use vestibule_oidc::authorization::{ExtraParameters, ResponseMode as Mode};
use vestibule_oidc::issuer::{IssuerRule, ProviderKind as Kind};
use vestibule_oidc::jose::Algorithm;
use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::secret::Secret;
use vestibule_proxy::control::Control;
use vestibule_proxy::plan::Plan;
use vestibule_proxy::provider::outbound::{OutboundPlan, client_tls};
use vestibule_proxy::provider::{
    ClientAuthMethod, HttpTransport, Provider, ProviderPlan, UserInfoUse,
};
use vestibule_proxy::telemetry::Metrics;

use super::AssembleError;

/// The name of a provider that has none in the file.
pub(super) const ONLY: &str = "default";

/// Puts the providers into use. One that was in use keeps what it has learnt.
pub(super) fn start(
    settings: &Settings,
    control: &Control,
    metrics: &Arc<Metrics>,
    previous: Option<&Plan>,
) -> Result<Vec<Arc<Provider>>, AssembleError> {
    let outbound = outbound(settings)?;
    let mut providers = Vec::with_capacity(settings.providers.len());
    for set in &settings.providers {
        let plan = plan(set, settings)?;
        let transport = Arc::new(HttpTransport::new(&outbound, &plan.metadata_url)?);
        let before = previous
            .and_then(|previous| previous.provider(&plan.name))
            .cloned();
        providers.push(Provider::start(
            plan,
            transport,
            control,
            metrics,
            before.as_deref(),
        ));
    }
    Ok(providers)
}

/// How calls to providers leave this machine.
///
/// # Errors
/// The CA bundle or the proxy's address can't be used.
pub(super) fn outbound(settings: &Settings) -> Result<OutboundPlan, AssembleError> {
    let bundle = match &settings.outbound.ca_bundle {
        Some(path) => Some(
            std::fs::read(path)
                .map_err(|error| format!("read the CA bundle {}: {error}", path.display()))?,
        ),
        None => None,
    };
    let proxy = settings
        .outbound
        .proxy
        .as_ref()
        .map(|proxy| Url::parse(proxy.expose()));
    Ok(OutboundPlan {
        tls: Arc::new(client_tls(bundle.as_deref())?),
        proxy: proxy.transpose()?,
    })
}

/// Where a provider's metadata is, and which issuers it may name.
fn discovery(set: &ProviderSettings) -> Result<(Url, IssuerRule), AssembleError> {
    let kind = match set.kind {
        ProviderKind::Entra => Kind::Entra,
        ProviderKind::Oidc => Kind::Other,
        ProviderKind::Detect => Kind::Detect,
    };
    // The configuration check has seen to it that each is one.
    let tenants = set
        .tenants
        .iter()
        .filter_map(|tenant| TenantId::parse(tenant))
        .collect();
    let issuer = IssuerRule::new(set.discovery.configured(), kind, tenants);
    let metadata_url = match &set.discovery {
        Discovery::MetadataUrl { url, .. } => url.clone(),
        Discovery::Issuer(_) => Url::parse(&issuer.metadata_url())?,
    };
    Ok((metadata_url, issuer))
}

/// Where a provider's metadata is.
pub(super) fn metadata_url(set: &ProviderSettings) -> Result<Url, AssembleError> {
    discovery(set).map(|(url, _)| url)
}

pub(super) fn plan(
    set: &ProviderSettings,
    settings: &Settings,
) -> Result<ProviderPlan, AssembleError> {
    let (metadata_url, issuer) = discovery(set)?;
    let (scopes, resource) = asked_for(set, settings);
    Ok(ProviderPlan {
        name: name(set),
        label: set.display_name.clone(),
        metadata_url,
        issuer,
        client_id: set.client_id.clone(),
        client_secret: set
            .client_secret
            .as_ref()
            .map(|text| Secret::new(text.expose().to_owned())),
        client_auth_method: match set.client_authentication {
            ClientAuthentication::FromMetadata => ClientAuthMethod::FromMetadata,
            ClientAuthentication::Basic => ClientAuthMethod::Basic,
            ClientAuthentication::Post => ClientAuthMethod::Post,
            ClientAuthentication::None => ClientAuthMethod::None,
        },
        scopes,
        resource,
        response_mode: match set.response_mode {
            ResponseMode::Query => Mode::Query,
            ResponseMode::FormPost => Mode::FormPost,
        },
        user_info: match set.userinfo {
            UserInfo::On => UserInfoUse::Always,
            UserInfo::Off => UserInfoUse::Never,
            UserInfo::WhenAdvertised => UserInfoUse::WhenAdvertised,
        },
        authorization_parameters: ExtraParameters::new(set.authorization_parameters.clone())?,
        id_token_algorithms: set
            .id_token_algorithms
            .iter()
            .filter_map(|name| Algorithm::from_name(name))
            .collect(),
        access_token_audiences: set.access_token_audiences.clone(),
        max_age: set.max_age,
        clock_skew: set.clock_skew,
    })
}

pub(super) fn name(set: &ProviderSettings) -> String {
    set.name.clone().unwrap_or_else(|| ONLY.to_owned())
}

/// The sign-in's scopes and resource, with what this provider's routes need. The configuration check refuses routes
/// that need different ones.
pub(super) fn asked_for(
    set: &ProviderSettings,
    settings: &Settings,
) -> (Vec<String>, Option<String>) {
    let mut scopes = set.scopes.clone();
    let mut wanted = None;
    let only = settings.providers.len() == 1;
    for route in &settings.routes {
        let here = only || route.provider.is_none() || route.provider == set.name;
        let Some(AccessToken::Resource {
            scopes: needed,
            resource,
        }) = &route.access_token
        else {
            continue;
        };
        if !here {
            continue;
        }
        for scope in needed {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        wanted = wanted.or_else(|| resource.clone());
    }
    (scopes, wanted)
}

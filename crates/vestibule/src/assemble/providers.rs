//! The providers: their rules, our registrations, what the routes need asked for at sign-in.

use std::sync::Arc;

use url::Url;
use vestibule_config::{
    AccessToken, ClientAuthentication, Discovery, GraphPermissions as GraphAsks, ProviderKind,
    ProviderSettings, ResponseMode, RouteSettings, SessionFact as Fact, Settings, UserInfo,
};
use vestibule_gate::callback_path::CallbackPath;
use vestibule_gate::host::HostName;
use vestibule_gate::route::TokenChoice;
use vestibule_oidc::authorization::{ExtraParameters, ResponseMode as Mode};
use vestibule_oidc::issuer::{IssuerRule, ProviderKind as Kind};
use vestibule_oidc::jose::Algorithm;
use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::secret::Secret;
use vestibule_proxy::control::Control;
use vestibule_proxy::plan::Plan;
use vestibule_proxy::provider::outbound::{OutboundPlan, client_tls, danger_client_tls_believing};
use vestibule_proxy::provider::{
    ClientAuthMethod, GraphPermissions, HttpTransport, Provider, ProviderPlan, RedirectActions,
    SessionFact, Target, UserInfoUse,
};
use vestibule_proxy::telemetry::Metrics;
use vestibule_session::record::ResourceKey;
use vestibule_session::return_to::ReturnTo;

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
    let mut providers = Vec::with_capacity(settings.providers.len());
    for set in &settings.providers {
        let plan = plan(set, settings)?;
        let outbound = outbound_to(set, settings)?;
        let graph = plan.graph.as_ref();
        let transport = HttpTransport::with_graph(&outbound, &plan.metadata_url, graph)?;
        let before = previous
            .and_then(|previous| previous.provider(&plan.name))
            .cloned();
        providers.push(Provider::start(
            plan,
            Arc::new(transport),
            control,
            metrics,
            before.as_deref(),
        ));
    }
    Ok(providers)
}

/// The paths that providers send their answers to, besides our own.
///
/// # Errors
/// One is no path; the configuration check has seen to it that each is.
pub(super) fn callback_paths(settings: &Settings) -> Result<Vec<CallbackPath>, AssembleError> {
    let paths = settings.providers.iter().filter_map(|set| {
        let path = set.redirect_path.as_deref()?;
        Some((path, set))
    });
    paths
        .map(|(path, set)| {
            let posted = set.response_mode == ResponseMode::FormPost;
            let path = CallbackPath::new(path, posted)?.at_hosts(hosts(set)?);
            Ok(match set.redirect_actions {
                Some(_) => path.with_actions(),
                None => path,
            })
        })
        .collect()
}

/// The hosts where people sign in with a provider; none for all of them.
fn hosts(set: &ProviderSettings) -> Result<Vec<HostName>, AssembleError> {
    let hosts = set.hosts.iter();
    let read: Result<_, _> = hosts.map(|host| HostName::parse(host.as_bytes())).collect();
    Ok(read?)
}

/// How calls to providers leave this machine.
///
/// # Errors
/// The CA bundle or the proxy's address can't be used.
pub(super) fn outbound(settings: &Settings) -> Result<OutboundPlan, AssembleError> {
    Ok(OutboundPlan {
        tls: Arc::new(client_tls(bundle(settings)?.as_deref())?),
        proxy: proxy(settings)?,
    })
}

/// The same for calls to this provider.
///
/// # Errors
/// Those of [`outbound`], and where its metadata is can't be told.
pub(super) fn outbound_to(
    set: &ProviderSettings,
    settings: &Settings,
) -> Result<OutboundPlan, AssembleError> {
    if !set.danger_provider_insecure {
        return outbound(settings);
    }
    let url = metadata_url(set)?;
    let host = url.host_str().unwrap_or_default();
    let tls = danger_client_tls_believing(host, bundle(settings)?.as_deref())?;
    Ok(OutboundPlan {
        tls: Arc::new(tls),
        proxy: proxy(settings)?,
    })
}

fn bundle(settings: &Settings) -> Result<Option<Vec<u8>>, AssembleError> {
    let Some(path) = &settings.outbound.ca_bundle else {
        return Ok(None);
    };
    let read = std::fs::read(path);
    let read = read.map_err(|error| format!("read the CA bundle {}: {error}", path.display()))?;
    Ok(Some(read))
}

fn proxy(settings: &Settings) -> Result<Option<Url>, AssembleError> {
    let proxy = settings.outbound.proxy.as_ref();
    let proxy = proxy.map(|proxy| Url::parse(proxy.expose()));
    Ok(proxy.transpose()?)
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
    let Asked {
        scopes,
        resource,
        audience,
        more,
    } = asked_for(set, settings);
    Ok(ProviderPlan {
        name: name(set),
        label: set.display_name.clone(),
        metadata_url,
        issuer,
        issuer_is_named: !matches!(set.discovery, Discovery::MetadataUrl { issuer: None, .. }),
        client_id: set.client_id.clone(),
        client_secret_from: set.client_secret_from.clone(),
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
        audience,
        more,
        response_mode: match set.response_mode {
            ResponseMode::Query => Mode::Query,
            ResponseMode::FormPost => Mode::FormPost,
        },
        danger_no_pkce: set.danger_no_pkce,
        user_info: match set.userinfo {
            UserInfo::On => UserInfoUse::Always,
            UserInfo::Off => UserInfoUse::Never,
            UserInfo::WhenAdvertised => UserInfoUse::WhenAdvertised,
            UserInfo::WhenSigned => UserInfoUse::WhenSigned,
        },
        authorization_parameters: ExtraParameters::new(set.authorization_parameters.clone())?,
        id_token_algorithms: set
            .id_token_algorithms
            .iter()
            .filter_map(|name| Algorithm::from_name(name))
            .collect(),
        access_token_audiences: set.access_token_audiences.clone(),
        graph: set.graph.clone(),
        graph_permissions: match set.graph_permissions {
            GraphAsks::Delegated => GraphPermissions::Delegated,
            GraphAsks::Application => GraphPermissions::Application,
        },
        max_age: set.max_age,
        clock_skew: set.clock_skew,
        hosts: hosts(set)?,
        redirect_path: set.redirect_path.clone(),
        redirect_actions: set
            .redirect_actions
            .as_ref()
            .map(redirect_actions)
            .transpose()?,
        lost_sign_in_page: set
            .lost_sign_in_page
            .as_ref()
            .map(|page| ReturnTo::parse(page.as_bytes()))
            .transpose()?,
    })
}

fn redirect_actions(
    set: &vestibule_config::RedirectActions,
) -> Result<RedirectActions, AssembleError> {
    let signed_out = match set.signed_out_url.as_deref() {
        Some(path) if path.starts_with('/') => {
            Some(Target::Here(ReturnTo::parse(path.as_bytes())?))
        }
        Some(address) => Some(Target::Elsewhere(Url::parse(address)?)),
        None => None,
    };
    let fact = |fact: &Fact| match fact {
        Fact::Now => SessionFact::Now,
        Fact::IdTokenClaims => SessionFact::IdTokenClaims,
        Fact::UserInfo => SessionFact::UserInfo,
        Fact::AccessTokenExpires => SessionFact::AccessTokenExpires,
        Fact::Ends => SessionFact::Ends,
        Fact::IdleEnds => SessionFact::IdleEnds,
        Fact::User => SessionFact::User,
        Fact::AccessToken => SessionFact::AccessToken,
        Fact::RefreshToken => SessionFact::RefreshToken,
        Fact::IdToken => SessionFact::IdToken,
    };
    Ok(RedirectActions {
        return_urls: set.return_urls.clone(),
        signed_out,
        info: set.info.iter().map(fact).collect(),
    })
}

pub(super) fn name(set: &ProviderSettings) -> String {
    set.name.clone().unwrap_or_else(|| ONLY.to_owned())
}

/// What one provider's routes ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The scopes of the sign-in's own token: the provider's, and those of the first route that names any.
    pub(crate) scopes: Vec<String>,
    /// The resource of that token.
    pub(crate) resource: Option<String>,
    /// The audience of that token.
    pub(crate) audience: Option<String>,
    /// The tokens that other routes need, each once.
    pub(crate) more: Vec<ResourceKey>,
}

pub(super) fn asked_for(set: &ProviderSettings, settings: &Settings) -> Asked {
    let mut asked = Asked {
        scopes: set.scopes.clone(),
        ..Asked::default()
    };
    let here = settings.routes.iter().filter(|route| set.comes_to(route));
    let mut first = None;
    for token in here.filter_map(|route| route.access_token.as_ref()) {
        let AccessToken::Resource {
            scopes,
            resource,
            audience,
        } = token
        else {
            continue;
        };
        let Some(key) = key(token) else { continue };
        match &first {
            None => {
                for scope in scopes {
                    if !asked.scopes.contains(scope) {
                        asked.scopes.push(scope.clone());
                    }
                }
                asked.resource.clone_from(resource);
                asked.audience.clone_from(audience);
                first = Some(key);
            }
            Some(first) if *first != key && !asked.more.contains(&key) => asked.more.push(key),
            Some(_) => {}
        }
    }
    asked
}

/// What a route's own token is asked for, if it names one.
fn key(token: &AccessToken) -> Option<ResourceKey> {
    match token {
        AccessToken::SignIn => None,
        AccessToken::Resource {
            scopes,
            resource,
            audience,
        } => Some(
            ResourceKey::new(resource.as_deref(), &scopes.join(" "))
                .with_audience(audience.as_deref()),
        ),
    }
}

/// Which token a route passes on: the sign-in's own, or one of `more`.
pub(super) fn choice(route: &RouteSettings, settings: &Settings) -> TokenChoice {
    let Some(token) = &route.access_token else {
        return TokenChoice::None;
    };
    let Some(key) = key(token) else {
        return TokenChoice::SignIn;
    };
    let mut providers = settings.providers.iter();
    let provider = providers.find(|provider| provider.comes_to(route));
    let more = provider.map(|provider| asked_for(provider, settings).more);
    match more.is_some_and(|more| more.contains(&key)) {
        true => TokenChoice::Resource(key),
        false => TokenChoice::SignIn,
    }
}

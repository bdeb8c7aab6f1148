//! What the API behind a route expects of its tokens, as far as the route's settings tell.

use url::Url;
use vestibule_config::{AccessToken, Discovery, ProviderKind, ProviderSettings, RouteSettings};
use vestibule_diagnosis::evidence::{Api, Product};
use vestibule_oidc::microsoft::{TenantId, cloud_of, is_graph_audience, serves_many_tenants};
use vestibule_proxy::provider::address::is_loopback;

/// The API of a route, from the scope its token is asked for. What can't be told is left open.
pub(crate) fn api(route: &RouteSettings, provider: Option<&ProviderSettings>) -> Api {
    let mut found = Api::default();
    if let Some(AccessToken::Resource {
        scopes,
        resource,
        audience,
    }) = &route.access_token
    {
        let of_scope = || scopes.iter().find_map(|scope| resource_of(scope));
        let named = audience.as_ref().or(resource.as_ref());
        found.name = named.cloned().or_else(of_scope);
        found.audiences = found.name.as_deref().map(audiences).unwrap_or_default();
    }
    if let (Some(AccessToken::SignIn), Some(provider)) = (&route.access_token, provider) {
        found.name = sign_in_api(&provider.scopes);
        found.audiences = found.name.as_deref().map(audiences).unwrap_or_default();
    }
    found.issuers = provider.map(issuers).unwrap_or_default();
    found
}

/// The one API whose scopes the sign-in asks for: its token is for that. Microsoft Graph's are for nobody else.
fn sign_in_api(scopes: &[String]) -> Option<String> {
    let mut apis = scopes.iter().filter_map(|scope| resource_of(scope));
    let first = apis.next().filter(|api| !is_graph_audience(api))?;
    apis.all(|api| api == first).then_some(first)
}

/// The names one API has in `aud`. Entra's v1.0 tokens carry the App ID URI, its v2.0 tokens the id.
fn audiences(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if let Some(id) = name.strip_prefix("api://").and_then(TenantId::parse) {
        names.push(id.as_str().to_owned());
    }
    names
}

/// The resource a scope names: `api://id/.default` is of `api://id`. A bare word names none.
fn resource_of(scope: &str) -> Option<String> {
    let (resource, _) = scope.rsplit_once('/')?;
    let (_, rest) = resource.split_once("://")?;
    (!rest.is_empty()).then(|| resource.to_owned())
}

/// The issuers of a provider's access tokens. None if they can't be told without its metadata. Entra's are of two
/// versions, which the API's registration decides.
///
/// The configured one is the first: ID tokens carry it.
pub(crate) fn issuers(set: &ProviderSettings) -> Vec<String> {
    let configured = set.discovery.configured();
    let mut issuers = unordered(set, configured);
    issuers.sort_by_key(|issuer| issuer != configured);
    issuers
}

/// Whether a provider is Entra, as far as the file shows: by `kind`, by its address, or as the local one.
pub(crate) fn is_entra(set: &ProviderSettings) -> bool {
    let configured = set.discovery.configured();
    match set.kind {
        ProviderKind::Entra => true,
        ProviderKind::Oidc => false,
        ProviderKind::Detect => {
            Product::of_url(configured).is_some_and(Product::is_entra) || is_local(configured)
        }
    }
}

fn unordered(set: &ProviderSettings, configured: &str) -> Vec<String> {
    match Product::of_url(configured) {
        Some(Product::Entra) => entra_issuers(configured, &set.tenants),
        // Their issuers differ from where they are configured.
        Some(Product::ExternalId | Product::B2c) => Vec::new(),
        None if set.kind == ProviderKind::Entra
            || (set.kind == ProviderKind::Detect && is_local(configured)) =>
        {
            local_issuers(configured, &set.tenants)
        }
        _ => match &set.discovery {
            Discovery::Issuer(issuer)
            | Discovery::MetadataUrl {
                issuer: Some(issuer),
                ..
            } => vec![issuer.clone()],
            Discovery::MetadataUrl { issuer: None, .. } => Vec::new(),
        },
    }
}

/// Both issuers of the tenant that an issuer of Entra's names; none for any other issuer.
pub(crate) fn both_versions(issuer: &str) -> Vec<String> {
    match Product::of_url(issuer) {
        Some(Product::Entra) => entra_issuers(issuer, &[]),
        None if is_local(issuer) => local_issuers(issuer, &[]),
        _ => Vec::new(),
    }
}

/// The same of the local provider, `vestibule idp`, which has one host for both versions.
fn local_issuers(configured: &str, allowed: &[String]) -> Vec<String> {
    let Some((origin, tenant)) = local_tenant(configured) else {
        return Vec::new();
    };
    let both = |tenant: TenantId| {
        [
            format!("{origin}/{tenant}/v2.0"),
            format!("{origin}/sts/{tenant}/"),
        ]
    };
    tenants(&tenant, allowed)
        .into_iter()
        .flat_map(both)
        .collect()
}

/// Whether this is an address of the local provider: on this machine, and of a tenant.
fn is_local(configured: &str) -> bool {
    let is_loopback = Url::parse(configured).is_ok_and(|url| is_loopback(&url));
    let tenant = local_tenant(configured).map(|(_, tenant)| tenant);
    is_loopback
        && tenant.is_some_and(|tenant| {
            serves_many_tenants(&tenant) || TenantId::parse(&tenant).is_some()
        })
}

/// Origin and tenant of an address of the local provider.
fn local_tenant(configured: &str) -> Option<(String, String)> {
    let url = Url::parse(configured).ok()?;
    let mut segments = url.path_segments()?.filter(|segment| *segment != "sts");
    Some((
        url.origin().ascii_serialization(),
        segments.next()?.to_owned(),
    ))
}

/// The tenants an address stands for: its own, or those that are allowed where it stands for many.
fn tenants(named: &str, allowed: &[String]) -> Vec<TenantId> {
    let parse = |id: &String| TenantId::parse(id);
    match serves_many_tenants(named) {
        true => allowed.iter().filter_map(parse).collect(),
        false => TenantId::parse(named).into_iter().collect(),
    }
}

fn entra_issuers(configured: &str, allowed: &[String]) -> Vec<String> {
    let mut parts = configured.split('/').skip(2);
    let (Some(host), Some(tenant)) = (parts.next(), parts.next()) else {
        return Vec::new();
    };
    let Some(cloud) = cloud_of(host) else {
        return Vec::new();
    };
    let mut issuers = Vec::new();
    for tenant in tenants(tenant, allowed) {
        issuers.push(format!("https://{}/{tenant}/v2.0", cloud.issuing_host));
        issuers.extend(
            cloud
                .v1_host
                .map(|host| format!("https://{host}/{tenant}/")),
        );
    }
    issuers
}

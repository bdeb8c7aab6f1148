//! What the API behind a route expects of its tokens, as far as the route's settings tell.

use vestibule_config::{AccessToken, Discovery, ProviderKind, ProviderSettings, RouteSettings};
use vestibule_diagnosis::evidence::{Api, Product};
use vestibule_oidc::microsoft::{TenantId, cloud_of, serves_many_tenants};

/// The API of a route, from the scope its token is asked for. What can't be told is left open.
pub(crate) fn api(route: &RouteSettings, provider: Option<&ProviderSettings>) -> Api {
    let mut found = Api::default();
    if let Some(AccessToken::Resource { scopes, resource }) = &route.access_token {
        let of_scope = || scopes.iter().find_map(|scope| resource_of(scope));
        found.name = resource.clone().or_else(of_scope);
        found.audiences = found.name.as_deref().map(audiences).unwrap_or_default();
    }
    found.issuers = provider.map(issuers).unwrap_or_default();
    found
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
pub(crate) fn issuers(set: &ProviderSettings) -> Vec<String> {
    let configured = set.discovery.configured();
    match Product::of_url(configured) {
        Some(Product::Entra) => entra_issuers(configured, &set.tenants),
        // Their issuers differ from where they are configured.
        Some(Product::ExternalId | Product::B2c) => Vec::new(),
        None if set.kind == ProviderKind::Entra => local_issuers(configured),
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
        _ => Vec::new(),
    }
}

/// The same of the local provider, `vestibule idp`.
fn local_issuers(configured: &str) -> Vec<String> {
    let mut issuers = vec![configured.to_owned()];
    if let Some((origin, tenant)) = configured
        .strip_suffix("/v2.0")
        .and_then(|rest| rest.rsplit_once('/'))
    {
        issuers.push(format!("{origin}/sts/{tenant}/"));
    }
    issuers
}

fn entra_issuers(configured: &str, allowed: &[String]) -> Vec<String> {
    let mut parts = configured.split('/').skip(2);
    let (Some(host), Some(tenant)) = (parts.next(), parts.next()) else {
        return Vec::new();
    };
    let tenants: Vec<TenantId> = match serves_many_tenants(tenant) {
        true => allowed
            .iter()
            .filter_map(|id| TenantId::parse(id))
            .collect(),
        false => TenantId::parse(tenant).into_iter().collect(),
    };
    let Some(cloud) = cloud_of(host) else {
        return Vec::new();
    };
    let mut issuers = Vec::new();
    for tenant in tenants {
        issuers.push(format!("https://{}/{tenant}/v2.0", cloud.issuing_host));
        issuers.extend(
            cloud
                .v1_host
                .map(|host| format!("https://{host}/{tenant}/")),
        );
    }
    issuers
}

//! Names the forms in which Microsoft's metadata may state an issuer that differs from the
//! configured one.
//!
//! | configured | metadata's issuer |
//! |---|---|
//! | `https://HOST/common/v2.0`, `…/organizations/v2.0` | `https://HOST/{tenantid}/v2.0` |
//! | `https://HOST/contoso.com/v2.0`, `…/consumers/v2.0` | `https://HOST/GUID/v2.0` |
//! | the same on an alias of the cloud's host | the same on the issuing host, or on the alias |
//! | `https://HOST/TENANT` (v1.0) | `https://STS-HOST/{tenantid}/` or `https://STS-HOST/GUID/` |
//! | `https://NAME.ciamlogin.com/TENANT[/v2.0]` | `https://GUID.ciamlogin.com/GUID/v2.0` |
//! | `https://NAME.b2clogin.com/…/POLICY/v2.0` | `https://NAME.b2clogin.com/GUID/v2.0/`, `…/tfp/GUID/POLICY/v2.0/` |
//! | an own host that serves Entra | the first two rows on the same origin |

use url::Url;

use super::token_issuer::TokenIssuer;
use crate::microsoft::{
    self, B2C_SUFFIX, CIAM_SUFFIX, PERSONAL_TENANT, TENANT_PLACEHOLDER, TenantId,
};

/// An issuer or authority, taken apart by hand: the `url` crate would encode the braces of
/// `{tenantid}`.
struct Parts<'u> {
    origin: &'u str,
    host: &'u str,
    segments: Vec<&'u str>,
    trailing_slash: bool,
}

impl<'u> Parts<'u> {
    fn parse(text: &'u str) -> Option<Self> {
        let (_, after) = text.split_once("://")?;
        let scheme_len = text.len() - after.len();
        let path_at = after.find('/').map_or(text.len(), |at| at + scheme_len);
        let (origin, path) = text.split_at(path_at);
        if path.contains(['?', '#', '\\', '%']) || origin.contains(['?', '#', '\\', '@', '%']) {
            return None;
        }
        let authority = origin.get(scheme_len..)?;
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        let inner = path.strip_prefix('/').unwrap_or(path);
        let trailing_slash = inner.ends_with('/') || path == "/";
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let segments = if inner.is_empty() {
            Vec::new()
        } else {
            inner.split('/').collect()
        };
        Some(Self {
            origin,
            host,
            segments,
            trailing_slash,
        })
    }

    fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

/// The tenant a configured issuer names: the first segment of its path.
pub(super) fn tenant_segment(url: &Url) -> Option<String> {
    let first = url.path_segments()?.next()?;
    // The `url` crate writes the braces of a template as `%7B` and `%7D`.
    Some(first.replace("%7B", "{").replace("%7D", "}")).filter(|name| !name.is_empty())
}

/// Whether `found` is one of the named forms of `configured`. Both are whole issuers.
pub(super) fn is_named_form(configured: &str, found: &str) -> bool {
    let (Some(configured), Some(found)) = (Parts::parse(configured), Parts::parse(found)) else {
        return false;
    };
    if configured.host.ends_with(B2C_SUFFIX) {
        return is_b2c_form(&configured, &found);
    }
    is_tenant_form(&configured, &found) || is_ciam_form(&configured, &found)
}

/// What a token's `iss` is to a configured issuer, before any metadata are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// No form of it.
    None,
    /// A form of it with the tenant that is configured, or with one of the list.
    SameTenant,
    /// A form of it with a tenant that the configuration does not tell.
    SomeTenant,
}

/// What `issuer` is to the configured one. Where that stands for many tenants, these are `tenants`.
pub(super) fn naming(configured: &str, issuer: &str, tenants: &[TenantId]) -> Naming {
    let tenant = |text: &str| text.split('/').skip(3).find_map(TenantId::parse);
    let own = configured.split('/').nth(3).unwrap_or_default();
    // Azure AD B2C names a tenant of its own choice, whatever the configuration does.
    let of_b2c = Parts::parse(configured).is_some_and(|parts| parts.host.ends_with(B2C_SUFFIX));
    if microsoft::serves_many_tenants(own) && !of_b2c {
        let Some(named) = tenant(issuer).filter(|named| tenants.contains(named)) else {
            return Naming::None;
        };
        let template = issuer.replacen(named.as_str(), TENANT_PLACEHOLDER, 1);
        return match is_named_form(configured, &template) {
            true => Naming::SameTenant,
            false => Naming::None,
        };
    }
    if !is_named_form(configured, issuer) {
        return Naming::None;
    }
    let is_told = own.eq_ignore_ascii_case("consumers") || TenantId::parse(own) == tenant(issuer);
    match is_told && !of_b2c {
        true => Naming::SameTenant,
        false => Naming::SomeTenant,
    }
}

fn is_tenant_form(configured: &Parts<'_>, found: &Parts<'_>) -> bool {
    let cloud = microsoft::cloud_of(configured.host);
    let (configured_tenant, v2) = match configured.segments.as_slice() {
        [tenant, "v2.0"] => (*tenant, true),
        [tenant] => (*tenant, false),
        _ => return false,
    };
    let tenant = match (found.segments.as_slice(), v2) {
        ([tenant, "v2.0"], true) if !found.trailing_slash => {
            let same_cloud = cloud.is_some_and(|cloud| {
                found.host == cloud.issuing_host || found.host == configured.host
            });
            if !(same_origin(configured, found) || same_cloud && is_plain_https(found)) {
                return false;
            }
            *tenant
        }
        ([tenant], false) if found.trailing_slash => {
            let v1_host = cloud.and_then(|cloud| cloud.v1_host);
            let sts = v1_host == Some(found.host) && is_plain_https(found);
            if !(same_origin(configured, found) || sts) {
                return false;
            }
            *tenant
        }
        _ => return false,
    };
    is_same_tenant(configured_tenant, tenant)
}

/// External ID: the configured host carries the directory's name, the issuer's carries its GUID.
fn is_ciam_form(configured: &Parts<'_>, found: &Parts<'_>) -> bool {
    let configured_tenant = match configured.segments.as_slice() {
        [tenant] | [tenant, "v2.0"] => *tenant,
        _ => return false,
    };
    // A custom domain gives no hint of its directory, so it must name the GUID itself.
    let own_host = configured.host.ends_with(CIAM_SUFFIX);
    if !own_host && TenantId::parse(configured_tenant).is_none() {
        return false;
    }
    let [tenant, "v2.0"] = found.segments.as_slice() else {
        return false;
    };
    let on_guid_host = found
        .host
        .strip_suffix(CIAM_SUFFIX)
        .is_some_and(|label| label == *tenant);
    is_plain_https(found)
        && !found.trailing_slash
        && TenantId::parse(tenant).is_some()
        && (on_guid_host || (own_host && found.host == configured.host))
        && is_same_tenant(configured_tenant, tenant)
}

/// Azure AD B2C: never the metadata's own place; with or without the policy.
fn is_b2c_form(configured: &Parts<'_>, found: &Parts<'_>) -> bool {
    if !same_origin(configured, found) || !found.trailing_slash {
        return false;
    }
    let configured_policy = match configured.segments.as_slice() {
        [_, policy, "v2.0"] | ["tfp", _, policy, "v2.0"] => Some(*policy),
        [_, "v2.0"] => None,
        _ => return false,
    };
    match found.segments.as_slice() {
        [tenant, "v2.0"] => TenantId::parse(tenant).is_some(),
        ["tfp", tenant, policy, "v2.0"] => {
            TenantId::parse(tenant).is_some()
                && configured_policy.is_none_or(|own| own.eq_ignore_ascii_case(policy))
        }
        _ => false,
    }
}

/// `common` and `organizations` give the template, `consumers` the tenant of personal accounts, a
/// domain some GUID, a GUID itself.
fn is_same_tenant(configured: &str, found: &str) -> bool {
    if microsoft::serves_many_tenants(configured) {
        return found == TENANT_PLACEHOLDER;
    }
    let Some(found) = TenantId::parse(found) else {
        return false;
    };
    match TenantId::parse(configured) {
        Some(configured) => configured == found,
        None if configured.eq_ignore_ascii_case("consumers") => found.as_str() == PERSONAL_TENANT,
        None => true,
    }
}

fn same_origin(left: &Parts<'_>, right: &Parts<'_>) -> bool {
    left.origin == right.origin
}

fn is_plain_https(found: &Parts<'_>) -> bool {
    found.is_https() && found.origin.len() == "https://".len() + found.host.len()
}

/// Builds the token issuer for a form, and for its twin on the cloud's issuing host when the
/// document was fetched from, and names, an alias: its tokens name the issuing host.
pub(super) fn with_canonical_hosts(form: &str, build: impl Fn(&str) -> TokenIssuer) -> TokenIssuer {
    let own = build(form);
    let Some(parts) = Parts::parse(form) else {
        return own;
    };
    match (microsoft::cloud_of(parts.host), parts.segments.as_slice()) {
        (Some(cloud), [tenant, "v2.0"]) if parts.host != cloud.issuing_host => own.or(build(
            &format!("https://{}/{tenant}/v2.0", cloud.issuing_host),
        )),
        _ => own,
    }
}

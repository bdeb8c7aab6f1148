//! The issuer of the metadata beside the configured one.

use vestibule_oidc::microsoft::{TENANT_PLACEHOLDER, TenantId, cloud_of};

use super::super::token::{issuers_differ, tenant_in};
use crate::catalogue::{Case, Row};
use crate::cure::{login_host, setting, write_issuer};
use crate::evidence::{Product, host_of};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-KEYS-ISSUER",
    title: "the metadata names another issuer than configured",
    severity: Severity::Error,
    confidence: Confidence::Documented,
    source: "OIDC Discovery §4.3; Microsoft identity platform: OpenID Connect, fetch the document",
    symptom: "The proxy or the API does not start: the issuer of the metadata is not the configured one.",
    cause: "The two must be the same to the last character.",
    cure: "Write the issuer exactly as the metadata has it, if that is the provider you mean.",
    fault: Some("discovery-member"),
    explains: &["VST-TOKEN-ISSUER", "VST-KEYS-NOT-FETCHED", "VST-SCOPE-V1"],
    judge: |evidence| issuer(evidence).or_else(|| logged_metadata(evidence)),
}];

fn issuer(evidence: &Evidence) -> Option<Case> {
    let (configured, found) = issuers_differ(evidence)?;
    // These two differ by design and have findings of their own.
    if matches!(
        Product::of_url(found),
        Some(Product::B2c | Product::ExternalId)
    ) {
        return None;
    }
    let case = Case::new(format!(
        "The metadata names the issuer {}; configured is {}.",
        shown(found),
        shown(configured)
    ));
    let trimmed = |issuer: &str| issuer.trim_end_matches('/').to_owned();
    let same_cloud = || {
        let cloud = cloud_of(host_of(configured)?)?;
        Some(cloud == cloud_of(host_of(found)?)? && host_of(configured) != host_of(found))
    };
    let why = if found.contains(TENANT_PLACEHOLDER) {
        "The authority serves many tenants, so its issuer is a template with `{tenantid}` in it, which no \
         token has."
    } else if trimmed(configured) == trimmed(found) {
        "They differ by the slash at the end, and issuers are compared to the letter."
    } else if is_of_another_version(configured, found) {
        return Some(case.because(
            "One of the two is of the v1.0 endpoints, which name another issuer than v2.0: `/v2.0` is missing in the address \
             of the metadata, or in the issuer.",
        )
        .change(write_version_two(evidence, configured, found)));
    } else if same_cloud() == Some(true) {
        "One cloud has several sign-in hosts; its tokens name one of them alone."
    } else if names_tenant(configured) && host_of(configured) == host_of(found) {
        "The configured issuer names the tenant by its domain. The metadata and the tokens name it by its id."
    } else {
        return Some(case.change(write(evidence, found)));
    };
    let case = case.because(why);
    Some(match found.contains(TENANT_PLACEHOLDER) {
        true => case.change(write(
            evidence,
            &format!("https://{}/<tenant id>/v2.0", login_host(evidence)),
        )),
        false => case.change(write(evidence, found)),
    })
}

/// Whether one issuer is of the v1.0 endpoints.
fn is_of_another_version(configured: &str, found: &str) -> bool {
    let bare = |issuer: &str| issuer.trim_end_matches('/').to_owned();
    let is_local = |issuer: &str| {
        matches!(host_of(issuer), Some("localhost" | "127.0.0.1" | "::1"))
            && issuer.split('/').nth(3) == Some("sts")
    };
    bare(configured).strip_suffix("/v2.0") == Some(&*bare(found))
        || bare(found).strip_suffix("/v2.0") == Some(&*bare(configured))
        || host_of(found) == Some("sts.windows.net")
        || is_local(found)
}

/// Take the v2.0 form of the two, in the key that has the other.
fn write_version_two(evidence: &Evidence, configured: &str, found: &str) -> Change {
    let text = "Use the endpoints of v2.0; those of v1.0 know no scopes.";
    let issuer = [configured, found]
        .into_iter()
        .find(|issuer| issuer.ends_with("/v2.0"))
        .map(str::to_owned)
        .or_else(|| of_tenant(evidence, found))
        .unwrap_or_else(|| format!("{}/v2.0", configured.trim_end_matches('/')));
    let by_metadata = evidence
        .provider()
        .is_some_and(|provider| provider.metadata_url.is_some());
    match by_metadata && !evidence.from_apache() {
        true => Change::config("provider.metadata_url", text).line(format!(
            "metadata_url = \"{issuer}/.well-known/openid-configuration\""
        )),
        false => write_issuer(evidence, &issuer, text),
    }
}

/// The v2.0 issuer of the tenant that a v1.0 issuer names.
fn of_tenant(evidence: &Evidence, found: &str) -> Option<String> {
    let is_v1 = host_of(found) == Some("sts.windows.net");
    let tenant = tenant_in(found).filter(|_| is_v1)?;
    Some(format!("https://{}/{tenant}/v2.0", login_host(evidence)))
}

/// A library that says so, and not which issuers it compared.
fn logged_metadata(evidence: &Evidence) -> Option<Case> {
    let unsaid = evidence.heard(Saying::MetadataIssuer) && evidence.metadata.is_none();
    let text = "Open the metadata's address, and write its `issuer` exactly so. Where it has `{tenantid}` in it, the address \
                stands for many tenants: use your tenant's id.";
    unsaid.then(|| {
        Case::new("The library says that the issuer in the metadata is not the configured one.")
            .confidence(Confidence::Inferred)
            .change(setting(
                evidence,
                Change::config("provider.issuer", text),
                Change::apache("OIDCProviderIssuer", text),
            ))
    })
}

fn write(evidence: &Evidence, issuer: &str) -> Change {
    write_issuer(
        evidence,
        issuer,
        "Write the issuer so, if that is the provider you mean.",
    )
}

/// Whether the first part of an issuer's path is a domain in the place of a tenant's id.
fn names_tenant(issuer: &str) -> bool {
    let segment = issuer.split('/').nth(3).unwrap_or_default();
    segment.contains('.') && TenantId::parse(segment).is_none()
}

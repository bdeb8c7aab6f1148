//! Issuers of Azure AD B2C and External ID, which are not where their metadata is.

use vestibule_oidc::issuer::{IssuerRule, IssuerRuleError, ProviderKind};
use vestibule_oidc::microsoft::TenantId;

use super::issuer::{mismatch, tenant_in};
use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{Origin, Product, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-B2C-TFP",
        title: "a B2C issuer with tfp that Microsoft's library refuses",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Microsoft.Identity.Web and IdentityModel: messages IDX40002 and IDW10304",
        symptom: "An API with Microsoft.Identity.Web answers 401 and logs IDX40002 or IDW10304.",
        cause: "The B2C policy writes issuers with `/tfp/`, and that library does not support them.",
        cure: "Let the policy write the default form of the issuer, `https://<host>/<tenant id>/v2.0/`.",
        fault: None,
        explains: &["VST-TOKEN-B2C-FORM", "VST-TOKEN-ISSUER", "VST-KEYS-LIBRARY"],
        judge: b2c_tfp,
    },
    Row {
        code: "VST-TOKEN-B2C-FORM",
        title: "the other form of a B2C tenant's issuer",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Azure AD B2C: tokens overview, \"Issuer (iss) claim\"",
        symptom: "The API says that the issuer is wrong: one of the two has `/tfp/` and the name of the user flow in it, and \
                  the tenant is the same.",
        cause: "A setting of the user flow or policy decides which of two forms B2C writes: the tenant alone, or `tfp`, the \
                tenant and the flow. Registrations and their manifests decide nothing here.",
        cure: "Choose the form the API expects, in the flow's \"Issuer (iss) claim\"; or let the API accept the other.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER", "VST-TOKEN-VERSION", "VST-KEYS-LIBRARY"],
        judge: b2c_form,
    },
    Row {
        code: "VST-TOKEN-B2C-ISSUER",
        title: "a B2C issuer that is not the metadata's address",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Azure AD B2C: tokens overview, \"Issuer (iss) claim\"",
        symptom: "Sign-in through B2C fails: the metadata names another issuer than the configured one.",
        cause: "By default a B2C issuer has neither the policy nor the tenant's name in it, so it never \
                is the beginning of the metadata's address.",
        cure: "Configure the metadata's address and take the issuer from the document.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER"],
        judge: b2c_issuer,
    },
    Row {
        code: "VST-TOKEN-CIAM-ISSUER",
        title: "an External ID issuer on the tenant id's host",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Microsoft's authentication library: its tests of External ID issuers; reports of live \
                 documents",
        symptom: "Sign-in through External ID fails: the metadata of `NAME.ciamlogin.com` names an issuer \
                  that begins with the tenant's id.",
        cause: "External ID serves its endpoints on the host with the name, and issues as the host with \
                the tenant id.",
        cure: "Write the issuer as the metadata has it, and keep the metadata's address.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER"],
        judge: ciam_issuer,
    },
];

/// The two forms of one tenant's issuer, by a setting of the user flow.
fn b2c_form(evidence: &Evidence) -> Option<Case> {
    let (api, _, iss) = mismatch(evidence)?;
    let is_b2c = |issuer: &str| Product::of_url(issuer) == Some(Product::B2c);
    let is_tfp = |issuer: &str| issuer.contains("/tfp/");
    let own = api.issuers.iter().find(|own| {
        is_b2c(own)
            && tenant_in(own).is_some()
            && tenant_in(own) == tenant_in(iss)
            && is_tfp(own) != is_tfp(iss)
    })?;
    is_b2c(iss).then(|| {
        let field = "Azure AD B2C > User flows > your flow > Properties > Token compatibility settings > Issuer (iss) claim";
        let form = match is_tfp(own) {
            true => "Choose the form with `tfp` and the name of the flow, which the API expects.",
            false => "Choose `https://<domain>/<tenant id>/v2.0/`, which the API expects. In a custom policy it is \
                      `IssuanceClaimPattern`.",
        };
        Case::new(format!(
            "{} is issued by {}; the API expects {}.",
            evidence.subject(),
            shown(iss),
            shown(own)
        ))
        .change(Change::portal(field, form))
        .change(Change::api(
            "accepted issuers",
            format!("Or accept {}: take the issuer from the metadata of the flow that people sign in with.", shown(iss)),
        ))
    })
}

fn b2c_tfp(evidence: &Evidence) -> Option<Case> {
    let refused = evidence.has_code("IDX40002") || evidence.has_code("IDW10304");
    let iss = evidence.token.as_ref().and_then(|token| token.text("iss"));
    let tfp = iss.is_some_and(|iss| iss.contains("/tfp/")) || evidence.says("/tfp/");
    (refused && tfp).then(|| {
        Case::new("The library says IDX40002 or IDW10304, and the issuer has `/tfp/` in its path.")
            .change(Change::portal(
                "Azure AD B2C > User flows > your flow > Properties > Token compatibility settings",
                "Choose the issuer without `tfp`: `https://<domain>/<tenant id>/v2.0/`.",
            ))
    })
}

/// The configured issuer and the metadata's, if they differ. Forms of Microsoft's that we accept are
/// no difference in our own file; other programs compare to the letter.
pub(in crate::family) fn issuers_differ(evidence: &Evidence) -> Option<(&str, &str)> {
    let provider = evidence.provider()?;
    let configured = provider.issuer.as_deref()?;
    let metadata = evidence.metadata.as_ref()?;
    let found = metadata.text("issuer")?;
    let ours = evidence.settings.as_ref()?.origin == Some(Origin::Toml);
    let tenants = provider.tenants.iter().flatten();
    let tenants = tenants
        .filter_map(|tenant| TenantId::parse(tenant))
        .collect();
    let rule = IssuerRule::new(configured, ProviderKind::Detect, tenants);
    let entra = metadata.members.contains_key("tenant_region_scope");
    let accepted = match rule.accept(found, entra) {
        Ok(_) | Err(IssuerRuleError::TenantsMissing { .. }) => true,
        Err(_) => false,
    };
    (configured != found && !(ours && accepted)).then_some((configured, found))
}

fn differs(evidence: &Evidence, product: Product) -> Option<Case> {
    let (configured, found) = issuers_differ(evidence)?;
    (Product::of_url(found) == Some(product)).then(|| {
        let mut ours = Change::config(
            "provider",
            "Write the metadata's address instead of the issuer: the issuer is then taken from it.",
        );
        if let Some(url) = evidence
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.url.as_deref())
        {
            ours = ours.line(format!("metadata_url = \"{url}\""));
        }
        let apache = Change::apache("OIDCProviderIssuer", "Write the metadata's issuer.")
            .line(format!("OIDCProviderIssuer {found}"));
        Case::new(format!(
            "The metadata names the issuer {}; configured is {}.",
            shown(found),
            shown(configured)
        ))
        .change(setting(evidence, ours, apache))
    })
}

fn b2c_issuer(evidence: &Evidence) -> Option<Case> {
    differs(evidence, Product::B2c)
}

fn ciam_issuer(evidence: &Evidence) -> Option<Case> {
    let (configured, found) = issuers_differ(evidence)?;
    let begins_with_id = |issuer| {
        host_of(issuer)
            .and_then(|host| host.split('.').next())
            .and_then(TenantId::parse)
            .is_some()
    };
    if !begins_with_id(found) || begins_with_id(configured) {
        return None;
    }
    differs(evidence, Product::ExternalId)
}

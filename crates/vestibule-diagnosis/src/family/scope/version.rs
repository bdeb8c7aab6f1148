//! Which version of the endpoints reads a scope, and which a resource.

use super::super::said::{Said, tenant_of};
use super::resource::resource_of;
use crate::catalogue::{Case, Row};
use crate::cure::{login_host, setting, write_issuer};
use crate::evidence::{AskedToken, Product};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SCOPE-RESOURCE",
        title: "a resource parameter at version 2.0",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft Entra authentication and authorization error codes, AADSTS901002",
        symptom: "Sign-in ends with AADSTS901002 or AADSTS9010010.",
        cause: "`resource` belongs to version 1.0 of the endpoints. Version 2.0 knows the API from the scope.",
        cure: "Take `resource` out, and ask for the API's scope.",
        fault: None,
        explains: &["VST-AADSTS-901002", "VST-AADSTS-9010010"],
        judge: resource_parameter,
    },
    Row {
        code: "VST-SCOPE-V1",
        title: "an API's scope at version 1.0, which does not read it",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Azure AD for developers (v1.0): authorization code flow",
        symptom: "The scope seems to have no effect: the access token is opaque, or for another API.",
        cause: "Version 1.0 of the endpoints ignores `scope` and wants the API in `resource`.",
        cure: "Use version 2.0: write the address that ends in `/v2.0`.",
        fault: None,
        explains: &["VST-AADSTS-500013", "VST-TOKEN-OPAQUE-V1"],
        judge: scope_at_v1,
    },
];

/// The version of Entra's endpoints that the configuration or the metadata leads to.
fn is_version_one(evidence: &Evidence) -> Option<bool> {
    if evidence.product() != Some(Product::Entra) {
        return None;
    }
    let provider = evidence.provider();
    let found = evidence
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.text("issuer"));
    let configured = provider.and_then(|provider| provider.issuer.as_deref());
    // Where the two disagree, that is the finding.
    if found
        .zip(configured)
        .is_some_and(|(found, configured)| found != configured)
    {
        return None;
    }
    let address = evidence
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.url.as_deref())
        .or_else(|| provider?.metadata_url.as_deref())
        .or_else(|| provider?.issuer.as_deref())?;
    Some(!address.contains("/v2.0"))
}

fn resource_parameter(evidence: &Evidence) -> Option<Case> {
    let value = evidence.provider()?.parameter("resource")?;
    if is_version_one(evidence)? {
        return None;
    }
    let scope = match value {
        uri if uri.contains("://") => format!("{uri}/.default"),
        id => format!("api://{id}/.default"),
    };
    Some(
        Case::new(format!(
            "The authorization request has `resource`: {}.",
            shown(value)
        ))
        .change(setting(
            evidence,
            Change::config(
                "provider.authorization_parameters",
                "Take `resource` out, and write in the route",
            )
            .line(format!("access_token = {{ scope = \"{scope}\" }}")),
            Change::apache("OIDCAuthRequestParams", "Take `resource` out, and write").line(
                format!("OIDCScope \"openid profile offline_access {scope}\""),
            ),
        )),
    )
}

fn scope_at_v1(evidence: &Evidence) -> Option<Case> {
    if !is_version_one(evidence)?
        || evidence
            .provider()
            .is_some_and(|provider| provider.parameter("resource").is_some())
    {
        return None;
    }
    let routes = evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.routes);
    let of_route = routes
        .filter_map(|route| match &route.token {
            Some(AskedToken::Scope(scope)) => Some(scope.as_str()),
            _ => None,
        })
        .next();
    let sign_in = evidence
        .scopes()
        .unwrap_or_default()
        .iter()
        .map(String::as_str);
    let scope = sign_in
        .chain(of_route)
        .find(|scope| resource_of(scope).is_some())?;
    let authority = evidence
        .provider()
        .and_then(|provider| provider.authority());
    let tenant = authority
        .and_then(tenant_of)
        .map(str::to_owned)
        .or_else(|| Said::of(evidence).tenant)
        .unwrap_or_else(|| "TENANT-ID".to_owned());
    Some(
        Case::new(format!(
            "The scope {} is asked for at version 1.0 of the endpoints.",
            shown(scope)
        ))
        .change(write_issuer(
            evidence,
            &format!("https://{}/{tenant}/v2.0", login_host(evidence)),
            "Use version 2.0.",
        )),
    )
}

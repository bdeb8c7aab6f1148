//! Holds the cures many findings end in, filled with the names the evidence has.

mod ask;

pub(crate) use ask::{ask_for_the_api, ask_for_the_scope, ask_in_file, asks_already};

use vestibule_oidc::microsoft::cloud_of;

use crate::evidence::host_of;
use crate::{Change, Evidence, Place};

/// Where the portal shows a field: the registration of the API.
pub(crate) mod portal {
    /// The Application ID URI and the scopes.
    pub(crate) const EXPOSE_AN_API: &str = "App registrations > your API > Expose an API";
    /// The version of the API's access tokens.
    pub(crate) const TOKEN_VERSION: &str =
        "App registrations > your API > Manifest > requestedAccessTokenVersion";
    /// The app's permissions for APIs.
    /// What an API in the middle may ask for.
    pub(crate) const MIDDLE_API_PERMISSIONS: &str =
        "App registrations > the API that asks > API permissions";
    /// The apps that consent to an API in the middle together with what is behind it.
    pub(crate) const MIDDLE_KNOWN_CLIENTS: &str =
        "App registrations > the API that asks > Manifest > knownClientApplications";
    pub(crate) const API_PERMISSIONS: &str =
        "App registrations > your sign-in app > API permissions";
    /// Secrets and certificates.
    pub(crate) const SECRETS: &str =
        "App registrations > your sign-in app > Certificates & secrets";
    /// The ids.
    pub(crate) const OVERVIEW: &str = "App registrations > your sign-in app > Overview";
    /// Optional claims and the groups claim.
    pub(crate) const TOKEN_CONFIGURATION: &str =
        "App registrations > your sign-in app > Token configuration";
    /// Who may use an app, and their roles.
    pub(crate) const USERS_AND_GROUPS: &str =
        "Enterprise applications > your app > Users and groups";
}

/// The setting to write: ours, or Apache's where the configuration came from there.
pub(crate) fn setting(evidence: &Evidence, ours: Change, apache: Change) -> Change {
    match evidence.from_apache() {
        true => apache,
        false => ours,
    }
}

/// Our keys, and the directives of Apache's module that say the same.
const DIRECTIVES: &[(&str, &str)] = &[
    ("access_token", "OIDCScope"),
    ("provider", "OIDCResponseType"),
    ("provider.authorization_parameters", "OIDCAuthRequestParams"),
    (
        "provider.client_authentication",
        "OIDCProviderTokenEndpointAuth",
    ),
    ("provider.client_id", "OIDCClientID"),
    ("provider.client_secret", "OIDCClientSecret"),
    ("provider.issuer", "OIDCProviderMetadataURL"),
    ("provider.metadata_url", "OIDCProviderMetadataURL"),
    ("provider.response_mode", "OIDCResponseMode"),
    ("provider.scopes", "OIDCScope"),
    ("provider.tenants", "OIDCProviderIssuer"),
    ("provider.userinfo", "OIDCProviderUserInfoEndpoint"),
    ("public_url", "OIDCRedirectURI"),
    ("require", "Require"),
    ("route.headers", "OIDCPassClaimsAs"),
    ("route.upstream", "ProxyPass"),
    ("route.user", "OIDCRemoteUserClaim"),
    ("session.keys", "OIDCCryptoPassphrase"),
    ("session.store", "OIDCSessionType"),
    ("upstream", "ProxyPass"),
    ("user", "OIDCRemoteUserClaim"),
];

/// A change of our file as one of Apache's, where the configuration came from there and nobody wrote it for Apache: the
/// directive, without a line of ours.
pub(crate) fn in_apache(change: Change) -> Change {
    let directive = DIRECTIVES.iter().find(|(key, _)| *key == change.name);
    match directive {
        Some((_, directive)) if change.place == Place::Config => {
            Change::apache(*directive, change.text)
        }
        _ => change,
    }
}

/// Apache's line that asks for this scope of an API, beside what it asks for already that is of no API.
pub(crate) fn oidc_scope(evidence: &Evidence, scope: &str) -> String {
    let asked = evidence.scopes().unwrap_or_default();
    let mut scopes = vec!["openid", "profile", "offline_access"];
    let more = asked.iter().map(String::as_str);
    scopes.extend(more.filter(|scope| matches!(*scope, "email" | "address" | "phone")));
    scopes.push(scope);
    format!("OIDCScope \"{}\"", scopes.join(" "))
}

/// Ask for one more of the sign-in's scopes.
pub(crate) fn add_scope(evidence: &Evidence, scope: &str) -> Change {
    let own = evidence
        .provider()
        .and_then(|set| set.own_scopes.as_deref());
    let mut scopes: Vec<&str> = match own.or_else(|| evidence.scopes()) {
        Some(scopes) => scopes.iter().map(String::as_str).collect(),
        None => vec!["openid", "profile", "offline_access"],
    };
    if !scopes.contains(&scope) {
        scopes.push(scope);
    }
    write_scopes(evidence, &scopes, format!("Add `{scope}` to the scopes."))
}

/// Write these scopes for the sign-in.
pub(crate) fn write_scopes(evidence: &Evidence, scopes: &[&str], text: String) -> Change {
    let quoted: Vec<String> = scopes.iter().map(|scope| format!("\"{scope}\"")).collect();
    setting(
        evidence,
        Change::config("provider.scopes", text.clone())
            .line(format!("scopes = [{}]", quoted.join(", "))),
        Change::apache("OIDCScope", text).line(format!("OIDCScope \"{}\"", scopes.join(" "))),
    )
}

/// The sign-in host of the cloud that the settings, the token or a message name; else of the public one.
pub(crate) fn login_host(evidence: &Evidence) -> &'static str {
    let provider = evidence.provider();
    let configured = provider.and_then(|provider| provider.authority());
    let token = evidence.token.as_ref().and_then(|token| token.text("iss"));
    let metadata = evidence.metadata.as_ref();
    let published = metadata.and_then(|metadata| metadata.text("issuer"));
    let said = evidence.text.iter().flat_map(|text| &text.urls);
    [configured, published, token]
        .into_iter()
        .flatten()
        .chain(said.map(String::as_str))
        .filter_map(host_of)
        // Version 1.0 issues under one host for several clouds.
        .filter(|host| *host != "sts.windows.net")
        .find_map(cloud_of)
        .map_or(PUBLIC_HOST, |cloud| cloud.issuing_host)
}

const PUBLIC_HOST: &str = "login.microsoftonline.com";

/// The provider's address to write.
pub(crate) fn write_issuer(evidence: &Evidence, issuer: &str, text: &str) -> Change {
    setting(
        evidence,
        Change::config("provider.issuer", text).line(format!("issuer = \"{issuer}\"")),
        Change::apache("OIDCProviderMetadataURL", text).line(format!(
            "OIDCProviderMetadataURL {}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        )),
    )
}

/// Make the API's tokens version 2.0.
pub(crate) fn version_two(text: &str) -> Change {
    Change::portal(portal::TOKEN_VERSION, text).line("\"requestedAccessTokenVersion\": 2")
}

#[cfg(test)]
mod tests;

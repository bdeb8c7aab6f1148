//! Holds the cures many findings end in, filled with the names the evidence has.

use crate::{Change, Evidence};

/// Where the portal shows a field: the registration of the API.
pub(crate) mod portal {
    /// The Application ID URI and the scopes.
    pub(crate) const EXPOSE_AN_API: &str = "App registrations > your API > Expose an API";
    /// The version of the API's access tokens.
    pub(crate) const TOKEN_VERSION: &str =
        "App registrations > your API > Manifest > requestedAccessTokenVersion";
    /// The app's permissions for APIs.
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

/// Ask for the API's own scope; first in our file or Apache's, then where the portal shows the
/// scope's name.
pub(crate) fn ask_for_the_api(evidence: &Evidence) -> Vec<Change> {
    let scope = api_scope(evidence);
    let ask = setting(
        evidence,
        Change::config(
            "access_token",
            match &evidence.route {
                Some(route) => {
                    format!("Ask for a token of the API's own: in the route {route} write")
                }
                None => "Ask for a token of the API's own: in the API's route write".to_owned(),
            },
        )
        .line(format!("access_token = {{ scope = \"{scope}\" }}")),
        Change::apache("OIDCScope", "Ask for a scope of the API, beside `openid`.").line(format!(
            "OIDCScope \"openid profile offline_access {scope}\""
        )),
    );
    let field = Change::portal(
        format!("{} > Application ID URI", portal::EXPOSE_AN_API),
        match evidence.api_name() {
            Some(_) => {
                "Check that this is the API's Application ID URI, and that the API offers at least \
                 one scope under \"Scopes defined by this API\"."
            }
            None => {
                "Take the API's Application ID URI from here; if there is none, choose \"Add\" and \
                 keep the proposal, then \"Add a scope\"."
            }
        },
    );
    let permission = Change::portal(
        format!("{} > Add a permission > My APIs", portal::API_PERMISSIONS),
        "Add the API's scope to the app people sign in to, or consent to it at the next sign-in.",
    );
    vec![ask, field, permission]
}

/// `<App ID URI>/.default`. An App ID URI that ends in a slash keeps it:
/// `https://contoso.com//.default`.
pub(crate) fn api_scope(evidence: &Evidence) -> String {
    match evidence.api_name() {
        Some(uri) if uri.contains("://") => format!("{uri}/.default"),
        Some(id) => format!("api://{id}/.default"),
        None => "api://<the API's application id>/.default".to_owned(),
    }
}

/// Ask for one more of the sign-in's scopes.
pub(crate) fn add_scope(evidence: &Evidence, scope: &str) -> Change {
    let mut scopes: Vec<&str> = match evidence.scopes() {
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

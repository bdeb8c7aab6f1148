//! Redirect URIs that a provider other than Entra does not know, in its own words.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::Product;
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

use super::super::said::message_redirect_uri;

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-PROVIDER-REDIRECT-URI",
    title: "the provider does not know this redirect URI",
    severity: Severity::Error,
    confidence: Confidence::Inferred,
    source: "RFC 6749 §3.1.2.4; RFC 9700 §4.1.3; the pages of the providers",
    symptom: "In the place of the sign-in page the provider shows an error about the redirect URI or callback URL, and \
              the browser does not come back.",
    cause: "The address that people are to be sent back to is none of those registered for this client. It is compared \
            letter for letter: scheme, host, port, path, and a slash at the end.",
    cure: "Register the address as it is sent, or correct the public address.",
    fault: None,
    explains: &[],
    judge,
}];

/// Words that must all be there, whose they are, and where the address is registered.
const TEXTS: &[(&[&str], Option<Product>, &str)] = &[
    (
        &["invalid parameter: redirect_uri"],
        Some(Product::Keycloak),
        "Clients > your client > Settings > Valid redirect URIs",
    ),
    (
        &["invalid redirect uri", "realms/"],
        Some(Product::Keycloak),
        "Clients > your client > Settings > Valid redirect URIs",
    ),
    (
        &["callback url mismatch"],
        Some(Product::Auth0),
        "Applications > your application > Settings > Allowed Callback URLs",
    ),
    (
        &["not in the list of allowed callback urls"],
        Some(Product::Auth0),
        "Applications > your application > Settings > Allowed Callback URLs",
    ),
    (
        &["'redirect_uri' parameter must be a login redirect uri"],
        Some(Product::Okta),
        "Applications > your app > General > Sign-in redirect URIs",
    ),
    (
        &["redirect_mismatch"],
        Some(Product::Cognito),
        "User pools > App clients > your client > Login pages > Allowed callback URLs",
    ),
    (
        &["redirect uri included is not valid"],
        Some(Product::GitLab),
        "Applications > your application > Redirect URI",
    ),
    (
        &["redirect_uri is not associated with this application"],
        Some(Product::GitHub),
        "Developer settings > OAuth Apps > your app > Authorization callback URL",
    ),
    (
        &["redirect_uri must match the registered callback url"],
        Some(Product::GitHub),
        "Developer settings > OAuth Apps > your app > Authorization callback URL",
    ),
    (
        &["msis9224"],
        Some(Product::AdFs),
        "Application Groups > your group > the server application > Redirect URI",
    ),
    (
        &["redirect_uri must match configuration"],
        Some(Product::Salesforce),
        "App Manager > your app > OAuth Settings > Callback URL",
    ),
    (
        &["redirect_uri_mismatch"],
        None,
        "APIs & Services > Credentials > OAuth 2.0 Client IDs > Authorized redirect URIs (at Google), or the app's \
         callback URL (elsewhere)",
    ),
    (
        &["redirect_uri did not match any of the client's registered redirect_uris"],
        None,
        "the client > its redirect URIs",
    ),
    (
        &["unregistered redirect_uri"],
        None,
        "the client > its redirect URIs",
    ),
    (
        &["redirect_uri is not registered"],
        None,
        "the client > its redirect URIs",
    ),
    (
        &["invalid_redirect_uri"],
        Some(Product::Keycloak),
        "Clients > your client > Settings > Valid redirect URIs",
    ),
    (
        &["invalid redirect_uri"],
        None,
        "the client > its redirect URIs",
    ),
    (
        &["invalid redirect uri"],
        None,
        "the client > its redirect URIs",
    ),
    (
        &["redirect uri mismatch"],
        None,
        "the client > its redirect URIs",
    ),
];

fn judge(evidence: &Evidence) -> Option<Case> {
    // Entra says it by number.
    if evidence.aadsts().next().is_some() {
        return None;
    }
    let named = evidence
        .provider_error
        .as_ref()
        .and_then(|error| error.error.as_deref());
    let (_, product, place) = TEXTS.iter().find(|(words, ..)| {
        words
            .iter()
            .all(|words| evidence.says(words) || named == Some(words))
    })?;
    let google = evidence.says("access blocked") || evidence.says("google");
    let product = product.or(google.then_some(Product::Google));
    let who = product.map_or("The provider", Product::name);
    let uri =
        message_redirect_uri(evidence).or_else(|| evidence.settings.as_ref()?.redirect_uri.clone());
    let sent = uri
        .as_deref()
        .map_or_else(String::new, |uri| format!(" {}", shown(uri)));
    let register = Change::provider(
        *place,
        match uri {
            Some(_) => "Add this address, letter for letter.",
            None => {
                "Add the redirect URI that is sent, letter for letter: it stands as `redirect_uri` in the address of the \
             provider's page."
            }
        },
    );
    Some(
        Case::new(format!("{who} does not know the redirect URI{sent}."))
            .change(match uri {
                Some(uri) => register.line(uri),
                None => register,
            })
            .change(setting(
                evidence,
                Change::config(
                    "public_url",
                    "If that is not the address people type, correct it: the redirect URI is `public_url` and \
                     `/.vestibule/callback`.",
                ),
                Change::apache(
                    "OIDCRedirectURI",
                    "If that is not the address people type, write the whole address here.",
                ),
            )),
    )
}

//! Providers other than Entra, one file each; `any` holds what can happen at all of them.

mod adfs;
mod any;
mod ask;
mod auth0;
#[cfg(test)]
pub(super) mod cases;
mod cognito;
mod google;
mod hub;
mod keycloak;
mod okta;
mod redirect_uri;
mod reference;

pub(crate) use ask::ask;

use vestibule_oidc::access_token::TokenShape;

use crate::catalogue::Row;
use crate::cure::setting;
use crate::evidence::{AskedToken, Failure, Product};
use crate::{Change, Evidence};

pub(super) const ROWS: &[&[Row]] = &[
    auth0::ROWS,
    okta::ROWS,
    google::ROWS,
    keycloak::ROWS,
    cognito::ROWS,
    adfs::ROWS,
    hub::ROWS,
    reference::ROWS,
    redirect_uri::ROWS,
    any::ROWS,
];

/// Whether the provider is this one, and the token, as far as that shows.
fn is(evidence: &Evidence, product: Product) -> bool {
    evidence.product() == Some(product) && evidence.maker() == Some(product)
}

/// Whether the token at hand is an opaque one and the API can't do with that.
fn is_opaque(evidence: &Evidence) -> bool {
    let introspects = evidence
        .api
        .as_ref()
        .is_some_and(|api| api.takes_opaque == Some(true));
    !introspects
        && evidence.token.as_ref().is_some_and(|token| {
            matches!(
                token.shape,
                TokenShape::Opaque { .. }
                    | TokenShape::GoogleOpaque
                    | TokenShape::GitHubOpaque
                    | TokenShape::GitLabOpaque
                    | TokenShape::SalesforceOpaque
            )
        })
}

/// Whether a route passes an access token of this provider's on.
fn passes_a_token(evidence: &Evidence) -> bool {
    evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.routes)
        .any(|route| matches!(route.token, Some(AskedToken::SignIn | AskedToken::Scope(_))))
}

/// Whether the API at hand does not take the token's audience, or a verifier said so.
fn wrong_audience(evidence: &Evidence) -> bool {
    let Some(token) = &evidence.token else {
        return false;
    };
    let expected = evidence.api.iter().flat_map(|api| &api.audiences);
    let found = token.audiences();
    let mut expected = expected.peekable();
    let differs = expected.peek().is_some() && !expected.any(|own| found.contains(&own.as_str()));
    differs || token.failed(Failure::Audience)
}

/// One more parameter of the authorization request; the ones that are there stay.
fn add_parameters(evidence: &Evidence, added: &[(&str, &str)], text: &str) -> Change {
    let mut all: Vec<(&str, &str)> = evidence
        .provider()
        .iter()
        .flat_map(|provider| &provider.authorization_parameters)
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, value)| !value.contains('"') && !added.iter().any(|(new, _)| new == name))
        .collect();
    all.extend(added);
    let ours: Vec<String> = all
        .iter()
        .map(|(name, value)| format!("{name} = \"{value}\""))
        .collect();
    let apache: Vec<String> = all
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    setting(
        evidence,
        Change::config("provider.authorization_parameters", text).line(format!(
            "authorization_parameters = {{ {} }}",
            ours.join(", ")
        )),
        Change::apache("OIDCAuthRequestParams", text)
            .line(format!("OIDCAuthRequestParams {}", apache.join("&"))),
    )
}

/// Ask the user-info endpoint, or do not.
fn user_info(evidence: &Evidence, ask: bool, text: &str) -> Change {
    let apache = match ask {
        true => Change::apache("OIDCProviderUserInfoEndpoint", text),
        false => Change::apache("OIDCProviderUserInfoEndpoint", text)
            .line("OIDCProviderUserInfoEndpoint \"\""),
    };
    setting(
        evidence,
        Change::config("provider.userinfo", text).line(format!("userinfo = {ask}")),
        apache,
    )
}

//! The checks of whom the token is for, and as what.

use vestibule_diagnosis::evidence::{Failure, OtherJwt, Product, Token};

use super::{Check, passes};
use crate::explain::expected::Expected;
use crate::explain::value::list;

/// What decides at the provider for whom a token is.
pub(super) fn asked(token: &Token, api: &Expected) -> &'static str {
    let made = token.product().or_else(|| api.product());
    match made {
        None => {
            "what the provider is asked for: the API's scope, `audience` or `resource`, as it names APIs"
        }
        Some(Product::Auth0) => "`audience` in the authorization request: Auth0 names APIs by it",
        Some(Product::Okta) => {
            "the audience of the Okta authorization server: all its access tokens carry it"
        }
        Some(Product::Google | Product::GitHub | Product::GitLab | Product::Salesforce) => {
            "nothing that is asked for: this provider's access tokens are for its own API; take the ID token, or headers"
        }
        Some(Product::Keycloak) => {
            "an audience mapper of the Keycloak client: the scope alone does not decide it"
        }
        Some(Product::Cognito) => {
            "the API's check: Cognito's access tokens have no `aud` of their own; compare `client_id` and the resource \
             server's scope"
        }
        Some(Product::AdFs) => "the Web API that is asked for, as `API-ID/openid` or `resource`",
        Some(Product::Ping) => "the resource whose scope is asked for",
        Some(_) => {
            "the scope that is asked for (`access_token` of the route, OIDCScope in Apache): a token is for the API \
             whose scope it is"
        }
    }
}

pub(super) fn audience(token: &Token, api: &Expected) -> Check {
    let found = token.audiences();
    let mut check = passes("audience");
    check.found = Some(match found.is_empty() {
        true => "no `aud`".to_owned(),
        false => list(found.iter().copied()).join(", "),
    });
    let accepted = &api.api.audiences;
    if accepted.is_empty() {
        return check.not_checked(
            "add --audience, or --config with a route whose `access_token` names the API's scope",
        );
    }
    let check = check.expected(list(accepted.iter().map(String::as_str)).join(" or "));
    let fits = found
        .iter()
        .any(|found| accepted.iter().any(|own| own == found));
    let bare = |name: &str| {
        name.trim_start_matches("api://")
            .trim_end_matches('/')
            .to_ascii_lowercase()
    };
    let is_same = found
        .iter()
        .any(|found| accepted.iter().any(|own| bare(own) == bare(found)));
    match (fits, api.is_sign_in) {
        (true, _) => check,
        (false, false) if is_same => check.fails(
            Failure::Audience,
            match token.is_entra() {
                true => {
                    "the API's accepted audiences: these are names of one API, and which of them a token has, its \
                     version decides"
                }
                false => "the API's accepted audiences: these differ by `api://` or a slash",
            },
        ),
        (false, false) => check.fails(Failure::Audience, asked(token, api)),
        (false, true) => check.fails(
            Failure::Audience,
            "`client_id` of the provider: an ID token is for the app that signed the person in",
        ),
    }
}

/// RFC 8725 §3.11 and §3.12.
pub(super) fn kind(token: &Token, api: &Expected) -> Check {
    let other = match token.is_refresh_token() {
        true => Some("a refresh token"),
        false => token.other_kind().map(OtherJwt::words),
    };
    if let Some(other) = other {
        let check = passes("type").expected(if api.is_sign_in {
            "an ID token"
        } else {
            "an access token"
        });
        return check.found(other).fails(
            Failure::Kind,
            "what is passed on: the `access_token` of the token endpoint's answer",
        );
    }
    let is_id = token.looks_like_id_token();
    let word = |is_id| match is_id {
        true => "an ID token",
        false => "an access token",
    };
    let check = passes("type").expected(word(api.is_sign_in));
    let says_access = token.header_text("typ").is_some_and(|typ| typ == "at+jwt");
    match (api.is_sign_in, is_id, says_access) {
        // An ID token need not show itself to be one.
        (true, _, false) | (false, false, _) => check,
        (true, _, true) => check.found(word(false)).fails(
            Failure::Kind,
            "what is passed on: the `id_token` of the token endpoint's answer",
        ),
        (false, true, _) => check.found(word(true)).fails(
            Failure::Kind,
            "what is passed on: the `access_token` of the token endpoint's answer, for a scope of the API",
        ),
    }
}

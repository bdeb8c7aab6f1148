//! How to ask a provider for a token of the API's own, as it names APIs.

use vestibule_oidc::microsoft::TenantId;

use super::{oidc_scope, portal, setting};
use crate::evidence::{AskedToken, Product, Token};
use crate::{Change, Evidence};

/// Ask for a token for the API, in the way the provider names APIs.
pub(crate) fn ask_for_the_api(evidence: &Evidence) -> Vec<Change> {
    if let Some(change) = token_of_another(evidence) {
        return vec![change];
    }
    match evidence.maker() {
        Some(Product::B2c) => ask_b2c(),
        Some(product) if product.is_entra() => ask_entra(evidence),
        Some(product) => crate::family::ask_other(evidence, product),
        None if looks_like_entra(evidence) => ask_entra(evidence),
        None => ask_anybody(evidence),
    }
}

/// The first of that: what to write for it.
pub(crate) fn ask_for_the_scope(evidence: &Evidence) -> Option<Change> {
    let is_entra = match evidence.maker() {
        Some(product) => product.is_entra() && product != Product::B2c,
        None => looks_like_entra(evidence),
    };
    match is_entra && token_of_another(evidence).is_none() {
        true => ask_entra_for_the_scope(evidence),
        false => ask_for_the_api(evidence).into_iter().next(),
    }
}

/// A token that another product made than the one people sign in with: nothing asked there helps.
fn token_of_another(evidence: &Evidence) -> Option<Change> {
    let token = evidence.token.as_ref()?.product()?;
    let provider = evidence.product()?;
    let same = token == provider || token.is_entra() && provider.is_entra();
    (!same).then(|| {
        Change::api(
            "the token passed on",
            format!(
                "It is one of {}, and people sign in with {}: pass on the token of that sign-in.",
                token.name(),
                provider.name()
            ),
        )
    })
}

/// Whether Entra is meant, though no address says so: by the API's name, by a message of Microsoft's, or
/// by claims of its tokens.
fn looks_like_entra(evidence: &Evidence) -> bool {
    let by_name = evidence.api_name().is_some_and(|name| {
        TenantId::parse(name.trim_start_matches("api://").trim_end_matches('/')).is_some()
    });
    let token = evidence.token.as_ref();
    let by_token = token.is_some_and(|token| token.has("tid") && token.has("ver"));
    let foreign = token.is_some_and(|token| token.has("iss")) && !by_token;
    let by_text = evidence.text.as_ref().is_some_and(|text| {
        !text.aadsts.is_empty()
            || text.codes.iter().any(|code| code.starts_with("ID"))
            || text.says("microsoft")
    });
    let by_error = evidence.aadsts().next().is_some();
    by_token || !foreign && (by_name || by_text || by_error)
}

/// Ask for the API's own scope, in our file or Apache's. Nothing where that was done and led to this.
fn ask_entra_for_the_scope(evidence: &Evidence) -> Option<Change> {
    if let Some(scope) = asks_already(evidence) {
        let token = evidence.token.as_ref();
        let accepted = evidence.api.iter().flat_map(|api| &api.audiences);
        let mut accepted = accepted.map(String::as_str);
        let is_its = |token: &Token| accepted.any(|own| token.audiences().contains(&own));
        return match token.is_some_and(|token| token.is_new) || token.is_some_and(is_its) {
            true => None,
            false => {
                let text = match token {
                    Some(_) => format!(
                        "It asks for `{scope}` already. This token was got before it did, or by a program that has \
                         not read the setting yet: reload it, sign in again, and look at the new token."
                    ),
                    None => format!(
                        "It asks for `{scope}` already. Sign in again, and look at the token itself with \
                         `vestibule explain`: it may be older than that."
                    ),
                };
                let ours = Change::config("access_token", text.clone());
                Some(setting(evidence, ours, Change::apache("OIDCScope", text)))
            }
        };
    }
    if let Some(id) = perhaps_the_client(evidence) {
        return Some(ask_in_file(
            evidence,
            &format!(
                "Ask for one scope that {} exposes, by its name: if that is the app people sign in with, its `/.default` \
                 gives an ID token. Better register the API by itself, and let it expect its own id",
                crate::shown::shown(id)
            ),
            &format!("api://{id}/<scope>"),
        ));
    }
    Some(ask_in_file(
        evidence,
        "Ask for a token of the API's own",
        &api_scope(evidence),
    ))
}

/// The id an API expects as audience, where that is or may be the client people sign in with.
fn perhaps_the_client(evidence: &Evidence) -> Option<&str> {
    let name = evidence.api_name()?;
    let id = name.strip_prefix("api://").unwrap_or(name);
    TenantId::parse(id)?;
    let same = |client: Option<&str>| client.is_some_and(|client| client.eq_ignore_ascii_case(id));
    let configured = evidence
        .provider()
        .and_then(|provider| provider.client_id.as_deref());
    let asked = evidence.token.as_ref().and_then(Token::client);
    // Quarkus expects its client id unless an audience is set.
    let by_default = evidence
        .text
        .as_ref()
        .is_some_and(|text| text.says("quarkus"));
    (same(configured) || same(asked) || by_default).then_some(id)
}

/// Ask for the API's own scope; first in our file or Apache's, then where the portal shows the
/// scope's name.
fn ask_entra(evidence: &Evidence) -> Vec<Change> {
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
    let ask = ask_entra_for_the_scope(evidence);
    ask.into_iter().chain([field, permission]).collect()
}

/// The scope of this API that the settings ask for.
pub(crate) fn asks_already(evidence: &Evidence) -> Option<&str> {
    let api = evidence.api.as_ref()?;
    let is_its = |scope: &str| {
        let names = api.name.iter().chain(&api.audiences);
        let mut names = names.map(|name| name.strip_prefix("api://").unwrap_or(name));
        let resource = scope
            .strip_prefix("api://")
            .or(scope.contains("://").then_some(scope));
        resource.is_some_and(|resource| {
            names.any(|name| {
                let rest = resource.strip_prefix(name);
                rest.is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
            })
        })
    };
    match evidence.route_settings()?.token.as_ref()? {
        AskedToken::Scope(scopes) => scopes.split(' ').find(|scope| is_its(scope)),
        AskedToken::SignIn => {
            let scopes = evidence.scopes()?.iter().map(String::as_str);
            scopes.into_iter().find(|scope| is_its(scope))
        }
        _ => None,
    }
}

/// Ask for this scope of the API, in our file or Apache's.
pub(crate) fn ask_in_file(evidence: &Evidence, text: &str, scope: &str) -> Change {
    let route = match &evidence.route {
        Some(route) => format!("{text}: in the route {route} write"),
        None => format!("{text}: in the API's route write"),
    };
    setting(
        evidence,
        Change::config("access_token", route)
            .line(format!("access_token = {{ scope = \"{scope}\" }}")),
        Change::apache("OIDCScope", "Ask for a scope of the API, beside `openid`.")
            .line(oidc_scope(evidence, scope)),
    )
}

/// B2C gives no token for an API but for a named scope of it.
fn ask_b2c() -> Vec<Change> {
    vec![
        Change::config(
            "access_token",
            "Ask for a scope of the API by its whole name: in the API's route write",
        )
        .line("access_token = { scope = \"https://<tenant name>.onmicrosoft.com/<API>/<scope>\" }"),
        Change::portal(
            "Azure AD B2C > App registrations > your API > Expose an API",
            "Take the scope's whole name from here, and grant it to the app people sign in to under \
             API permissions.",
        ),
    ]
}

/// Nobody knows whose provider it is.
fn ask_anybody(evidence: &Evidence) -> Vec<Change> {
    let define = Change::provider(
        "the API (its identifier, audience or resource)",
        "If the provider knows APIs: define this one there, and name it when asking, by its scope, \
         `audience` or `resource`.",
    );
    // An issuer that is there is not Entra's.
    match evidence
        .token
        .as_ref()
        .is_some_and(|token| token.has("iss"))
    {
        true => vec![define],
        false => vec![
            define,
            ask_in_file(
                evidence,
                "At Microsoft Entra ID it is a scope of the API",
                &api_scope(evidence),
            ),
        ],
    }
}

/// `<App ID URI>/.default`. An App ID URI that ends in a slash keeps it:
/// `https://contoso.com//.default`.
pub(crate) fn api_scope(evidence: &Evidence) -> String {
    match evidence.api_name().filter(|name| is_plain_name(name)) {
        Some(uri) if uri.contains("://") => format!("{uri}/.default"),
        Some(id) => format!("api://{id}/.default"),
        None => "api://<the API's application id>/.default".to_owned(),
    }
}

/// Whether a name can stand in a line to copy.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\'))
}

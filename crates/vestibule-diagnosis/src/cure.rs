//! Holds the cures many findings end in, filled with the names the evidence has.

use vestibule_oidc::microsoft::{TenantId, cloud_of};

use crate::evidence::{AskedToken, Product, Token, host_of};
use crate::{Change, Evidence, Place};

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

/// Apache's line that asks for this scope of an API, beside what it asks for already that is of no API.
pub(crate) fn oidc_scope(evidence: &Evidence, scope: &str) -> String {
    let asked = evidence.scopes().unwrap_or_default();
    let mut scopes = vec!["openid", "profile", "offline_access"];
    let more = asked.iter().map(String::as_str);
    scopes.extend(more.filter(|scope| matches!(*scope, "email" | "address" | "phone")));
    scopes.push(scope);
    format!("OIDCScope \"{}\"", scopes.join(" "))
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
mod tests {
    use serde_json::json;

    use crate::Finding;
    use crate::evidence::AskedToken;
    use crate::testing::{API, entra_token, entra_v1_token, evidence, provider, route, texts};
    use crate::{Evidence, diagnose};

    const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

    fn asked(token: AskedToken, scopes: &[&str]) -> Evidence {
        evidence(|e| {
            provider(e).scopes = Some(texts(scopes));
            route(e).token = Some(token);
            e.token = Some(entra_v1_token(json!({ "aud": GRAPH })));
            e.api = Some(crate::evidence::Api {
                name: Some(format!("api://{API}")),
                audiences: vec![format!("api://{API}"), API.to_owned()],
                ..crate::evidence::Api::default()
            });
        })
    }

    fn first(evidence: &Evidence) -> Finding {
        diagnose(evidence).remove(0)
    }

    #[test]
    fn what_is_set_already_is_not_told_as_the_cure() {
        let scope = format!("api://{API}/.default");
        for right in [
            asked(AskedToken::Scope(scope.clone()), &["openid"]),
            asked(
                AskedToken::Scope(format!("openid api://{API}/read")),
                &["openid"],
            ),
            asked(AskedToken::SignIn, &["openid", &scope]),
        ] {
            let old = first(&right);
            assert_eq!(old.code, "VST-TOKEN-GRAPH");
            assert!(old.change[0].text.contains("sign in again"), "{old}");
            assert!(
                old.change.iter().all(|change| change.line.is_none()),
                "{old}"
            );
            // With these settings the provider gave it a moment ago: to sign in again changes nothing.
            let mut new = right.clone();
            new.token = new.token.map(crate::evidence::Token::just_issued);
            let new = first(&new);
            assert!(new.change[0].name.contains("Expose an API"), "{new}");
        }
        for wrong in [
            asked(AskedToken::SignIn, &["openid"]),
            asked(AskedToken::Scope("User.Read".to_owned()), &["openid"]),
            asked(
                AskedToken::Scope(format!("api://{API}x/.default")),
                &["openid"],
            ),
            asked(
                AskedToken::Scope("api://another/.default".to_owned()),
                &["openid", &scope],
            ),
        ] {
            let line = format!("access_token = {{ scope = \"{scope}\" }}");
            let found = first(&wrong);
            assert_eq!(found.change[0].line, Some(line), "{found}");
        }
    }

    #[test]
    fn a_token_for_the_api_is_not_to_be_asked_for_again() {
        let scope = format!("api://{API}/.default");
        let mut right = asked(AskedToken::Scope(scope), &["openid"]);
        right.token = Some(
            entra_token(json!({ "scp": null, "aud": API })).role(crate::evidence::Role::Access),
        );
        let found = first(&right);
        assert_eq!(found.code, "VST-TOKEN-NO-PERMISSIONS");
        assert!(
            found.change.iter().all(|change| change.line.is_none()),
            "{found}"
        );
    }
}

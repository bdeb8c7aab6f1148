//! Reading an authorization request, in the order in which Entra finds fault with it.

use std::sync::Arc;

use super::Stop;
use crate::{
    aadsts::{self, Refusal},
    directory::{App, RedirectKind, TenantPath},
    grants::{Challenge, Version},
    parameters::Parameters,
    provider::Provider,
    scope::Asked,
    settings::Accounts,
};

/// Who asks, through which tenant, and where the answer may go. Until these are known, nothing is
/// sent to any redirect URI.
pub(super) struct Addressed {
    pub(super) version: Version,
    /// The tenant as it stands in the path.
    pub(super) segment: String,
    pub(super) path: TenantPath,
    pub(super) client: Arc<App>,
    pub(super) redirect_uri: String,
    pub(super) redirect_uri_was_sent: bool,
    pub(super) redirect_kind: RedirectKind,
}

/// What is asked for.
pub(super) struct Wish {
    pub(super) code: bool,
    pub(super) id_token: bool,
    pub(super) mode: ResponseMode,
    pub(super) asked: Asked,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<Challenge>,
    pub(super) prompt: Prompt,
    pub(super) login_hint: Option<String>,
}

/// How the answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

/// What the person must be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prompt {
    Unsaid,
    None,
    Login,
    SelectAccount,
    Consent,
}

/// Tenant, client and redirect URI.
///
/// # Errors
///
/// 90002, 900144, 700016, 50194, 9002332, 50011, 900971: all of them for a page.
pub(super) fn addressed(
    provider: &Provider,
    version: Version,
    segment: &str,
    parameters: &Parameters,
) -> Result<Addressed, Refusal> {
    let path = provider
        .directory
        .tenant_path(segment)
        .ok_or_else(|| Refusal::new(aadsts::TENANT_NOT_FOUND, segment))?;
    let client_id = parameters
        .value("client_id")
        .ok_or_else(|| Refusal::new(aadsts::PARAMETER_MISSING, "client_id"))?;
    let client = provider
        .directory
        .app(client_id)
        .ok_or_else(|| Refusal::new(aadsts::APP_NOT_FOUND, client_id))?;
    client_fits_path(&client, &path)?;
    let sent = parameters.value("redirect_uri");
    let redirect_uri = match sent {
        Some(uri) => uri.to_owned(),
        None => client
            .redirect_uris
            .first()
            .map(|(uri, _)| uri.clone())
            .ok_or(aadsts::REDIRECT_URI_MISSING)?,
    };
    let redirect_kind = client
        .redirect_kind(&redirect_uri)
        .ok_or_else(|| Refusal::new(aadsts::REDIRECT_URI_NOT_REGISTERED, &redirect_uri))?;
    Ok(Addressed {
        version,
        segment: segment.to_owned(),
        path,
        client,
        redirect_uri,
        redirect_uri_was_sent: sent.is_some(),
        redirect_kind,
    })
}

/// Whether the registration may be used through this tenant path.
///
/// # Errors
///
/// 50194, 9002332, 700016.
pub(in crate::endpoints) fn client_fits_path(
    client: &App,
    path: &TenantPath,
) -> Result<(), Refusal> {
    match (client.accounts, path) {
        (Accounts::SingleTenant, TenantPath::One(tenant)) if *tenant != client.tenant => {
            Err(aadsts::APP_NOT_FOUND.into())
        }
        (Accounts::SingleTenant, TenantPath::Common | TenantPath::Organizations) => {
            Err(aadsts::APP_IS_SINGLE_TENANT.into())
        }
        (Accounts::SingleTenant | Accounts::Organizations, TenantPath::Consumers) => {
            Err(aadsts::APP_NOT_FOR_PERSONAL_ACCOUNTS.into())
        }
        _ => Ok(()),
    }
}

/// Everything else the request says.
///
/// # Errors
///
/// 9000411, 70005, 700054, 70007, 70011, 650053, 500011, 9010010, 50147, 501491, 900144, 90023: all
/// of them for the redirect URI.
pub(super) fn wish(
    provider: &Provider,
    addressed: &Addressed,
    parameters: &Parameters,
    twice: Option<String>,
) -> Result<Wish, Stop> {
    read_wish(provider, addressed, parameters, twice).map_err(Stop::Return)
}

fn read_wish(
    provider: &Provider,
    addressed: &Addressed,
    parameters: &Parameters,
    twice: Option<String>,
) -> Result<Wish, Refusal> {
    if let Some(name) = twice {
        return Err(Refusal::new(aadsts::PARAMETER_DUPLICATED, name));
    }
    let (code, id_token) = response_type(addressed, parameters)?;
    let mode = response_mode(parameters, id_token)?;
    let asked = match addressed.version {
        Version::V1 => Asked::from_resource(parameters.value("resource"), &provider.directory)?,
        Version::V2 => {
            let scope = parameters
                .value("scope")
                .ok_or_else(|| Refusal::new(aadsts::PARAMETER_MISSING, "scope"))?;
            let asked = Asked::from_scope(scope, &provider.directory)?;
            resource_agrees(parameters, &asked, provider)?;
            asked
        }
    };
    if id_token && !asked.openid {
        return Err(Refusal::new(
            aadsts::SCOPE_INVALID,
            "openid is needed for an ID token",
        ));
    }
    let nonce = parameters.value("nonce").map(str::to_owned);
    if id_token && nonce.is_none() {
        return Err(Refusal::new(aadsts::PARAMETER_MISSING, "nonce"));
    }
    let prompt = match parameters.value("prompt") {
        None => Prompt::Unsaid,
        Some("none") => Prompt::None,
        Some("login") => Prompt::Login,
        Some("select_account" | "create") => Prompt::SelectAccount,
        Some("consent" | "admin_consent") => Prompt::Consent,
        Some(other) => {
            return Err(Refusal::new(
                aadsts::PARAMETER_VALUE,
                format!("prompt={other}"),
            ));
        }
    };
    Ok(Wish {
        code,
        id_token,
        mode,
        challenge: challenge(parameters)?,
        asked,
        state: parameters.value("state").map(str::to_owned),
        nonce,
        prompt,
        login_hint: parameters.value("login_hint").map(str::to_owned),
    })
}

/// The mode a *failure* travels by, whatever else is wrong with the request.
pub(super) fn mode_of_failure(parameters: &Parameters) -> ResponseMode {
    let wants_id_token = parameters.value("response_type").is_some_and(|kinds| {
        kinds
            .split(' ')
            .any(|kind| kind == "id_token" || kind == "token")
    });
    response_mode(parameters, wants_id_token).unwrap_or(if wants_id_token {
        ResponseMode::Fragment
    } else {
        ResponseMode::Query
    })
}

fn response_type(addressed: &Addressed, parameters: &Parameters) -> Result<(bool, bool), Refusal> {
    let kinds = parameters
        .value("response_type")
        .ok_or_else(|| Refusal::new(aadsts::PARAMETER_MISSING, "response_type"))?;
    let (mut code, mut id_token) = (false, false);
    for kind in kinds.split(' ') {
        match kind {
            "code" => code = true,
            "id_token" => id_token = true,
            // Access tokens from this endpoint are a thing of the past and are not imitated.
            other => return Err(Refusal::new(aadsts::RESPONSE_TYPE_UNSUPPORTED, other)),
        }
    }
    if id_token && !addressed.client.id_tokens_from_authorize {
        return Err(Refusal::new(aadsts::ID_TOKEN_NOT_ENABLED, kinds));
    }
    Ok((code, id_token))
}

fn response_mode(parameters: &Parameters, id_token: bool) -> Result<ResponseMode, Refusal> {
    match parameters.value("response_mode") {
        None if id_token => Ok(ResponseMode::Fragment),
        None => Ok(ResponseMode::Query),
        Some("query") if !id_token => Ok(ResponseMode::Query),
        Some("fragment") => Ok(ResponseMode::Fragment),
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some(other) => Err(Refusal::new(aadsts::RESPONSE_MODE_UNSUPPORTED, other)),
    }
}

/// On v2.0 `resource` is refused where it disagrees with the scopes.
fn resource_agrees(
    parameters: &Parameters,
    asked: &Asked,
    provider: &Provider,
) -> Result<(), Refusal> {
    let Some(resource) = parameters.value("resource") else {
        return Ok(());
    };
    let named = Asked::from_resource(Some(resource), &provider.directory)
        .map_err(|_| Refusal::new(aadsts::RESOURCE_MISMATCH, resource))?;
    if named.first().resource.id() == asked.first().resource.id() {
        Ok(())
    } else {
        Err(Refusal::new(aadsts::RESOURCE_MISMATCH, resource))
    }
}

/// RFC 7636 §4.2, §4.3.
fn challenge(parameters: &Parameters) -> Result<Option<Challenge>, Refusal> {
    let Some(challenge) = parameters.value("code_challenge") else {
        return match parameters.value("code_challenge_method") {
            None => Ok(None),
            Some(_) => Err(Refusal::new(aadsts::PARAMETER_MISSING, "code_challenge")),
        };
    };
    let challenge_text = challenge.to_owned();
    let is_spelled_right = challenge
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let (sizes, challenge) = match parameters.value("code_challenge_method") {
        None | Some("plain") => (43..=128, Challenge::Plain(challenge_text)),
        Some("S256") => (43..=43, Challenge::S256(challenge_text)),
        Some(other) => return Err(Refusal::new(aadsts::CHALLENGE_METHOD, other)),
    };
    let length = match &challenge {
        Challenge::Plain(text) | Challenge::S256(text) => text.len(),
    };
    if is_spelled_right && sizes.contains(&length) {
        Ok(Some(challenge))
    } else {
        Err(Refusal::new(
            aadsts::CHALLENGE_SIZE,
            format!("{length} characters"),
        ))
    }
}

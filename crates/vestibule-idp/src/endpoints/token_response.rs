//! The token response: which tokens, in which form, with which `scope`; and what the faults do to
//! it.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{
    directory::App,
    entropy,
    faults::{Fault, Token},
    grants::{AppBearer, Bearer, BearerKind, RefreshGrant, SignIn, Version},
    guid::Guid,
    provider::Provider,
    reply::{self, Reply},
    scope::{Asked, Permissions, Resource, Wanted},
    tokens::{self, HeaderShape, KeyFailure, Roll, sign},
};

/// What is answered, and to whom.
pub(super) enum Answer {
    /// A client that acts for a person.
    Person(Box<ForPerson>),
    /// A client that acts for itself.
    App(ForApp),
}

/// Everything a person's token response is made from.
pub(super) struct ForPerson {
    pub(super) sign_in: Arc<SignIn>,
    pub(super) asked: Asked,
    pub(super) wanted: Wanted,
    pub(super) nonce: Option<String>,
    pub(super) refresh: Option<RefreshGrant>,
    pub(super) client_info: bool,
    pub(super) now: i64,
}

/// Everything an app's own token response is made from.
pub(super) struct ForApp {
    pub(super) client: Arc<App>,
    /// The API it calls; `None` is Microsoft Graph.
    pub(super) api: Option<Arc<App>>,
    pub(super) tenant: Guid,
    pub(super) wanted: Wanted,
}

pub(super) fn reply(provider: &Provider, answer: Answer) -> Reply {
    let members = match answer {
        Answer::Person(answer) => for_person(provider, *answer),
        Answer::App(answer) => for_app(provider, &answer),
    };
    match members {
        Ok(members) => reply::json(200, &Value::Object(members)),
        Err(_) => reply::text(500, "A token could not be signed.\n"),
    }
}

fn for_person(provider: &Provider, answer: ForPerson) -> Result<Map<String, Value>, KeyFailure> {
    let ForPerson {
        sign_in,
        asked,
        wanted,
        nonce,
        refresh,
        client_info,
        now,
    } = answer;
    let version = sign_in.version;
    let lifetime_secs = provider.access_token_secs();
    let granted = granted(&sign_in.client, &asked, &wanted);
    let access_token = access_token(
        provider,
        &sign_in,
        &asked,
        &wanted,
        &granted,
        now,
        lifetime_secs,
    )?;

    let mut members = Map::new();
    members.insert("token_type".into(), "Bearer".into());
    members.insert("scope".into(), response_scope(&wanted, &granted).into());
    insert_expiry(provider, &mut members, version, now, lifetime_secs);
    if version == Version::V1 && !wanted.spelling.is_empty() {
        members.insert("resource".into(), wanted.spelling.as_str().into());
    }
    if !provider.faults.fires(&Fault::NoAccessToken) {
        members.insert("access_token".into(), access_token.into());
    }
    if let Some(refresh) = refresh
        && !provider.faults.fires(&Fault::NoRefreshToken)
    {
        members.insert(
            "refresh_token".into(),
            provider.grants.put_refresh_token(refresh).into(),
        );
    }
    if asked.openid && !provider.faults.fires(&Fault::NoIdToken) {
        let id_token = signed_id_token(provider, &sign_in, &asked, nonce.as_deref(), None, now)?;
        members.insert("id_token".into(), id_token.into());
    }
    if client_info {
        let account = &sign_in.account;
        let info = json!({"uid": account.oid, "utid": account.tenant}).to_string();
        members.insert("client_info".into(), URL_SAFE_NO_PAD.encode(info).into());
    }
    Ok(members)
}

fn for_app(provider: &Provider, answer: &ForApp) -> Result<Map<String, Value>, KeyFailure> {
    let now = provider.now();
    let lifetime_secs = provider.access_token_secs();
    let tenant = answer.tenant.as_str();
    let (claims, shape) = match &answer.api {
        Some(api) => {
            let claims = tokens::app_only(
                &answer.client,
                api,
                &answer.wanted,
                tenant,
                &provider.origin,
                now,
                lifetime_secs,
            );
            let shape = match api.version_2_tokens {
                true => HeaderShape::V2,
                false => HeaderShape::V1,
            };
            (claims, shape)
        }
        None => {
            let client = &answer.client;
            let claims =
                tokens::app_only_for_graph(client, tenant, &provider.origin, now, lifetime_secs);
            (claims, HeaderShape::Graph)
        }
    };
    let token = sign(
        &provider.keys,
        &provider.faults,
        Token::AccessToken,
        shape,
        claims,
        now,
    )?;
    if answer.api.is_none() {
        let bearer = AppBearer {
            client: Arc::clone(&answer.client),
            tenant: answer.tenant.clone(),
            expires_at: now + i64::from(lifetime_secs),
        };
        provider.grants.put_app_bearer(token.clone(), bearer);
    }
    let mut members = Map::new();
    members.insert("token_type".into(), "Bearer".into());
    insert_expiry(provider, &mut members, Version::V2, now, lifetime_secs);
    members.insert("access_token".into(), token.into());
    Ok(members)
}

/// An ID token, signed with what is the current key at that moment.
pub(super) fn signed_id_token(
    provider: &Provider,
    sign_in: &SignIn,
    asked: &Asked,
    nonce: Option<&str>,
    code: Option<&str>,
    now: i64,
) -> Result<String, KeyFailure> {
    if provider.faults.fires(&Fault::RollBeforeSigning) {
        provider.keys.roll(Roll::Now)?;
    }
    let claims = tokens::id_token(
        sign_in,
        asked,
        nonce,
        code,
        &provider.origin,
        now,
        provider.tokens.id_token_secs,
    );
    let shape = match sign_in.version {
        Version::V1 => HeaderShape::V1,
        Version::V2 => HeaderShape::V2,
    };
    sign(
        &provider.keys,
        &provider.faults,
        Token::IdToken,
        shape,
        claims,
        now,
    )
}

/// The permissions the token carries, by their short names.
fn granted(client: &App, asked: &Asked, wanted: &Wanted) -> Vec<String> {
    let mut names = match (&wanted.resource, &wanted.permissions) {
        (Resource::Api(api), Permissions::Granted { .. }) => api.scopes.clone(),
        (Resource::Api(_), Permissions::Named(names)) => names.clone(),
        // Graph adds what has been granted before.
        (Resource::Graph, permissions) => {
            let mut names = client.graph_permissions.clone();
            if let Permissions::Named(more) = permissions {
                let new = |name: &&String| !client.graph_permissions.contains(*name);
                names.extend(more.iter().filter(new).cloned());
            }
            for (is_asked, name) in [
                (asked.openid, "openid"),
                (asked.profile, "profile"),
                (asked.email, "email"),
            ] {
                if is_asked {
                    names.push(name.to_owned());
                }
            }
            names
        }
        (Resource::V1Userinfo, _) => Vec::new(),
    };
    names.sort_unstable_by_key(|name| name.to_ascii_lowercase());
    names
}

/// `scope` of the response: full names for an API, and wider than asked where more was granted.
fn response_scope(wanted: &Wanted, granted: &[String]) -> String {
    let qualified = |name: &String| match (&wanted.resource, name.as_str()) {
        (Resource::Graph, "openid" | "profile" | "email") => name.clone(),
        (Resource::Graph, _) => format!("https://graph.microsoft.com/{name}"),
        _ => format!("{}/{name}", wanted.spelling),
    };
    let mut scopes: Vec<String> = granted.iter().map(qualified).collect();
    if wanted.permissions
        == (Permissions::Granted {
            spelled_default: true,
        })
    {
        scopes.push(format!("{}/.default", wanted.spelling));
    }
    scopes.join(" ")
}

fn access_token(
    provider: &Provider,
    sign_in: &Arc<SignIn>,
    asked: &Asked,
    wanted: &Wanted,
    granted: &[String],
    now: i64,
    lifetime_secs: u32,
) -> Result<String, KeyFailure> {
    let signed = |shape, claims| {
        sign(
            &provider.keys,
            &provider.faults,
            Token::AccessToken,
            shape,
            claims,
            now,
        )
    };
    let origin = &provider.origin;
    let (token, takes) = match &wanted.resource {
        Resource::Api(_) if provider.faults.fires(&Fault::OpaqueAccessToken) => {
            return Ok(entropy::text(640));
        }
        Resource::Api(api) => {
            let claims = tokens::for_api(sign_in, api, wanted, granted, origin, now, lifetime_secs);
            let is_v1 = claims.get("ver").and_then(Value::as_str) == Some("1.0");
            return signed(
                if is_v1 {
                    HeaderShape::V1
                } else {
                    HeaderShape::V2
                },
                claims,
            );
        }
        // A personal account's ticket is opaque through whichever tenant it comes.
        Resource::Graph if sign_in.account.person.is_personal() => {
            (tokens::personal_ticket(), BearerKind::Graph)
        }
        Resource::Graph => {
            let claims = tokens::for_graph(sign_in, wanted, granted, origin, now, lifetime_secs);
            (signed(HeaderShape::Graph, claims)?, BearerKind::Graph)
        }
        Resource::V1Userinfo => (tokens::v1_userinfo_token(), BearerKind::V1Userinfo),
    };
    provider.grants.put_bearer(
        token.clone(),
        Bearer {
            sign_in: Arc::clone(sign_in),
            email: asked.email,
            expires_at: now + i64::from(lifetime_secs),
            takes,
            permissions: granted.to_vec(),
        },
    );
    Ok(token)
}

fn insert_expiry(
    provider: &Provider,
    members: &mut Map<String, Value>,
    version: Version,
    now: i64,
    lifetime_secs: u32,
) {
    if provider.faults.fires(&Fault::NoExpiresIn) {
        return;
    }
    // The v1.0 endpoints have always written numbers as strings.
    let as_text = version == Version::V1 || provider.faults.fires(&Fault::StringExpiresIn);
    let number = |number: i64| -> Value {
        if as_text {
            number.to_string().into()
        } else {
            number.into()
        }
    };
    let lifetime = i64::from(lifetime_secs);
    members.insert("expires_in".into(), number(lifetime));
    members.insert("ext_expires_in".into(), number(lifetime));
    if version == Version::V1 {
        members.insert("expires_on".into(), number(now + lifetime));
        members.insert("not_before".into(), number(now - 300));
    }
}

//! The claims of access tokens: version 1.0 or 2.0 as the API's registration says, whatever
//! endpoint the client used; and Graph's own.

use serde_json::{Map, Value, json};

use super::{
    group_claims, idp_claim, internal_claims, issuer, optional_claims, role_claims, time_claims,
    v1_name_claims,
};
use crate::{
    directory::{App, Standing},
    grants::{SignIn, Version},
    scope::{GRAPH_ID, Wanted},
};

/// How the client proved itself: `appidacr` and `azpacr`.
fn client_strength(client: &App) -> &'static str {
    if client.client_secret.is_some() {
        "1"
    } else {
        "0"
    }
}

/// The claims of a person's access token for an API.
pub(crate) fn for_api(
    sign_in: &SignIn,
    api: &App,
    wanted: &Wanted,
    scopes: &[String],
    origin: &str,
    now: i64,
    lifetime_secs: u32,
) -> Map<String, Value> {
    let account = &sign_in.account;
    let client = &sign_in.client;
    let mut claims = Map::new();
    // The tenant of personal accounts issues version 2.0 and nothing else.
    let version = if api.version_2_tokens || account.standing == Standing::Personal {
        Version::V2
    } else {
        Version::V1
    };
    // A v1.0 audience repeats what the client wrote, a v2.0 audience is always the client ID.
    let audience = match version {
        Version::V1 => wanted.spelling.as_str(),
        Version::V2 => api.client_id.as_str(),
    };
    claims.insert("aud".into(), audience.into());
    claims.insert(
        "iss".into(),
        issuer(origin, version, account.tenant.as_str()).into(),
    );
    time_claims(&mut claims, now, lifetime_secs);
    idp_claim(&mut claims, account, origin);
    match version {
        Version::V1 => {
            claims.insert("acr".into(), "1".into());
            claims.insert("amr".into(), json!(["pwd"]));
            claims.insert("appid".into(), client.client_id.as_str().into());
            claims.insert("appidacr".into(), client_strength(client).into());
            v1_name_claims(&mut claims, account);
        }
        Version::V2 => {
            claims.insert("azp".into(), client.client_id.as_str().into());
            claims.insert("azpacr".into(), client_strength(client).into());
            claims.insert("name".into(), account.person.name.as_str().into());
            claims.insert(
                "preferred_username".into(),
                account.person.username.as_str().into(),
            );
        }
    }
    claims.insert("oid".into(), account.oid.as_str().into());
    optional_claims(
        &mut claims,
        &api.access_token_claims,
        account,
        &sign_in.sid,
        sign_in.auth_time,
    );
    role_claims(&mut claims, account, api);
    group_claims(&mut claims, account, api, origin);
    if !scopes.is_empty() {
        claims.insert("scp".into(), scopes.join(" ").into());
    }
    claims.insert("sub".into(), account.subject_for(api).into());
    claims.insert("tid".into(), account.tenant.as_str().into());
    internal_claims(&mut claims);
    claims.insert("ver".into(), version_name(version).into());
    claims
}

/// The claims of an access token for Graph: of version 1.0, with the client's subject inside.
pub(crate) fn for_graph(
    sign_in: &SignIn,
    wanted: &Wanted,
    scopes: &[String],
    origin: &str,
    now: i64,
    lifetime_secs: u32,
) -> Map<String, Value> {
    let account = &sign_in.account;
    let client = &sign_in.client;
    let mut claims = Map::new();
    let audience = match sign_in.version {
        Version::V1 => wanted.spelling.as_str(),
        Version::V2 => GRAPH_ID,
    };
    claims.insert("aud".into(), audience.into());
    claims.insert(
        "iss".into(),
        issuer(origin, Version::V1, account.tenant.as_str()).into(),
    );
    time_claims(&mut claims, now, lifetime_secs);
    idp_claim(&mut claims, account, origin);
    claims.insert(
        "acct".into(),
        json!(i32::from(account.standing == Standing::Guest)),
    );
    claims.insert("acr".into(), "1".into());
    claims.insert("amr".into(), json!(["pwd"]));
    claims.insert("app_displayname".into(), client.name.as_str().into());
    claims.insert("appid".into(), client.client_id.as_str().into());
    claims.insert("appidacr".into(), client_strength(client).into());
    claims.insert("idtyp".into(), "user".into());
    v1_name_claims(&mut claims, account);
    claims.insert("oid".into(), account.oid.as_str().into());
    claims.insert("scp".into(), scopes.join(" ").into());
    let graph_subject = crate::guid::Guid::derived(&["graph", account.oid.as_str()]);
    claims.insert("sub".into(), graph_subject.as_str().into());
    claims.insert("tid".into(), account.tenant.as_str().into());
    internal_claims(&mut claims);
    claims.insert("ver".into(), "1.0".into());
    claims.insert("xms_st".into(), json!({"sub": account.subject_for(client)}));
    claims
}

/// The claims of an app-only access token: no `scp`, and `roles` only if the app has been given
/// any, which here no app has. Entra issues such a token all the same.
pub(crate) fn app_only(
    client: &App,
    api: &App,
    wanted: &Wanted,
    tenant: &str,
    origin: &str,
    now: i64,
    lifetime_secs: u32,
) -> Map<String, Value> {
    let version = if api.version_2_tokens {
        Version::V2
    } else {
        Version::V1
    };
    let mut claims = Map::new();
    let (audience, app_claim, strength_claim) = match version {
        Version::V1 => (wanted.spelling.as_str(), "appid", "appidacr"),
        Version::V2 => (api.client_id.as_str(), "azp", "azpacr"),
    };
    claims.insert("aud".into(), audience.into());
    claims.insert("iss".into(), issuer(origin, version, tenant).into());
    time_claims(&mut claims, now, lifetime_secs);
    claims.insert(app_claim.into(), client.client_id.as_str().into());
    claims.insert(strength_claim.into(), client_strength(client).into());
    if version == Version::V1 {
        claims.insert("idp".into(), issuer(origin, Version::V1, tenant).into());
    }
    if api.access_token_claims.iter().any(|claim| claim == "idtyp") {
        claims.insert("idtyp".into(), "app".into());
    }
    let principal =
        crate::guid::Guid::derived(&["service principal", tenant, client.client_id.as_str()]);
    claims.insert("oid".into(), principal.as_str().into());
    claims.insert("sub".into(), principal.as_str().into());
    claims.insert("tid".into(), tenant.into());
    internal_claims(&mut claims);
    claims.insert("ver".into(), version_name(version).into());
    claims
}

/// The claims of an app's own access token for Graph: `roles` are the application permissions.
pub(crate) fn app_only_for_graph(
    client: &App,
    tenant: &str,
    origin: &str,
    now: i64,
    lifetime_secs: u32,
) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("aud".into(), GRAPH_ID.into());
    let issuer = issuer(origin, Version::V1, tenant);
    claims.insert("iss".into(), issuer.as_str().into());
    time_claims(&mut claims, now, lifetime_secs);
    claims.insert("app_displayname".into(), client.name.as_str().into());
    claims.insert("appid".into(), client.client_id.as_str().into());
    claims.insert("appidacr".into(), client_strength(client).into());
    claims.insert("idp".into(), issuer.into());
    claims.insert("idtyp".into(), "app".into());
    let principal =
        crate::guid::Guid::derived(&["service principal", tenant, client.client_id.as_str()]);
    claims.insert("oid".into(), principal.as_str().into());
    if !client.graph_app_permissions.is_empty() {
        claims.insert("roles".into(), json!(client.graph_app_permissions));
    }
    claims.insert("sub".into(), principal.as_str().into());
    claims.insert("tid".into(), tenant.into());
    internal_claims(&mut claims);
    claims.insert("ver".into(), "1.0".into());
    claims
}

fn version_name(version: Version) -> &'static str {
    match version {
        Version::V1 => "1.0",
        Version::V2 => "2.0",
    }
}

//! The metadata documents, with Entra's fields, their values and their gaps, and the key sets.

use serde_json::{Map, Value, json};

use super::json_refusal;
use crate::{
    aadsts::{self, Refusal},
    directory::TenantPath,
    faults::Fault,
    grants::Version,
    guid::Guid,
    provider::Provider,
    reply::{self, Reply},
    tokens,
};

/// The metadata of a tenant.
pub(super) fn metadata(provider: &Provider, version: Version, segment: &str, query: &str) -> Reply {
    let Some(path) = provider.directory.tenant_path(segment) else {
        return json_refusal(provider, Refusal::new(aadsts::TENANT_NOT_FOUND, segment));
    };
    let origin = &provider.origin;
    // An alias stays as it was asked for; a verified domain becomes its tenant's GUID.
    let base = match &path {
        TenantPath::One(id) => format!("{origin}/{id}"),
        _ => format!("{origin}/{}", segment.to_ascii_lowercase()),
    };
    let issuer = tokens::issuer(origin, version, path.in_issuer());
    let mut document = match version {
        Version::V1 => v1(&base, &issuer),
        Version::V2 => v2(origin, &base, &issuer),
    };
    if let (Some(app), Some(Value::String(uri))) = (app(query), document.get_mut("jwks_uri")) {
        *uri = format!("{uri}?appid={app}");
    }
    let region = if path.in_issuer().starts_with('{') {
        Value::Null
    } else {
        json!("EU")
    };
    document.insert(
        "kerberos_endpoint".into(),
        format!("{base}/kerberos").into(),
    );
    document.insert("tenant_region_scope".into(), region);
    document.insert("cloud_instance_name".into(), "microsoftonline.com".into());
    document.insert("cloud_graph_host_name".into(), "graph.windows.net".into());
    document.insert("msgraph_host".into(), "graph.microsoft.com".into());
    document.insert("rbac_url".into(), "https://pas.windows.net".into());

    if provider.tokens.revocation {
        document.insert(
            "revocation_endpoint".into(),
            format!("{origin}/beyond-entra/revoke").into(),
        );
    }

    let changes = provider.faults.fire_all(|fault| match fault {
        Fault::DiscoveryMember { member, value } => Some((member.clone(), value.clone())),
        _ => None,
    });
    if provider
        .faults
        .is_on(|fault| matches!(fault, Fault::IssParameter { .. }))
    {
        document.insert(
            "authorization_response_iss_parameter_supported".into(),
            json!(true),
        );
    }
    for (member, value) in changes {
        if value.is_null() {
            document.shift_remove(&member);
        } else {
            document.insert(member, value);
        }
    }
    reply::document(&Value::Object(document))
}

/// The keys of a tenant.
pub(super) fn keys(provider: &Provider, version: Version, segment: &str, query: &str) -> Reply {
    let Some(path) = provider.directory.tenant_path(segment) else {
        return json_refusal(provider, Refusal::new(aadsts::TENANT_NOT_FOUND, segment));
    };
    let without_signer = provider.faults.fires(&Fault::KeysWithoutSigner);
    let of_app = app(query).is_some();
    match provider
        .keys
        .published(&provider.origin, version, &path, without_signer, of_app)
    {
        Ok(keys) => reply::document(&keys),
        Err(_) => reply::text(500, "The keys could not be made.\n"),
    }
}

/// The app whose document is asked for.
fn app(query: &str) -> Option<Guid> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, app) = pairs.find(|(name, _)| name == "appid")?;
    Guid::parse(&app).ok()
}

fn v1(base: &str, issuer: &str) -> Map<String, Value> {
    object(json!({
        "token_endpoint": format!("{base}/oauth2/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported":
            ["code", "id_token", "code id_token", "token id_token", "token"],
        "scopes_supported": ["openid"],
        "issuer": issuer,
        "microsoft_multi_refresh_token": true,
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{base}/oauth2/logout"),
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
            "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time", "acr",
            "amr", "nonce", "email", "given_name", "family_name", "nickname",
        ],
        "check_session_iframe": format!("{base}/oauth2/checksession"),
        "userinfo_endpoint": format!("{base}/openid/userinfo"),
    }))
}

fn v2(origin: &str, base: &str, issuer: &str) -> Map<String, Value> {
    object(json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{origin}/graph/oidc/userinfo"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
            "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time", "acr",
            "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email",
        ],
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

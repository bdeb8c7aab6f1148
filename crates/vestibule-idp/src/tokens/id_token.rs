//! The claims of ID tokens: version 1.0 or 2.0 as the endpoint was, never as an API asks.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{
    group_claims, idp_claim, internal_claims, issuer, optional_claims, role_claims, time_claims,
    v1_name_claims,
};
use crate::{
    directory::Standing,
    grants::{SignIn, Version},
    scope::Asked,
};

/// The claims of an ID token. `code` is given when the token leaves beside a code, from the
/// authorization endpoint.
pub(crate) fn id_token(
    sign_in: &SignIn,
    asked: &Asked,
    nonce: Option<&str>,
    code: Option<&str>,
    origin: &str,
    now: i64,
    lifetime_secs: u32,
) -> Map<String, Value> {
    let account = &sign_in.account;
    let person = &account.person;
    let client = &sign_in.client;
    let mut claims = Map::new();
    claims.insert("aud".into(), client.client_id.as_str().into());
    claims.insert(
        "iss".into(),
        issuer(origin, sign_in.version, account.tenant.as_str()).into(),
    );
    time_claims(&mut claims, now, lifetime_secs);
    idp_claim(&mut claims, account, origin);
    if let Some(nonce) = nonce {
        claims.insert("nonce".into(), nonce.into());
    }
    if let Some(code) = code {
        claims.insert("c_hash".into(), half_hash(code).into());
    }
    match sign_in.version {
        Version::V1 => {
            claims.insert("amr".into(), serde_json::json!(["pwd"]));
            claims.insert("oid".into(), account.oid.as_str().into());
            v1_name_claims(&mut claims, account);
        }
        Version::V2 => {
            if asked.profile {
                claims.insert("name".into(), person.name.as_str().into());
                claims.insert("oid".into(), account.oid.as_str().into());
                claims.insert("preferred_username".into(), person.username.as_str().into());
            }
            // A guest's address is there unasked.
            if (asked.email || account.standing == Standing::Guest)
                && let Some(email) = &person.email
            {
                claims.insert("email".into(), email.as_str().into());
            }
        }
    }
    optional_claims(
        &mut claims,
        &client.optional_claims,
        account,
        &sign_in.sid,
        sign_in.auth_time,
    );
    role_claims(&mut claims, account, client);
    group_claims(&mut claims, account, client, origin);
    claims.insert("sub".into(), account.subject_for(client).into());
    claims.insert("tid".into(), account.tenant.as_str().into());
    internal_claims(&mut claims);
    let version = match sign_in.version {
        Version::V1 => "1.0",
        Version::V2 => "2.0",
    };
    claims.insert("ver".into(), version.into());
    claims
}

/// OIDC Core §3.3.2.11: the left half of the hash, base64url.
fn half_hash(value: &str) -> String {
    let hash = digest(&SHA256, value.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
}

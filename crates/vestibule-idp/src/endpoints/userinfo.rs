//! The userinfo endpoints: Graph's, which takes Graph tokens, and the old one of v1.0, which takes
//! the opaque tokens made for it and refuses every JWT.

use http::header;
use serde_json::{Map, Value, json};

use super::json_refusal;
use crate::{
    aadsts::{self, Refusal},
    clock,
    endpoints::Request,
    faults::Fault,
    grants::{Bearer, BearerKind},
    guid::Guid,
    provider::Provider,
    reply::{self, Reply},
    tokens,
};

/// `/graph/oidc/userinfo`.
pub(super) fn graph(provider: &Provider, request: &Request) -> Reply {
    match graph_bearer(provider, request) {
        Ok(bearer) => reply::json(200, &Value::Object(claims(provider, &bearer))),
        Err(refusal) => *refusal,
    }
}

/// `/{tenant}/openid/userinfo`.
pub(super) fn v1(provider: &Provider, request: &Request) -> Reply {
    let token = bearer_token(request);
    match token.and_then(|token| provider.grants.bearer(token)) {
        Some(bearer)
            if bearer.takes == BearerKind::V1Userinfo && bearer.expires_at > provider.now() =>
        {
            reply::json(200, &Value::Object(claims(provider, &bearer)))
        }
        _ => json_refusal(
            provider,
            Refusal::new(aadsts::NOT_SUPPORTED, "a JWT access token, or none of ours"),
        ),
    }
}

/// Graph's refusal of a token.
pub(super) fn graph_refusal(provider: &Provider, message: &str) -> Box<Reply> {
    let body = json!({
        "error": {
            "code": "InvalidAuthenticationToken",
            "message": message,
            "innerError": {
                "date": clock::timestamp(provider.now()).trim_end_matches('Z').replace(' ', "T"),
                "request-id": Guid::random(),
                "client-request-id": Guid::random(),
            },
        }
    });
    let challenge = "Bearer realm=\"\", error=\"invalid_token\"";
    Box::new(reply::with_header(
        reply::json(401, &body),
        header::WWW_AUTHENTICATE,
        challenge,
    ))
}

/// The Graph token of a request, or Graph's refusal.
fn graph_bearer(provider: &Provider, request: &Request) -> Result<Bearer, Box<Reply>> {
    let refuse = |message: &str| graph_refusal(provider, message);
    let token = bearer_token(request).ok_or_else(|| refuse("The request has no access token."))?;
    let bearer = provider
        .grants
        .bearer(token)
        .filter(|bearer| bearer.takes == BearerKind::Graph)
        .ok_or_else(|| refuse("The access token is for somebody else, or broken."))?;
    if bearer.expires_at <= provider.now() {
        return Err(refuse("The access token is too old."));
    }
    Ok(bearer)
}

pub(super) fn bearer_token(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header(header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn claims(provider: &Provider, bearer: &Bearer) -> Map<String, Value> {
    let account = &bearer.sign_in.account;
    let (given_name, family_name) = tokens::names(account);
    let mut claims = Map::new();
    let subject = if provider.faults.fires(&Fault::WrongUserinfoSubject) {
        "somebody-else".to_owned()
    } else {
        account.subject_for(&bearer.sign_in.client)
    };
    claims.insert("sub".into(), subject.into());
    claims.insert("name".into(), account.person.name.as_str().into());
    claims.insert("family_name".into(), family_name.into());
    claims.insert("given_name".into(), given_name.into());
    let picture = format!("{}/graph/v1.0/me/photo/$value", provider.origin);
    claims.insert("picture".into(), picture.into());
    if bearer.email
        && let Some(email) = &account.person.email
    {
        claims.insert("email".into(), email.as_str().into());
    }
    claims
}

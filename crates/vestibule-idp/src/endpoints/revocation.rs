//! The revocation endpoint (RFC 7009 §2), offered where the settings say so: Entra has none.
//!
//! A refresh token ends with all that came of its sign-in. An access token is a JWT, which its API
//! takes until it expires, and so is of a type that is not revoked here.

use http::Method;
use serde_json::json;

use super::{
    client_authentication::{Proof, claimed},
    json_refusal,
};
use crate::{
    aadsts::{self, Refusal},
    endpoints::Request,
    journal::Details,
    parameters::Parameters,
    provider::Provider,
    reply::{self, Reply},
};

pub(super) fn answer(provider: &Provider, request: &Request, details: &mut Details) -> Reply {
    if !provider.tokens.revocation || request.method != Method::POST {
        return reply::text(404, "There is nothing here.\n");
    }
    match revoke(provider, request, details) {
        Ok(reply) => reply,
        Err(refusal) => json_refusal(provider, refusal),
    }
}

fn revoke(provider: &Provider, request: &Request, details: &mut Details) -> Result<Reply, Refusal> {
    let parameters = Parameters::read("", request.form())
        .map_err(|(_, name)| Refusal::new(aadsts::PARAMETER_DUPLICATED, name))?;
    let claimed = claimed(provider, request, &parameters, details)?;
    if claimed.prove()? != Proof::Given {
        return Err(Refusal::new(aadsts::PARAMETER_MISSING, "client_secret"));
    }
    let token = parameters
        .value("token")
        .ok_or_else(|| Refusal::new(aadsts::PARAMETER_MISSING, "token"))?;
    if token.starts_with("eyJ") {
        return Ok(reply::json(
            400,
            &json!({ "error": "unsupported_token_type" }),
        ));
    }
    // RFC 7009 §2.2: a token that is not known is as good as revoked.
    provider.grants.revoke(token);
    Ok(reply::text(200, ""))
}

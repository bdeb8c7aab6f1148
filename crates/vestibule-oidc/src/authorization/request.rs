//! Builds the authorization request (OIDC Core §3.1.2.1, RFC 7636 §4.3).

use std::time::Duration;

use url::Url;

use super::{Nonce, State};
use crate::pkce::Challenge;

/// How the answer comes back to the callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query: the default for a code, so the parameter is left out.
    #[default]
    Query,
    /// In a form that the browser posts (OAuth 2.0 Form Post Response Mode §2).
    FormPost,
}

/// Everything one authorization request says.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizationRequest<'a> {
    /// The provider's `authorization_endpoint`; a query it has is kept.
    pub endpoint: &'a Url,
    /// Our client id.
    pub client_id: &'a str,
    /// Where to come back to: from the configuration, never from a request.
    pub redirect_uri: &'a str,
    /// The scopes, `openid` among them.
    pub scopes: &'a [String],
    /// This sign-in's `state`.
    pub state: &'a State,
    /// This sign-in's `nonce`.
    pub nonce: &'a Nonce,
    /// The challenge of this sign-in's verifier (RFC 7636 §4.3). `None` sends none, for providers that refuse it:
    /// then the code is as good as the way it travels.
    pub challenge: Option<&'a Challenge>,
    /// How the answer comes back.
    pub response_mode: ResponseMode,
    /// The greatest allowed age of the person's authentication; then `auth_time` is checked.
    pub max_age: Option<Duration>,
    /// What the configuration adds: `prompt`, `domain_hint`, `acr_values`, `resource`.
    pub extra: &'a ExtraParameters,
}

impl AuthorizationRequest<'_> {
    /// The address the browser is sent to.
    pub fn url(&self) -> Url {
        let mut url = self.endpoint.clone();
        let max_age = self.max_age.map(|age| age.as_secs().to_string());
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", self.client_id)
                .append_pair("redirect_uri", self.redirect_uri)
                .append_pair("scope", &self.scopes.join(" "))
                .append_pair("state", self.state.expose())
                .append_pair("nonce", self.nonce.expose());
            if let Some(challenge) = self.challenge {
                query
                    .append_pair("code_challenge", challenge.as_str())
                    .append_pair("code_challenge_method", "S256");
            }
            if self.response_mode == ResponseMode::FormPost {
                query.append_pair("response_mode", "form_post");
            }
            if let Some(max_age) = &max_age {
                query.append_pair("max_age", max_age);
            }
            query.extend_pairs(self.extra.pairs());
        }
        url
    }
}

/// Parameters the configuration adds to a request. It cannot replace those the protocol's safety
/// rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExtraParameters(Vec<(String, String)>);

/// A parameter that the configuration must not set, because we do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("add the parameter `{name}`, which is set by the protocol")]
pub struct ReservedParameter {
    /// Its name.
    pub name: String,
}

const RESERVED: &[&str] = &[
    "response_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "response_mode",
    "max_age",
    "grant_type",
    "refresh_token",
    "request",
    "request_uri",
];

impl ExtraParameters {
    /// Accepts the parameters in this order.
    ///
    /// # Errors
    /// [`ReservedParameter`], with the first that is reserved.
    pub fn new(
        pairs: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ReservedParameter> {
        let pairs: Vec<_> = pairs.into_iter().collect();
        match pairs
            .iter()
            .find(|(name, _)| RESERVED.contains(&name.as_str()))
        {
            Some((name, _)) => Err(ReservedParameter { name: name.clone() }),
            None => Ok(Self(pairs)),
        }
    }

    /// The parameters, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

#[cfg(test)]
mod tests;

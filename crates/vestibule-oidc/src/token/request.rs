//! Builds the token request.

use url::{Url, form_urlencoded};

use crate::authorization::ExtraParameters;
use crate::client_auth::ClientAuthentication;
use crate::pkce::Verifier;
use crate::secret::Secret;

/// What is redeemed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Grant<'a> {
    /// `authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5).
    AuthorizationCode {
        /// The code of the callback.
        code: &'a Secret,
        /// The redirect URI of the authorization request, the same to the letter.
        redirect_uri: &'a str,
        /// This sign-in's verifier; `None` if its authorization request had no challenge.
        verifier: Option<&'a Verifier>,
    },
    /// `refresh_token` (RFC 6749 §6).
    RefreshToken {
        /// The latest refresh token.
        refresh_token: &'a Secret,
    },
    /// `client_credentials` (RFC 6749 §4.4): a token for ourselves, of nobody's.
    ClientCredentials,
}

/// Everything one token request says.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The provider's `token_endpoint`.
    pub endpoint: &'a Url,
    /// Our client id.
    pub client_id: &'a str,
    /// How we prove who we are.
    pub authentication: &'a ClientAuthentication,
    /// What is redeemed.
    pub grant: Grant<'a>,
    /// The scopes of the access token wanted, if other than those granted; Entra picks the resource
    /// by them.
    pub scopes: &'a [String],
    /// What the configuration adds, such as `resource` (RFC 8707 §2.2).
    pub extra: &'a ExtraParameters,
}

/// The request to send: a `POST` of `application/x-www-form-urlencoded`, accepting
/// `application/json`, without following redirects.
#[derive(Debug, Clone)]
pub struct TokenHttpRequest {
    /// Where to.
    pub url: Url,
    /// The value of `Authorization`, if there is to be one.
    pub authorization: Option<Secret>,
    /// The body.
    pub form_body: Secret,
}

impl TokenHttpRequest {
    /// The body's `Content-Type`.
    pub const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";
}

impl TokenRequest<'_> {
    /// The request as it is sent.
    pub fn to_http(&self) -> TokenHttpRequest {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match self.grant {
            Grant::AuthorizationCode {
                code,
                redirect_uri,
                verifier,
            } => {
                form.append_pair("grant_type", "authorization_code")
                    .append_pair("code", code.expose())
                    .append_pair("redirect_uri", redirect_uri);
                if let Some(verifier) = verifier {
                    form.append_pair("code_verifier", verifier.expose());
                }
            }
            Grant::RefreshToken { refresh_token } => {
                form.append_pair("grant_type", "refresh_token")
                    .append_pair("refresh_token", refresh_token.expose());
            }
            Grant::ClientCredentials => {
                form.append_pair("grant_type", "client_credentials");
            }
        }
        if !self.scopes.is_empty() {
            form.append_pair("scope", &self.scopes.join(" "));
        }
        form.extend_pairs(self.authentication.form(self.client_id));
        form.extend_pairs(self.extra.pairs());
        TokenHttpRequest {
            url: self.endpoint.clone(),
            authorization: self.authentication.authorization(self.client_id),
            form_body: Secret::new(form.finish()),
        }
    }
}

#[cfg(test)]
mod tests;

//! Builds the request that revokes a token (RFC 7009 §2.1) and reads its answer
//! (RFC 7009 §2.2).

use url::{Url, form_urlencoded};

use super::TokenHttpRequest;
use crate::client_auth::ClientAuthentication;
use crate::secret::Secret;

/// Which kind of token is to be revoked: `token_type_hint`.
///
/// Not `#[non_exhaustive]`: these are the kinds there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokedKind {
    /// `refresh_token`
    Refresh,
    /// `access_token`
    Access,
}

/// Everything one revocation request says.
#[derive(Debug, Clone, Copy)]
pub struct RevocationRequest<'a> {
    /// The provider's `revocation_endpoint`.
    pub endpoint: &'a Url,
    /// Our client id.
    pub client_id: &'a str,
    /// How we prove who we are: as at the token endpoint.
    pub authentication: &'a ClientAuthentication,
    /// The token.
    pub token: &'a Secret,
    /// What it is.
    pub kind: RevokedKind,
}

/// What became of it.
///
/// Not `#[non_exhaustive]`: the three are what somebody may do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// The token is good for nothing any more, or was not before (RFC 7009 §2.2).
    Revoked,
    /// This kind of token is not revoked here (RFC 7009 §2.2.1).
    Unsupported,
    /// The provider refuses; asking again is of no use.
    Refused,
}

impl RevokedKind {
    /// The value of `token_type_hint`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refresh => "refresh_token",
            Self::Access => "access_token",
        }
    }
}

impl RevocationRequest<'_> {
    /// The request as it is sent.
    pub fn to_http(&self) -> TokenHttpRequest {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", self.token.expose())
            .append_pair("token_type_hint", self.kind.as_str())
            .extend_pairs(self.authentication.form(self.client_id));
        TokenHttpRequest {
            url: self.endpoint.clone(),
            authorization: self.authentication.authorization(self.client_id),
            form_body: Secret::new(form.finish()),
        }
    }
}

impl Revocation {
    /// Reads an answer below 500.
    pub fn of(status: u16, body: &[u8]) -> Self {
        if (200..300).contains(&status) {
            return Self::Revoked;
        }
        let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        let error = said.as_ref().and_then(|said| said.get("error")?.as_str());
        match error {
            Some("unsupported_token_type") => Self::Unsupported,
            _ => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(authentication: &ClientAuthentication) -> TokenHttpRequest {
        RevocationRequest {
            endpoint: &Url::parse("https://idp.example/revoke?p=1").unwrap(),
            client_id: "me",
            authentication,
            token: &Secret::from("t+/="),
            kind: RevokedKind::Refresh,
        }
        .to_http()
    }

    #[test]
    fn the_request_says_which_token_and_who_asks() {
        let secret = || Secret::from("s:&");
        let body = "token=t%2B%2F%3D&token_type_hint=refresh_token";
        let basic = request(&ClientAuthentication::Basic { secret: secret() });
        assert_eq!(basic.url.as_str(), "https://idp.example/revoke?p=1");
        assert_eq!(basic.form_body.expose(), body);
        assert!(basic.authorization.unwrap().expose().starts_with("Basic "));
        let post = request(&ClientAuthentication::Post { secret: secret() });
        let expected = format!("{body}&client_id=me&client_secret=s%3A%26");
        assert_eq!(post.form_body.expose(), &expected);
        let public = request(&ClientAuthentication::None);
        assert_eq!(public.form_body.expose(), &format!("{body}&client_id=me"));
        assert!(public.authorization.is_none());
    }

    #[test]
    fn a_token_that_was_not_valid_counts_as_revoked_and_a_refusal_does_not() {
        for (status, body, expected) in [
            (200, "", Revocation::Revoked),
            (204, "", Revocation::Revoked),
            (
                400,
                r#"{"error":"unsupported_token_type"}"#,
                Revocation::Unsupported,
            ),
            (400, r#"{"error":"invalid_request"}"#, Revocation::Refused),
            (401, r#"{"error":"invalid_client"}"#, Revocation::Refused),
            (404, "<html>", Revocation::Refused),
            (303, "", Revocation::Refused),
        ] {
            assert_eq!(
                Revocation::of(status, body.as_bytes()),
                expected,
                "{status}"
            );
        }
    }
}

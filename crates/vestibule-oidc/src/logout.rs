//! Builds the address that signs the browser out at the provider (OIDC RP-Initiated Logout §2), and
//! reads the one that a provider opens in a frame to sign it out here ([`front_channel`]).

pub mod front_channel;

use url::Url;

use crate::authorization::State;
use crate::secret::Secret;

/// The longest ID token sent as `id_token_hint`. The hint travels in an address, and an ID token
/// with many groups would make one that servers refuse; `client_id` and `logout_hint` then have to
/// do.
pub const MAX_ID_TOKEN_HINT_BYTES: usize = 4 << 10;

/// Everything one sign-out request says.
#[derive(Debug, Clone, Copy)]
pub struct EndSessionRequest<'a> {
    /// The provider's `end_session_endpoint`; a query it has is kept.
    pub endpoint: &'a Url,
    /// Our client id.
    pub client_id: &'a str,
    /// The session's ID token; left out when it is longer than [`MAX_ID_TOKEN_HINT_BYTES`].
    pub id_token_hint: Option<&'a Secret>,
    /// Who signs out: for Entra the claim `login_hint`, which spares people the account picker.
    pub logout_hint: Option<&'a str>,
    /// Where to come back to, as registered at the provider.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// Comes back with the browser.
    pub state: Option<&'a State>,
}

impl EndSessionRequest<'_> {
    /// The address the browser is sent to.
    pub fn url(&self) -> Url {
        let mut url = self.endpoint.clone();
        let hint = self.id_token_hint.map(|token| token.expose().as_str());
        let hint = hint.filter(|token| token.len() <= MAX_ID_TOKEN_HINT_BYTES);
        let state = self
            .state
            .filter(|_| self.post_logout_redirect_uri.is_some());
        let parameters = [
            ("client_id", Some(self.client_id)),
            ("id_token_hint", hint),
            ("logout_hint", self.logout_hint),
            ("post_logout_redirect_uri", self.post_logout_redirect_uri),
            ("state", state.map(State::expose)),
        ];
        url.query_pairs_mut().extend_pairs(
            parameters
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_is_known_and_keeps_the_endpoints_query() {
        let endpoint = Url::parse("https://idp.example/logout?p=b2c").unwrap();
        let (token, state) = (Secret::from("a.b.c"), State::from_stored("s"));
        let request = EndSessionRequest {
            endpoint: &endpoint,
            client_id: "me",
            id_token_hint: Some(&token),
            logout_hint: Some("ann@example.com"),
            post_logout_redirect_uri: Some("https://app.example/.vestibule/signed-out"),
            state: Some(&state),
        };
        assert_eq!(
            request.url().as_str(),
            "https://idp.example/logout?p=b2c&client_id=me&id_token_hint=a.b.c\
             &logout_hint=ann%40example.com\
             &post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F.vestibule%2Fsigned-out&state=s"
        );
        let long = Secret::new("x".repeat(MAX_ID_TOKEN_HINT_BYTES + 1));
        let short = EndSessionRequest {
            id_token_hint: Some(&long),
            logout_hint: None,
            post_logout_redirect_uri: None,
            ..request
        };
        assert_eq!(
            short.url().as_str(),
            "https://idp.example/logout?p=b2c&client_id=me"
        );
    }
}

//! The settings of one provider: what the program fills in, and nothing that is found out later.

use std::time::Duration;

use url::Url;
use vestibule_oidc::authorization::{ExtraParameters, ResponseMode};
use vestibule_oidc::client_auth::ClientAuthentication;
use vestibule_oidc::issuer::IssuerRule;
use vestibule_oidc::jose::Algorithm;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_session::record::ResourceKey;

/// How we prove to the token endpoint who we are.
///
/// Closed on purpose: choosing the method handles each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuthMethod {
    /// What the provider's metadata ask for; without a secret, none.
    #[default]
    FromMetadata,
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// A public client.
    None,
}

/// Whether the user info endpoint is asked.
///
/// Closed on purpose: asking handles each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UserInfoUse {
    /// If the metadata name the endpoint, except for Entra: its endpoint takes only tokens for
    /// Microsoft Graph and says nothing that the ID token does not.
    #[default]
    WhenAdvertised,
    /// Always; a provider without the endpoint is an error.
    Always,
    /// Never.
    Never,
}

/// One provider and our registration there.
#[derive(Debug, Clone)]
pub struct ProviderPlan {
    /// The name in the configuration; part of the callback path when there are several.
    pub name: String,
    /// What people read on the choice page.
    pub label: String,
    /// Where the metadata are.
    pub metadata_url: Url,
    /// Which issuers are accepted.
    pub issuer: IssuerRule,
    /// Our `client_id`.
    pub client_id: String,
    /// Our client secret, if we have one.
    pub client_secret: Option<Secret>,
    /// How the secret is used.
    pub client_auth_method: ClientAuthMethod,
    /// The scopes asked for at sign-in, `openid` among them; what the routes need is included.
    pub scopes: Vec<String>,
    /// The resource asked for at sign-in (RFC 8707), if the routes need one.
    pub resource: Option<String>,
    /// How the answer comes.
    ///
    /// [`ResponseMode::FormPost`] needs https: its pending cookie is `SameSite=None; Secure`.
    pub response_mode: ResponseMode,
    /// Whether the user info endpoint is asked at sign-in and at refreshes.
    pub user_info: UserInfoUse,
    /// Further parameters of the authorization request, from the configuration only.
    pub authorization_parameters: ExtraParameters,
    /// The algorithms an ID token may be signed with.
    pub id_token_algorithms: Vec<Algorithm>,
    /// The audiences of which one makes the sign-in's own access token ours to read: only then do
    /// its claims count in rules. None: they never do.
    pub access_token_audiences: Vec<String>,
    /// The longest time since the person authenticated. `None` asks for none.
    pub max_age: Option<Duration>,
    /// How far the provider's clock may be off; at most 60 s.
    pub clock_skew: Duration,
}

impl ProviderPlan {
    /// What the sign-in's own access token is asked for.
    #[must_use]
    pub fn asked_for(&self) -> ResourceKey {
        ResourceKey::new(self.resource.as_deref(), &self.scopes.join(" "))
    }

    /// How we authenticate to this provider, whose metadata are known by now.
    #[must_use]
    pub fn client_authentication(&self, metadata: &ProviderMetadata) -> ClientAuthentication {
        match (self.client_auth_method, self.client_secret.clone()) {
            (ClientAuthMethod::None, _) | (_, None) => ClientAuthentication::None,
            (ClientAuthMethod::Basic, Some(secret)) => ClientAuthentication::Basic { secret },
            (ClientAuthMethod::Post, Some(secret)) => ClientAuthentication::Post { secret },
            (ClientAuthMethod::FromMetadata, secret) => {
                ClientAuthentication::choose(secret, metadata)
            }
        }
    }
}

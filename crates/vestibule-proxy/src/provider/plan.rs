//! The settings of one provider: what the program fills in, and nothing that is found out later.

use std::time::Duration;

use url::Url;
use vestibule_gate::host::HostName;
use vestibule_oidc::authorization::{ExtraParameters, ResponseMode};
use vestibule_oidc::client_auth::ClientAuthentication;
use vestibule_oidc::issuer::IssuerRule;
use vestibule_oidc::jose::Algorithm;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_session::record::ResourceKey;
use vestibule_session::return_to::ReturnTo;
use vestibule_session::site::Site;

use super::redirect_actions::RedirectActions;

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
    /// Likewise, and only a signed answer (OIDC Core §5.3.2) is believed.
    WhenSigned,
    /// Always; a provider without the endpoint is an error.
    Always,
    /// Never.
    Never,
}

/// Whose permissions Microsoft Graph is asked with.
///
/// Closed on purpose: asking handles each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GraphPermissions {
    /// The person's own, with a token got by the session's refresh token.
    #[default]
    Delegated,
    /// Our own, with a token got by our credentials.
    Application,
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
    /// Whether the configuration names the issuer. Else it is taken from the address of the metadata, which may be this
    /// machine's alone to call: no page shows it.
    pub issuer_is_named: bool,
    /// Our `client_id`.
    pub client_id: String,
    /// Our client secret, if we have one.
    pub client_secret: Option<Secret>,
    /// Where the configuration says that the secret is, for the log. Strangers are not told.
    pub client_secret_from: Option<String>,
    /// How the secret is used.
    pub client_auth_method: ClientAuthMethod,
    /// The scopes of the sign-in's own token, `openid` among them; what the first route that names
    /// any needs is included.
    pub scopes: Vec<String>,
    /// The resource of that token (RFC 8707), if the route needs one.
    pub resource: Option<String>,
    /// The `audience` parameter of that token, for providers that have one instead.
    pub audience: Option<String>,
    /// What other routes need: tokens that are fetched with the refresh token when they are first
    /// needed. See [`ProviderPlan::sign_in_asks`] for what a sign-in says of them.
    pub more: Vec<ResourceKey>,
    /// How the answer comes.
    ///
    /// [`ResponseMode::FormPost`] needs https: its pending cookie is `SameSite=None; Secure`.
    pub response_mode: ResponseMode,
    /// Leaves PKCE out (RFC 7636), for a provider that refuses it. `false`: S256, always.
    pub danger_no_pkce: bool,
    /// Whether the user info endpoint is asked at sign-in and at refreshes.
    pub user_info: UserInfoUse,
    /// Further parameters of the authorization request, from the configuration only.
    pub authorization_parameters: ExtraParameters,
    /// The algorithms an ID token may be signed with.
    pub id_token_algorithms: Vec<Algorithm>,
    /// The audiences of which one makes the sign-in's own access token ours to read: only then do
    /// its claims count in rules. None: they never do.
    pub access_token_audiences: Vec<String>,
    /// Where Microsoft Graph is, up to the version in its paths. `None`: where the provider's cloud
    /// has it, if that is known.
    pub graph: Option<Url>,
    /// Who asks Graph for groups that did not fit into a token.
    pub graph_permissions: GraphPermissions,
    /// The longest time since the person authenticated. `None` asks for none.
    pub max_age: Option<Duration>,
    /// How far the provider's clock may be off; at most 60 s.
    pub clock_skew: Duration,
    /// The hosts where people sign in with it, and where its answers are taken. None: every host.
    pub hosts: Vec<HostName>,
    /// The path its answers come to, where that is another than our own below `/.vestibule/`. The
    /// gate must know it too.
    pub redirect_path: Option<String>,
    /// What that path answers besides, as mod_auth_openidc does. The gate must know that it does. `None`: nothing.
    pub redirect_actions: Option<RedirectActions>,
    /// Where people go whose answer belongs to no sign-in that is known. `None`: a page says so.
    pub lost_sign_in_page: Option<ReturnTo>,
}

/// What an authorization request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInAsks {
    /// `scope`.
    pub scopes: Vec<String>,
    /// Each a `resource` (RFC 8707 §2).
    pub resources: Vec<String>,
    /// `audience`.
    pub audience: Option<String>,
    /// What the access token is for that the code is redeemed for.
    pub token: ResourceKey,
}

/// Scopes of OpenID Connect itself, which belong to no API (OIDC Core §5.4, §11).
fn is_of_openid(scope: &str) -> bool {
    matches!(scope, "openid" | "profile" | "email" | "offline_access")
}

impl ProviderPlan {
    /// Whether people of this site may sign in with it.
    #[must_use]
    pub fn is_for(&self, site: &Site) -> bool {
        HostName::any_is_of(&self.hosts, site)
    }

    /// Whether people of this host may sign in with it, whatever the port.
    #[must_use]
    pub fn is_for_host(&self, host: &HostName) -> bool {
        self.hosts.is_empty() || self.hosts.contains(host)
    }

    /// What the sign-in's own access token is asked for.
    #[must_use]
    pub fn asked_for(&self) -> ResourceKey {
        ResourceKey::new(self.resource.as_deref(), &self.scopes.join(" "))
            .with_audience(self.audience.as_deref())
    }

    /// What an authorization request asks for, if the person is to come back with a token for
    /// `wanted`.
    ///
    /// Entra has one API in a request, and gives tokens for any other later. Elsewhere a refresh can
    /// only narrow what was granted (RFC 6749 §6, RFC 8707 §2.2), so that everything is named at
    /// once. An `audience` is a token of its own: the provider has its own rules for those.
    #[must_use]
    pub fn sign_in_asks(&self, is_entra: bool, wanted: Option<&ResourceKey>) -> SignInAsks {
        if is_entra {
            let Some(wanted) = wanted else {
                return self.asks_for_own();
            };
            let of_openid = self.scopes.iter().filter(|scope| is_of_openid(scope));
            return SignInAsks {
                scopes: of_openid
                    .cloned()
                    .chain(wanted.scopes().map(str::to_owned))
                    .collect(),
                resources: Vec::new(),
                audience: None,
                token: wanted.clone(),
            };
        }
        let mut asks = self.asks_for_own();
        let here = |key: &&ResourceKey| key.audience() == self.audience.as_deref();
        for key in self.more.iter().filter(here) {
            for scope in key.scopes() {
                if !asks.scopes.iter().any(|known| known == scope) {
                    asks.scopes.push(scope.to_owned());
                }
            }
            if let Some(resource) = key.resource()
                && !asks.resources.iter().any(|known| known == resource)
            {
                asks.resources.push(resource.to_owned());
            }
        }
        // A resource narrows the token that the code is redeemed for. Without one it has all scopes:
        // more than any one upstream is due.
        if self.resource.is_none() {
            asks.token = ResourceKey::new(None, &asks.scopes.join(" "))
                .with_audience(self.audience.as_deref());
        }
        asks
    }

    fn asks_for_own(&self) -> SignInAsks {
        SignInAsks {
            scopes: self.scopes.clone(),
            resources: self.resource.iter().cloned().collect(),
            audience: self.audience.clone(),
            token: self.asked_for(),
        }
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

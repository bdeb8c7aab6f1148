//! Holds the configuration as the catalogue sees it, whichever file it came from. `None` means that
//! it isn't known, not that it isn't set.

use std::time::Duration;

use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::time::UnixTime;

use super::{Certificate, Product};

/// The file the configuration came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Our own file.
    Toml,
    /// Apache httpd with mod_auth_openidc: findings name its directives.
    Apache,
    /// oauth2-proxy.
    OAuth2Proxy,
    /// App Service authentication.
    EasyAuth,
}

/// The configuration. One provider: with several, judge each with the routes that use it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The file it came from.
    pub origin: Option<Origin>,
    /// `public_url`, all of them.
    pub public_urls: Vec<String>,
    /// The whole redirect URI sent to the provider.
    pub redirect_uri: Option<String>,
    /// Redirect URIs known to be registered at the provider.
    pub registered_redirect_uris: Option<Vec<String>>,
    /// The listener.
    pub listener: Listener,
    /// The provider.
    pub provider: Option<ProviderSettings>,
    /// Sessions and cookies.
    pub session: SessionSettings,
    /// The routes that use the provider.
    pub routes: Vec<RouteSettings>,
}

/// Where we listen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listener {
    /// The address, `0.0.0.0:8443`.
    pub address: Option<String>,
    /// Whether it speaks TLS itself.
    pub tls: Option<bool>,
    /// Whose `X-Forwarded-*` are believed.
    pub trusted_proxies: Option<Vec<String>>,
    /// The certificate it shows.
    pub certificate: Option<Certificate>,
    /// The hosts of `public_url` that the certificate is not for.
    pub uncovered_hosts: Vec<String>,
    /// How many replicas serve the same hosts.
    pub replicas: Option<usize>,
}

/// What a secret looks like; the secret itself is never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretShape {
    /// A GUID in its usual form.
    pub is_guid: bool,
    /// White space or a line break at its beginning, end or inside.
    pub has_white_space: bool,
    /// In quotation marks.
    pub is_quoted: bool,
    /// A word that stands for a secret in instructions: `<your secret>`, `changeme`.
    pub is_placeholder: bool,
    /// Its length in bytes.
    pub length: usize,
}

/// What instructions write in the place of a secret, in lower case and without what separates words.
const STAND_INS: [&str; 14] = [
    "secret",
    "mysecret",
    "yoursecret",
    "clientsecret",
    "yourclientsecret",
    "yourclientsecrethere",
    "clientsecretvalue",
    "changeme",
    "changethis",
    "replaceme",
    "password",
    "placeholder",
    "todo",
    "tobedone",
];

/// Whether a text stands for a secret and is none.
fn is_placeholder(secret: &str) -> bool {
    let within = |open, close| secret.starts_with(open) && secret.ends_with(close);
    let word: String = secret
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|char| char.to_ascii_lowercase())
        .collect();
    let same = secret.len() > 2
        && secret
            .bytes()
            .all(|byte| matches!(byte, b'x' | b'X' | b'*' | b'.' | b'-'));
    within('<', '>') && secret.len() > 2
        || within('{', '}') && secret.len() > 2
        || same
        || STAND_INS.contains(&word.as_str())
}

impl SecretShape {
    /// The shape of a secret as it stands in the file, before anything is trimmed.
    pub fn of(secret: &str) -> Self {
        let trimmed = secret.trim();
        Self {
            is_guid: TenantId::parse(trimmed).is_some(),
            has_white_space: secret.contains(char::is_whitespace),
            is_quoted: trimmed.len() > 1 && trimmed.starts_with(['"', '\'']),
            is_placeholder: is_placeholder(trimmed.trim_matches(['"', '\''])),
            length: secret.len(),
        }
    }
}

/// The provider and our registration there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderSettings {
    /// NAME of `[provider.NAME]`.
    pub name: Option<String>,
    /// `issuer`.
    pub issuer: Option<String>,
    /// `metadata_url`.
    pub metadata_url: Option<String>,
    /// Which product it is, where `kind` says so.
    pub product: Option<Product>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// The client secret's shape.
    pub secret: Option<SecretShape>,
    /// Where the configuration says that the secret is: `env:NAME` or `file:PATH`. For the operator alone.
    pub secret_from: Option<String>,
    /// When the secret or certificate ends.
    pub credential_expires_at: Option<UnixTime>,
    /// Whether a certificate or key signs our assertions.
    pub certificate: Option<bool>,
    /// Whether a federated token authenticates us.
    pub federated: Option<bool>,
    /// `client_secret_basic`, `client_secret_post`, `private_key_jwt`, `none`; several if several
    /// are sent.
    pub authentication_methods: Vec<String>,
    /// `scopes`, one item each as written in the file, with what routes add to them.
    pub scopes: Option<Vec<String>>,
    /// The same without what routes add, where that is known.
    pub own_scopes: Option<Vec<String>>,
    /// `response_mode`.
    pub response_mode: Option<String>,
    /// `response_type`.
    pub response_type: Option<String>,
    /// Further parameters of the authorization request.
    pub authorization_parameters: Vec<(String, String)>,
    /// The tenants that may sign in; empty is no list.
    pub tenants: Option<Vec<String>>,
    /// The user-info endpoint is called.
    pub user_info: Option<bool>,
    /// Whether Microsoft Graph is asked for groups with permissions of our own; `None` if it is not asked.
    pub graph_application: Option<bool>,
    /// The introspection endpoint, where one is configured.
    pub introspection_url: Option<String>,
    /// The token endpoint, where one is configured by hand.
    pub token_url: Option<String>,
    /// Whether PKCE is left to what the metadata advertises.
    pub pkce_only_if_advertised: Option<bool>,
}

impl ProviderSettings {
    /// One of the further parameters of the authorization request.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.authorization_parameters
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a scope is asked for.
    pub fn asks_for(&self, scope: &str) -> Option<bool> {
        Some(self.scopes.as_ref()?.iter().any(|found| found == scope))
    }

    /// The address of the authority: `issuer`, or `metadata_url`.
    pub fn authority(&self) -> Option<&str> {
        self.issuer.as_deref().or(self.metadata_url.as_deref())
    }
}

/// Where sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Store {
    /// In memory.
    Memory,
    /// In a file.
    File,
    /// In the cookie.
    Cookie,
    /// In Valkey or Redis.
    Redis,
}

/// `SameSite` of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// `Strict`.
    Strict,
    /// `Lax`.
    Lax,
    /// `None`.
    None,
}

/// Sessions and cookies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionSettings {
    /// Where sessions live.
    pub store: Option<Store>,
    /// The session cookie's whole name, prefix included.
    pub cookie_name: Option<String>,
    /// Its `Domain`.
    pub cookie_domain: Option<String>,
    /// Its `Path`.
    pub cookie_path: Option<String>,
    /// Whether it is `Secure`.
    pub secure: Option<bool>,
    /// Its `SameSite`.
    pub same_site: Option<SameSite>,
    /// `SameSite` of the cookie that remembers a sign-in under way.
    pub pending_same_site: Option<SameSite>,
    /// Whether one cookie serves all sign-ins under way.
    pub one_pending_cookie: Option<bool>,
    /// How long a session lasts.
    pub lifetime: Option<Duration>,
    /// How long it lasts unused.
    pub idle: Option<Duration>,
    /// Whether it ends with the ID token.
    pub ends_with_id_token: Option<bool>,
    /// Whether all replicas have the same keys.
    pub shared_keys: Option<bool>,
    /// Whether sign-out also goes to the provider.
    pub sign_out_at_provider: Option<bool>,
}

/// What token a route passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskedToken {
    /// None.
    None,
    /// The sign-in's own access token.
    SignIn,
    /// One of the route's own, for this scope.
    Scope(String),
    /// The ID token.
    IdToken,
}

/// A rule on a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimRule {
    /// The claim: `groups`, `roles`, `scp`, …
    pub claim: String,
    /// Values it accepts.
    pub values: Vec<String>,
}

impl ClaimRule {
    /// A rule on this claim.
    pub fn new(claim: impl Into<String>, values: impl IntoIterator<Item = String>) -> Self {
        Self {
            claim: claim.into(),
            values: values.into_iter().collect(),
        }
    }
}

/// A route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteSettings {
    /// Its name.
    pub name: Option<String>,
    /// Its host, if it has one of its own.
    pub host: Option<String>,
    /// Its path.
    pub path: Option<String>,
    /// The upstream's URL.
    pub upstream: Option<String>,
    /// The file of authorities its certificate may be from, where one is named.
    pub upstream_ca: Option<String>,
    /// Apache's `ProxyPassReverse` path, where it differs from `path`.
    pub reverse_path: Option<String>,
    /// Whether the path's prefix stays.
    pub keep_prefix: Option<bool>,
    /// Whether anybody may use it.
    pub public: Option<bool>,
    /// The rules on claims.
    pub rules: Vec<ClaimRule>,
    /// What a person who is signed in and not allowed meets: true is sign-in again.
    pub forbidden_signs_in: Option<bool>,
    /// The token it passes on.
    pub token: Option<AskedToken>,
    /// The claims the user's name comes from, in order.
    pub user_claims: Vec<String>,
    /// The claims passed on in headers.
    pub header_claims: Vec<String>,
    /// The names of the headers set for the upstream.
    pub header_names: Vec<String>,
    /// The header the access token goes in.
    pub token_header: Option<String>,
    /// The most header bytes the upstream takes.
    pub upstream_header_limit_bytes: Option<usize>,
    /// Whether the browser's cookies of ours are passed on.
    pub passes_own_cookies: Option<bool>,
    /// Whether the browser's `Origin` goes to the token endpoint.
    pub passes_origin: Option<bool>,
}

//! Holds everything a diagnosis can be made from: plain, neutral data, every part optional.
//!
//! Whoever has evidence converts to it: the program from a file or pasted text, the proxy from what
//! it meets, an API from its own settings. More evidence makes better findings. No secret is kept:
//! a secret becomes its [`SecretShape`], a token what can be read of it.
//!
//! | part | file |
//! |---|---|
//! | settings: provider, session, routes, listener | `settings` |
//! | tokens, and what the API expects of them | `token` |
//! | JWTs that are made for other places | `kind` |
//! | what the provider publishes and answers | `provider` |
//! | which product the provider is | `product` |
//! | a certificate that was not believed | `certificate` |
//! | the callback, heads of requests and answers, what was tried | `http` |

mod certificate;
mod http;
mod kind;
mod product;
pub(crate) use product::{host_of, port_of};
mod provider;
mod settings;
mod token;

pub use certificate::Certificate;
pub use http::{
    Callback, Carried, Cookie, Counts, Head, Header, NoTunnel, Parameter, Pending, Probe,
    ProbeOutcome, ProbeTarget,
};
pub use kind::OtherJwt;
pub use product::Product;
pub use provider::{Asked, Grant, Key, Keys, Metadata, ProviderError, TokenResponse};
pub use settings::{
    AskedToken, ClaimRule, Listener, Origin, ProviderSettings, RouteSettings, SameSite,
    SecretShape, SessionSettings, Settings, Store,
};
pub use token::{Api, Failure, Role, Token};

use vestibule_oidc::time::UnixTime;

use crate::text::{Found, Saying};

/// What is known. `Evidence::default()` is nothing; fill in what there is.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Evidence {
    /// The time.
    pub now: Option<UnixTime>,
    /// The provider's time, from the `Date` of an answer received at `now`.
    pub provider_time: Option<UnixTime>,
    /// The path or name of the route this is about.
    pub route: Option<String>,
    /// The configuration.
    pub settings: Option<Settings>,
    /// What the API behind the route expects of its tokens.
    pub api: Option<Api>,
    /// The provider's metadata document.
    pub metadata: Option<Metadata>,
    /// The provider's keys.
    pub keys: Option<Keys>,
    /// The access token, or whatever token was handed in.
    pub token: Option<Token>,
    /// The ID token.
    pub id_token: Option<Token>,
    /// The assertion we authenticate at the provider with: our own, or a federated one.
    pub client_assertion: Option<Token>,
    /// The token endpoint's answer.
    pub token_response: Option<TokenResponse>,
    /// The user-info endpoint's answer: its subject.
    pub user_info_subject: Option<String>,
    /// An error the provider sent or showed.
    pub provider_error: Option<ProviderError>,
    /// What the browser brought back.
    pub callback: Option<Callback>,
    /// The browser's or client's request.
    pub request: Option<Head>,
    /// Our own answer to it.
    pub response: Option<Head>,
    /// The request as sent to the upstream.
    pub upstream_request: Option<Head>,
    /// The upstream's answer.
    pub upstream_response: Option<Head>,
    /// A session that a browser was to carry and that is too large.
    pub carried: Option<Carried>,
    /// How often things happened lately.
    pub counts: Counts,
    /// What was tried on the network, and what came of it.
    pub probes: Vec<Probe>,
    /// What was found in pasted text.
    pub text: Option<Found>,
}

impl Evidence {
    /// The evidence of a token alone.
    pub fn of_token(token: &str) -> Self {
        Self {
            token: Some(Token::of(token)),
            ..Self::default()
        }
    }

    /// The evidence of pasted text: an error page, a log line, a callback's URL, an answer of the
    /// token endpoint, a token.
    pub fn of_text(text: &str) -> Self {
        let found = crate::text::read(text);
        let claimed = &found.claimed;
        let token = found.access_token().or(found.tokens.first()).cloned();
        let expects =
            !claimed.expected_audiences.is_empty() || !claimed.expected_issuers.is_empty();
        let api = (expects && !claimed.is_of_metadata).then(|| Api {
            name: claimed.expected_audiences.first().cloned(),
            audiences: claimed.expected_audiences.clone(),
            issuers: claimed.expected_issuers.clone(),
            ..Api::default()
        });
        let metadata = claimed.issuer.as_ref().filter(|_| claimed.is_of_metadata);
        let metadata = metadata.map(|issuer| Metadata {
            members: std::iter::once(("issuer".to_owned(), issuer.as_str().into())).collect(),
            ..Metadata::default()
        });
        let origin = match () {
            () if found.is_apache() => Some(Origin::Apache),
            () if found.is_oauth2_proxy() => Some(Origin::OAuth2Proxy),
            () => None,
        };
        let provider = metadata.is_some().then(|| ProviderSettings {
            issuer: claimed.expected_issuers.first().cloned(),
            ..ProviderSettings::default()
        });
        Self {
            id_token: found.access_token().and(found.id_token()).cloned(),
            token: token.or_else(|| claimed.token()),
            api,
            metadata,
            provider_error: found.error.clone(),
            callback: found.callback.clone(),
            token_response: found.token_response.clone(),
            upstream_response: found.refusal.clone(),
            probes: found.probe().into_iter().collect(),
            settings: (origin.is_some() || provider.is_some()).then(|| Settings {
                origin,
                provider,
                ..Settings::default()
            }),
            text: Some(found),
            ..Self::default()
        }
    }

    /// The settings of the provider.
    pub fn provider(&self) -> Option<&ProviderSettings> {
        self.settings.as_ref()?.provider.as_ref()
    }

    /// The settings of the route this is about: the named one, or the only one.
    pub fn route_settings(&self) -> Option<&RouteSettings> {
        let routes = &self.settings.as_ref()?.routes;
        match (&self.route, routes.as_slice()) {
            (Some(name), _) => routes.iter().find(|route| {
                route.name.as_ref() == Some(name) || route.path.as_ref() == Some(name)
            }),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Whether the configuration came from Apache, so that its directives help more than our keys.
    pub fn from_apache(&self) -> bool {
        self.settings
            .as_ref()
            .is_some_and(|settings| settings.origin == Some(Origin::Apache))
    }

    /// The scopes asked for: of the settings, or of the request the token came from.
    pub fn scopes(&self) -> Option<&[String]> {
        let asked = || self.token_response.as_ref()?.asked.scopes.as_deref();
        self.provider()
            .and_then(|provider| provider.scopes.as_deref())
            .or_else(asked)
    }

    /// Every `AADSTS` number at hand: of the provider's error and of pasted text.
    pub fn aadsts(&self) -> impl Iterator<Item = u32> + '_ {
        let error = self.provider_error.iter().flat_map(|error| &error.aadsts);
        let text = self.text.iter().flat_map(|text| &text.aadsts);
        error.chain(text).copied()
    }

    /// Whether one of these `AADSTS` numbers is at hand.
    pub fn has_aadsts(&self, numbers: &[u32]) -> bool {
        self.aadsts().any(|number| numbers.contains(&number))
    }

    /// Whether this code of a library or another provider is at hand, as `IDX10214` or
    /// `AADB2C90118`.
    pub fn has_code(&self, code: &str) -> bool {
        let error = self.provider_error.iter().flat_map(|error| &error.codes);
        let text = self.text.iter().flat_map(|text| &text.codes);
        error.chain(text).any(|found| found == code)
    }

    /// Whether pasted text or the provider's description says this, whatever the case.
    pub fn says(&self, words: &str) -> bool {
        let lower = words.to_ascii_lowercase();
        let described = |error: &ProviderError| {
            error
                .description
                .as_ref()
                .is_some_and(|text| text.to_ascii_lowercase().contains(&lower))
        };
        self.text.as_ref().is_some_and(|text| text.says(words))
            || self.provider_error.as_ref().is_some_and(described)
    }

    /// Whether pasted text has a known phrase of this meaning.
    pub fn heard(&self, saying: Saying) -> bool {
        self.text
            .as_ref()
            .is_some_and(|text| text.sayings.contains(&saying))
    }

    /// How far our clock is ahead of the provider's, in seconds; negative when it is behind.
    pub fn clock_ahead_secs(&self) -> Option<i64> {
        let (now, theirs) = (self.now?, self.provider_time?);
        Some(now.as_secs().saturating_sub(theirs.as_secs()))
    }

    /// What is known of the API the token should be for: its App ID URI, or its id.
    pub fn api_name(&self) -> Option<&str> {
        self.api.as_ref()?.name.as_deref()
    }

    /// How the access token is called in a sentence.
    pub fn subject(&self) -> String {
        let kind = match self.token.as_ref().map(|token| token.role) {
            Some(Role::Unknown) => "The token",
            Some(Role::Id) => "The ID token",
            _ => "The access token",
        };
        match &self.route {
            Some(route) => format!("{kind} for {route}"),
            None => kind.to_owned(),
        }
    }

    /// Which product the provider is, from its settings, its metadata, or the token's issuer.
    pub fn product(&self) -> Option<Product> {
        let provider = self.provider();
        let configured = provider.and_then(|provider| provider.product);
        let metadata = self.metadata.as_ref();
        configured
            .or_else(|| Product::of_url(metadata?.text("issuer")?))
            .or_else(|| Product::of_url(metadata?.url.as_deref()?))
            .or_else(|| Product::of_url(provider?.issuer.as_deref()?))
            .or_else(|| Product::of_url(provider?.metadata_url.as_deref()?))
            .or_else(|| self.token.as_ref()?.product())
            .or_else(|| self.id_token.as_ref()?.product())
    }

    /// Which product made the token; where that does not show, the provider's.
    pub fn maker(&self) -> Option<Product> {
        let own = self.token.as_ref().and_then(Token::product);
        own.or_else(|| self.product())
    }

    /// Whether an ID token is Entra's: as it shows itself, or where it does not, as the provider is.
    pub(crate) fn is_entras(&self, id_token: &Token) -> bool {
        let product = id_token.product().or_else(|| self.product());
        id_token.is_entra() || product.is_some_and(Product::is_entra)
    }

    /// Whether the provider is Microsoft Entra ID in one of its forms.
    pub fn is_entra(&self) -> bool {
        self.product().is_some_and(Product::is_entra)
    }
}

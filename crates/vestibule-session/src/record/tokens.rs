//! The token set: access tokens by what they are for, all got with one refresh token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::TokenResponse;

/// What an access token is for: a resource indicator (RFC 8707), if one was sent, and the scopes.
///
/// Scopes are a set: order and repetition make no difference (RFC 6749 §3.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey {
    resource: Option<String>,
    scopes: Vec<String>,
}

impl ResourceKey {
    /// What a request for this `resource` and this space-separated `scope` asks for.
    #[must_use]
    pub fn new(resource: Option<&str>, scope: &str) -> Self {
        let mut scopes: Vec<String> = scope.split_ascii_whitespace().map(str::to_owned).collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self {
            resource: resource.map(str::to_owned),
            scopes,
        }
    }

    /// The resource indicator.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// The scopes, sorted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }

    /// The scopes as a `scope` parameter.
    #[must_use]
    pub fn scope(&self) -> String {
        self.scopes.join(" ")
    }
}

/// One bearer token (RFC 6750) and what the provider said about it. Other types are refused before.
///
/// Cheap to clone: each request takes one along, and none of them a copy of the secret.
#[derive(Clone)]
pub struct AccessToken(Arc<Granted>);

pub(super) struct Granted {
    pub(super) token: Secret,
    pub(super) received_at: UnixTime,
    pub(super) expires_at: Option<UnixTime>,
    pub(super) scope: Option<String>,
}

impl From<Granted> for AccessToken {
    fn from(granted: Granted) -> Self {
        Self(Arc::new(granted))
    }
}

impl AccessToken {
    pub(super) fn received(tokens: &TokenResponse, now: UnixTime) -> Option<Self> {
        let granted = Granted {
            token: tokens.access_token()?.clone(),
            received_at: now,
            expires_at: tokens.expires_in().map(|lasts| now + lasts),
            scope: tokens.scope().map(str::to_owned),
        };
        Some(granted.into())
    }

    /// The token, for the upstream that is due it.
    #[must_use]
    pub fn token(&self) -> &Secret {
        &self.0.token
    }

    /// Whether both are one token in memory. Two that are may still be equal.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// When it was received.
    #[must_use]
    pub fn received_at(&self) -> UnixTime {
        self.0.received_at
    }

    /// When it expires, if the provider said so (`expires_in`).
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.0.expires_at
    }

    /// The granted scope as the provider wrote it; `None` means: what was asked for.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    /// Whether it has expired. A token whose end nobody told has not.
    #[must_use]
    pub fn has_expired(&self, now: UnixTime) -> bool {
        self.0
            .expires_at
            .is_some_and(|expires_at| now >= expires_at)
    }

    /// Whether less than `margin` of its life is left, or less than half of it when it lives
    /// shorter than two margins: time to get the next one while this one still works.
    #[must_use]
    pub fn refresh_due(&self, margin: Duration, now: UnixTime) -> bool {
        self.0.expires_at.is_some_and(|expires_at| {
            let margin = margin.min(expires_at.since(self.0.received_at) / 2);
            now + margin >= expires_at
        })
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}

/// The access tokens of a session.
#[derive(Clone, Debug)]
pub struct TokenSet {
    pub(super) sign_in: ResourceKey,
    pub(super) held: Vec<(ResourceKey, AccessToken)>,
}

impl TokenSet {
    pub(super) fn of_sign_in(key: ResourceKey, token: Option<AccessToken>) -> Self {
        let held = token
            .map(|token| (key.clone(), token))
            .into_iter()
            .collect();
        Self { sign_in: key, held }
    }

    /// What the sign-in asked for.
    #[must_use]
    pub fn sign_in_key(&self) -> &ResourceKey {
        &self.sign_in
    }

    /// The sign-in's own access token, if the provider gave one.
    #[must_use]
    pub fn sign_in(&self) -> Option<&AccessToken> {
        self.find(&self.sign_in)
    }

    /// The access token for this resource and these scopes.
    #[must_use]
    pub fn find(&self, key: &ResourceKey) -> Option<&AccessToken> {
        self.iter()
            .find_map(|(held, token)| (held == key).then_some(token))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&ResourceKey, &AccessToken)> {
        self.held.iter().map(|(key, token)| (key, token))
    }

    pub(super) fn put(&mut self, key: ResourceKey, token: AccessToken) {
        match self.held.iter_mut().find(|(held, _)| *held == key) {
            Some((_, held)) => *held = token,
            None => self.held.push((key, token)),
        }
    }

    /// Puts an expired token without text in place of those that `chosen` says, told whether it is the
    /// sign-in's own.
    pub(super) fn spend(&mut self, chosen: impl Fn(bool) -> bool) {
        for (key, token) in &mut self.held {
            if chosen(*key == self.sign_in) {
                let spent = Granted {
                    token: Secret::from(""),
                    received_at: token.received_at(),
                    expires_at: Some(token.received_at()),
                    scope: token.scope().map(str::to_owned),
                };
                *token = spent.into();
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.iter()
            .map(|(key, token)| {
                size_of::<(ResourceKey, AccessToken)>()
                    + key.resource.as_ref().map_or(0, String::len)
                    + key
                        .scopes
                        .iter()
                        .map(|s| s.len() + size_of::<String>())
                        .sum::<usize>()
                    + token.token().expose().len()
                    + token.scope().map_or(0, str::len)
            })
            .sum()
    }
}

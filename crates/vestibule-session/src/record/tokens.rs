//! The token set: access tokens by what they are for, all got with one refresh token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::TokenResponse;

use super::memory::BLOCK_BYTES;

/// A token whose end nobody told is renewed at this age. It works on meanwhile.
pub const RENEWAL_AGE: Duration = Duration::from_secs(30 * 60);

/// So many tokens a session holds. Routes that need more at once are fetched for again and again.
const MOST: usize = 32;

/// What an access token is for, everything that it was asked for with: a resource indicator
/// (RFC 8707) and a provider's own `audience` parameter, if they were sent, and the scopes.
///
/// Scopes are a set: order and repetition make no difference (RFC 6749 §3.3).
///
/// Cheap to clone: a session has each in more than one place, and sessions of one sign-in's settings the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey(Arc<Asked>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Asked {
    resource: Option<String>,
    audience: Option<String>,
    scopes: Vec<String>,
}

impl ResourceKey {
    /// What a request for this `resource` and this space-separated `scope` asks for.
    #[must_use]
    pub fn new(resource: Option<&str>, scope: &str) -> Self {
        let mut scopes: Vec<String> = scope.split_ascii_whitespace().map(str::to_owned).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes.shrink_to_fit();
        Self(Arc::new(Asked {
            resource: resource.map(str::to_owned),
            audience: None,
            scopes,
        }))
    }

    /// The same, asked for with this `audience` parameter.
    #[must_use]
    pub fn with_audience(mut self, audience: Option<&str>) -> Self {
        Arc::make_mut(&mut self.0).audience = audience.map(str::to_owned);
        self
    }

    /// The `audience` parameter, which some providers have instead of a resource indicator.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.0.audience.as_deref()
    }

    /// Whether who asks for this gets what `other` asks for, and more scopes.
    #[must_use]
    pub fn is_wider_than(&self, other: &Self) -> bool {
        let (own, other) = (&*self.0, &*other.0);
        own.resource == other.resource
            && own.audience == other.audience
            && own.scopes.len() > other.scopes.len()
            && other.scopes.iter().all(|scope| own.scopes.contains(scope))
    }

    /// The resource indicator.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.0.resource.as_deref()
    }

    /// The scopes, sorted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scopes.iter().map(String::as_str)
    }

    /// The scopes as a `scope` parameter.
    #[must_use]
    pub fn scope(&self) -> String {
        self.0.scopes.join(" ")
    }

    fn memory_bytes(&self) -> usize {
        let named = [self.resource(), self.audience()];
        let texts = named.into_iter().flatten().chain(self.scopes());
        let texts = texts.map(|text| text.len() + size_of::<String>() + BLOCK_BYTES);
        size_of::<Asked>() + 2 * BLOCK_BYTES + texts.sum::<usize>()
    }

    /// Whether both are one key in memory. Two that are may still be equal.
    #[cfg(test)]
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
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

    fn memory_bytes(&self) -> usize {
        let texts = [Some(self.token().expose().as_str()), self.scope()];
        let texts = texts.into_iter().flatten();
        let texts = texts.map(|text| text.len() + BLOCK_BYTES);
        size_of::<Granted>() + 2 * BLOCK_BYTES + texts.sum::<usize>()
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

    /// Whether it is time to get the next one while this one still works: [`AccessToken::due_at`]
    /// has come.
    #[must_use]
    pub fn refresh_due(&self, margin: Duration, jitter: u8, now: UnixTime) -> bool {
        now >= self.due_at(margin, jitter)
    }

    /// When it is time to get the next one: less than `margin` of its life is left then, or less
    /// than half of it when it lives shorter than two margins. One whose end nobody told is taken
    /// to end at [`RENEWAL_AGE`].
    ///
    /// `jitter` makes that up to half a margin earlier, so that sessions that began together are
    /// not renewed together.
    #[must_use]
    pub fn due_at(&self, margin: Duration, jitter: u8) -> UnixTime {
        let received_at = self.0.received_at.as_secs();
        let margin = i64::try_from(margin.as_secs()).unwrap_or(i64::MAX);
        let (end, margin) = match self.0.expires_at {
            Some(expires_at) => {
                let end = expires_at.as_secs();
                (end, margin.min(end.saturating_sub(received_at) / 2))
            }
            None => (
                received_at.saturating_add(RENEWAL_AGE.as_secs() as i64),
                margin,
            ),
        };
        let earlier = margin.saturating_mul(i64::from(jitter)) / 512;
        UnixTime::from_secs(end.saturating_sub(margin).saturating_sub(earlier))
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
    /// One in which the sign-in's own token is missing.
    pub(super) fn without_own(key: ResourceKey) -> Self {
        Self {
            sign_in: key,
            held: Vec::new(),
        }
    }

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
        self.locate(key).map(|(_, token)| token)
    }

    /// The same, and its place among the others.
    #[must_use]
    pub fn locate(&self, key: &ResourceKey) -> Option<(usize, &AccessToken)> {
        let mut held = self.held.iter().enumerate();
        held.find_map(|(at, (held, token))| (held == key).then_some((at, token)))
    }

    /// Whether the provider has given none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&ResourceKey, &AccessToken)> {
        self.held.iter().map(|(key, token)| (key, token))
    }

    /// Holds a token in place of the one with this key. Others that have expired go: what a
    /// configuration no longer asks for would stay for ever.
    pub(super) fn put(&mut self, key: ResourceKey, token: AccessToken, now: UnixTime) {
        let own = &self.sign_in;
        self.held
            .retain(|(held, token)| held == own || *held == key || !token.has_expired(now));
        match self.held.iter_mut().find(|(held, _)| *held == key) {
            Some((_, held)) => *held = token,
            None => self.held.push((key, token)),
        }
        if self.held.len() > MOST {
            let others = self.held.iter().enumerate();
            let oldest = others
                .filter(|(_, (held, _))| held != own)
                .min_by_key(|(_, (_, token))| token.received_at());
            if let Some(at) = oldest.map(|(at, _)| at) {
                self.held.remove(at);
            }
        }
    }

    /// Takes over what an earlier session of the same person holds and can still use, except the
    /// token for `without`.
    pub(super) fn take_over(
        &mut self,
        before: &Self,
        without: Option<&ResourceKey>,
        now: UnixTime,
    ) {
        for (key, token) in before.iter() {
            if !token.has_expired(now) && Some(key) != without && self.find(key).is_none() {
                self.put(key.clone(), token.clone(), now);
            }
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
                    // Whatever a clock says: it has.
                    expires_at: Some(UnixTime(0)),
                    scope: token.scope().map(str::to_owned),
                };
                *token = spent.into();
            }
        }
    }

    /// Takes no more room than it needs, and has the sign-in's key once.
    pub(super) fn fit(&mut self) {
        self.held.shrink_to_fit();
        for (key, _) in &mut self.held {
            if *key == self.sign_in {
                *key = self.sign_in.clone();
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let each = self.iter().map(|(key, token)| {
            let pair = size_of::<(ResourceKey, AccessToken)>();
            pair + key.memory_bytes() + token.memory_bytes()
        });
        each.sum()
    }
}

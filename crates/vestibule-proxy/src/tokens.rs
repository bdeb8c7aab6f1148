//! The access token a route's upstream gets: from the session, else by one refresh.
//!
//! | the session's token | what happens |
//! |---|---|
//! | fresh | it is used |
//! | still valid, but not for long | it is used, and a refresh starts beside it |
//! | expired, or never fetched | everybody waits for the one refresh of this session |
//!
//! A session has one refresh token and an access token for each thing that routes ask for: a
//! [`ResourceKey`] with resource, audience and scopes. A token goes only to routes that ask for just
//! that today. Only requests that are authorized already come here, so none is fetched for anybody
//! who may not use it; and what rules go by is decided before, never by a token fetched here.
//!
//! Only a provider that says the grant itself is over ends a session; one that is slow, down or
//! broken never does, and neither does one that refuses the token of one more resource.

mod anew;
mod error;
mod flight;
mod pilot;
mod unstored;

use std::sync::Arc;
use std::time::Duration;

use vestibule_gate::authorize::Authorized;
use vestibule_gate::headers::Token;
use vestibule_gate::route::TokenChoice;
use vestibule_gate::rule::Requirement;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::{AccessToken, AskAnew, Record, ResourceKey};
use vestibule_session::store::Stored;

use crate::plan::Plan;
use crate::provider::Provider;
use crate::shared::Shared;

pub(crate) use anew::ask as ask_anew;
pub use error::TokensError;
pub use flight::Flights;
pub(crate) use unstored::Granted;

use flight::Patience;

/// A token is refreshed when less than this is left of its life, or up to half as much more.
const MARGIN: Duration = Duration::from_secs(60);

/// An access token on its way to the upstream that is due it.
#[derive(Debug, Clone)]
pub struct RouteToken(AccessToken);

impl RouteToken {
    /// The token as the header plan wants it.
    #[must_use]
    pub fn view(&self) -> Token<'_> {
        Token::of(&self.0)
    }

    /// Whether it is the very same token, from the same answer of the provider.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.is(&other.0)
    }
}

/// What there is for a route.
#[derive(Debug)]
pub enum Found {
    /// The token, or none where the route passes none on or the provider gave none.
    AtHand(Option<RouteToken>),
    /// What rules go by was old, and is known anew: what was decided is to be decided again, and the
    /// token to be looked for after that.
    AskedAnew(Arc<Stored>),
    /// The session was refreshed for it and is another one now, with the token in it: claims and
    /// groups may have changed, so what was decided on the old one is to be decided again.
    Renewed(Arc<Stored>),
}

/// The token for the upstream of an authorized request, if its route passes one on and the provider
/// gave one.
///
/// # Errors
///
/// [`TokensError`] when there is none that is valid and none can be had now.
pub async fn for_route(
    shared: &Arc<Shared>,
    plan: &Plan,
    authorized: &Authorized<'_>,
    key: Option<&StoreKey>,
    now: UnixTime,
) -> Result<Found, TokensError> {
    let (Some(stored), Some(key)) = (authorized.session(), key) else {
        return Ok(Found::AtHand(None));
    };
    let route = authorized.matched().route();
    if anew::due(stored.record(), key, now) != AskAnew::NotYet {
        let by_rule = matches!(route.require, Requirement::Rules(_));
        let asked = ask_anew(shared, plan, stored, *key, now, by_rule);
        if let Some(stored) = Box::pin(asked).await? {
            return Ok(Found::AskedAnew(stored));
        }
    }
    let choice = &route.access_token;
    if *choice == TokenChoice::None {
        return Ok(Found::AtHand(None));
    }
    let provider = plan
        .provider(stored.record().provider())
        .ok_or(TokensError::ProviderUnknown)?;
    let wanted = wanted(choice, provider);
    match stored.record().tokens().locate(wanted) {
        Some((at, held)) if !held.refresh_due(MARGIN, jitter(key, at), now) => {
            Ok(Found::AtHand(Some(RouteToken(held.clone()))))
        }
        // Seldom, and not to make every request's future larger.
        held => {
            let held = held.map(|(_, held)| held);
            let errand = Errand {
                shared,
                provider,
                key,
                wanted,
                now,
            };
            let found = Box::pin(errand.run(stored.record(), held)).await;
            found.map_err(|error| error.unless_in_vain(stored.record(), wanted))
        }
    }
}

/// The token that a session was renewed for, as it came: a lifetime of nothing is no reason to ask
/// again and again.
pub(crate) fn of_renewed(plan: &Plan, authorized: &Authorized<'_>) -> Option<RouteToken> {
    let record = authorized.session()?.record();
    let choice = &authorized.matched().route().access_token;
    let wanted = wanted(choice, plan.provider(record.provider())?);
    let token = record.tokens().find(wanted)?;
    (*choice != TokenChoice::None).then(|| RouteToken(token.clone()))
}

/// What this choice asks this provider for.
fn wanted<'k>(choice: &'k TokenChoice, provider: &'k Provider) -> &'k ResourceKey {
    match choice {
        TokenChoice::Resource(key) => key,
        TokenChoice::SignIn | TokenChoice::None => provider.asked_for(),
    }
}

/// A number that differs between sessions and between the tokens of one: their keys are hashes.
fn jitter(key: &StoreKey, at: usize) -> u8 {
    let bytes = key.as_bytes();
    bytes.get(at % bytes.len()).copied().unwrap_or_default()
}

/// When each access token of a session is due to be renewed, in the order of the set: by whichever
/// request needs it first from then on.
pub(crate) fn due_times(key: &StoreKey, record: &Record) -> impl Iterator<Item = UnixTime> {
    let tokens = record.tokens().iter().enumerate();
    tokens.map(|(at, (_, token))| token.due_at(MARGIN, jitter(key, at)))
}

/// One request's need of a token that is not simply at hand.
struct Errand<'e> {
    shared: &'e Arc<Shared>,
    provider: &'e Arc<Provider>,
    key: &'e StoreKey,
    wanted: &'e ResourceKey,
    now: UnixTime,
}

impl Errand<'_> {
    async fn run(self, record: &Record, held: Option<&AccessToken>) -> Result<Found, TokensError> {
        let renewable = record.refresh_token().is_some();
        if let Some(valid) = held.filter(|held| !held.has_expired(self.now)) {
            // It is good for a while yet: nobody waits for the provider, and nobody suffers from it.
            if renewable {
                let patience = Patience::AheadOfTime;
                let Self {
                    shared,
                    provider,
                    key,
                    wanted,
                    now,
                } = self;
                drop(
                    shared
                        .flights
                        .join(shared, provider, *key, wanted, now, patience),
                );
            }
            return Ok(Found::AtHand(Some(RouteToken(valid.clone()))));
        }
        let own = record.tokens().sign_in_key();
        if held.is_none() && self.wanted == own && record.tokens().is_empty() {
            // Some providers give none unless a scope of an API was asked for.
            return Ok(Found::AtHand(None));
        }
        if !renewable {
            return Err(match held {
                Some(_) => TokensError::Expired,
                None if self.wanted == self.provider.asked_for() => TokensError::AskedOtherwise,
                None => TokensError::NoRefreshToken,
            });
        }
        self.refreshed().await.map(Found::Renewed)
    }

    /// Waits for the refresh that brings the token.
    async fn refreshed(&self) -> Result<Arc<Stored>, TokensError> {
        let Self {
            shared,
            provider,
            key,
            wanted,
            now,
        } = *self;
        loop {
            let patience = Patience::Waiting;
            let flight = shared
                .flights
                .join(shared, provider, *key, wanted, now, patience);
            let serves = flight.is_for(wanted);
            let outcome = flight.landed().await;
            if serves {
                let stored = outcome?;
                return match stored.record().tokens().find(wanted) {
                    Some(_) => Ok(stored),
                    None => Err(TokensError::NotGiven),
                };
            }
            // It was for another token of this session; the grants of one session are taken in turn.
        }
    }
}

/// The session after its sign-in's own tokens were refreshed, because of what only a refresh finds
/// out.
///
/// # Errors
///
/// [`TokensError`] when they could not be.
pub(crate) async fn refresh_sign_in(
    shared: &Arc<Shared>,
    provider: &Arc<Provider>,
    stored: &Stored,
    key: StoreKey,
    now: UnixTime,
) -> Result<Arc<Stored>, TokensError> {
    let wanted = stored.record().tokens().sign_in_key();
    loop {
        let patience = Patience::Waiting;
        let flight = shared
            .flights
            .join(shared, provider, key, wanted, now, patience);
        let serves = flight.is_for(wanted);
        let outcome = flight.landed().await;
        if serves {
            return outcome;
        }
    }
}

/// The session with another token for `wanted` than `old`, however long that would still live.
///
/// # Errors
///
/// [`TokensError`] when none could be had.
pub(crate) async fn renew(
    shared: &Arc<Shared>,
    provider: &Arc<Provider>,
    key: StoreKey,
    wanted: &ResourceKey,
    old: &Secret,
    now: UnixTime,
) -> Result<Arc<Stored>, TokensError> {
    loop {
        let flight = shared
            .flights
            .renew(shared, provider, key, wanted, old, now);
        let (serves, renews) = (flight.is_for(wanted), flight.renews());
        let outcome = flight.landed().await;
        if !serves {
            continue;
        }
        let stored = outcome?;
        let token = stored.record().tokens().find(wanted);
        // One that was under way for those to whom the old one was good enough may have left it.
        if renews || token.is_some_and(|token| token.token() != old) {
            return Ok(stored);
        }
    }
}

#[cfg(test)]
mod tests;

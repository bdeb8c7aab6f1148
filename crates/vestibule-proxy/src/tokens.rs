//! The access token a route's upstream gets: from the session, else by one refresh.
//!
//! | the session's token | what happens |
//! |---|---|
//! | fresh | it is used |
//! | still valid, but not for long | it is used, and a refresh starts beside it |
//! | expired | everybody waits for the one refresh of this session |
//!
//! A token goes only where today's configuration would have asked for it: a session whose sign-in
//! asked for other scopes or another resource has none for any route, and its person signs in again.
//!
//! Only a provider that says the grant itself is over ends a session; one that is slow, down or
//! broken never does.

mod error;
mod flight;
mod pilot;
mod unstored;

use std::sync::Arc;
use std::time::Duration;

use vestibule_gate::authorize::Authorized;
use vestibule_gate::headers::Token;
use vestibule_gate::route::TokenChoice;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::{AccessToken, Record, ResourceKey};

use crate::plan::Plan;
use crate::provider::Provider;
use crate::shared::Shared;

pub use error::TokensError;
pub use flight::Flights;

/// A token is refreshed when less than this is left of its life.
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
) -> Result<Option<RouteToken>, TokensError> {
    let (Some(stored), Some(key)) = (authorized.session(), key) else {
        return Ok(None);
    };
    let wanted = match authorized.matched().route().access_token {
        TokenChoice::None => return Ok(None),
        TokenChoice::SignIn => stored.record().tokens().sign_in_key(),
        TokenChoice::Resource(_) => return Err(TokensError::ResourceUnknown),
    };
    let provider = plan
        .provider(stored.record().provider())
        .ok_or(TokensError::ProviderUnknown)?;
    if *wanted != *provider.asked_for() {
        return Err(TokensError::AskedOtherwise);
    }
    let held = match stored.record().tokens().find(wanted) {
        // Some providers give none unless a scope of an API was asked for.
        None if wanted == stored.record().tokens().sign_in_key() => return Ok(None),
        None => None,
        Some(held) if !held.refresh_due(MARGIN, now) => return Ok(Some(RouteToken(held.clone()))),
        Some(held) => Some(held).filter(|held| !held.has_expired(now)),
    };
    if let Some(held) = held {
        // It is good for a while yet: nobody waits for the provider, and nobody suffers from it.
        if stored.record().refresh_token().is_some() {
            drop(shared.flights.join(shared, provider, *key, wanted, now));
        }
        return Ok(Some(RouteToken(held.clone())));
    }
    if stored.record().refresh_token().is_none() {
        return Err(TokensError::Expired);
    }
    // Seldom, and not to make every request's future larger.
    Box::pin(refreshed(shared, provider, key, wanted, now)).await
}

/// Waits for the refresh that brings the token.
async fn refreshed(
    shared: &Arc<Shared>,
    provider: &Arc<Provider>,
    key: &StoreKey,
    wanted: &ResourceKey,
    now: UnixTime,
) -> Result<Option<RouteToken>, TokensError> {
    loop {
        let flight = shared.flights.join(shared, provider, *key, wanted, now);
        let serves = flight.is_for(wanted);
        let outcome = flight.landed().await;
        if serves {
            return token(outcome?.record(), wanted);
        }
        // It was for another token of this session; the grants of one session are taken in turn.
    }
}

fn token(record: &Record, wanted: &ResourceKey) -> Result<Option<RouteToken>, TokensError> {
    match record.tokens().find(wanted) {
        Some(token) => Ok(Some(RouteToken(token.clone()))),
        None => Err(TokensError::NotGiven),
    }
}

#[cfg(test)]
mod tests;

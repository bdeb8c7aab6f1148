//! Refresh flights: at most one grant per session at a time, however many requests wait for it.
//!
//! | state | joined by | leaves |
//! |---|---|---|
//! | in the air | everybody who wants a token of this session | with its outcome |
//! | landed well | nobody: the session has the new token | at once |
//! | failed | those who come within [`HOLD_OFF`]: they get the failure | after that |
//!
//! A flight runs on the control runtime and belongs to nobody: a browser that hangs up does not
//! stop it, because by then the provider may have given a new refresh token and taken the old one
//! back. That new one is in the store before any of the answer is used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use vestibule_oidc::id_token::{self, IdTokenError, Previous, RefreshExpected, VerifiedIdToken};
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::{Grant, TokenError, TokenRequest, TokenResponse};
use vestibule_oidc::userinfo::{UserInfo, UserInfoError};
use vestibule_session::handle::StoreKey;
use vestibule_session::record::{Record, Refreshed, ResourceKey};
use vestibule_session::store::{Replacement, Store, StoreError, Stored};

use super::{MARGIN, TokensError};
use crate::provider::{Endpoint, Provider, ProviderError};
use crate::shared::Shared;
use crate::signin::{self, SignInError, ask_user_info, resource_parameter};

/// For so long a failed flight answers for those who come after it, so that a provider in trouble is
/// not asked anew by each request.
const HOLD_OFF: Duration = Duration::from_secs(2);

/// How often the new tokens are put into the store before they are given up.
const STORE_ATTEMPTS: u32 = 4;

/// Time between two such attempts.
const STORE_PAUSE: Duration = Duration::from_millis(250);

/// Above so many remembered failures the old ones are cleared away.
const REMEMBERED_FAILURES: usize = 1024;

type Outcome = Result<Arc<Stored>, TokensError>;

/// The refreshes in flight. Outlives plans.
#[derive(Debug, Default)]
pub struct Flights(Mutex<HashMap<StoreKey, Flight>>);

/// A flight somebody waits for.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    wanted: ResourceKey,
    outcome: watch::Receiver<Option<Outcome>>,
    failed_at: Option<Instant>,
}

impl Flight {
    /// Whether it brings the token for `wanted`.
    pub(super) fn is_for(&self, wanted: &ResourceKey) -> bool {
        self.wanted == *wanted
    }

    /// Waits for its outcome.
    pub(super) async fn landed(mut self) -> Outcome {
        match self.outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(TokensError::Interrupted)),
            // The task broke, or the runtime stopped.
            Err(_) => Err(TokensError::Interrupted),
        }
    }

    fn is_joinable(&self) -> bool {
        match self.failed_at {
            Some(at) => at.elapsed() < HOLD_OFF,
            // Without a sender and a result it can't land any more.
            None => self.outcome.has_changed().is_ok() || self.outcome.borrow().is_some(),
        }
    }
}

impl Flights {
    /// The flight of this session, started if there is none.
    pub(super) fn join(
        &self,
        shared: &Arc<Shared>,
        provider: &Arc<Provider>,
        key: StoreKey,
        wanted: &ResourceKey,
        now: UnixTime,
    ) -> Flight {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(&key)
            && flight.is_joinable()
            && (flight.failed_at.is_none() || flight.is_for(wanted))
        {
            return flight.clone();
        }
        if flights.len() > REMEMBERED_FAILURES {
            flights.retain(|_, flight| flight.is_joinable());
        }
        let (land, outcome) = watch::channel(None);
        let flight = Flight {
            wanted: wanted.clone(),
            outcome,
            failed_at: None,
        };
        flights.insert(key, flight.clone());
        drop(flights);
        let pilot = Pilot {
            provider: Arc::clone(provider),
            store: Arc::clone(&shared.store),
            key,
            wanted: wanted.clone(),
            now,
            began: Instant::now(),
        };
        let shared = Arc::clone(shared);
        shared.clone().control.spawn(async move {
            let outcome = pilot.fly(&shared).await;
            shared.flights.close(key, outcome.is_err());
            let _ = land.send(Some(outcome));
        });
        flight
    }

    fn close(&self, key: StoreKey, failed: bool) {
        let mut flights = self.lock();
        if failed {
            if let Some(flight) = flights.get_mut(&key) {
                flight.failed_at = Some(Instant::now());
            }
        } else {
            flights.remove(&key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreKey, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One flight under way.
struct Pilot {
    provider: Arc<Provider>,
    store: Arc<dyn Store>,
    key: StoreKey,
    wanted: ResourceKey,
    now: UnixTime,
    began: Instant,
}

impl Pilot {
    async fn fly(&self, shared: &Shared) -> Outcome {
        // Read again: whoever came before may have brought what is wanted.
        let stored = self
            .store
            .load(&self.key)
            .await?
            .ok_or(TokensError::SessionGone)?;
        let record = stored.record();
        let held = record.tokens().find(&self.wanted);
        if held.is_some_and(|held| !held.refresh_due(MARGIN, self.now())) {
            return Ok(stored);
        }
        let refresh_token = record.refresh_token().ok_or(TokensError::Expired)?;
        let provider = &self.provider;
        let outcome = self.refresh(provider, &stored, refresh_token).await;
        let result = match &outcome {
            Ok(_) => "refreshed",
            Err(error) => error.code(),
        };
        shared.telemetry.metrics.refresh(provider.name(), result);
        if let Err(error) = &outcome {
            tracing::warn!(
                provider = %provider.name(),
                code = error.code(),
                fault = error.fault().as_str(),
                error = %signin::chain(error),
                "a token refresh failed"
            );
            if error.ended_session()
                && let Err(error) = self.store.remove(&self.key).await
            {
                tracing::error!(code = error.code(), %error, "a session that is over could not be removed yet");
            }
        }
        outcome
    }

    async fn refresh(
        &self,
        provider: &Provider,
        stored: &Arc<Stored>,
        refresh_token: &Secret,
    ) -> Outcome {
        let metadata = provider.metadata().await?;
        let tokens = self
            .grant(provider, &metadata, stored.record(), refresh_token)
            .await?;
        let id_token = self
            .verify(provider, &metadata, stored.record(), &tokens)
            .await?;
        // First the new refresh token goes into the store; then anything else may be asked or used.
        let kept = self.keep(stored, &tokens, id_token.as_ref(), None).await?;
        let user_info =
            ask_user_info(provider, &metadata, &tokens, stored.record().subject()).await;
        match user_info {
            Ok(None) => Ok(kept),
            Ok(Some(user_info)) => {
                self.keep(&kept, &tokens, id_token.as_ref(), Some(&user_info))
                    .await
            }
            Err(SignInError::UserInfo(UserInfoError::AnotherSubject)) => {
                Err(TokensError::OtherPerson)
            }
            Err(error) => {
                tracing::warn!(
                    provider = %provider.name(),
                    code = error.code(),
                    error = %signin::chain(&error),
                    "user info could not be asked again; what was known stays"
                );
                Ok(kept)
            }
        }
    }

    async fn grant(
        &self,
        provider: &Provider,
        metadata: &ProviderMetadata,
        record: &Record,
        refresh_token: &Secret,
    ) -> Result<TokenResponse, TokensError> {
        let settings = provider.plan();
        let scopes: Vec<String> = self.wanted.scopes().map(str::to_owned).collect();
        let extra =
            resource_parameter(self.wanted.resource()).map_err(|_| TokensError::ResourceUnknown)?;
        let request = TokenRequest {
            endpoint: metadata.token_endpoint(),
            client_id: &settings.client_id,
            authentication: &settings.client_authentication(metadata),
            grant: Grant::RefreshToken { refresh_token },
            scopes: &scopes,
            extra: &extra,
        };
        let answer = provider.token(request.to_http()).await?;
        TokenResponse::parse(answer.status, answer.content_type.as_deref(), &answer.body)
            .map_err(|error| judge(error, self.wanted == *record.tokens().sign_in_key()))
    }

    /// The ID token of the answer, if there is one: the same person and sign-in as before
    /// (OIDC Core §12.2).
    async fn verify(
        &self,
        provider: &Provider,
        metadata: &ProviderMetadata,
        record: &Record,
        tokens: &TokenResponse,
    ) -> Result<Option<VerifiedIdToken>, TokensError> {
        let Some(raw) = tokens.id_token() else {
            return Ok(None);
        };
        let expected = RefreshExpected {
            client_id: &provider.plan().client_id,
            issuer: metadata.token_issuer(),
            algorithms: &provider.plan().id_token_algorithms,
            access_token: tokens.access_token(),
            skew: provider.plan().clock_skew,
            previous: Previous {
                issuer: record.issuer(),
                subject: record.subject(),
                auth_time: record.auth_time(),
            },
        };
        let verified = match provider.keys().await {
            Ok(keys) => match id_token::verify_refreshed(raw, &keys, &expected, self.now()) {
                Err(error) if error.newer_keys_may_help() => {
                    match provider.newer_keys(&keys).await {
                        Ok(newer) => id_token::verify_refreshed(raw, &newer, &expected, self.now()),
                        Err(_) => Err(error),
                    }
                }
                verified => verified,
            },
            Err(error) => {
                tracing::warn!(code = error.code(), %error, "a refreshed id token could not be verified; the old claims stay");
                return Ok(None);
            }
        };
        match verified {
            Ok(verified) => Ok(Some(verified)),
            Err(
                IdTokenError::Changed { .. }
                | IdTokenError::Issuer(_)
                | IdTokenError::Audience { .. }
                | IdTokenError::AuthorizedParty { .. },
            ) => Err(TokensError::OtherPerson),
            Err(error) => {
                // Nothing is believed that it says. The grant itself was answered, and its new
                // refresh token is the only one that works from here on.
                tracing::warn!(code = error.code(), %error, "a refreshed id token is not valid; the old claims stay");
                Ok(None)
            }
        }
    }

    /// Puts the new tokens into the store. Whoever wrote in the meantime is not overwritten: the
    /// tokens are put on top of what they left.
    async fn keep(
        &self,
        stored: &Arc<Stored>,
        tokens: &TokenResponse,
        id_token: Option<&VerifiedIdToken>,
        userinfo: Option<&UserInfo>,
    ) -> Outcome {
        let mut current = Arc::clone(stored);
        let mut failed: Option<StoreError> = None;
        for attempt in 0..STORE_ATTEMPTS {
            if attempt > 0 && failed.is_some() {
                sleep(STORE_PAUSE).await;
            }
            let refreshed = Refreshed {
                tokens,
                id_token,
                asked_for: self.wanted.clone(),
                userinfo,
                access_token: None,
            };
            let next = current
                .record()
                .with_refreshed_tokens(refreshed, self.now())
                .map_err(|_| TokensError::OtherPerson)?;
            match self.store.replace(&self.key, current.version(), next).await {
                Ok(Replacement::Replaced(kept)) => return Ok(kept),
                Ok(Replacement::Conflict(theirs)) => current = theirs,
                // Signed out while the provider was being asked: that stands.
                Ok(Replacement::Gone) => return Err(TokensError::SessionGone),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.map_or(TokensError::Interrupted, TokensError::Store))
    }

    fn now(&self) -> UnixTime {
        self.now + self.began.elapsed()
    }
}

/// What a refusal of the token endpoint means for the session.
fn judge(error: TokenError, is_sign_in_grant: bool) -> TokensError {
    if error.is_temporary() {
        return TokensError::Provider(ProviderError::Status {
            endpoint: Endpoint::Token,
            status: error
                .refusal()
                .map_or(503, |refusal| refusal.status.max(500)),
        });
    }
    match error.refusal() {
        // Only the sign-in's own grant speaks for the session, and only without a way to mend it.
        Some(refusal) if refusal.ends_grant() && is_sign_in_grant => TokensError::GrantOver,
        Some(refusal)
            if matches!(
                refusal.error.as_str(),
                "invalid_grant" | "interaction_required" | "login_required" | "consent_required"
            ) =>
        {
            TokensError::Interaction(error)
        }
        _ => TokensError::Refused(error),
    }
}

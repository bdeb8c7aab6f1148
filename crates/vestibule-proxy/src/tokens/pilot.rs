//! One refresh under way: the grant, what its answer proves, and the record that comes of it.
//!
//! | step | why in this order |
//! |---|---|
//! | tokens that an earlier flight could not store | the old refresh token must not be sent again |
//! | the grant; refused, a look whether somebody else has renewed it | then theirs is used |
//! | the new refresh token goes into the store | from here on nothing else works, even after a kill |
//! | the ID token, user info | either may wait for the provider, and either may end the session; without proof whose it is, the access token is nobody's |
//! | the access token and the claims go into the store | now they may be used |

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use vestibule_gate::claims::Claims;
use vestibule_oidc::authorization::ExtraParameters;
use vestibule_oidc::id_token::{self, IdTokenError, Previous, RefreshExpected, VerifiedIdToken};
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::{Grant, TokenError, TokenRequest, TokenResponse};
use vestibule_oidc::userinfo::{UserInfo, UserInfoError};
use vestibule_session::claims::ClaimsSet;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::{AskAnew, Groups, Record, Refreshed, ResourceKey};
use vestibule_session::store::{Replacement, Store, StoreError, Stored};

use super::flight::Outcome;
use super::unstored::Granted;
use super::{MARGIN, TokensError, anew, jitter};
use crate::endings::EndReason;
use crate::finding::{self, log_finding};
use crate::groups::{self, Given, Lookup};
use crate::plan::Plan;
use crate::provider::{Endpoint, Provider, ProviderError};
use crate::revocation;
use crate::shared::Shared;
use crate::signin::{self, SignInError, ask_user_info};

/// How often a record is put into the store before its tokens are held instead.
const STORE_ATTEMPTS: u32 = 4;

/// Time between two such attempts.
const STORE_PAUSE: Duration = Duration::from_millis(250);

/// One flight under way.
pub(super) struct Pilot {
    pub(super) provider: Arc<Provider>,
    pub(super) store: Arc<dyn Store>,
    pub(super) key: StoreKey,
    pub(super) wanted: ResourceKey,
    /// The token that is to be replaced, whatever is left of its life.
    pub(super) instead_of: Option<Secret>,
    pub(super) now: UnixTime,
    pub(super) began: Instant,
}

/// How a flight ended.
pub(super) struct Landing {
    pub(super) outcome: Outcome,
    /// It left tokens that the store would not take, the first of this session.
    pub(super) holds_tokens: bool,
}

impl Pilot {
    pub(super) async fn fly(&self, shared: &Arc<Shared>) -> Landing {
        let unstored = &shared.flights.unstored;
        let held_before = unstored.of(&self.key);
        let outcome = self.look_and_refresh(shared, held_before.as_ref()).await;
        if let Err(error) = &outcome
            && error.ended_session()
        {
            unstored.forget(&self.key);
            // One that is gone may only be gone from memory.
            if error.ends_session()
                && let Err(error) = shared
                    .end_session_because(&self.key, EndReason::Provider)
                    .await
            {
                tracing::error!(code = error.code(), %error, "a session that is over could not be removed yet");
            }
        }
        Landing {
            outcome,
            holds_tokens: held_before.is_none() && unstored.of(&self.key).is_some(),
        }
    }

    async fn look_and_refresh(&self, shared: &Arc<Shared>, held: Option<&Arc<Granted>>) -> Outcome {
        // Read again: whoever came before may have brought what is wanted.
        let stored = self
            .store
            .load(&self.key)
            .await?
            .ok_or(TokensError::SessionGone)?;
        if held.is_none() && self.has_what_is_wanted(shared, &stored) {
            return Ok(stored);
        }
        let outcome = self.refresh(shared, stored, held).await;
        let provider = &self.provider;
        let result = match &outcome {
            Ok(_) => "refreshed",
            Err(error) => error.code(),
        };
        shared.telemetry.metrics.refresh(provider.name(), result);
        if let Err(error) = &outcome {
            let plan = shared.plan.load_full();
            let findings = finding::of_refresh(error, &plan, Some(provider));
            log_finding!(
                warn,
                &findings,
                {
                    provider = %provider.name(),
                    code = error.code(),
                    fault = error.fault().as_str(),
                    error = %signin::chain(error),
                },
                "a token refresh failed"
            );
        }
        outcome
    }

    fn has_what_is_wanted(&self, shared: &Arc<Shared>, stored: &Stored) -> bool {
        let tokens = stored.record().tokens();
        if self.wanted == *tokens.sign_in_key() {
            let is_old = anew::due(stored.record(), &self.key, self.now()) != AskAnew::NotYet;
            let plan = shared.plan.load();
            if is_old || groups::are_due(&plan, &self.provider, stored, self.now()) {
                return false;
            }
        }
        let held = tokens.locate(&self.wanted);
        if let Some(old) = &self.instead_of {
            return held.is_some_and(|(_, held)| held.token() != old);
        }
        held.is_some_and(|(at, held)| !held.refresh_due(MARGIN, jitter(&self.key, at), self.now()))
    }

    async fn refresh(
        &self,
        shared: &Arc<Shared>,
        mut stored: Arc<Stored>,
        held: Option<&Arc<Granted>>,
    ) -> Outcome {
        if let Some(granted) = held {
            stored = self.settle(shared, stored, granted).await?;
            if self.has_what_is_wanted(shared, &stored) {
                return Ok(stored);
            }
        }
        let metadata = self.metadata(stored.record()).await?;
        shared.flights.unstored.room()?;
        let tokens = match self.grant(&metadata, &stored).await {
            Err(error) if error.refusal().is_some_and(TokenError::ends_grant) => {
                // It may have been used up by somebody who was faster, another replica for one. What
                // they left decides, before anything ends.
                stored = self.overtaken(stored).await?.ok_or(error)?;
                if self.has_what_is_wanted(shared, &stored) {
                    return Ok(stored);
                }
                self.grant(&metadata, &stored).await?
            }
            granted => granted?,
        };
        if let Some(token) = tokens.access_token() {
            let (plan, metrics) = (shared.plan.load_full(), &shared.telemetry.metrics);
            let (provider, wanted) = (&self.provider, &self.wanted);
            let token = (token, finding::Signature::Unchecked);
            finding::judge(&plan, metrics, provider, wanted, token, self.now());
        }
        let granted = Arc::new(Granted::new(tokens, self.wanted.clone(), self.now()));
        self.settle(shared, stored, &granted).await
    }

    /// What somebody else left in the meantime, if they renewed the refresh token.
    async fn overtaken(&self, stored: Arc<Stored>) -> Result<Option<Arc<Stored>>, TokensError> {
        let now = self
            .store
            .load(&self.key)
            .await?
            .ok_or(TokensError::SessionGone)?;
        let is_newer = now.record().refresh_token() != stored.record().refresh_token();
        Ok(is_newer.then_some(now))
    }

    /// Puts a grant to use, or holds it for the next flight.
    async fn settle(
        &self,
        shared: &Arc<Shared>,
        stored: Arc<Stored>,
        granted: &Arc<Granted>,
    ) -> Outcome {
        let unstored = &shared.flights.unstored;
        let issuer = stored.record().issuer().to_owned();
        let before = Arc::clone(&stored);
        let outcome = self.put_to_use(shared, stored, granted).await;
        if let Ok(after) = &outcome {
            let (plan, metrics) = (shared.plan.load_full(), &shared.telemetry.metrics);
            let (sessions, given) = ((Some(&*before), &**after), granted.tokens.access_token());
            finding::judge_budgets(&plan, metrics, &self.provider, sessions, given, self.now());
        }
        if shared.flights.is_to_revoke(&self.key) {
            revocation::begin_granted(shared, &self.provider, &issuer, granted);
        }
        match &outcome {
            // Verified again it would be as bad: what is wanted is another answer.
            Err(TokensError::IdToken { .. }) => unstored.forget(&self.key),
            // Its refresh token was stored before anything of the provider was waited for.
            Err(TokensError::Provider(_)) if !unstored.has_room_to_spare() => {
                unstored.forget(&self.key);
            }
            Err(error) if !error.ended_session() => {
                unstored.hold(self.key, granted);
            }
            _ => unstored.forget(&self.key),
        }
        outcome
    }

    async fn put_to_use(
        &self,
        shared: &Arc<Shared>,
        stored: Arc<Stored>,
        granted: &Granted,
    ) -> Outcome {
        let tokens = &granted.tokens;
        let stored = match granted.newest_refresh_token() {
            Some(new) if stored.record().refresh_token() != Some(&new) => {
                self.keep(stored, |record| Ok(record.with_refresh_token(new.clone())))
                    .await?
            }
            _ => stored,
        };
        let metadata = self.metadata(stored.record()).await?;
        let id_token = self.verify(&metadata, stored.record(), granted).await?;
        let is_sign_ins = granted.wanted == *stored.record().tokens().sign_in_key();
        let (plan, received_at) = (shared.plan.load_full(), granted.received_at);
        let user_info = match is_sign_ins {
            true => {
                self.user_info(&plan, &metadata, stored.record(), tokens)
                    .await?
            }
            // A token for one more resource is none for that endpoint.
            false => None,
        };
        let own = tokens.access_token().filter(|_| is_sign_ins);
        let access_token =
            finding::for_rules(&plan, &self.provider, &metadata, own, received_at).await;
        let record = stored.record();
        let of_id_token = id_token.as_ref().map(|token| ClaimsSet::of(token.claims()));
        let of_user_info = user_info.as_ref().map(|info| ClaimsSet::of(info.claims()));
        let of_access_token = access_token
            .as_ref()
            .map(|token| ClaimsSet::of(token.claims()));
        let held = record.access_claims().filter(|_| !is_sign_ins);
        let claims = Claims {
            id_token: of_id_token.as_ref().unwrap_or(record.claims()),
            userinfo: of_user_info.as_ref().or(record.userinfo()),
            access_token: of_access_token.as_ref().or(held),
            groups: None,
        };
        let lookup = Lookup::due(&plan, &self.provider, &metadata, &claims);
        let (stored, groups) = match lookup {
            None => (stored, None),
            // Asked anew with the sign-in's own tokens.
            Some(_) if !is_sign_ins => {
                let groups = stored.record().groups().cloned();
                (stored, groups)
            }
            Some(lookup) => self.groups(lookup, stored, granted).await?,
        };
        self.keep(stored, |record| {
            let refreshed = Refreshed {
                tokens,
                id_token: id_token.as_ref(),
                asked_for: granted.wanted.clone(),
                userinfo: user_info.as_ref(),
                access_token: access_token.as_ref(),
                groups: groups.clone(),
            };
            let next = record
                .with_refreshed_tokens(refreshed, granted.received_at)
                .map_err(|_| TokensError::OtherPerson)?;
            // The question for groups came after the grant, and so did its refresh token.
            Ok(match granted.newest_refresh_token() {
                Some(newest) => next.with_refresh_token(newest),
                None => next,
            })
        })
        .await
    }

    /// The groups that the tokens had no room for. A refresh token that comes with the token for the
    /// question is kept before that is used.
    async fn groups(
        &self,
        lookup: Lookup<'_>,
        mut stored: Arc<Stored>,
        granted: &Granted,
    ) -> Result<(Arc<Stored>, Option<Groups>), TokensError> {
        let given = Given {
            tokens: &granted.tokens,
            asked_for: &granted.wanted,
            refresh_token: stored.record().refresh_token(),
        };
        let key = lookup.key(given).await;
        let renewed = key.as_ref().ok().and_then(|key| key.refresh_token.clone());
        if let Some(renewed) = &renewed {
            // Should the store fail now, this is the one to bring to it.
            granted.renew(renewed);
            stored = self
                .keep(stored, |record| {
                    Ok(record.with_refresh_token(renewed.clone()))
                })
                .await?;
        }
        let before = stored.record().groups().cloned();
        let groups = lookup.ask(key, before.as_ref(), granted.received_at).await;
        Ok((stored, Some(groups)))
    }

    /// What is known of the provider, if it still speaks for the issuer of the session: a name in
    /// the configuration may stand for another provider by now, which the tokens are none of the
    /// business of.
    async fn metadata(&self, record: &Record) -> Result<Arc<ProviderMetadata>, TokensError> {
        let metadata = self.provider.metadata().await?;
        match metadata.token_issuer().permits(record.issuer()) {
            true => Ok(metadata),
            false => Err(TokensError::OtherIssuer),
        }
    }

    async fn user_info(
        &self,
        plan: &Plan,
        metadata: &ProviderMetadata,
        record: &Record,
        tokens: &TokenResponse,
    ) -> Result<Option<UserInfo>, TokensError> {
        match ask_user_info(
            plan,
            &self.provider,
            metadata,
            tokens,
            record.subject(),
            self.now(),
        )
        .await
        {
            Ok(user_info) => Ok(user_info),
            Err(SignInError::UserInfo(UserInfoError::AnotherSubject)) => {
                Err(TokensError::OtherPerson)
            }
            Err(error) => {
                tracing::warn!(
                    provider = %self.provider.name(),
                    code = error.code(),
                    error = %signin::chain(&error),
                    "user info could not be asked again; what was known stays"
                );
                Ok(None)
            }
        }
    }

    async fn grant(
        &self,
        metadata: &ProviderMetadata,
        stored: &Stored,
    ) -> Result<TokenResponse, TokensError> {
        let record = stored.record();
        let refresh_token = record.refresh_token().ok_or(TokensError::Expired)?;
        let is_own = self.wanted == *record.tokens().sign_in_key();
        let provider = &self.provider;
        let settings = provider.plan();
        let scopes: Vec<String> = self.wanted.scopes().map(str::to_owned).collect();
        // RFC 8707 §2.2. The audience of the sign-in itself is not said again.
        let resource = self.wanted.resource().map(|value| ("resource", value));
        let audience = self.wanted.audience().map(|value| ("audience", value));
        let pairs = [resource, audience.filter(|_| !is_own)]
            .into_iter()
            .flatten();
        let extra =
            ExtraParameters::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
                .map_err(|_| TokensError::ResourceUnknown)?;
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
            .map_err(|error| judge(error, is_own))
    }

    /// The ID token of the answer, if there is one: the same person and sign-in as before
    /// (OIDC Core §12.2).
    async fn verify(
        &self,
        metadata: &ProviderMetadata,
        record: &Record,
        granted: &Granted,
    ) -> Result<Option<VerifiedIdToken>, TokensError> {
        let (provider, received_at) = (&self.provider, granted.received_at);
        let Some(raw) = granted.tokens.id_token() else {
            return Ok(None);
        };
        let expected = RefreshExpected {
            client_id: &provider.plan().client_id,
            issuer: metadata.token_issuer(),
            algorithms: &provider.plan().id_token_algorithms,
            access_token: granted.tokens.access_token(),
            skew: provider.plan().clock_skew,
            previous: Previous {
                issuer: record.issuer(),
                subject: record.subject(),
                auth_time: record.auth_time(),
            },
        };
        // Keys that can't be had prove nothing against it: it is held until they can.
        let keys = provider.keys().await?;
        let verified = match id_token::verify_refreshed(raw, &keys, &expected, received_at) {
            Err(error) if error.newer_keys_may_help() => match provider.newer_keys(&keys).await {
                Ok(newer) => id_token::verify_refreshed(raw, &newer, &expected, received_at),
                Err(outage) if outage.is_outage() => return Err(outage.into()),
                Err(_) => Err(error),
            },
            verified => verified,
        };
        match verified {
            Ok(verified) => Ok(Some(verified)),
            Err(
                IdTokenError::Changed { .. }
                | IdTokenError::Issuer(_)
                | IdTokenError::Audience { .. }
                | IdTokenError::AuthorizedParty { .. },
            ) => Err(TokensError::OtherPerson),
            Err(source) => {
                let seen = signin::refreshed_id_token(raw, &source, provider, received_at);
                let seen = Arc::new(seen);
                Err(TokensError::IdToken { source, seen })
            }
        }
    }

    /// Puts the record that `next` makes into the store. Whoever wrote in the meantime is not
    /// overwritten: it is made anew from what they left.
    async fn keep(
        &self,
        mut current: Arc<Stored>,
        next: impl Fn(&Record) -> Result<Record, TokensError> + Send,
    ) -> Outcome {
        let mut failed: Option<StoreError> = None;
        for attempt in 0..STORE_ATTEMPTS {
            if attempt > 0 && failed.is_some() {
                sleep(STORE_PAUSE).await;
            }
            let record = next(current.record())?;
            match self
                .store
                .replace(&self.key, current.version(), record)
                .await
            {
                Ok(Replacement::Replaced(kept)) => return Ok(kept),
                Ok(Replacement::Conflict(theirs)) => current = theirs,
                // Signed out while the provider was being asked: that stands.
                Ok(Replacement::Gone) => return Err(TokensError::SessionGone),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.map_or(TokensError::Interrupted, TokensError::Store))
    }

    pub(super) fn now(&self) -> UnixTime {
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
        Some(refusal) if refusal.ends_grant() && is_sign_in_grant => TokensError::GrantOver(error),
        Some(refusal)
            if matches!(
                refusal.error.as_str(),
                "invalid_grant" | "interaction_required" | "login_required" | "consent_required"
            ) =>
        {
            TokensError::Interaction(error)
        }
        // The sign-in did not name it (RFC 6749 §6, RFC 8707 §2.2), which the next one does. Entra
        // has no such rule: what it refuses as a scope it does not know.
        Some(refusal)
            if !is_sign_in_grant
                && refusal.aadsts.is_none()
                && matches!(refusal.error.as_str(), "invalid_scope" | "invalid_target") =>
        {
            TokensError::Interaction(error)
        }
        _ => TokensError::Refused(error),
    }
}

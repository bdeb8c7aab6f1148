//! Turns a code into a session: redeems it, verifies the ID token, asks for user info if that is
//! set, and stores the session under a new handle. Runs on the control runtime.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vestibule_gate::claims::Claims;
use vestibule_gate::route::Route;
use vestibule_oidc::authorization::{ExtraParameters, Nonce};
use vestibule_oidc::id_token::{self, Expected, VerifiedIdToken};
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::pkce::Verifier;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::{Grant, TokenRequest, TokenResponse};
use vestibule_session::claims::ClaimsSet;
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::kept_post::Sender;
use vestibule_session::lifetime::Liveness;
use vestibule_session::record::{Detour, Groups, Record, ResourceKey, SignedIn};
use vestibule_session::return_to::ReturnTo;
use vestibule_session::site::Site;
use vestibule_session::store::{Stored, Whose};

use super::user_info::ask_user_info;
use super::{SignInError, witness};
use crate::carry;
use crate::endings::{EndReason, UnderWay};
use crate::entropy::random_bytes;
use crate::finding;
use crate::groups::{Given, Lookup};
use crate::plan::Plan;
use crate::provider::Provider;
use crate::provider::call::ProviderAnswer;
use crate::sessions;
use crate::shared::Shared;

/// A code to be redeemed, and everything its answer is held against.
pub(super) struct Redeem {
    pub(super) provider: Arc<Provider>,
    pub(super) shared: Arc<Shared>,
    pub(super) site: Site,
    pub(super) redirect_uri: String,
    /// Where the person goes afterwards.
    pub(super) return_to: ReturnTo,
    pub(super) code: Secret,
    pub(super) nonce: Nonce,
    pub(super) verifier: Verifier,
    pub(super) max_age: Option<Duration>,
    /// What the access token was asked for.
    pub(super) asked_for: ResourceKey,
    /// The route's token that the sign-in was made for.
    pub(super) wanted: Option<ResourceKey>,
    /// The sessions this browser had. They end when the new one is there, not before.
    pub(super) replaces: Vec<StoreKey>,
    /// When the sign-in started.
    pub(super) started_at: UnixTime,
    pub(super) now: UnixTime,
}

/// A session that was made of a code.
pub(super) struct Redeemed {
    /// The `Set-Cookie` values that give it to the browser.
    pub(super) cookies: Vec<String>,
    /// Whose it is.
    pub(super) person: Sender,
}

impl Redeem {
    /// Redeems the code and makes the session.
    pub(super) async fn run(self) -> Result<Redeemed, SignInError> {
        let began = Instant::now();
        let under_way = self.shared.endings.logouts.under_way(self.started_at);
        let metadata = self.provider.metadata().await?;
        let answer = self.redeem(&metadata).await?;
        let now = self.now + began.elapsed();
        let tokens =
            TokenResponse::parse(answer.status, answer.content_type.as_deref(), &answer.body);
        let clocks = |error: SignInError| {
            error.noting(|seen| (seen.now, seen.provider_time) = (Some(now), answer.date))
        };
        let tokens = tokens.map_err(|error| clocks(error.into()))?;
        let raw = tokens.id_token().ok_or(SignInError::NoIdToken)?;
        let verified = self.verify(raw, &tokens, &metadata, now).await;
        let note =
            |error: SignInError| error.noting(|seen| witness::id_token(raw, &self.provider, seen));
        let id_token = verified.map_err(|error| clocks(note(error)))?;
        let own = self.provider.asked_for();
        let plan = self.shared.plan.load_full();
        let given = tokens.access_token();
        // A token for one route's upstream is none for the user info endpoint, and none for rules.
        let is_routes = self.wanted.as_ref() == Some(&self.asked_for);
        let userinfo = match is_routes {
            true => None,
            false => {
                let (provider, subject) = (&self.provider, id_token.subject());
                ask_user_info(&plan, provider, &metadata, &tokens, subject, now)
                    .await
                    .map_err(note)?
            }
        };
        let for_rules = given.filter(|_| !is_routes);
        let access_token =
            finding::for_rules(&plan, &self.provider, &metadata, for_rules, now).await;
        let is_detour = self.asked_for != *own || self.wanted.is_some();
        let of_id_token = ClaimsSet::of(id_token.claims());
        let of_userinfo = userinfo.as_ref().map(|info| ClaimsSet::of(info.claims()));
        let of_access_token = access_token
            .as_ref()
            .map(|token| ClaimsSet::of(token.claims()));
        let claims = Claims {
            id_token: &of_id_token,
            userinfo: of_userinfo.as_ref(),
            access_token: of_access_token.as_ref(),
            groups: None,
        };
        self.refuse_nameless(&plan, &claims).map_err(note)?;
        let (groups, renewed) = self.groups(&plan, &metadata, &tokens, &claims, now).await;
        let mut before = self.before().await;
        let (cookies, stored) = loop {
            let mut record = Record::establish(
                SignedIn {
                    provider: &self.provider.plan().name,
                    site: &self.site,
                    id_token: &id_token,
                    tokens: &tokens,
                    asked_for: self.asked_for.clone(),
                    userinfo: userinfo.as_ref(),
                    access_token: access_token.as_ref(),
                    detour: is_detour.then(|| Detour {
                        own: own.clone(),
                        wanted: self.wanted.clone(),
                        before: before.as_ref().map(|(_, stored)| stored.record()),
                    }),
                    groups: groups.clone(),
                },
                now,
            );
            if let Some(renewed) = &renewed {
                record = record.with_refresh_token(renewed.clone());
            }
            let (handle, cookies, stored) = self.keep(&plan, record, under_way).await?;
            match self.end_replaced(before.as_ref().map(|(key, _)| key)).await {
                Before::WasThere => break (cookies, stored),
                // Somebody signed out of it meanwhile: what it held is not to live on in this one.
                Before::HadEnded => {
                    before = None;
                    self.end(&handle.store_key()).await;
                }
            }
        };
        let metrics = &self.shared.telemetry.metrics;
        if let Some(token) = given {
            let signature = match access_token {
                Some(_) => finding::Signature::Verified,
                None => finding::Signature::Unchecked,
            };
            let token = (token, signature);
            finding::judge(&plan, metrics, &self.provider, &self.asked_for, token, now);
        }
        finding::judge_rules(&plan, metrics, &self.provider, &stored, now);
        let session = (None, &*stored);
        finding::judge_budgets(&plan, metrics, &self.provider, session, given, now);
        let person = Sender::of(stored.record());
        Ok(Redeemed { cookies, person })
    }

    /// A page that knows people by a claim is none for who lacks it: their sign-in would lead nowhere.
    fn refuse_nameless(&self, plan: &Plan, claims: &Claims<'_>) -> Result<(), SignInError> {
        let path = self.return_to.as_str().split('?').next();
        let route = path.and_then(|path| plan.gate.route_to(&self.site, path));
        let own = |route: &&Route| !route.is_public() && self.provider.comes_to(route);
        match route.filter(own) {
            Some(route) if !route.knows(claims) => Err(SignInError::Nameless {
                route: Arc::clone(&route.name),
            }),
            _ => Ok(()),
        }
    }

    /// Puts the session into the store; gives its handle, the `Set-Cookie` values for the browser, and the session.
    async fn keep(
        &self,
        plan: &Plan,
        record: Record,
        under_way: UnderWay,
    ) -> Result<(Handle, Vec<String>, Arc<Stored>), SignInError> {
        // New at every sign-in: whoever knew the old handle knows nothing of this session.
        let handle = Handle::from_entropy(random_bytes()?);
        let cookies = carry::begin(&self.shared, plan, &self.site, &handle, &record)
            .map_err(|error| error.noting(|seen| witness::weights(&record, seen)))?;
        let key = handle.store_key();
        let stored = self.shared.store.insert(&key, record).await?;
        // Only now: a logout that came before the session was there could not find it.
        let (whose, named) = (
            Whose::all_of(stored.record()),
            sessions::names_of(stored.record()),
        );
        let logouts = &self.shared.endings.logouts;
        if logouts.any_since(whose, named, under_way) {
            self.end(&key).await;
            return Err(SignInError::LoggedOut);
        }
        Ok((handle, cookies, stored))
    }

    /// Ends the sessions that this one takes the place of. Says what became of the one it goes on from.
    async fn end_replaced(&self, before: Option<&StoreKey>) -> Before {
        let mut outcome = Before::WasThere;
        for old in &self.replaces {
            let was_there = self.end(old).await;
            if Some(old) == before && !was_there {
                outcome = Before::HadEnded;
            }
        }
        outcome
    }

    /// Ends a session. Whether it was there; so it counts where the store does not say.
    async fn end(&self, key: &StoreKey) -> bool {
        let ended = self
            .shared
            .end_session_because(key, EndReason::Replaced)
            .await;
        ended.unwrap_or_else(|error| {
            tracing::error!(code = error.code(), %error, "a session that is over could not be removed yet");
            true
        })
    }

    /// The session that a sign-in for one route's token goes on from.
    async fn before(&self) -> Option<(StoreKey, Arc<Stored>)> {
        self.wanted.as_ref()?;
        for key in &self.replaces {
            // One that can't be read is only not gone on from.
            if let Ok(Some(stored)) = self.shared.store.load(key).await {
                let plan = self.shared.plan.load();
                let live = plan.gate.lifetimes().judge(&stored, self.now) == Liveness::Live;
                return live.then_some((*key, stored));
            }
        }
        None
    }

    /// The groups, where the tokens had no room for them and a route needs them; and the refresh
    /// token to use from now on, if the question brought one.
    async fn groups(
        &self,
        plan: &Plan,
        metadata: &ProviderMetadata,
        tokens: &TokenResponse,
        claims: &Claims<'_>,
        now: UnixTime,
    ) -> (Option<Groups>, Option<Secret>) {
        let Some(lookup) = Lookup::due(plan, &self.provider, metadata, claims) else {
            return (None, None);
        };
        let given = Given {
            tokens,
            asked_for: &self.asked_for,
            refresh_token: tokens.refresh_token(),
        };
        let key = lookup.key(given).await;
        let renewed = key.as_ref().ok().and_then(|key| key.refresh_token.clone());
        (Some(lookup.ask(key, None, now).await), renewed)
    }

    async fn redeem(&self, metadata: &ProviderMetadata) -> Result<ProviderAnswer, SignInError> {
        let settings = self.provider.plan();
        // RFC 8707 §2.2: of all that was named, this is what the token is for.
        let resource = self.asked_for.resource();
        let pair = resource.map(|resource| ("resource".to_owned(), resource.to_owned()));
        let extra = ExtraParameters::new(pair)?;
        let request = TokenRequest {
            endpoint: metadata.token_endpoint(),
            client_id: &settings.client_id,
            authentication: &settings.client_authentication(metadata),
            grant: Grant::AuthorizationCode {
                code: &self.code,
                redirect_uri: &self.redirect_uri,
                verifier: (!settings.danger_no_pkce).then_some(&self.verifier),
            },
            scopes: &[],
            extra: &extra,
        };
        Ok(self.provider.token(request.to_http()).await?)
    }

    /// Verifies the ID token, with one look for newer keys if its key is unknown.
    async fn verify(
        &self,
        raw: &Secret,
        tokens: &TokenResponse,
        metadata: &ProviderMetadata,
        now: UnixTime,
    ) -> Result<VerifiedIdToken, SignInError> {
        let settings = self.provider.plan();
        let expected = Expected {
            client_id: &settings.client_id,
            issuer: metadata.token_issuer(),
            nonce: &self.nonce,
            algorithms: &settings.id_token_algorithms,
            max_age: self.max_age,
            acr_values: &[],
            access_token: tokens.access_token(),
            code: Some(&self.code),
            skew: settings.clock_skew,
        };
        let keys = self.provider.keys().await?;
        match id_token::verify(raw, &keys, &expected, now) {
            Err(error) if error.newer_keys_may_help() => {
                let newer = self.provider.newer_keys(&keys).await?;
                Ok(id_token::verify(raw, &newer, &expected, now)?)
            }
            verified => Ok(verified?),
        }
    }
}

/// What became of the session that a sign-in goes on from.
enum Before {
    /// It was there until this one took its place; or there was none.
    WasThere,
    /// It had ended already.
    HadEnded,
}

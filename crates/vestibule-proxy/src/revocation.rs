//! Revokes the tokens of somebody who signed out (RFC 7009), where the provider offers that.
//!
//! In the background, on the control runtime: nobody who signs out waits for it, and nothing that
//! goes wrong with it fails a sign-out. What a refresh brings that was under way is revoked too. A stop waits for what is under way, within its time. What a
//! provider says unasked, a logout from its side, revokes nothing: its own tokens are its own business,
//! and anybody can open the front-channel address.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::token::{Revocation, RevocationRequest, RevokedKind};
use vestibule_session::handle::StoreKey;
use vestibule_session::record::Record;
use vestibule_session::store::{StoreError, Stored};

use crate::endings::EndReason;
use crate::provider::{Provider, ProviderError};
use crate::shared::Shared;
use crate::signin::chain;
use crate::store::in_time;
use crate::tokens::Granted;

/// People whose tokens wait to be revoked. Past that, tokens are left to expire.
const MOST_WAITING: usize = 1000;

/// People whose tokens are revoked at the same time.
const AT_ONCE: usize = 8;

/// The most tokens of one session.
const MOST_TOKENS: usize = 16;

/// How long to wait before a provider that gave no answer is asked again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// The revocations under way. Outlives plans.
#[derive(Debug)]
pub struct Revocations {
    waiting: watch::Sender<usize>,
    turns: Arc<Semaphore>,
}

impl Default for Revocations {
    fn default() -> Self {
        Self {
            waiting: watch::Sender::new(0),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Revocations {
    /// Waits until none is under way. `false` if `patience` was not enough: those tokens live until
    /// they expire.
    pub async fn all_done(&self, patience: Duration) -> bool {
        let mut waiting = self.waiting.subscribe();
        timeout(patience, waiting.wait_for(|waiting| *waiting == 0))
            .await
            .is_ok()
    }

    fn begin(&self) -> bool {
        self.waiting.send_if_modified(|waiting| {
            let has_room = *waiting < MOST_WAITING;
            *waiting += usize::from(has_room);
            has_room
        })
    }
}

/// Begins to revoke the tokens of a session that its person ended, if the provider offers that.
/// Returns at once.
fn begin(shared: &Arc<Shared>, record: &Record) {
    let plan = shared.plan.load();
    if let Some(provider) = plan.provider(record.provider()) {
        start(shared, provider, record.issuer(), tokens_of(record));
    }
}

/// The same for what a refresh brought, of a session that its person was ending meanwhile.
pub(crate) fn begin_granted(
    shared: &Arc<Shared>,
    provider: &Arc<Provider>,
    issuer: &str,
    granted: &Granted,
) {
    let refresh = granted.newest_refresh_token();
    let access = granted.tokens.access_token().cloned();
    let refresh = refresh.map(|token| (RevokedKind::Refresh, token));
    let access = access.map(|token| (RevokedKind::Access, token));
    let tokens = refresh.into_iter().chain(access).collect();
    start(shared, provider, issuer, tokens);
}

fn start(
    shared: &Arc<Shared>,
    provider: &Arc<Provider>,
    issuer: &str,
    tokens: Vec<(RevokedKind, Secret)>,
) {
    let known = provider.known_metadata();
    let may_offer = known.is_none_or(|metadata| offers(&metadata, issuer));
    if tokens.is_empty() || !may_offer {
        return;
    }
    if !shared.revocations.begin() {
        shared
            .telemetry
            .metrics
            .revocation(provider.name(), "dropped");
        return;
    }
    let (provider, issuer) = (Arc::clone(provider), issuer.to_owned());
    let under_way = UnderWay(Arc::clone(shared));
    shared.control.spawn(async move {
        let shared = &under_way.0;
        // Never closed.
        let _turn = shared.revocations.turns.acquire().await;
        match metadata(&provider).await {
            Ok(metadata) if offers(&metadata, &issuer) => {
                revoke_all(shared, &provider, tokens).await;
            }
            Ok(_) => {}
            Err(error) => {
                let metrics = &shared.telemetry.metrics;
                metrics.revocation(provider.name(), "failed");
                tracing::warn!(provider = %provider.name(), code = error.code(), error = %chain(&error), "the tokens of somebody who signed out could not be revoked: the provider's metadata are not known; they live until they expire");
            }
        }
    });
}

/// Whether the provider revokes tokens, and is the one these came from: a name in the configuration may
/// stand for another by now.
fn offers(metadata: &ProviderMetadata, issuer: &str) -> bool {
    metadata.revocation_endpoint().is_some() && metadata.token_issuer().permits(issuer)
}

/// The metadata; where they were never known, after a while.
async fn metadata(provider: &Provider) -> Result<Arc<ProviderMetadata>, ProviderError> {
    let mut pauses = PAUSES.into_iter();
    loop {
        match (provider.metadata().await, pauses.next()) {
            (Err(_), Some(pause)) => sleep(pause).await,
            (asked, _) => return asked,
        }
    }
}

/// Ends a session that its person signs out of, and begins to revoke its tokens: those it has now, and what a
/// refresh under way still brings. Runs on the control runtime.
///
/// # Errors
/// As [`Shared::end_session`]; the tokens are revoked all the same.
pub(crate) async fn sign_out(
    shared: &Arc<Shared>,
    key: &StoreKey,
    stored: &Stored,
    why: EndReason,
) -> Result<bool, StoreError> {
    shared.flights.sign_out_begins(*key);
    // It may have been refreshed since it was read.
    let newest = in_time(shared.store.load(key)).await.ok().flatten();
    let ended = shared.end_session_because(key, why).await;
    let granted = shared.flights.sign_out_is_done(key);
    let record = newest.as_deref().unwrap_or(stored).record();
    begin(shared, record);
    let plan = shared.plan.load();
    if let (Some(granted), Some(provider)) = (granted, plan.provider(record.provider())) {
        begin_granted(shared, provider, record.issuer(), &granted);
    }
    ended
}

/// The refresh token first: with it more tokens can be had.
fn tokens_of(record: &Record) -> Vec<(RevokedKind, Secret)> {
    let refresh = record
        .refresh_token()
        .map(|token| (RevokedKind::Refresh, token.clone()));
    let access = record.tokens().iter();
    let access = access.map(|(_, token)| (RevokedKind::Access, token.token().clone()));
    // Left out of a cookie.
    let access = access.filter(|(_, token)| !token.expose().is_empty());
    refresh
        .into_iter()
        .chain(access)
        .take(MOST_TOKENS)
        .collect()
}

async fn revoke_all(shared: &Shared, provider: &Provider, tokens: Vec<(RevokedKind, Secret)>) {
    let metrics = &shared.telemetry.metrics;
    let mut unsupported = None;
    for (kind, token) in tokens {
        if unsupported == Some(kind) {
            continue;
        }
        let result = match revoke(provider, kind, &token).await {
            Ok(Some(Revocation::Revoked)) => "revoked",
            Ok(Some(Revocation::Unsupported)) => {
                unsupported = Some(kind);
                "unsupported"
            }
            Ok(Some(Revocation::Refused)) => {
                tracing::warn!(provider = %provider.name(), kind = kind.as_str(), "the provider refuses to revoke a token; it lives until it expires");
                "refused"
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(provider = %provider.name(), kind = kind.as_str(), code = error.code(), error = %chain(&error), "a token could not be revoked; it lives until it expires");
                metrics.revocation(provider.name(), "failed");
                return;
            }
        };
        metrics.revocation(provider.name(), result);
    }
}

/// `None` if there is nowhere to ask any more.
async fn revoke(
    provider: &Provider,
    kind: RevokedKind,
    token: &Secret,
) -> Result<Option<Revocation>, ProviderError> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let Some(metadata) = provider.known_metadata() else {
            return Ok(None);
        };
        let Some(endpoint) = metadata.revocation_endpoint() else {
            return Ok(None);
        };
        let request = RevocationRequest {
            endpoint,
            client_id: &provider.plan().client_id,
            authentication: &provider.plan().client_authentication(&metadata),
            token,
            kind,
        };
        match provider.revoke(request.to_http()).await {
            Ok(answer) => return Ok(Some(Revocation::of(answer.status, &answer.body))),
            Err(error) => match pauses.next().filter(|_| error.is_outage()) {
                Some(pause) => sleep(pause).await,
                None => return Err(error),
            },
        }
    }
}

/// One of those a stop waits for, counted for as long as it exists: also one that breaks.
struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0
            .revocations
            .waiting
            .send_modify(|waiting| *waiting -= 1);
    }
}

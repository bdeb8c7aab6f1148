//! One provider as the running proxy knows it: its settings, its documents, and whether it answers.
//!
//! Everything here runs on the control runtime. Redirects are never followed, every answer is
//! bounded in size and time, and a provider that is down costs nobody more than an instant: a
//! keeper task probes it in the background and closes the circuit when it answers again.

mod access_token;
pub mod address;
mod breaker;
pub mod call;
mod documents;
mod error;
mod evidence;
#[cfg(test)]
pub(crate) mod fake;
mod fetch;
mod graph;
mod http;
mod keeper;
pub mod outbound;
mod plan;
mod redirect_actions;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};
use url::{Position, Url};
use vestibule_gate::route::Route;
use vestibule_oidc::jose::KeySet;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::TokenHttpRequest;
use vestibule_session::record::ResourceKey;

use self::address::{is_loopback, may_call};
use self::breaker::Breaker;
use self::call::{CallError, ProviderAnswer, ProviderCall, Transport};
use self::documents::{Documents, UNKNOWN_KEY_INTERVAL};
use crate::control::Control;
use crate::error_chain::chain;
use crate::telemetry::Metrics;

pub(crate) use self::access_token::Unverified;
pub use self::error::{Endpoint, ProviderError};
pub(crate) use self::evidence::witness_of_answer;
pub(crate) use self::graph::{GraphError, OwnTokenError, Question, Whose, graph_scope};
pub use self::http::{ExamineError, Examined, HttpError, HttpTransport};
pub use self::plan::{ClientAuthMethod, GraphPermissions, ProviderPlan, SignInAsks, UserInfoUse};
pub use self::redirect_actions::{RedirectActions, SessionFact, Target, TargetError};

/// What a client is told about when a provider that is down is worth asking again.
pub const RETRY_AFTER: Duration = breaker::RETRY_AFTER;

/// How long somebody waits for the very first metadata before being told to come back.
const FIRST_WAIT: Duration = Duration::from_secs(3);

/// Whoever answered within this time is taken to be there.
const LATELY: Duration = Duration::from_secs(30);

/// How long the provider's time is known from one answer: both clocks go on alike, and one that is set is noticed.
const CLOCK_KNOWN: Duration = Duration::from_mins(10);

/// How long a person who wants to sign in waits to hear whether the provider is there.
const REACHED_WITHIN: Duration = Duration::from_secs(2);

/// A provider in use.
#[derive(Debug)]
pub struct Provider {
    name: Arc<str>,
    plan: ProviderPlan,
    /// What the plan asks for at sign-in, put together once.
    asked_for: ResourceKey,
    transport: Arc<dyn Transport>,
    metrics: Arc<Metrics>,
    documents: watch::Sender<Documents>,
    /// Held while somebody fetches keys for an unknown `kid`; everybody else waits for the result.
    keys_turn: AsyncMutex<()>,
    /// What whoever asks whether the provider is there will hear: they ask together.
    reaching: Mutex<Option<watch::Receiver<Option<bool>>>>,
    /// When keys were last fetched for an unknown `kid`. A scheduled fetch forgets it.
    unknown_key_fetched: Mutex<Option<Instant>>,
    breaker: Breaker,
    /// What time the last answer said it was, and when that came.
    clock: Mutex<Option<(Instant, UnixTime)>>,
    /// What is remembered between questions to Microsoft Graph.
    asking_graph: graph::Asking,
    wake: Arc<Notify>,
}

impl Provider {
    /// Puts a provider into use and starts its keeper. Nothing is waited for: a provider that is
    /// down at this moment is used as soon as it answers.
    ///
    /// `previous` is the same provider under an earlier plan: what it has learnt is taken over, if
    /// it was learnt from the same place by the same rule.
    #[must_use]
    pub fn start(
        plan: ProviderPlan,
        transport: Arc<dyn Transport>,
        control: &Control,
        metrics: &Arc<Metrics>,
        previous: Option<&Self>,
    ) -> Arc<Self> {
        let inherited = previous
            .filter(|previous| {
                previous.plan.metadata_url == plan.metadata_url
                    && previous.plan.issuer == plan.issuer
            })
            .map(|previous| previous.documents.borrow().clone())
            .unwrap_or_default();
        let provider = Arc::new(Self {
            name: plan.name.as_str().into(),
            asked_for: plan.asked_for(),
            plan,
            transport,
            metrics: Arc::clone(metrics),
            documents: watch::Sender::new(inherited),
            keys_turn: AsyncMutex::new(()),
            reaching: Mutex::default(),
            unknown_key_fetched: Mutex::new(None),
            breaker: Breaker::default(),
            clock: Mutex::default(),
            asking_graph: graph::Asking::default(),
            wake: Arc::new(Notify::new()),
        });
        control.spawn(keeper::keep(
            Arc::downgrade(&provider),
            Arc::clone(&provider.wake),
        ));
        provider
    }

    /// The name in the configuration, as metrics and logs want it.
    #[must_use]
    pub const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The settings.
    #[must_use]
    pub const fn plan(&self) -> &ProviderPlan {
        &self.plan
    }

    /// Whether its people come to this route: to one that names it, and to one that names none where it is for the host.
    #[must_use]
    pub fn comes_to(&self, route: &Route) -> bool {
        match &route.provider {
            Some(name) => **name == *self.name,
            None => {
                let host = route.host.as_ref();
                host.is_none_or(|host| self.plan.is_for_host(host.name()))
            }
        }
    }

    /// What the sign-in's own access token is asked for.
    #[must_use]
    pub const fn asked_for(&self) -> &ResourceKey {
        &self.asked_for
    }

    /// Whether this provider speaks for `issuer`. `None` as long as only its metadata decide that,
    /// and they are not known: see [`IssuerRule::speaks_for`](vestibule_oidc::issuer::IssuerRule::speaks_for).
    #[must_use]
    pub fn speaks_for(&self, issuer: &str) -> Option<bool> {
        // The ordinary case, without a lock that all cores would take for each request.
        if self.plan.issuer.configured() == issuer {
            return Some(true);
        }
        let documents = self.documents.borrow();
        match &documents.metadata {
            Some(metadata) => Some(metadata.token_issuer().permits(issuer)),
            None => self.plan.issuer.speaks_for(issuer),
        }
    }

    /// Whether the circuit is open: asking now would be in vain.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.breaker.is_open()
    }

    /// Whether it answered so lately that people can be sent there without asking first.
    #[must_use]
    pub fn answered_lately(&self) -> bool {
        !self.is_down() && self.breaker.answered_within(LATELY)
    }

    /// Asks whether there is a provider to send people to. Waits two seconds at most: one that is
    /// slow is not down. However many want to know meanwhile, it is asked once.
    pub async fn is_reachable(self: &Arc<Self>) -> bool {
        if self.is_down() {
            return false;
        }
        match self.reaching().wait_for(Option::is_some).await {
            Ok(reached) => reached.unwrap_or(true),
            // Nobody is left who would tell: the program stops.
            Err(_) => true,
        }
    }

    /// What will be heard of the question under way; if there is none, it is asked.
    fn reaching(self: &Arc<Self>) -> watch::Receiver<Option<bool>> {
        let mut reaching = self.reaching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = &*reaching
            && under_way.borrow().is_none()
            && under_way.has_changed().is_ok()
        {
            return under_way.clone();
        }
        let (told, heard) = watch::channel(None);
        *reaching = Some(heard.clone());
        let provider = Arc::clone(self);
        tokio::spawn(async move { told.send_replace(Some(provider.answers_now().await)) });
        heard
    }

    async fn answers_now(&self) -> bool {
        let Ok(Err(error)) = timeout(REACHED_WITHIN, self.fetch_metadata()).await else {
            return true;
        };
        if !error.is_outage() {
            return true;
        }
        if self.breaker.open() {
            tracing::warn!(
                provider = %self.name,
                error = chain(&error),
                "the provider does not answer; sign-ins and refreshes are refused until it does"
            );
            self.wake.notify_one();
        }
        false
    }

    /// The metadata, if they have ever been fetched. Waits for nothing.
    #[must_use]
    pub fn known_metadata(&self) -> Option<Arc<ProviderMetadata>> {
        self.documents.borrow().metadata.clone()
    }

    /// Whether metadata and usable keys are at hand.
    fn is_ready(&self) -> bool {
        let documents = self.documents.borrow();
        documents.metadata.is_some() && documents.usable_keys().is_some()
    }

    /// The metadata. Waits only for the very first attempt to end.
    ///
    /// # Errors
    ///
    /// Why the last attempt failed, if none has succeeded yet.
    pub async fn metadata(&self) -> Result<Arc<ProviderMetadata>, ProviderError> {
        if let Some(metadata) = self.known_metadata() {
            return Ok(metadata);
        }
        let mut documents = self.documents.subscribe();
        let attempted = documents.wait_for(|documents| documents.attempted);
        match timeout(FIRST_WAIT, attempted).await {
            Ok(Ok(documents)) => documents
                .metadata
                .clone()
                .ok_or_else(|| documents.trouble.clone().unwrap_or(ProviderError::Down)),
            _ => Err(ProviderError::Down),
        }
    }

    /// The keys, of at most 24 hours ago.
    ///
    /// # Errors
    ///
    /// [`ProviderError`] when there are none and none can be fetched now.
    pub async fn keys(&self) -> Result<Arc<KeySet>, ProviderError> {
        let held = self.documents.borrow().usable_keys();
        match held {
            Some(keys) => Ok(keys),
            None => self.keys_after(None).await,
        }
    }

    /// Keys newer than `seen`, in which a token's key was not found.
    ///
    /// At most one fetch per ten seconds, however many tokens ask; one more is allowed right after
    /// a scheduled fetch, because a provider may roll over just then. Who comes too early waits
    /// for the next fetch.
    ///
    /// # Errors
    ///
    /// [`ProviderError`] when the fetch fails. The keys held before stay held.
    pub async fn newer_keys(&self, seen: &Arc<KeySet>) -> Result<Arc<KeySet>, ProviderError> {
        self.keys_after(Some(seen)).await
    }

    async fn keys_after(&self, seen: Option<&Arc<KeySet>>) -> Result<Arc<KeySet>, ProviderError> {
        let patience = UNKNOWN_KEY_INTERVAL + http::CALL_TIMEOUT;
        timeout(patience, self.keys_in_turn(seen))
            .await
            .unwrap_or(Err(ProviderError::Down))
    }

    async fn keys_in_turn(&self, seen: Option<&Arc<KeySet>>) -> Result<Arc<KeySet>, ProviderError> {
        let newer = || {
            let held = self.documents.borrow().usable_keys()?;
            (!seen.is_some_and(|seen| Arc::ptr_eq(seen, &held))).then_some(held)
        };
        let _turn = self.keys_turn.lock().await;
        if let Some(keys) = newer() {
            return Ok(keys);
        }
        let last = *self
            .unknown_key_fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last {
            sleep_until(last + UNKNOWN_KEY_INTERVAL).await;
            if let Some(keys) = newer() {
                return Ok(keys);
            }
        }
        *self
            .unknown_key_fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let metadata = self.metadata().await?;
        self.fetch_keys(&metadata).await
    }

    /// Sends a request to the token endpoint.
    ///
    /// # Errors
    ///
    /// [`ProviderError`] when there is no answer, or one of the 5xx family. Whatever else the
    /// endpoint says, refusals included, is an answer.
    pub async fn token(&self, request: TokenHttpRequest) -> Result<ProviderAnswer, ProviderError> {
        self.post(Endpoint::Token, request).await
    }

    /// Sends a request to the revocation endpoint.
    ///
    /// # Errors
    ///
    /// As [`Provider::token`].
    pub async fn revoke(&self, request: TokenHttpRequest) -> Result<ProviderAnswer, ProviderError> {
        self.post(Endpoint::Revocation, request).await
    }

    async fn post(
        &self,
        endpoint: Endpoint,
        request: TokenHttpRequest,
    ) -> Result<ProviderAnswer, ProviderError> {
        let answer = self
            .call(
                endpoint,
                ProviderCall {
                    url: request.url,
                    authorization: request.authorization,
                    form: Some(request.form_body),
                    json: None,
                    max_bytes: ProviderCall::ANSWER_MAX_BYTES,
                },
            )
            .await?;
        if answer.status >= 500 || answer.status == 429 {
            return Err(ProviderError::Status {
                endpoint,
                status: answer.status,
            });
        }
        Ok(answer)
    }

    /// Asks the user info endpoint with an access token.
    ///
    /// # Errors
    ///
    /// [`ProviderError`] when there is no answer or it is no success.
    pub async fn user_info(
        &self,
        endpoint: &Url,
        access_token: &Secret,
    ) -> Result<ProviderAnswer, ProviderError> {
        let authorization = Secret::new(format!("Bearer {}", access_token.expose()));
        let answer = self
            .call(
                Endpoint::UserInfo,
                ProviderCall {
                    url: endpoint.clone(),
                    authorization: Some(authorization),
                    form: None,
                    json: None,
                    max_bytes: ProviderCall::ANSWER_MAX_BYTES,
                },
            )
            .await?;
        fetch::success(Endpoint::UserInfo, answer)
    }

    /// What time it is for the provider, from the `Date` of its last answer (RFC 9110 §6.6.1); `None` if that is long ago.
    pub(crate) fn time(&self) -> Option<UnixTime> {
        let last = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, date) = last?;
        let since = at.elapsed();
        (since < CLOCK_KNOWN).then(|| date + since)
    }

    /// A call that a person waits for: refused at once while the circuit is open.
    async fn call(
        &self,
        endpoint: Endpoint,
        call: ProviderCall,
    ) -> Result<ProviderAnswer, ProviderError> {
        if self.is_down() {
            return Err(ProviderError::Down);
        }
        self.call_anyway(endpoint, call).await
    }

    /// A call that goes out whatever the circuit says: the keeper's own.
    async fn call_anyway(
        &self,
        endpoint: Endpoint,
        call: ProviderCall,
    ) -> Result<ProviderAnswer, ProviderError> {
        self.guard_address(endpoint, &call.url)?;
        let began = Instant::now();
        let place = place(&call.url);
        let outcome = timeout(http::CALL_TIMEOUT, self.transport.call(call))
            .await
            .unwrap_or(Err(CallError::TimedOut));
        if let Some(date) = outcome.as_ref().ok().and_then(|answer| answer.date) {
            *self.clock.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((Instant::now(), date));
        }
        let outage = match &outcome {
            Ok(answer) => answer.status >= 500,
            Err(error) => error.is_outage(),
        };
        let result = match &outcome {
            Ok(_) if outage => "outage",
            Ok(answer) if answer.status >= 400 => "refused",
            Ok(_) => "ok",
            Err(_) if outage => "outage",
            Err(_) => "failed",
        };
        self.metrics
            .provider_fetch(&self.name, endpoint.as_str(), result);
        // Sign-in works without the others, from the keys we hold and the ID token's claims.
        let vital = matches!(endpoint, Endpoint::Metadata | Endpoint::Token);
        if vital && !outage {
            if self.breaker.answered() {
                tracing::info!(provider = %self.name, url = place, "the provider answers again");
            }
        } else if vital && self.breaker.outage(began) {
            let error = match &outcome {
                Ok(answer) => format!("status {}", answer.status),
                Err(error) => chain(error),
            };
            tracing::warn!(
                provider = %self.name,
                endpoint = endpoint.as_str(),
                url = place,
                error,
                "the provider does not answer; sign-ins and refreshes are refused until it does"
            );
            self.wake.notify_one();
        }
        outcome.map_err(|source| ProviderError::Call { endpoint, source })
    }

    fn guard_address(&self, endpoint: Endpoint, url: &Url) -> Result<(), ProviderError> {
        // The place of the metadata is the operator's word, and so may be Graph's; the rest is the
        // document's.
        let loopback_allowed = match (endpoint, &self.plan.graph) {
            (Endpoint::Metadata, _) => return Ok(()),
            (Endpoint::Graph, Some(graph)) => is_loopback(graph),
            _ => is_loopback(&self.plan.metadata_url),
        };
        if may_call(url, loopback_allowed) {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        Err(ProviderError::EndpointAddress { endpoint, host })
    }
}

/// Where a call goes, for the log: never its query, which may hold what is nobody's business.
fn place(url: &Url) -> String {
    format!(
        "{}{}",
        &url[Position::BeforeHost..Position::AfterPort],
        url.path()
    )
}

impl Drop for Provider {
    fn drop(&mut self) {
        // The keeper holds no strong reference; woken, it sees that its provider is gone.
        self.wake.notify_one();
    }
}

#[cfg(test)]
mod tests;

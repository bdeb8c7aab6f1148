//! Ends sessions because their provider says so, server to server (OIDC Back-Channel Logout §2.5 to
//! §2.8).
//!
//! | step | on failure |
//! |---|---|
//! | read the form, which no cookie comes with | 400 |
//! | verify the logout token | 400; 503 when the provider's keys can't be had |
//! | it did not come before | 400; 503 when the store can't be asked |
//! | end every session it names | 503: the provider comes again, and nothing was remembered |
//! | remember that it came | 400 when another was faster; 503 |
//!
//! Sessions that have ended already are a success: the provider wants them gone, and they are.

use std::sync::Arc;

use tokio::sync::Semaphore;
use vestibule_oidc::fault::Fault;
use vestibule_oidc::jose::KeySet;
use vestibule_oidc::logout_token::{
    self, Expected, LogoutFormError, LogoutTokenError, VerifiedLogoutToken, Whom,
};
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_session::store::{OneTime, StoreError, Whose};

use super::{Visit, chain, is_form};
use crate::body::{Body, BodyError};
use crate::control::ControlGone;
use crate::endings::{EndReason, Said};
use crate::exchange::Response;
use crate::provider::{Provider, ProviderError};
use crate::respond::{self, Context};
use crate::shared::Shared;
use crate::store::in_time;

/// How many tokens with an unknown key may wait for newer keys at the same time. Strangers can make
/// any number of those.
const MOST_WAITING_FOR_KEYS: usize = 16;

/// What strangers can't have more of by asking.
#[derive(Debug)]
pub struct BackChannel {
    for_keys: Semaphore,
}

impl Default for BackChannel {
    fn default() -> Self {
        Self {
            for_keys: Semaphore::new(MOST_WAITING_FOR_KEYS),
        }
    }
}

/// Why a back-channel logout did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackChannelError {
    /// The body is no form.
    #[error("read a logout token from something that is no form")]
    NotAForm,
    /// The body did not come, or is too long.
    #[error("read the form with a logout token")]
    Body(#[from] BodyError),
    /// The form brings no token.
    #[error("read a logout token")]
    Form(#[from] LogoutFormError),
    /// The token is not valid.
    #[error("verify a logout token")]
    Token(#[from] LogoutTokenError),
    /// It came before.
    #[error("accept a logout token for the second time")]
    Replayed,
    /// The provider's metadata or keys can't be had.
    #[error("get what a logout token is verified by")]
    Provider(#[from] ProviderError),
    /// Too many wait for newer keys.
    #[error("wait for newer keys: too many do")]
    Busy,
    /// The store can't be asked.
    #[error("end the sessions a logout token names")]
    Store(#[from] StoreError),
    /// We are stopping.
    #[error("end sessions")]
    Stopping(#[from] ControlGone),
}

impl BackChannelError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAForm => "logout_token_not_in_a_form",
            Self::Body(error) => error.code(),
            Self::Form(error) => error.code(),
            Self::Token(error) => error.code(),
            Self::Replayed => "logout_token_replayed",
            Self::Provider(error) => error.code(),
            Self::Busy => "logout_token_keys_busy",
            Self::Store(error) => error.code(),
            Self::Stopping(_) => "stopping",
        }
    }

    /// Who must act.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotAForm | Self::Body(_) | Self::Form(_) | Self::Replayed => Fault::Client,
            Self::Token(error) => error.fault(),
            Self::Provider(error) => error.fault(),
            Self::Store(error) => error.fault(),
            Self::Busy | Self::Stopping(_) => Fault::Internal,
        }
    }

    /// Whether the same token may be taken when it comes again.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Provider(_) | Self::Busy | Self::Store(_) | Self::Stopping(_)
        )
    }

    /// What a stranger may read.
    #[must_use]
    pub fn public_message(&self) -> &'static str {
        match self {
            Self::NotAForm | Self::Body(_) | Self::Form(_) => {
                "The body must be a form with one `logout_token`."
            }
            Self::Token(error) => error.public_message(),
            Self::Replayed => "This logout token came before.",
            _ => "Logouts can't be done at the moment; send it again.",
        }
    }

    /// Whether only the provider can have sent this, or it is our own trouble. What strangers send
    /// is in the access log alone.
    fn is_worth_a_line(&self) -> bool {
        match self {
            Self::Token(error) => error.is_signed(),
            Self::NotAForm | Self::Body(_) | Self::Form(_) | Self::Busy => false,
            _ => true,
        }
    }
}

/// Answers `back-channel-logout`.
pub(super) async fn endpoint(
    visit: &Visit<'_>,
    name: Option<&str>,
    body: Body,
    context: &Context<'_>,
) -> Response {
    let Some(provider) = visit.named_provider(name) else {
        return respond::not_found(context);
    };
    let outcome = log_out(visit, provider, body).await;
    let metrics = &visit.shared.telemetry.metrics;
    match outcome {
        Ok(count) => {
            let result = if count == 0 { "nobody" } else { "ended" };
            metrics.logout(provider.name(), "back_channel", result);
            tracing::info!(provider = %provider.name(), sessions = count, "the provider ended sessions");
            respond::logged_out()
        }
        Err(error) => {
            metrics.logout(provider.name(), "back_channel", error.code());
            if matches!(error, BackChannelError::Store(_)) {
                metrics.store_error("logout");
            }
            if error.is_worth_a_line() {
                tracing::warn!(
                    incident = %context.incident(),
                    provider = %provider.name(),
                    code = error.code(),
                    fault = error.fault().as_str(),
                    error = %chain(&error),
                    "a logout from the provider did not happen"
                );
            }
            respond::logout_refused(&error, context)
        }
    }
}

async fn log_out(
    visit: &Visit<'_>,
    provider: &Arc<Provider>,
    body: Body,
) -> Result<usize, BackChannelError> {
    if !is_form(visit.request) {
        return Err(BackChannelError::NotAForm);
    }
    let body = body.collect(logout_token::MAX_FORM_BYTES).await?;
    let logout = Logout {
        shared: Arc::clone(visit.shared),
        provider: Arc::clone(provider),
        token: logout_token::in_form(&body)?,
        now: visit.now,
    };
    visit.shared.control.run(logout.run()).await?
}

/// A logout token on the control runtime.
struct Logout {
    shared: Arc<Shared>,
    provider: Arc<Provider>,
    token: Secret,
    now: UnixTime,
}

impl Logout {
    async fn run(self) -> Result<usize, BackChannelError> {
        let verified = self.verify().await?;
        let (store, issuer) = (&self.shared.store, verified.issuer());
        // Looked at before, and remembered after: a token that could not be obeyed comes again.
        let name = OneTime::logout_token(issuer, verified.jti());
        if in_time(store.remembers(&name, self.now)).await? {
            return Err(BackChannelError::Replayed);
        }
        let whose = match verified.whom() {
            Whom::Session(sid) => Whose::sid(issuer, sid),
            Whom::Subject(subject) => Whose::subject(issuer, subject),
        };
        let count = self
            .shared
            .end_sessions_of(&whose, Said::Proven, EndReason::Provider, self.now)
            .await?;
        let until = verified.counts_until();
        match in_time(store.remember_once(&name, until, self.now)).await? {
            true => Ok(count),
            false => Err(BackChannelError::Replayed),
        }
    }

    /// Verifies the token, with one look for newer keys if its key is unknown.
    async fn verify(&self) -> Result<VerifiedLogoutToken, BackChannelError> {
        let provider = &self.provider;
        let metadata = provider.metadata().await?;
        let keys = provider.keys().await?;
        match self.judge(&metadata, &keys) {
            Err(error) if error.newer_keys_may_help() => {
                let waiting = &self.shared.back_channel.for_keys;
                let _turn = waiting.try_acquire().map_err(|_| BackChannelError::Busy)?;
                let newer = provider.newer_keys(&keys).await?;
                Ok(self.judge(&metadata, &newer)?)
            }
            judged => Ok(judged?),
        }
    }

    fn judge(
        &self,
        metadata: &ProviderMetadata,
        keys: &KeySet,
    ) -> Result<VerifiedLogoutToken, LogoutTokenError> {
        let settings = self.provider.plan();
        let expected = Expected {
            client_id: &settings.client_id,
            issuer: metadata.token_issuer(),
            algorithms: &settings.id_token_algorithms,
            skew: settings.clock_skew,
        };
        logout_token::verify(&self.token, keys, &expected, self.now)
    }
}

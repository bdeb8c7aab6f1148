//! Ends the sessions that came of a session at the provider, because the provider's page opened our
//! address in a frame (OIDC Front-Channel Logout §2).
//!
//! Browsers send no cookies into foreign frames, so the sessions are found by `sid`, whoever opens the
//! address and wherever. It ends what is here and asks nothing of the provider: anybody may open it.

use std::sync::Arc;

use url::{Origin, Url};
use vestibule_oidc::fault::Fault;
use vestibule_oidc::logout::front_channel::FrontChannelLogout;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::time::UnixTime;
use vestibule_session::store::{StoreError, Whose};

use super::{Visit, chain};
use crate::endings::{EndReason, Said};
use crate::exchange::Response;
use crate::provider::Provider;
use crate::respond::{self, Context, Failure};
use crate::shared::Shared;

/// Answers `front-channel-logout`.
pub(super) async fn endpoint(
    visit: &Visit<'_>,
    name: Option<&str>,
    context: &Context<'_>,
) -> Response {
    let Some(provider) = visit.named_provider(name) else {
        return respond::not_found(context);
    };
    let metrics = &visit.shared.telemetry.metrics;
    let refuse = |failure: Failure| {
        metrics.logout(provider.name(), "front_channel", failure.code);
        respond::failed(&failure, context)
    };
    let Some(metadata) = metadata(visit, provider).await else {
        let message = "Logouts can't be done at the moment.";
        let failure = Failure::new("provider_unavailable", Fault::Provider, message);
        return refuse(failure.temporary());
    };
    let query = visit.request.query().map(AsRef::as_ref).unwrap_or_default();
    let logout = match FrontChannelLogout::parse(query, metadata.token_issuer(), metadata.issuer())
    {
        Ok(logout) => logout,
        Err(error) => {
            let message = error.public_message();
            return refuse(Failure::new(error.code(), Fault::Client, message));
        }
    };
    let shared = Arc::clone(visit.shared);
    match visit
        .shared
        .control
        .run(end(shared, logout, visit.now))
        .await
    {
        Ok(Ok(count)) => {
            let result = if count == 0 { "nobody" } else { "ended" };
            metrics.logout(provider.name(), "front_channel", result);
            if count > 0 {
                tracing::info!(provider = %provider.name(), sessions = count, "the provider's page ended sessions");
            }
            respond::logged_out_in_frame(&framing_origins(&metadata))
        }
        failed => {
            if let Ok(Err(error)) = failed {
                metrics.store_error("logout");
                tracing::error!(code = error.code(), error = %chain(&error), "sessions that their provider ended could not be ended yet");
            }
            refuse(Failure::store())
        }
    }
}

/// What is known of the provider; asked for if it is the first time.
async fn metadata(visit: &Visit<'_>, provider: &Arc<Provider>) -> Option<Arc<ProviderMetadata>> {
    if let Some(metadata) = provider.known_metadata() {
        return Some(metadata);
    }
    let provider = Arc::clone(provider);
    let asked = async move { provider.metadata().await };
    visit.shared.control.run(asked).await.ok()?.ok()
}

async fn end(
    shared: Arc<Shared>,
    logout: FrontChannelLogout,
    now: UnixTime,
) -> Result<usize, StoreError> {
    let mut count = 0;
    for issuer in logout.issuers() {
        let whose = Whose::sid(issuer, logout.sid());
        count += shared
            .end_sessions_of(&whose, Said::ByAnybody, EndReason::Provider, now)
            .await?;
    }
    Ok(count)
}

/// Whose pages may hold the frame: the provider's.
fn framing_origins(metadata: &ProviderMetadata) -> Vec<String> {
    let pages = [
        metadata.end_session_endpoint(),
        Some(metadata.authorization_endpoint()),
    ];
    let mut origins: Vec<String> = Vec::new();
    for origin in pages.into_iter().flatten().map(Url::origin) {
        let text = origin.ascii_serialization();
        if matches!(origin, Origin::Tuple(..)) && !origins.contains(&text) {
            origins.push(text);
        }
    }
    origins
}

//! `refresh=URL&access_token=TOKEN` at the redirect path: an app has its token renewed now, whatever is left of
//! its life, and the browser comes back to it.
//!
//! | the address says | the browser goes to |
//! |---|---|
//! | a token of this session, and the refresh went well | the URL |
//! | no token | the URL with `error_code=no_access_token` |
//! | a token, where there is no session or none with a token | `no_access_token_exists` |
//! | another token | `no_access_token_match` |
//! | a token of this session, and there is no other to be had | `refresh_failed` |
//!
//! To know the token is what proves that the app wants it, and not another site.

use std::sync::Arc;

use vestibule_gate::evidence::Evidence;
use vestibule_oidc::fault::Fault;
use vestibule_oidc::secret::Secret;
use vestibule_session::record::{Record, ResourceKey};
use vestibule_session::store::Stored;

use super::Visit;
use super::redirect_action::{Parameters, target};
use crate::exchange::Response;
use crate::provider::RedirectActions;
use crate::respond::{self, Failure};
use crate::tokens::{self, TokensError};

/// Answers it.
pub(super) async fn answer(
    visit: &Visit<'_>,
    settings: &RedirectActions,
) -> Result<Response, Box<Failure>> {
    let [back, token] = Parameters::read(visit, ["refresh", "access_token"])?.into_values();
    let Some(back) = back else {
        let message = "This address does not say where to go back to.";
        return Err(Failure::new("renew_without_target", Fault::Client, message).into());
    };
    let back = target(visit, settings, &back)?;
    if matches!(visit.evidence, Evidence::StoreUnavailable) {
        return Err(Failure::store().into());
    }
    let failed = |code| Ok(respond::redirect(&back.with_parameter("error_code", code)));
    let Some(token) = token.filter(|token| !token.is_empty()).map(Secret::new) else {
        return failed("no_access_token");
    };
    let held = visit.session().map(|stored| stored.record());
    let Some(record) = held.filter(|record| !record.tokens().is_empty()) else {
        return failed("no_access_token_exists");
    };
    let mut tokens = record.tokens().iter();
    let Some((wanted, _)) = tokens.find(|(_, held)| *held.token() == token) else {
        return failed("no_access_token_match");
    };
    match renewed(visit, record, wanted, &token).await {
        Ok(_) => Ok(respond::redirect(back.location())),
        Err(error) => {
            let mut response =
                respond::redirect(&back.with_parameter("error_code", "refresh_failed"));
            if error.ended_session() {
                let gone = visit.site.cookies().delete_session();
                response.head.fields.push("Set-Cookie", gone);
            }
            Ok(response)
        }
    }
}

/// The session of this request with another token for `wanted` than `old`.
pub(super) async fn renewed(
    visit: &Visit<'_>,
    record: &Record,
    wanted: &ResourceKey,
    old: &Secret,
) -> Result<Arc<Stored>, TokensError> {
    let provider = visit
        .plan
        .provider(record.provider())
        .ok_or(TokensError::ProviderUnknown)?;
    let handle = visit.handle.as_ref().ok_or(TokensError::SessionGone)?;
    if record.refresh_token().is_none() {
        return Err(TokensError::NoRefreshToken);
    }
    tokens::renew(
        visit.shared,
        provider,
        handle.store_key(),
        wanted,
        old,
        visit.now,
    )
    .await
}

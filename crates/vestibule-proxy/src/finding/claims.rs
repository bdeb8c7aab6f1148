//! Tells the operator, once an hour, that rules go without the claims of the access token.

use std::sync::Arc;

use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{Role, Token};
use vestibule_oidc::access_token::VerifiedAccessToken;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;

use super::{known, log_finding, of};
use crate::error_chain::chain;
use crate::plan::Plan;
use crate::provider::{Provider, Unverified};

/// What stands for the route where a thing concerns all of a provider's.
const ALL_ROUTES: &str = "*";

/// The sign-in's own access token for rules to read. One that can't be verified has no claims for them, and the log says
/// why.
pub(crate) async fn for_rules(
    plan: &Plan,
    provider: &Arc<Provider>,
    metadata: &ProviderMetadata,
    token: Option<&Secret>,
    now: UnixTime,
) -> Option<VerifiedAccessToken> {
    let token = token?;
    let error = match provider.verified_access_token(metadata, token, now).await {
        Ok(verified) => return verified,
        Err(error) => error,
    };
    if is_news(plan, provider, error.code(), now) {
        tell(plan, provider, token, &error, now);
    }
    None
}

/// Whether the log is to be told something that concerns all routes of a provider.
pub(crate) fn is_news(
    plan: &Plan,
    provider: &Arc<Provider>,
    code: &'static str,
    now: UnixTime,
) -> bool {
    let told = &plan.told;
    told.is_news(&ALL_ROUTES.into(), Some(provider.name()), code, now)
}

fn tell(plan: &Plan, provider: &Arc<Provider>, token: &Secret, error: &Unverified, now: UnixTime) {
    let mut seen = Evidence::default();
    seen.now = Some(now);
    seen.token = Some(Token::of(token.expose()).role(Role::Access));
    let findings = of(seen, known(plan, None, Some(provider)));
    log_finding!(
        warn,
        &findings,
        {
            provider = %provider.name(),
            code = error.code(),
            error = chain(error),
        },
        "rules go without the claims of the access token: it can't be verified"
    );
}

//! Why there is no access token for a route, as a finding.

use std::sync::Arc;

use vestibule_diagnosis::evidence::{Grant, ProviderError, TokenResponse};
use vestibule_diagnosis::{Evidence, Finding};
use vestibule_oidc::token::TokenError;

use super::{known, of};
use crate::plan::Plan;
use crate::provider::{Provider, witness_of_answer};
use crate::tokens::TokensError;

/// What a refusal of the token endpoint says.
pub(crate) fn of_refusal(error: &TokenError, grant: Grant) -> Option<ProviderError> {
    let refusal = error.refusal()?;
    let mut seen = ProviderError::new(refusal.error.as_str(), refusal.description.as_deref());
    if let Some(number) = refusal.aadsts
        && !seen.aadsts.contains(&number)
    {
        seen.aadsts.insert(0, number);
    }
    seen.suberror.clone_from(&refusal.suberror);
    seen.claims.clone_from(&refusal.claims);
    seen.correlation_id = seen
        .correlation_id
        .or_else(|| refusal.correlation_id.clone());
    seen.trace_id = seen.trace_id.or_else(|| refusal.trace_id.clone());
    seen.grant = Some(grant);
    Some(seen)
}

/// What it shows that there is no token.
pub(crate) fn of_refresh(
    error: &TokensError,
    plan: &Plan,
    provider: Option<&Arc<Provider>>,
) -> Vec<Finding> {
    let mut seen = Evidence::default();
    match error {
        TokensError::Refused(error)
        | TokensError::Interaction(error)
        | TokensError::PersonFirst(error)
        | TokensError::GrantOver(error) => {
            seen.provider_error = of_refusal(error, Grant::Refresh);
            witness_of_answer(error, provider.map(AsRef::as_ref), &mut seen);
        }
        TokensError::InVain(error) => return of_refresh(error, plan, provider),
        TokensError::IdToken { seen: shown, .. } => seen = Evidence::clone(shown),
        TokensError::Provider(error) => error.witness(provider.map(AsRef::as_ref), &mut seen),
        TokensError::Expired | TokensError::NoRefreshToken => {
            // It was not renewed because the sign-in brought nothing to renew it with.
            let mut answer = TokenResponse::default();
            answer.members = vec!["access_token".to_owned(), "id_token".to_owned()];
            seen.token_response = Some(answer);
        }
        _ => return Vec::new(),
    }
    of(seen, known(plan, None, provider))
}

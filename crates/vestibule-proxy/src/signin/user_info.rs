//! Asks the provider's user info endpoint about somebody whose ID token was verified.

use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::TokenResponse;
use vestibule_oidc::userinfo::{self, SignedExpected, UserInfo, UserInfoError};

use super::SignInError;
use crate::plan::Plan;
use crate::provider::{Endpoint, Provider, ProviderError, UserInfoUse};

/// User info about `subject`, if it is to be asked for. The signed token that it came in is with it only where an
/// upstream of the provider's people gets that.
///
/// Where nobody insists on it, an endpoint that does not answer costs its claims and not the sign-in; an answer about
/// somebody else is refused in any case.
pub(crate) async fn ask_user_info(
    plan: &Plan,
    provider: &Provider,
    metadata: &ProviderMetadata,
    tokens: &TokenResponse,
    subject: &str,
    now: UnixTime,
) -> Result<Option<UserInfo>, SignInError> {
    let Some(found) = ask(provider, metadata, tokens, subject, now).await? else {
        return Ok(None);
    };
    if !passes_token(plan, provider) {
        return Ok(Some(found.without_token()));
    }
    if found.token().is_none() {
        tracing::warn!(
            provider = %provider.name(),
            "user info came as plain JSON, and an upstream that gets it as a JWT is told none; set \
             userinfo_signed_response_alg of the registration at the provider"
        );
    }
    Ok(Some(found))
}

/// Whether an upstream that this provider's people reach is told user info as it was signed.
fn passes_token(plan: &Plan, provider: &Provider) -> bool {
    let mut routes = plan.gate.routes().iter();
    routes.any(|route| provider.comes_to(route) && route.headers.passes_userinfo_token())
}

async fn ask(
    provider: &Provider,
    metadata: &ProviderMetadata,
    tokens: &TokenResponse,
    subject: &str,
    now: UnixTime,
) -> Result<Option<UserInfo>, SignInError> {
    let settings = provider.plan();
    match settings.user_info {
        UserInfoUse::Never => Ok(None),
        UserInfoUse::Always => user_info(provider, metadata, tokens, subject, now)
            .await
            .map(Some),
        UserInfoUse::WhenAdvertised | UserInfoUse::WhenSigned => {
            // An access token for a resource of its own is none for this endpoint.
            let fits = settings.resource.is_none() && tokens.access_token().is_some();
            if !fits || metadata.userinfo_endpoint().is_none() || metadata.is_entra() {
                return Ok(None);
            }
            match user_info(provider, metadata, tokens, subject, now).await {
                Ok(found) => Ok(Some(found)),
                Err(error @ SignInError::UserInfo(UserInfoError::AnotherSubject)) => Err(error),
                Err(error) => {
                    tracing::warn!(
                        provider = %provider.name(),
                        code = error.code(),
                        error = %super::chain(&error),
                        "user info could not be asked; set `userinfo = false`, or true to insist on it"
                    );
                    Ok(None)
                }
            }
        }
    }
}

async fn user_info(
    provider: &Provider,
    metadata: &ProviderMetadata,
    tokens: &TokenResponse,
    subject: &str,
    now: UnixTime,
) -> Result<UserInfo, SignInError> {
    let endpoint = metadata
        .userinfo_endpoint()
        .ok_or(ProviderError::NoEndpoint {
            endpoint: Endpoint::UserInfo,
        })?;
    let access_token = tokens.access_token().ok_or(SignInError::NoAccessToken)?;
    let answer = provider.user_info(endpoint, access_token).await?;
    let content_type = answer.content_type.as_deref();
    if userinfo::is_signed(content_type) {
        let settings = provider.plan();
        let expected = SignedExpected {
            client_id: &settings.client_id,
            issuer: metadata.token_issuer(),
            algorithms: &settings.id_token_algorithms,
            skew: settings.clock_skew,
        };
        let keys = provider.keys().await?;
        let verify = |keys| userinfo::verify(&answer.body, keys, &expected, subject, now);
        return match verify(&keys) {
            Err(error) if error.newer_keys_may_help() => {
                let newer = provider.newer_keys(&keys).await?;
                Ok(verify(&newer)?)
            }
            verified => Ok(verified?),
        };
    }
    if provider.plan().user_info == UserInfoUse::WhenSigned {
        return Err(UserInfoError::NotSigned.into());
    }
    Ok(userinfo::parse(
        answer.status,
        content_type,
        &answer.body,
        subject,
    )?)
}

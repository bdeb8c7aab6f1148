//! Decides whether the sign-in's own access token is one whose claims rules may read.

use vestibule_oidc::access_token::{
    self, AccessTokenError, AccessTokenExpected, VerifiedAccessToken,
};
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;

use super::{Provider, ProviderError};

/// Why an access token of the sign-in's own says nothing to rules.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Unverified {
    /// It proves nothing.
    #[error("verify the sign-in's own access token")]
    Token(#[from] AccessTokenError),
    /// The provider's keys can't be had.
    #[error("verify the sign-in's own access token")]
    Keys(#[from] ProviderError),
}

impl Unverified {
    /// The stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Keys(error) => error.code(),
        }
    }
}

impl Provider {
    /// The sign-in's own access token with its claims verified: signature, issuer, time, and that it
    /// is for one of the configured audiences. `None` where the configuration names no audience.
    ///
    /// # Errors
    ///
    /// [`Unverified`]: its claims must not decide anything.
    pub(crate) async fn verified_access_token(
        &self,
        metadata: &ProviderMetadata,
        token: &Secret,
        now: UnixTime,
    ) -> Result<Option<VerifiedAccessToken>, Unverified> {
        let audiences = &self.plan.access_token_audiences;
        if audiences.is_empty() {
            return Ok(None);
        }
        let issuer = metadata.token_issuer().clone().with_version_1();
        let expected = AccessTokenExpected {
            issuer: &issuer,
            audiences,
            algorithms: &self.plan.id_token_algorithms,
            skew: self.plan.clock_skew,
        };
        let keys = self.keys().await?;
        let verified = access_token::verify(token.expose(), &keys, &expected, now);
        Ok(Some(match verified {
            Err(error) if error.newer_keys_may_help() => match self.newer_keys(&keys).await {
                Ok(newer) => access_token::verify(token.expose(), &newer, &expected, now)?,
                Err(_) => return Err(error.into()),
            },
            verified => verified?,
        }))
    }
}

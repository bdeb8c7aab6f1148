//! Why there is no access token for a route.

use std::sync::Arc;

use vestibule_diagnosis::Evidence;
use vestibule_oidc::fault::Fault;
use vestibule_oidc::id_token::IdTokenError;
use vestibule_oidc::token::TokenError;
use vestibule_session::record::{Record, ResourceKey};
use vestibule_session::store::StoreError;

use crate::provider::ProviderError;

/// Why there is no access token for a route.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokensError {
    /// The provider can't be asked, and the token has expired.
    #[error("refresh the access token")]
    Provider(#[from] ProviderError),
    /// The provider refused for a reason that is not the person's.
    #[error("refresh the access token")]
    Refused(#[source] TokenError),
    /// The provider asks the person to do something first.
    #[error("refresh the access token without the person")]
    Interaction(#[source] TokenError),
    /// The provider has to see the person before it says again what rules go by.
    #[error("ask anew for what rules go by without the person")]
    PersonFirst(#[source] TokenError),
    /// The provider says that the sign-in's grant is over. The session was ended.
    #[error("refresh the access token: the grant is over")]
    GrantOver(#[source] TokenError),
    /// The refreshed ID token is about somebody else, or another sign-in. The session was ended.
    #[error("refresh the access token: the id token is of another sign-in")]
    OtherPerson,
    /// The refreshed ID token proves nothing, so that nobody knows whose the access token beside it is.
    /// The session goes on, and of that answer nothing is used but its refresh token.
    #[error("refresh the access token: verify the id token that came with it")]
    IdToken {
        /// Which check failed.
        source: IdTokenError,
        /// What shows of it, for the diagnosis.
        seen: Arc<Evidence>,
    },
    /// The session was ended in the meantime.
    #[error("refresh the access token of a session that has ended")]
    SessionGone,
    /// The token has expired, and there is no refresh token.
    #[error("use an access token that has expired")]
    Expired,
    /// The route's token was never fetched, and there is no refresh token to fetch it with.
    #[error("fetch an access token without a refresh token")]
    NoRefreshToken,
    /// The person was at the provider for this very token, and it can't be had all the same.
    /// Sending them there again would be a loop.
    #[error("get an access token for which the person has just signed in")]
    InVain(#[source] Box<TokensError>),
    /// The provider gave no access token.
    #[error("find an access token in the provider's answer")]
    NotGiven,
    /// The route's resource or audience can't be asked for.
    #[error("ask for the route's resource")]
    ResourceUnknown,
    /// The provider of the session is not configured any more.
    #[error("find the provider of the session")]
    ProviderUnknown,
    /// The provider of that name speaks for another issuer than the one the session is from.
    #[error("use a session of an issuer that its provider does not speak for")]
    OtherIssuer,
    /// The session's token was asked for with other scopes or another resource than are configured
    /// now: it may not be the one this upstream is due.
    #[error("use an access token that was asked for under another configuration")]
    AskedOtherwise,
    /// The refreshed tokens can't be kept.
    #[error("keep the refreshed tokens")]
    Store(#[from] StoreError),
    /// The process is stopping, or the refresh broke.
    #[error("wait for the refresh")]
    Interrupted,
}

impl TokensError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.code(),
            Self::Refused(_) => "refresh_refused",
            Self::Interaction(_) | Self::PersonFirst(_) => "refresh_needs_interaction",
            Self::GrantOver(_) => "grant_over",
            Self::OtherPerson => "refresh_other_person",
            Self::IdToken { .. } => "refresh_id_token",
            Self::SessionGone => "session_ended",
            Self::Expired => "access_token_expired",
            Self::NoRefreshToken => "no_refresh_token",
            Self::InVain(error) => error.code(),
            Self::NotGiven => "access_token_not_given",
            Self::ResourceUnknown => "resource_unknown",
            Self::ProviderUnknown => "session_provider_unknown",
            Self::OtherIssuer => "session_of_other_issuer",
            Self::AskedOtherwise => "access_token_asked_otherwise",
            Self::Store(_) => "store_unavailable",
            Self::Interrupted => "refresh_interrupted",
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Provider(error) => error.fault(),
            Self::Refused(error) if error.passes_by_itself() => Fault::Provider,
            Self::Refused(error) => error.fault(),
            Self::Store(error) => error.fault(),
            Self::Interaction(_)
            | Self::PersonFirst(_)
            | Self::GrantOver(_)
            | Self::SessionGone
            | Self::Expired => Fault::Client,
            Self::OtherPerson | Self::IdToken { .. } | Self::NotGiven | Self::InVain(_) => {
                Fault::Provider
            }
            Self::ProviderUnknown
            | Self::OtherIssuer
            | Self::AskedOtherwise
            | Self::NoRefreshToken => Fault::Operator,
            Self::ResourceUnknown | Self::Interrupted => Fault::Internal,
        }
    }

    /// What a stranger may read.
    #[must_use]
    pub fn public_message(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.public_message(),
            Self::Refused(error) if error.passes_by_itself() => {
                "The identity provider can't give tokens at the moment. Try again in a minute."
            }
            Self::Refused(_) | Self::NotGiven => {
                "The identity provider gave no access token for the application behind this address."
            }
            Self::IdToken { .. } => "The identity provider gave an answer that cannot be used.",
            Self::Interaction(_) | Self::PersonFirst(_) => {
                "The identity provider asks you to sign in again."
            }
            Self::NoRefreshToken => "Sign in again for the application behind this address.",
            Self::InVain(_) => {
                "You have just signed in for the application behind this address, and the identity provider \
                 still gives no access token for it."
            }
            Self::GrantOver(_)
            | Self::OtherPerson
            | Self::SessionGone
            | Self::ProviderUnknown
            | Self::OtherIssuer => "The session has ended. Sign in again.",
            Self::AskedOtherwise => {
                "What the application behind this address needs has changed. Sign in again."
            }
            Self::Expired => "The access token has expired. Sign in again.",
            Self::Store(_) => "Sessions can't be kept at the moment. You are not signed out.",
            Self::ResourceUnknown | Self::Interrupted => {
                "Something went wrong on our side. Try again in a moment."
            }
        }
    }

    /// Whether signing in again is the way on.
    #[must_use]
    pub const fn needs_sign_in(&self) -> bool {
        matches!(
            self,
            Self::Interaction(_)
                | Self::PersonFirst(_)
                | Self::GrantOver(_)
                | Self::OtherPerson
                | Self::SessionGone
                | Self::Expired
                | Self::NoRefreshToken
                | Self::ProviderUnknown
                | Self::OtherIssuer
                | Self::AskedOtherwise
        )
    }

    /// Whether the sign-in is to be one for the route's token: the session is as good as it was, and
    /// the token alone is missing.
    #[must_use]
    pub const fn asks_for_route(&self) -> bool {
        matches!(
            self,
            Self::Interaction(_) | Self::Expired | Self::NoRefreshToken
        )
    }

    /// The refusal of the provider underneath, if it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&TokenError> {
        match self {
            Self::Refused(error)
            | Self::Interaction(error)
            | Self::PersonFirst(error)
            | Self::GrantOver(error) => Some(error),
            Self::InVain(error) => error.refusal(),
            _ => None,
        }
    }

    /// The same, or [`Self::InVain`] if the person of this session was already at the provider for
    /// the token that is wanted.
    pub(super) fn unless_in_vain(self, record: &Record, wanted: &ResourceKey) -> Self {
        match self.asks_for_route() && record.signed_in_for() == Some(wanted) {
            true => Self::InVain(Box::new(self)),
            false => self,
        }
    }

    /// Whether the session is gone, so that its cookie can go too.
    #[must_use]
    pub const fn ended_session(&self) -> bool {
        matches!(
            self,
            Self::GrantOver(_) | Self::OtherPerson | Self::SessionGone
        )
    }

    /// Whether the session must be ended: it is there, and over.
    #[must_use]
    pub const fn ends_session(&self) -> bool {
        matches!(self, Self::GrantOver(_) | Self::OtherPerson)
    }

    /// Whether trying again soon makes sense.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Provider(error) => error.is_outage(),
            Self::Refused(error) => error.passes_by_itself(),
            Self::Store(_) | Self::Interrupted => true,
            _ => false,
        }
    }
}

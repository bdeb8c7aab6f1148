//! Why a provider could not be used: for each failure its code, whose fault it is, and what a
//! stranger may read.

use vestibule_oidc::fault::Fault;
use vestibule_oidc::jose::KeySetError;
use vestibule_oidc::metadata::MetadataError;

use super::call::CallError;

/// What we asked a provider for.
///
/// Not `#[non_exhaustive]`: it only names things in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// The metadata document.
    Metadata,
    /// The key set of `jwks_uri`.
    Keys,
    /// The token endpoint.
    Token,
    /// The user info endpoint.
    UserInfo,
    /// The revocation endpoint.
    Revocation,
    /// Microsoft Graph, for groups.
    Graph,
}

impl Endpoint {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Metadata,
        Self::Keys,
        Self::Token,
        Self::UserInfo,
        Self::Revocation,
        Self::Graph,
    ];

    /// The name used in logs and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Keys => "jwks_uri",
            Self::Token => "token_endpoint",
            Self::UserInfo => "userinfo_endpoint",
            Self::Revocation => "revocation_endpoint",
            Self::Graph => "graph",
        }
    }
}

/// Why a provider could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// It did not answer repeatedly, and is not asked until a probe has reached it.
    #[error("ask the provider: it has not answered for a while")]
    Down,
    /// A call had no answer.
    #[error("call the provider's {}", endpoint.as_str())]
    Call {
        /// What was asked for.
        endpoint: Endpoint,
        /// Why there is no answer.
        #[source]
        source: CallError,
    },
    /// An answer that is no success.
    #[error("use the answer of the provider's {}: status {status}", endpoint.as_str())]
    Status {
        /// What was asked for.
        endpoint: Endpoint,
        /// The status.
        status: u16,
    },
    /// Entra says by a number why there is no document.
    #[error("use the answer of the provider's {}: status {status}, AADSTS{aadsts}", endpoint.as_str())]
    Refused {
        /// What was asked for.
        endpoint: Endpoint,
        /// The status.
        status: u16,
        /// The number. What else Entra says may name people and tenants.
        aadsts: u32,
    },
    /// The answer is not JSON.
    #[error("use the answer of the provider's {}: it is {found}, not JSON", endpoint.as_str())]
    ContentType {
        /// What was asked for.
        endpoint: Endpoint,
        /// The media type.
        found: String,
    },
    /// The metadata document is not acceptable.
    #[error("use the provider's metadata")]
    Metadata(#[from] MetadataError),
    /// The issuer is another one than before. The old metadata stay in use.
    #[error("accept metadata of issuer {found:?} from the provider known as {held:?}")]
    IssuerChanged {
        /// The issuer we know.
        held: String,
        /// The issuer the new document names.
        found: String,
    },
    /// The metadata have no such endpoint.
    #[error("find the provider's {} in its metadata", endpoint.as_str())]
    NoEndpoint {
        /// What is missing.
        endpoint: Endpoint,
    },
    /// An endpoint we must not call: not https, or an address of this machine.
    #[error("call the provider's {} at {host:?}", endpoint.as_str())]
    EndpointAddress {
        /// What was to be asked for.
        endpoint: Endpoint,
        /// The host it is at.
        host: String,
    },
    /// The key set cannot be read.
    #[error("use the provider's keys")]
    Keys(#[from] KeySetError),
    /// The key set has no key we can use.
    #[error("find a usable key in the provider's key set")]
    NoUsableKey,
}

impl ProviderError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Down => "provider_unavailable",
            Self::Call { source, .. } => match source {
                CallError::Redirected { .. } => "provider_redirects",
                CallError::TooLarge { .. } => "provider_answer_too_large",
                CallError::NoTunnel { .. } => "outbound_proxy",
                _ => "provider_unavailable",
            },
            Self::Status { status, .. } if *status >= 500 => "provider_unavailable",
            Self::Status { .. } | Self::Refused { .. } => "provider_status",
            Self::ContentType { .. } => "provider_not_json",
            Self::Metadata(_) => "provider_metadata",
            Self::IssuerChanged { .. } => "provider_issuer_changed",
            Self::NoEndpoint { .. } => "provider_endpoint_missing",
            Self::EndpointAddress { .. } => "provider_endpoint_address",
            Self::Keys(_) => "provider_keys",
            Self::NoUsableKey => "provider_no_usable_key",
        }
    }

    /// Whose fault it is. To whoever asked us, the proxy on the way to the provider is a part of that way.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Provider
    }

    /// What a stranger may read.
    #[must_use]
    pub const fn public_message(&self) -> &'static str {
        if let Self::Call {
            source: CallError::NoTunnel { .. },
            ..
        } = self
        {
            "This server does not reach the identity provider at the moment."
        } else if self.is_outage() {
            "The identity provider does not answer at the moment."
        } else {
            "The identity provider gave an answer that cannot be used."
        }
    }

    /// What we asked for in vain, if we asked.
    pub(super) const fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Self::Down => None,
            Self::Call { endpoint, .. }
            | Self::Status { endpoint, .. }
            | Self::Refused { endpoint, .. }
            | Self::ContentType { endpoint, .. }
            | Self::NoEndpoint { endpoint }
            | Self::EndpointAddress { endpoint, .. } => Some(*endpoint),
            Self::Metadata(_) | Self::IssuerChanged { .. } => Some(Endpoint::Metadata),
            Self::Keys(_) | Self::NoUsableKey => Some(Endpoint::Keys),
        }
    }

    /// Whether it was the metadata document that could not be had.
    #[must_use]
    pub(super) const fn is_about_metadata(&self) -> bool {
        matches!(
            self,
            Self::Down
                | Self::Call {
                    endpoint: Endpoint::Metadata,
                    ..
                }
                | Self::Status {
                    endpoint: Endpoint::Metadata,
                    ..
                }
        )
    }

    /// Whether the provider could not be reached, so that trying again soon makes sense and nothing
    /// may be concluded about a session or a token.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        match self {
            Self::Down => true,
            Self::Call { source, .. } => source.is_outage(),
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

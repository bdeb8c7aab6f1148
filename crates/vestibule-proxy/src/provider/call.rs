//! One call to a provider: what is asked, what comes back, and every way it can fail.
//!
//! [`Transport`] is the seam: the real one is in `http`, tests bring their own and need no sockets.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use url::Url;
use vestibule_diagnosis::evidence::NoTunnel;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;

/// A request to one of the provider's endpoints.
#[derive(Debug, Clone)]
pub struct ProviderCall {
    /// The endpoint.
    pub url: Url,
    /// The value of `Authorization`: client authentication, or the bearer of a user info request.
    pub authorization: Option<Secret>,
    /// A form to post; without one, and without `json`, the call is a GET.
    pub form: Option<Secret>,
    /// JSON to post. Holds nothing that is secret.
    pub json: Option<Bytes>,
    /// Largest body that is read.
    pub max_bytes: usize,
}

impl ProviderCall {
    /// Largest metadata or key document that is read.
    pub const DOCUMENT_MAX_BYTES: usize = 1024 * 1024;
    /// Largest answer of the token or user info endpoint that is read.
    pub const ANSWER_MAX_BYTES: usize = 256 * 1024;

    /// Fetches a document that needs no credentials.
    #[must_use]
    pub const fn document(url: Url) -> Self {
        Self {
            url,
            authorization: None,
            form: None,
            json: None,
            max_bytes: Self::DOCUMENT_MAX_BYTES,
        }
    }
}

/// What the provider answered, whatever its status.
#[derive(Clone)]
pub struct ProviderAnswer {
    /// The status.
    pub status: u16,
    /// The value of `Content-Type`.
    pub content_type: Option<String>,
    /// How long it asks to be left alone: `Retry-After` in seconds (RFC 9110 §10.2.3).
    pub retry_after: Option<Duration>,
    /// What time it was for the provider: `Date` (RFC 9110 §6.6.1).
    pub date: Option<UnixTime>,
    /// The whole body.
    pub body: Bytes,
}

impl fmt::Debug for ProviderAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may hold tokens.
        f.debug_struct("ProviderAnswer")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No connection: refused, no route, no such name, TLS failed.
    #[error("connect to the provider: {reason}")]
    Unreachable {
        /// What the connector said.
        reason: String,
    },
    /// The HTTP proxy on the way out let the call not through: the provider was not asked.
    #[error("get through the proxy {proxy}: {}", reason.as_str())]
    NoTunnel {
        /// The proxy: host and port.
        proxy: String,
        /// What it did.
        reason: NoTunnel,
    },
    /// No complete answer in time.
    #[error("get the provider's answer in time")]
    TimedOut,
    /// The connection ended in the middle.
    #[error("read the provider's answer to its end")]
    Aborted,
    /// The answer is larger than it may be (CVE-2026-26998 in another product).
    #[error("accept an answer of more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The endpoint redirects. Redirects are never followed: client authentication and codes go to
    /// the configured provider only.
    #[error("accept an answer that redirects (status {status})")]
    Redirected {
        /// The status.
        status: u16,
    },
}

impl CallError {
    /// Whether the provider could not be reached at all, as opposed to answering wrongly.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::NoTunnel { .. } | Self::TimedOut | Self::Aborted
        )
    }
}

/// The answer to come.
pub type Answering = Pin<Box<dyn Future<Output = Result<ProviderAnswer, CallError>> + Send>>;

/// Carries calls to a provider.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Performs `call`. Follows no redirect and reads at most [`ProviderCall::max_bytes`].
    fn call(&self, call: ProviderCall) -> Answering;
}

//! Holds what Entra's sentences and the settings name: the app, the redirect URI, the scope, the resource, the tenant, a
//! parameter.
//!
//! | of what | module |
//! |---|---|
//! | Entra's words, and what stands behind each | `message` |
//! | how a value is found behind its words | `behind` |
//! | sentences and lines, with the values filled in | `filled` |

mod behind;
mod filled;
mod message;

#[cfg(test)]
mod tests;

pub(super) use filled::once;
pub(super) use message::{
    message_app, message_assertion, message_redirect_uri, message_scope, message_tenant,
    refused_scopes,
};

use vestibule_oidc::microsoft::TenantId;

use self::message::{is_domain, message_parameter, message_resource};
use super::client::secret_from;
use crate::Evidence;
use crate::cure::login_host;
use crate::evidence::AskedToken;
use crate::shown::{is_secret, shown};

/// What a message and the settings name, the message first.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The client id.
    pub(super) app: Option<String>,
    /// The redirect URI.
    pub(super) redirect_uri: Option<String>,
    /// The scope.
    pub(super) scope: Option<String>,
    /// The resource: an Application ID URI or an id.
    pub(super) resource: Option<String>,
    /// The tenant: an id or a domain.
    pub(super) tenant: Option<String>,
    /// The parameter that is missing.
    pub(super) parameter: Option<String>,
    /// The correlation id.
    pub(super) correlation_id: Option<String>,
    /// When it happened.
    pub(super) timestamp: Option<String>,
    /// Where the configuration says that the client secret is.
    pub(super) secret_from: Option<String>,
    /// The sign-in host of the cloud.
    pub(super) login_host: &'static str,
}

impl Said {
    /// What the evidence names.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let provider = evidence.provider();
        let settings = evidence.settings.as_ref();
        let error = evidence.provider_error.as_ref();
        let text = evidence.text.as_ref();
        Self {
            app: message_app(evidence).or_else(|| provider?.client_id.clone()),
            redirect_uri: message_redirect_uri(evidence).or_else(|| settings?.redirect_uri.clone()),
            scope: message_scope(evidence).or_else(|| match evidence.route_settings()?.token {
                Some(AskedToken::Scope(ref scope)) => Some(scope.clone()),
                _ => None,
            }),
            resource: message_resource(evidence),
            tenant: message_tenant(evidence)
                .or_else(|| tenant_of(provider?.authority()?).map(str::to_owned)),
            parameter: message_parameter(evidence),
            correlation_id: error
                .and_then(|error| error.correlation_id.clone())
                .or_else(|| text?.correlation_id.clone()),
            timestamp: error
                .and_then(|error| error.timestamp.clone())
                .or_else(|| text?.timestamp.clone()),
            secret_from: secret_from(evidence),
            login_host: login_host(evidence),
        }
    }

    /// What an administrator looks the sign-in up by.
    pub(super) fn incident(&self) -> String {
        let id = self.correlation_id.as_deref().filter(|id| !is_secret(id));
        match (id, self.timestamp.as_deref()) {
            (Some(id), Some(time)) => format!("correlation ID {} at {}", shown(id), shown(time)),
            (Some(id), None) => format!("correlation ID {}", shown(id)),
            (None, Some(time)) => format!("time {}", shown(time)),
            (None, None) => "correlation ID and time of the message".to_owned(),
        }
    }
}

/// The tenant in an authority's address: an id, a domain or one of the words for many.
pub(super) fn tenant_of(authority: &str) -> Option<&str> {
    let (_, rest) = authority.split_once("://")?;
    rest.split('/')
        .nth(1)
        .filter(|tenant| TenantId::parse(tenant).is_some() || is_domain(tenant))
}

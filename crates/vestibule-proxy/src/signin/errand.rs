//! Why a person who is signed in is sent to sign in once more: one route's token, which the provider
//! did not give silently.

use serde_json::{Map, Value};
use vestibule_gate::route::{Route, TokenChoice};
use vestibule_session::record::ResourceKey;

use crate::provider::Provider;
use crate::tokens::TokensError;

/// The longest claims challenge that is handed on. It becomes a part of an address.
const CHALLENGE_MAX_BYTES: usize = 2048;

/// What such a sign-in asks for on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Errand {
    /// The token, if it is not the sign-in's own.
    pub(super) wanted: Option<ResourceKey>,
    /// The provider's claims challenge, to be sent back to it (OIDC Core §5.5).
    pub(super) claims: Option<String>,
    /// The provider says that the person has to agree first.
    consent: bool,
}

impl Errand {
    /// What `error` asks for, if the route's token is all that is missing.
    pub(super) fn of(error: &TokensError, route: &Route, provider: &Provider) -> Option<Self> {
        if !error.asks_for_route() {
            return None;
        }
        let wanted = match &route.access_token {
            TokenChoice::Resource(key) => Some(key.clone()),
            TokenChoice::SignIn | TokenChoice::None => None,
        };
        let refusal = error.refusal().and_then(|error| error.refusal());
        let configured = provider.plan().authorization_parameters.pairs().iter();
        let configured = configured.filter(|(name, _)| name == "claims");
        let configured = configured.map(|(_, value)| value.as_str()).next();
        let challenge = refusal.and_then(|refusal| refusal.claims.as_deref());
        Some(Self {
            wanted,
            claims: challenge.and_then(|challenge| joined(configured, challenge)),
            consent: refusal.is_some_and(|refusal| {
                refusal.error == "consent_required"
                    || refusal.suberror.as_deref() == Some("consent_required")
            }),
        })
    }

    /// The `prompt` (OIDC Core §3.1.2.1). Entra asks by itself for what is missing; told to ask, it
    /// asks also those whose administrator has agreed for them.
    pub(super) fn prompt(&self, is_entra: bool) -> Option<&'static str> {
        (self.consent && !is_entra).then_some("consent")
    }
}

/// The challenge, with what the configuration asks for. Anything but a JSON object is no challenge.
fn joined(configured: Option<&str>, challenge: &str) -> Option<String> {
    if challenge.len() > CHALLENGE_MAX_BYTES {
        return None;
    }
    let challenge: Map<String, Value> = serde_json::from_str(challenge).ok()?;
    let configured = configured.and_then(|text| serde_json::from_str(text).ok());
    let mut all: Map<String, Value> = configured.unwrap_or_default();
    for (place, wanted) in challenge {
        match (all.get_mut(&place), wanted) {
            (Some(Value::Object(known)), Value::Object(wanted)) => known.extend(wanted),
            (_, wanted) => {
                all.insert(place, wanted);
            }
        }
    }
    Some(Value::Object(all).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_sent_back_with_what_is_asked_for_anyway() {
        let challenge = r#"{"access_token":{"polids":{"essential":true}}}"#;
        assert_eq!(joined(None, challenge).as_deref(), Some(challenge));
        let configured = r#"{"id_token":{"acr":null},"access_token":{"a":null}}"#;
        assert_eq!(
            joined(Some(configured), challenge).as_deref(),
            Some(
                r#"{"id_token":{"acr":null},"access_token":{"a":null,"polids":{"essential":true}}}"#
            )
        );
        for none in ["", "null", "[]", "\"x\"", &"{".repeat(3000)] {
            assert_eq!(joined(None, none), None, "{none:.10}");
        }
    }
}

//! Describes what was found in a pasted text.

use serde::Serialize;
use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::error_code::{self, ErrorCode};
use vestibule_diagnosis::evidence::ProviderError;
use vestibule_diagnosis::text::Found;
use vestibule_oidc::time::UnixTime;

use super::token::{self, TokenDetails};
use super::value::{list, shown};

/// What was found. No value of a callback or an answer is here: those are secrets.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct TextDetails {
    /// The codes, as `AADSTS50011` or `IDX10214`.
    pub(super) codes: Vec<String>,
    /// The codes that the text only talks about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mentioned: Vec<String>,
    /// The codes of our own error answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) own_errors: Vec<OwnError>,
    /// `error`, and Entra's `suberror`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// `error_description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    /// The names of a callback's parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) callback: Vec<String>,
    /// The names of the members of a token endpoint's answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) answer: Vec<String>,
    /// What Entra's support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correlation_id: Option<String>,
    /// What Entra's support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Option<String>,
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<String>,
    /// Addresses, without query.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) addresses: Vec<String>,
    /// Other ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ids: Vec<String>,
    /// The tokens in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tokens: Vec<TokenDetails>,
}

/// A code of our own error answers.
#[derive(Debug, Clone, Serialize)]
pub(super) struct OwnError {
    /// The code.
    pub(super) code: &'static str,
    /// What it means, and what to do.
    #[serde(flatten)]
    pub(super) is: &'static ErrorCode,
}

/// Describes what was found.
pub(super) fn describe(found: &Found, evidence: &Evidence, now: UnixTime) -> TextDetails {
    let error = evidence.provider_error.as_ref();
    let entra = found.aadsts.iter().map(|number| format!("AADSTS{number}"));
    let named = [&found.correlation_id, &found.trace_id];
    let is_named = |id: &String| named.into_iter().flatten().any(|named| named == id);
    let parameters = found
        .callback
        .iter()
        .flat_map(|callback| &callback.parameters);
    TextDetails {
        codes: entra
            .chain(list(found.codes.iter().map(String::as_str)))
            .collect(),
        mentioned: found.mentioned.clone(),
        own_errors: found
            .error_codes
            .iter()
            .filter_map(|code| error_code::find(code))
            .map(|(code, is)| OwnError { code, is })
            .collect(),
        // What is one of ours is no provider's.
        error: error
            .filter(|error| {
                let name = error.error.as_deref().unwrap_or_default();
                !found.error_codes.contains(&name)
            })
            .and_then(name),
        description: error
            .and_then(|error| error.description.as_deref())
            .map(shown),
        callback: list(parameters.map(|parameter| parameter.name.as_str())),
        answer: list(
            found
                .token_response
                .iter()
                .flat_map(|answer| answer.members.iter().map(String::as_str)),
        ),
        correlation_id: found.correlation_id.as_deref().map(shown),
        trace_id: found.trace_id.as_deref().map(shown),
        timestamp: found.timestamp.as_deref().map(shown),
        addresses: list(found.urls.iter().chain(&found.api_uris).map(String::as_str)),
        ids: list(
            found
                .guids
                .iter()
                .filter(|id| !is_named(id))
                .map(String::as_str),
        ),
        tokens: found
            .tokens
            .iter()
            .map(|token| token::describe(token, now))
            .collect(),
    }
}

fn name(error: &ProviderError) -> Option<String> {
    let name = shown(error.error.as_deref()?);
    Some(match &error.suberror {
        Some(more) => format!("{name} ({})", shown(more)),
        None => name,
    })
}

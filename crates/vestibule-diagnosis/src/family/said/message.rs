//! Holds the words of Entra's messages behind which the app, the redirect URI, the scope, the resource, the tenant or a
//! parameter stands: one function for each, with its words.

use vestibule_oidc::microsoft::TenantId;

use super::behind::{after, between};
use super::filled::{MAX_VALUE_BYTES, is_plain, is_scope_char};
use crate::Evidence;

/// The client id a message names.
pub(in crate::family) fn message_app(evidence: &Evidence) -> Option<String> {
    after(
        evidence,
        &[
            "configured for the application",
            "application with identifier",
            "application with id",
            "access the application",
            "added to app",
            "keys for app",
            "client app id:",
            "for the app",
            "application",
        ],
        |value| TenantId::parse(value).is_some(),
    )
    .or_else(|| only_id(evidence))
}

/// The one id of a message about an app that is neither the incident's nor the resource's nor the
/// tenant's: as in `the application Portal ('…')`.
fn only_id(evidence: &Evidence) -> Option<String> {
    if !evidence.says("application") {
        return None;
    }
    let error = evidence.provider_error.as_ref();
    let text = evidence.text.as_ref();
    let described = error
        .and_then(|error| error.description.as_deref())
        .unwrap_or_default();
    let in_description = described
        .split(|char: char| !char.is_ascii_alphanumeric() && char != '-')
        .filter(|word| TenantId::parse(word).is_some());
    let in_text = text
        .iter()
        .flat_map(|text| text.guids.iter().map(String::as_str));
    let others = [
        error.and_then(|error| error.correlation_id.clone()),
        error.and_then(|error| error.trace_id.clone()),
        text.and_then(|text| text.correlation_id.clone()),
        text.and_then(|text| text.trace_id.clone()),
        message_resource(evidence),
        message_tenant(evidence),
    ];
    let mut ids = in_description.chain(in_text).filter(|id| {
        !others
            .iter()
            .flatten()
            .any(|other| other.eq_ignore_ascii_case(id))
    });
    let first = ids.next()?;
    ids.all(|id| id.eq_ignore_ascii_case(first))
        .then(|| first.to_owned())
}

/// The redirect URI a message names.
pub(in crate::family) fn message_redirect_uri(evidence: &Evidence) -> Option<String> {
    after(
        evidence,
        &[
            "the redirect uri",
            "the reply url",
            "the reply address",
            "oidcredirecturi",
            "redirect_uri",
        ],
        |value| value.starts_with("http") && value.contains("://"),
    )
}

/// The scopes of OpenID's own.
const OF_OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The scopes of a message that names several and says that they are not valid, without OpenID's own.
pub(in crate::family) fn refused_scopes(evidence: &Evidence) -> Vec<String> {
    let error = evidence.provider_error.as_ref();
    let described = error.and_then(|error| error.description.as_deref());
    let lines = evidence
        .text
        .iter()
        .flat_map(|text| text.between("the scope ", " is not valid"));
    let found =
        lines.chain(described.and_then(|text| between(text, "The scope ", " is not valid")));
    let words = found
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_matches(['\'', '"']));
    let fits =
        |word: &&str| is_plain(word) && !OF_OPENID.contains(word) && word.len() <= MAX_VALUE_BYTES;
    let texts = evidence.text.as_ref();
    let as_written = |word: &str| {
        let known = texts
            .into_iter()
            .flat_map(|text| text.api_uris.iter().chain(&text.urls));
        let mut known = known.filter(|known| known.eq_ignore_ascii_case(word));
        known.next().map_or_else(|| word.to_owned(), String::clone)
    };
    words.filter(fits).map(as_written).collect()
}

/// The scope a message names.
pub(in crate::family) fn message_scope(evidence: &Evidence) -> Option<String> {
    if let Some(scope) = refused_scopes(evidence).into_iter().next() {
        return Some(scope);
    }
    after(
        evidence,
        &[
            "asked for scope",
            "is not valid. the scope",
            "isn't valid. the scope",
            "the scope",
            "parameter scope",
        ],
        |value| value.contains('/') || value.chars().all(is_scope_char),
    )
    .filter(|value| !matches!(value.as_str(), "is" | "requested" | "format" | "parameter"))
}

/// The resource a message names.
pub(in crate::family) fn message_resource(evidence: &Evidence) -> Option<String> {
    after(
        evidence,
        &[
            "resource principal named",
            "resource value from request:",
            "on the resource",
            "the resource",
        ],
        |value| value.contains("://") || TenantId::parse(value).is_some(),
    )
}

/// The parameter a message says is missing.
pub(super) fn message_parameter(evidence: &Evidence) -> Option<String> {
    let is_name = |value: &str| {
        let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase());
        value
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            && ends(value.bytes().next())
            && ends(value.bytes().last())
    };
    after(
        evidence,
        &["the following parameter:", "missing required parameter:"],
        is_name,
    )
}

/// The tenant a message names.
pub(in crate::family) fn message_tenant(evidence: &Evidence) -> Option<String> {
    after(
        evidence,
        &[
            "in the directory",
            "in the tenant named",
            "does not exist in tenant",
            "in the tenant",
            "tenant",
        ],
        |value| TenantId::parse(value).is_some() || is_domain(value),
    )
}

/// What a message says of the federated token that fits no credential: which claim, and its value.
pub(in crate::family) fn message_assertion(evidence: &Evidence) -> Option<(&'static str, String)> {
    let value = |words| after(evidence, &[words], |_| true);
    [
        ("issuer", "assertion issuer"),
        ("subject", "assertion subject"),
        ("audience", "assertion audience"),
    ]
    .into_iter()
    .find_map(|(name, words)| Some((name, value(words)?)))
}

pub(super) fn is_domain(text: &str) -> bool {
    text.contains('.')
        && !text.starts_with('.')
        && !text.ends_with('.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

//! Reads what an API answers in `WWW-Authenticate` (RFC 6750 §3).

use super::steps::looked_at;
use super::{Found, bounded};
use crate::evidence::{Head, Header, ProviderError};

/// The most of a challenge that is read.
const MAX_BYTES: usize = 8 << 10;
/// How many beginnings of one are tried.
const MAX_TRIES: usize = 64;

/// Reads the first challenge of `Bearer` with an `error`.
pub(super) fn read(text: &str, found: &mut Found) {
    let text = text.replace("\\\"", "\"");
    let Some(parameters) = parameters(&text) else {
        return;
    };
    let value = |name: &str| {
        let found = parameters.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    };
    let Some(error) = value("error").filter(|error| !error.is_empty()) else {
        return;
    };
    let mut refusal = ProviderError::new(error, value("error_description"));
    refusal.claims = value("claims").map(|_| "(claims)".to_owned());
    if error == "insufficient_claims" || refusal.claims.is_some() {
        let challenge = Header::new("WWW-Authenticate", "Bearer error=\"insufficient_claims\"");
        found.refusal = Some(Head {
            status: Some(401),
            headers: vec![challenge],
            ..Head::default()
        });
    }
    // A provider's own error says more.
    found.error.get_or_insert(refusal);
}

/// The parameters of a challenge: `name="value"`, with commas between them.
fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    for _ in 0..MAX_TRIES {
        let start = from + lower.get(from..)?.find("bearer ")? + "bearer ".len();
        from = start;
        let mut rest = bounded(text.get(start..)?, MAX_BYTES);
        looked_at(rest.len());
        let mut found = Vec::new();
        while let Some((name, after)) = rest.split_once('=') {
            let name = name.trim_matches([' ', ',', '\t', '\r', '\n']);
            let is_name = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let Some(quoted) = after.strip_prefix('"').filter(|_| is_name) else {
                break;
            };
            let Some((value, after)) = quoted.split_once('"') else {
                break;
            };
            found.push((name.to_ascii_lowercase(), value.to_owned()));
            rest = after;
        }
        if found.iter().any(|(name, _)| name == "error") {
            return Some(found);
        }
    }
    None
}

//! Reads a callback's address or query, as people copy it from the browser or a log.

use url::form_urlencoded;

use super::Found;
use crate::evidence::{Callback, Parameter, ProviderError};

/// The parameters kept.
const MAX_PARAMETERS: usize = 32;

/// `word` is a part of the text without white space.
pub(super) fn read(word: &str, found: &mut Found) {
    if found.callback.is_some() || !(word.contains("error=") || word.contains("state=")) {
        return;
    }
    let (address, query, in_fragment) = match word.find(['?', '#']) {
        Some(mark) => {
            let (address, query) = word.split_at(mark);
            let fragment = query.rsplit_once('#').map(|(_, fragment)| fragment);
            match fragment.filter(|fragment| fragment.contains('=')) {
                Some(fragment) => (address, fragment, true),
                None => (address, query.trim_start_matches('?'), false),
            }
        }
        None => ("", word, false),
    };
    let query = query.split('#').next().unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .take(MAX_PARAMETERS)
        .collect();
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.to_string())
    };
    let is_request = value("response_type").is_some() || value("redirect_uri").is_some();
    let error = value("error").filter(|error| !error.is_empty());
    if is_request || (error.is_none() && (value("state").is_none() || value("code").is_none())) {
        return;
    }
    if let Some(error) = error
        && found.error.is_none()
    {
        let mut error = ProviderError::new(error, value("error_description").as_deref());
        error.suberror = value("error_subcode").or_else(|| value("suberror"));
        found.error = Some(error);
    }
    let parameters = pairs.iter().map(|(name, value)| {
        Parameter::new(name.chars().take(64).collect::<String>(), value.len())
    });
    found.callback = Some(Callback {
        url: (!address.is_empty()).then(|| address.to_owned()),
        in_fragment,
        parameters: parameters.collect(),
        ..Callback::default()
    });
}
